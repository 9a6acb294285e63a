/* The trade-off as a picture: colours are sets, marks are methods, whiskers span the seeds. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "report/lab_compare.h"
#include "report/lab_page.h"
#include "report/svg.h"

#include "base/banned.h"

enum { WIDTH = 900, PANEL = 340, FRAME_RIGHT = 640, LEGEND_LINE = 18, LEGEND_CHARACTERS = 34 };

struct point {
    double mean, low, high;
};

static bool value_of(const json_t *values, enum bf_lab_compared figure, struct point *out)
{
    const json_t *value = json_object_get(values, bf_lab_compared_key(figure));
    if (json_array_size(value) != 4)
        return false;
    *out = (struct point){json_number_value(json_array_get(value, 1)), json_number_value(json_array_get(value, 2)),
                          json_number_value(json_array_get(value, 3))};
    return true;
}

static bool both_of(const json_t *values, enum bf_lab_compared figure, struct point *x, struct point *y)
{
    return value_of(values, BF_LAB_COMPARED_UTILITY, x) && value_of(values, figure, y);
}

static void widen(double range[2], const struct point *value)
{
    range[0] = fmin(range[0], value->low);
    range[1] = fmax(range[1], value->high);
}

/* False when no point has both metrics. */
static bool panel_range(struct bf_svg *svg, const json_t *part, enum bf_lab_compared figure)
{
    const json_t *points = json_object_get(part, "points");
    double xs[2] = {INFINITY, -INFINITY}, ys[2] = {INFINITY, -INFINITY};
    struct point x, y;
    bool any = false;
    for (size_t i = 0; i < json_array_size(points) + 2; i++) {
        const json_t *values = i == json_array_size(points) ? json_object_get(part, "gold")
                               : i == json_array_size(points) + 1
                                   ? json_object_get(part, "target")
                                   : json_object_get(json_array_get(points, i), "values");
        if (!both_of(values, figure, &x, &y))
            continue;
        widen(xs, &x);
        widen(ys, &y);
        any = any || i < json_array_size(points);
    }
    if (any) {
        const double dx = 0.06 * (xs[1] - xs[0]), dy = 0.13 * (ys[1] - ys[0]);
        bf_svg_range(svg, xs[0] - dx, xs[1] + dx, ys[0] - dy, ys[1] + dy);
    }
    return any;
}

static const char *name_at(const json_t *part, const char *list, size_t i)
{
    const char *name = json_string_value(json_array_get(json_object_get(part, list), i));
    return name ? name : "";
}

static void put_point(struct bf_svg *svg, const json_t *part, const json_t *point, enum bf_lab_compared figure)
{
    struct point x, y;
    const size_t set = (size_t)json_integer_value(json_object_get(point, "set")),
                 method = (size_t)json_integer_value(json_object_get(point, "method"));
    if (!both_of(json_object_get(point, "values"), figure, &x, &y))
        return;
    const double at_x = bf_svg_x(svg, x.mean), at_y = bf_svg_y(svg, y.mean);
    struct bf_buf title;
    bf_buf_init(&title, SIZE_MAX);
    bf_buf_printf(&title, "%s, %s: %s %.3f, %s %.*f", name_at(part, "sets", set), name_at(part, "methods", method),
                  bf_lab_compared_title(BF_LAB_COMPARED_UTILITY), x.mean, bf_lab_compared_title(figure),
                  bf_lab_compared_digits(figure), y.mean);
    bf_svg_group_open(svg, title.data);
    bf_svg_line(svg, bf_svg_x(svg, x.low), at_y, bf_svg_x(svg, x.high), at_y, bf_svg_colour(set), 0.8, false);
    bf_svg_line(svg, at_x, bf_svg_y(svg, y.low), at_x, bf_svg_y(svg, y.high), bf_svg_colour(set), 0.8, false);
    bf_svg_mark(svg, (enum bf_svg_mark)(method % BF_SVG_MARKS), at_x, at_y, 4.5, bf_svg_colour(set));
    bf_svg_group_close(svg);
    bf_buf_release(&title);
}

