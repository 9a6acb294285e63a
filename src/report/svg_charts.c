/* The page's charts as pictures for papers, from the same object. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/page.h"
#include "report/svg.h"
#include "base/banned.h"

enum { LEGEND_LINE = 18, GROUPS = 8 };

static bool pair_of(const json_t *list, size_t at, double *x, double *y)
{
    const json_t *a = json_array_get(list, at), *b = json_array_get(list, at + 1);
    if (!json_is_number(a) || !json_is_number(b))
        return false;
    *x = json_number_value(a);
    *y = json_number_value(b);
    return true;
}

static const char *string_at(const json_t *list, size_t at)
{
    const char *s = json_string_value(json_array_get(list, at));
    return s ? s : "";
}

static void widen(double *low, double *high, double value)
{
    *low = value < *low ? value : *low;
    *high = value > *high ? value : *high;
}

/* ---- map ---- */

struct groups {
    const char *names[GROUPS]; /* the last one takes all that exceed the limit */
    size_t n;
    bool by_set;
};

static size_t group_of(struct groups *g, const json_t *point)
{
    if (g->by_set) {
        const json_int_t set = json_integer_value(json_array_get(point, 2));
        return set >= 0 ? (size_t)set : 0;
    }
    const char *name = string_at(point, 4);
    for (size_t i = 0; i < g->n; i++)
        if (strcmp(g->names[i], name) == 0)
            return i;
    if (g->n < GROUPS)
        g->names[g->n++] = name;
    return g->n - 1;
}

static void legend_entry(struct bf_svg *svg, size_t at, size_t group, const char *name)
{
    const double x = svg->right + 18, y = svg->top + 10 + (double)at * LEGEND_LINE;
    bf_svg_mark(svg, (enum bf_svg_mark)(group % BF_SVG_MARKS), x, y, 4, bf_svg_colour(group));
    bf_svg_text(svg, x + 12, y + 4, "start", 12, name);
}

static void map_range(struct bf_svg *svg, const json_t *map)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY}, x, y;
    const json_t *points = json_object_get(map, "points");
    size_t i;
    json_t *point;
    json_array_foreach(points, i, point)
    {
        if (pair_of(point, 0, &x, &y)) {
            widen(&low[0], &high[0], x);
            widen(&low[1], &high[1], y);
        }
    }
    if (pair_of(json_object_get(map, "domain"), 0, &x, &y)) {
        widen(&low[0], &high[0], x);
        widen(&low[1], &high[1], y);
    }
    if (!isfinite(low[0]) || !isfinite(low[1]))
        return;
    const double dx = 0.05 * (high[0] - low[0]), dy = 0.05 * (high[1] - low[1]);
    bf_svg_range(svg, low[0] - dx, high[0] + dx, low[1] - dy, high[1] + dy);
}

static void map_centroids(struct bf_svg *svg, const json_t *map, const struct groups *groups)
{
    double x, y, domain_x = 0, domain_y = 0;
    double nearest = INFINITY;
    bool below = false; /* is the nearest centroid? */
    const json_t *centroids = json_object_get(map, "centroids");
    const bool domain = pair_of(json_object_get(map, "domain"), 0, &domain_x, &domain_y);
    const double to_x = domain ? bf_svg_x(svg, domain_x) : 0, to_y = domain ? bf_svg_y(svg, domain_y) : 0;
    for (size_t s = 0; s < json_array_size(centroids); s++) {
        if (!pair_of(json_array_get(centroids, s), 0, &x, &y))
            continue;
        const double at_x = bf_svg_x(svg, x), at_y = bf_svg_y(svg, y);
        char text[40];
        if (domain)
            bf_svg_line(svg, at_x, at_y, to_x, to_y, "#111111", 1.2, true);
        bf_svg_plus(svg, at_x, at_y, 8, groups->by_set ? bf_svg_colour(s) : "#111111");
        if (hypot(at_x - to_x, at_y - to_y) < nearest) {
            nearest = hypot(at_x - to_x, at_y - to_y);
            below = at_y > to_y;
        }
        snprintf(text, sizeof text, "%.1f", hypot(x - domain_x, y - domain_y));
        if (domain) /* away from the star */
            bf_svg_text(svg, at_x, at_y + (at_y > to_y ? 21 : -12), "middle", 11, text);
    }
    if (domain) {
        bf_svg_star(svg, to_x, to_y, 11);
        const char *name = json_string_value(json_object_get(map, "name"));
        bf_svg_text(svg, to_x, to_y + (below ? -16 : 24), "middle", 12, name ? name : "domain");
    }
}

