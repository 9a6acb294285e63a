/* The page and the picture of an experiment: nothing in it can get out of its place, no number is NaN, and what is
 * missing is left out. */
#include <math.h>

#include "base/buf.h"
#include "base/json.h"
#include "report/lab_compare.h"
#include "report/lab_page.h"
#include "unit.h"
#include "base/banned.h"

static const char *const hostile = "</script><img src=x onerror=alert(1)> & \"<!-- {{data}}";

static char *drawn(void (*draw)(const json_t *, struct bf_buf *), const json_t *results)
{
    struct bf_buf out;
    bf_buf_init(&out, SIZE_MAX);
    draw(results, &out);
    return bf_buf_take(&out);
}

static json_t *row(const char *set, const char *method, int seed, double privleak, double utility)
{
    return json_pack("{s:s, s:s, s:i, s:{s:f}, s:{s:f, s:f, s:{s:f}}}", "set", set, "method", method, "seed", seed,
                     "privleak", "privleak", privleak, "tofu", "model_utility", utility, "forget_quality", 0.0,
                     "forget", "rouge_l", 0.25);
}

static json_t *experiment(const char *name)
{
    json_t *results = json_pack("{s:s, s:s, s:[{s:s, s:s, s:{s:i}}, {s:s, s:s, s:{s:i}}, {s:s, s:s, s:s, s:{s:i}}]}",
                                "experiment", name, "domain", name, "sets", "name", "whole", "kind", "domain",
                                "figures", "n", 3, "name", name, "kind", "textbook", "figures", "n", 0, "name", "half",
                                "kind", "part", "of", "whole", "figures", "n", 2);
    json_t *rows =
        json_pack("[{s:s, s:{s:f}, s:{s:f, s:f, s:{s:f}}}, {s:s}]", "model", "gold", "privleak", "privleak", 17.0,
                  "tofu", "model_utility", 0.5, "forget_quality", 1.0, "forget", "rouge_l", 0.2, "model", "target");
    for (int seed = 1; seed <= 2; seed++) {
        json_array_append_new(rows, row("whole", name, seed, -4.0 * seed, 0.4));
        json_array_append_new(rows, row(name, name, seed, 9.0 * seed, 0.3));
        json_array_append_new(rows, row("half", name, seed, 9.0 * seed, 0.3));
    }
    json_object_set_new(results, "rows", rows);
    json_object_set_new(results, "comparison", bf_lab_compare(results));
    return results;
}

static size_t count(const char *text, const char *words)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, words)); at++)
        n++;
    return n;
}

static void test_names_stay_text(void **state)
{
    (void)state;
    json_t *results = experiment(hostile);
    char *page = drawn(bf_lab_page, results), *picture = drawn(bf_lab_svg, results);
    assert_int_equal(count(page, "</script>"), 2); /* the frame's own: data and script */
    assert_null(strstr(page, "<img"));
    assert_null(strstr(page, "http://127"));
    assert_contains(page, "\\u003cimg src=x");
    assert_null(strstr(picture, "<img"));
    assert_contains(picture, "&lt;img src=x");
    free(page);
    free(picture);
    json_decref(results);
}

static void test_page_asks_for_nothing(void **state)
{
    (void)state;
    json_t *results = experiment("plain");
    char *page = drawn(bf_lab_page, results);
    assert_contains(page, "default-src 'none'; script-src 'sha256-");
    assert_null(strstr(page, "unsafe-"));
    assert_null(strstr(page, " src="));
    assert_null(strstr(page, "<link"));
    assert_contains(page, "drawTradeoff"); /* the scripts of an experiment, not of a run */
    assert_null(strstr(page, "drawKnowledge"));
    free(page);
    json_decref(results);
}

static const json_t *at(const json_t *value, const char *a, const char *b, const char *c)
{
    return json_object_get(json_object_get(json_object_get(value, a), b), c);
}

static void test_data(void **state)
{
    (void)state;
    json_t *results = experiment("npo"), *data = bf_lab_page_data(results);
    /* The gold standard's own row measures it against guessing; its distance to itself is 0. */
    const json_t *gold = at(data, "tradeoff", "gold", "privleak_distance");
    assert_true(json_number_value(json_array_get(gold, 1)) == 0.0);
    assert_true(json_is_null(at(data, "tradeoff", "target", "privleak_distance")));
    /* Of the distances 4 and 8, not of -4 and -8. */
    const json_t *point = json_array_get(json_object_get(json_object_get(data, "tradeoff"), "points"), 0);
    const json_t *value = json_object_get(json_object_get(point, "values"), "privleak_distance");
    assert_int_equal(json_integer_value(json_array_get(value, 0)), 2);
    assert_true(fabs(json_number_value(json_array_get(value, 1)) - 6.0) < 1e-9);
    assert_true(fabs(json_number_value(json_array_get(value, 3)) - 8.0) < 1e-9);
    json_t *parts = json_pack("[i, i]", 0, 2);
    assert_true(json_equal(json_object_get(data, "ablation"), parts));
    char *words = json_dumps(json_object_get(data, "words"), 0);
    assert_contains(words, "npo has no text");
    assert_contains(words, "half against whole, over all methods: |PrivLeak| ");
    free(words);
    json_decref(parts);
    json_decref(data);
    json_decref(results);
}

/* An experiment that an older program wrote, or that has nothing yet. */
static void test_what_is_missing_is_left_out(void **state)
{
    (void)state;
    json_t *results[] = {json_object(), json_pack("{s:[], s:[]}", "rows", "sets"),
                         json_pack("{s:[{s:s, s:s, s:i}], s:[{s:s, s:s}]}", "rows", "set", "a", "method", "ga", "seed",
                                   1, "sets", "name", "a", "kind", "domain")};
    const size_t n = sizeof results / sizeof results[0];
    for (size_t i = 0; i < n; i++) {
        char *page = drawn(bf_lab_page, results[i]), *picture = drawn(bf_lab_svg, results[i]);
        assert_contains(page, "</html>");
        assert_string_equal(picture, "");
        free(page);
        free(picture);
        json_decref(results[i]);
    }
}

static void test_picture(void **state)
{
    (void)state;
    json_t *results = experiment("npo");
    char *picture = drawn(bf_lab_svg, results);
    assert_int_equal(count(picture, "<g><title>"), 9); /* 3 sets x 1 method, in 3 panels */
    assert_contains(picture, "<title>whole, npo: Model Utility 0.400, |PrivLeak| 6.0</title>");
    assert_int_equal(count(picture, ">gold standard</text>"), 3);
    assert_null(strstr(picture, "nan"));
    assert_null(strstr(picture, "inf"));
    free(picture);
    json_decref(results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_stay_text),
        cmocka_unit_test(test_page_asks_for_nothing),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_what_is_missing_is_left_out),
        cmocka_unit_test(test_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