static void put_model(struct bf_svg *svg, const json_t *values, const char *name, bool gold,
                      enum bf_lab_compared figure)
{
    struct point x, y;
    if (!both_of(values, figure, &x, &y))
        return;
    const double at_x = bf_svg_x(svg, x.mean), at_y = bf_svg_y(svg, y.mean);
    if (gold) {
        bf_svg_line(svg, svg->left, at_y, svg->right, at_y, "#777777", 1, true);
        bf_svg_line(svg, at_x, svg->top, at_x, svg->bottom, "#777777", 1, true);
        bf_svg_star(svg, at_x, at_y, 10);
    } else
        bf_svg_plus(svg, at_x, at_y, 8, "#111111");
    const double middle = fmin(fmax(at_x, svg->left + 44), svg->right - 44);
    bf_svg_text(svg, middle, at_y + (at_y > (svg->top + svg->bottom) / 2 ? 22 : -14), "middle", 11, name);
}

static void legend(struct bf_svg *svg, const json_t *part, const char *list, bool sets, size_t *line)
{
    for (size_t i = 0; i < json_array_size(json_object_get(part, list)); i++) {
        const double x = svg->right + 22, y = svg->top + 12 + (double)(*line)++ * LEGEND_LINE;
        const char *name = name_at(part, list, i);
        struct bf_buf text;
        bf_buf_init(&text, SIZE_MAX);
        bf_utf8_preview(&text, name, strlen(name), LEGEND_CHARACTERS);
        bf_svg_mark(svg, sets ? BF_SVG_CIRCLE : (enum bf_svg_mark)(i % BF_SVG_MARKS), x, y, 4.5,
                    sets ? bf_svg_colour(i) : "#444444");
        bf_svg_text(svg, x + 12, y + 4, "start", 12, text.data);
        bf_buf_release(&text);
    }
    *line += 1;
}

void bf_lab_svg(const json_t *results, struct bf_buf *out)
{
    static const enum bf_lab_compared panels[] = {BF_LAB_COMPARED_PRIVLEAK, BF_LAB_COMPARED_QUALITY,
                                                  BF_LAB_COMPARED_OBJECT, BF_LAB_COMPARED_ROUGE};
    enum { N = sizeof panels / sizeof *panels };
    json_t *data = bf_lab_page_data(results);
    const json_t *part = json_object_get(data, "tradeoff"), *points = json_object_get(part, "points");
    bool drawn[N];
    struct bf_svg svg = {0};
    size_t n = 0, at = 0, line = 0;
    for (size_t p = 0; p < N; p++) {
        drawn[p] = panel_range(&svg, part, panels[p]);
        n += drawn[p];
    }
    if (n == 0) {
        json_decref(data);
        return;
    }
    bf_svg_open(&svg, out, WIDTH, (double)n * PANEL, "Forgetting against Model Utility");
    svg.right = FRAME_RIGHT;
    for (size_t p = 0; p < N; p++) {
        if (!drawn[p])
            continue;
        svg.top = (double)at * PANEL + 16;
        svg.bottom = (double)++at * PANEL - 50;
        panel_range(&svg, part, panels[p]);
        bf_svg_axes(&svg, bf_lab_compared_title(BF_LAB_COMPARED_UTILITY), bf_lab_compared_title(panels[p]), false);
        for (size_t i = 0; i < json_array_size(points); i++)
            put_point(&svg, part, json_array_get(points, i), panels[p]);
        put_model(&svg, json_object_get(part, "target"), "target", false, panels[p]);
        put_model(&svg, json_object_get(part, "gold"), "gold standard", true, panels[p]);
        if (at == 1) {
            legend(&svg, part, "sets", true, &line);
            legend(&svg, part, "methods", false, &line);
        }
    }
    bf_svg_close(&svg);
    json_decref(data);
}