void bf_svg_map(const json_t *data, struct bf_buf *out)
{
    const json_t *map = json_object_get(data, "map"), *sets = json_object_get(map, "sets");
    const json_t *points = json_object_get(map, "points");
    struct groups groups = {.by_set = json_array_size(sets) > 1};
    struct bf_svg svg;
    size_t i;
    json_t *point;
    double x, y;
    if (json_array_size(points) == 0)
        return;
    bf_svg_open(&svg, out, 760, 520, "Map of meaning");
    svg.left = svg.top = 15;
    svg.right = 560;
    svg.bottom = 505;
    map_range(&svg, map);
    bf_svg_frame(&svg);
    json_array_foreach(points, i, point)
    {
        const size_t group = group_of(&groups, point);
        if (pair_of(point, 0, &x, &y))
            bf_svg_mark(&svg, (enum bf_svg_mark)(group % BF_SVG_MARKS), bf_svg_x(&svg, x), bf_svg_y(&svg, y), 3.2,
                        bf_svg_colour(group));
    }
    map_centroids(&svg, map, &groups);
    const size_t n = groups.by_set ? json_array_size(sets) : groups.n;
    for (size_t g = 0; g < n; g++)
        legend_entry(&svg, g, g, groups.by_set ? string_at(sets, g) : groups.names[g]);
    bf_svg_plus(&svg, svg.right + 18, svg.top + 16 + (double)n * LEGEND_LINE, 6, "#111111");
    bf_svg_text(&svg, svg.right + 30, svg.top + 20 + (double)n * LEGEND_LINE, "start", 12, "centroid, distance");
    bf_svg_close(&svg);
}

/* ---- diversity ---- */

void bf_svg_trace(const json_t *data, struct bf_buf *out)
{
    const json_t *traces = json_object_get(json_object_get(data, "trace"), "traces");
    double x_high = 0, low = INFINITY, high = -INFINITY, x, y;
    struct bf_svg svg;
    size_t t, i;
    json_t *trace, *point;
    json_array_foreach(traces, t, trace) json_array_foreach(json_object_get(trace, "points"), i, point)
    {
        if (pair_of(point, 0, &x, &y)) {
            x_high = x > x_high ? x : x_high;
            widen(&low, &high, y);
        }
    }
    if (!isfinite(low))
        return;
    const bool several = json_array_size(traces) > 1;
    bf_svg_open(&svg, out, several ? 820 : 640, 360, "Diversity after each kept sample");
    svg.right = 620;
    bf_svg_range(&svg, 0, x_high * 1.03, low - 0.05 * (high - low), high + 0.08 * (high - low));
    bf_svg_axes(&svg, "kept samples", "diversity (remote-clique)", false);
    json_array_foreach(traces, t, trace)
    {
        const json_t *points = json_object_get(trace, "points");
        const char *name = json_string_value(json_object_get(trace, "name"));
        bool first = true;
        bf_buf_puts(out, "<path fill=\"none\" stroke-width=\"1.6\" d=\"");
        json_array_foreach(points, i, point) if (pair_of(point, 0, &x, &y))
        {
            bf_buf_printf(out, "%c%.1f %.1f", first ? 'M' : 'L', bf_svg_x(&svg, x), bf_svg_y(&svg, y));
            first = false;
        }
        bf_buf_printf(out, "\" stroke=\"%s\"/>\n", bf_svg_colour(t));
        json_array_foreach(json_object_get(trace, "checks"), i, point) if (pair_of(point, 0, &x, &y))
            bf_svg_mark(&svg, BF_SVG_CIRCLE, bf_svg_x(&svg, x), bf_svg_y(&svg, y), 3, bf_svg_colour(t));
        if (pair_of(json_array_get(points, json_array_size(points) - 1), 0, &x, &y)) {
            bf_svg_line(&svg, bf_svg_x(&svg, x), svg.top, bf_svg_x(&svg, x), svg.bottom, bf_svg_colour(t), 1, true);
            bf_svg_mark(&svg, BF_SVG_DIAMOND, bf_svg_x(&svg, x), bf_svg_y(&svg, y), 4, bf_svg_colour(t));
        }
        const double legend = svg.top + 10 + (double)t * LEGEND_LINE;
        if (several) {
            bf_svg_line(&svg, svg.right + 14, legend, svg.right + 32, legend, bf_svg_colour(t), 2, false);
            bf_svg_text(&svg, svg.right + 38, legend + 4, "start", 11, name ? name : "");
        }
    }
    bf_svg_close(&svg);
}

