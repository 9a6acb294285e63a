/* Charts as SVG text. tests/cli/report.bats has real ones read by an XML parser. */
#include "base/buf.h"
#include "base/json.h"
#include "report/page.h"
#include "report/svg.h"
#include "unit.h"
#include "base/banned.h"

static void assert_sound(const char *svg)
{
    assert_contains(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
    assert_contains(svg, "</svg>\n");
    assert_null(strstr(svg, "nan"));
    assert_null(strstr(svg, "inf"));
}

static size_t count(const char *text, const char *words)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, words)); at++)
        n++;
    return n;
}

static char *drawn(void (*draw)(const json_t *, struct bf_buf *), json_t *data)
{
    struct bf_buf out;
    bf_buf_init(&out, SIZE_MAX);
    draw(data, &out);
    json_decref(data);
    return bf_buf_take(&out);
}

static void test_ranges(void **state)
{
    (void)state;
    struct bf_svg svg;
    struct bf_buf out;
    bf_buf_init(&out, SIZE_MAX);
    bf_svg_open(&svg, &out, 640, 360, "a");
    bf_svg_range(&svg, 0, 10, -1, 1);
    assert_float_equal(bf_svg_x(&svg, 0), svg.left, 1e-9);
    assert_float_equal(bf_svg_x(&svg, 10), svg.right, 1e-9);
    assert_float_equal(bf_svg_y(&svg, -1), svg.bottom, 1e-9);
    assert_float_equal(bf_svg_y(&svg, 0), (svg.top + svg.bottom) / 2, 1e-9);
    /* All values equal: the middle, not a division by zero. */
    bf_svg_range(&svg, 3, 3, 0, 0);
    assert_float_equal(bf_svg_x(&svg, 3), (svg.left + svg.right) / 2, 1e-9);
    assert_float_equal(bf_svg_y(&svg, 0), (svg.top + svg.bottom) / 2, 1e-9);
    bf_buf_release(&out);
}

static void test_axes_have_round_ticks(void **state)
{
    (void)state;
    struct bf_svg svg;
    struct bf_buf out;
    bf_buf_init(&out, SIZE_MAX);
    bf_svg_open(&svg, &out, 640, 360, "a");
    bf_svg_range(&svg, 0, 100, 0, 3);
    bf_svg_axes(&svg, "x < 1 & y", "texts", true);
    bf_svg_close(&svg);
    for (int i = 0; i <= 5; i++) {
        char tick[16];
        snprintf(tick, sizeof tick, ">%d</text>", 20 * i);
        assert_contains(out.data, tick);
    }
    assert_int_equal(count(out.data, ">0.5</text>"), 0); /* counts have no halves */
    assert_contains(out.data, "x &lt; 1 &amp; y");
    assert_sound(out.data);
    bf_buf_release(&out);
}

static void test_map(void **state)
{
    (void)state;
    json_t *points = json_array();
    for (int i = 0; i < 6; i++)
        json_array_append_new(points, json_pack("[f, f, i, i, s, n, n, s]", (double)i, (double)(i * i), i % 2, i + 1,
                                                "synthesis", "text"));
    json_t *data =
        json_pack("{s:{s:o, s:[s, s], s:[[f, f], n], s:[f, f], s:s}}", "map", "points", points, "sets", "<b>a</b>",
                  "c & d", "centroids", 1.0, 2.0, "domain", 1.0, 5.0, "name", "Greek \"mythology\"");
    assert_non_null(data);
    char *svg = drawn(bf_svg_map, data);
    assert_sound(svg);
    assert_int_equal(count(svg, "<circle"), 3 + 1); /* and one in the legend */
    assert_contains(svg, "&lt;b&gt;a&lt;/b&gt;");
    assert_contains(svg, "c &amp; d");
    assert_contains(svg, ">3.0</text>"); /* the distance, once: the other set has no centroid */
    free(svg);
}

static void test_all_points_at_one_place(void **state)
{
    (void)state;
    char *svg = drawn(bf_svg_map,
                      json_pack("{s:{s:[[f, f, i, n, s, n, n, s]], s:[s], s:[[f, f]], s:n, s:s}}", "map", "points", 1.0,
                                1.0, 0, "import", "text", "sets", "a", "centroids", 1.0, 1.0, "domain", "name", "x"));
    assert_sound(svg);
    free(svg);
}

static void test_trace_and_histogram(void **state)
{
    (void)state;
    json_t *trace = json_pack("{s:s, s:[[i, f], [i, f], [i, f]], s:[[i, f, n, b]]}", "name", "a", "points", 2, 0.5, 3,
                              0.6, 4, 0.55, "checks", 3, 0.6, 0);
    char *svg = drawn(bf_svg_trace, json_pack("{s:{s:[o]}}", "trace", "traces", trace));
    assert_sound(svg);
    assert_int_equal(count(svg, "<circle"), 1);
    free(svg);
    svg = drawn(bf_svg_histogram, json_pack("{s:{s:[i, i], s:[i, i], s:[i, i], s:f}}", "min_k", "kept", 0, 5, "below",
                                            3, 0, "other", 0, 0, "tau", 0.5));
    assert_sound(svg);
    assert_contains(svg, "tau = 0.5");
    assert_contains(svg, ">below tau</text>");
    assert_null(strstr(svg, "another reason")); /* none is */
    free(svg);
}

/* Nothing to draw is no file, whatever the object looks like. */
static void test_nothing(void **state)
{
    (void)state;
    static const char *const none[] = {
        "{}",
        "{\"map\":{\"why\":\"x\"},\"trace\":{\"why\":\"x\"},\"min_k\":{\"why\":\"x\"}}",
        "{\"map\":{\"points\":[]},\"trace\":{\"traces\":[]},\"min_k\":{\"kept\":[0]}}",
        "{\"trace\":{\"traces\":[{\"points\":[]}]}}",
    };
    for (size_t i = 0; i < N_ELEMENTS(none); i++) {
        struct bf_err err = BF_ERR_INIT;
        json_t *data = NULL;
        assert_int_equal(bf_json_parse(none[i], strlen(none[i]), "a test", &data, &err), BF_OK);
        json_incref(data);
        json_incref(data);
        void (*const draw[])(const json_t *, struct bf_buf *) = {bf_svg_map, bf_svg_trace, bf_svg_histogram};
        for (size_t d = 0; d < N_ELEMENTS(draw); d++) {
            char *svg = drawn(draw[d], data);
            assert_string_equal(svg, "");
            free(svg);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_axes_have_round_ticks),
        cmocka_unit_test(test_map),
        cmocka_unit_test(test_all_points_at_one_place),
        cmocka_unit_test(test_trace_and_histogram),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