/* ---- Min-K% prob ---- */

static double count_at(const json_t *counts, size_t i)
{
    return (double)json_integer_value(json_array_get(counts, i));
}

void bf_svg_histogram(const json_t *data, struct bf_buf *out)
{
    static const char *const keys[] = {"kept", "below", "other"};
    static const char *const names[] = {"kept", "below tau", "rejected for another reason"};
    const json_t *part = json_object_get(data, "min_k");
    const size_t n = json_array_size(json_object_get(part, "kept"));
    const double tau = json_number_value(json_object_get(part, "tau"));
    double most = 0, all[3] = {0};
    struct bf_svg svg;
    size_t entries = 0;
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t k = 0; k < 3; k++) {
            sum += count_at(json_object_get(part, keys[k]), i);
            all[k] += count_at(json_object_get(part, keys[k]), i);
        }
        most = sum > most ? sum : most;
    }
    if (!(most > 0))
        return;
    bf_svg_open(&svg, out, 640, 360, "Min-K% prob");
    bf_svg_range(&svg, 0, 1, 0, most * 1.1);
    bf_svg_axes(&svg, "Min-K% prob", "texts", true);
    for (size_t i = 0; i < n; i++) {
        double base = 0;
        for (size_t k = 0; k < 3; k++) {
            const double top = base + count_at(json_object_get(part, keys[k]), i);
            const double x = bf_svg_x(&svg, (double)i / (double)n),
                         x_next = bf_svg_x(&svg, (double)(i + 1) / (double)n);
            if (top > base)
                bf_svg_rect(&svg, x + 1, bf_svg_y(&svg, top), x_next - x - 2,
                            bf_svg_y(&svg, base) - bf_svg_y(&svg, top), bf_svg_colour(k));
            base = top;
        }
    }
    char text[40];
    snprintf(text, sizeof text, "tau = %g", tau);
    bf_svg_line(&svg, bf_svg_x(&svg, tau), svg.top, bf_svg_x(&svg, tau), svg.bottom, "#111111", 1.2, true);
    bf_svg_text(&svg, bf_svg_x(&svg, tau) + 5, svg.top + 14, "start", 11, text);
    for (size_t k = 0; k < 3; k++)
        if (all[k] > 0) {
            const double y = svg.top + 12 + (double)entries++ * LEGEND_LINE;
            bf_svg_rect(&svg, svg.right - 190, y - 5, 10, 10, bf_svg_colour(k));
            bf_svg_text(&svg, svg.right - 174, y + 4, "start", 11, names[k]);
        }
    bf_svg_close(&svg);
}
