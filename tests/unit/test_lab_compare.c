/* Forget sets of an experiment against each other: the maths against SciPy, one seed, gaps, hostile names. */
#include <math.h>

#include "base/json.h"
#include "report/lab_compare.h"
#include "report/lab_table.h"
#include "unit.h"

#include "quality_fixture.h"

static int open_lab(void **state)
{
    return read_golden(state, "tests/golden/lab_reference.json");
}

static void test_quantiles(void **state)
{
    const json_t *all = member(*state, "quantiles");
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        const double expected = json_number_value(json_array_get(one, 1));
        /* Of one 1 among n - 1 zeros the standard error is 1/n. */
        const size_t n = 1 + (size_t)json_integer_value(json_array_get(one, 0));
        double *values = calloc(n, sizeof *values);
        struct bf_figure figure;
        assert_non_null(values);
        values[0] = 1.0;
        bf_student_figure(values, n, &figure);
        assert_near((figure.high - figure.value) * (double)n, expected, 2e-6);
        free(values);
    }
}

static void test_intervals(void **state)
{
    const json_t *all = member(*state, "samples");
    struct bf_figure figure;
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        double *values = doubles(one, "values");
        const double width = number(one, "high") - number(one, "low");
        bf_student_figure(values, size(one, "n"), &figure);
        assert_true(figure.has_interval);
        assert_near(figure.value, number(one, "mean"), 1e-12);
        assert_near(figure.low, number(one, "low"), 1e-8 * width);
        assert_near(figure.high, number(one, "high"), 1e-8 * width);
        free(values);
    }
    bf_student_figure(&(double){4.5}, 1, &figure);
    assert_true(figure.value == 4.5 && !figure.has_interval && !figure.why);
    bf_student_figure(NULL, 0, &figure);
    assert_non_null(figure.why);
}

static json_t *experiment_of(void **state)
{
    return json_deep_copy(member(member(*state, "experiment"), "results"));
}

static const json_t *difference(const json_t *comparison, size_t row, const char *figure)
{
    return member(member(json_array_get(member(comparison, "rows"), row), "differences"), figure);
}

static void test_differences(void **state)
{
    const json_t *expected = member(member(*state, "experiment"), "expected");
    json_t *results = experiment_of(state), *comparison = bf_lab_compare(results);
    const json_t *rows = member(comparison, "rows");
    assert_string_equal(json_string_value(member(comparison, "reference")), "BiForget");
    assert_int_equal(size(comparison, "seeds"), 3);
    assert_int_equal(size(comparison, "floored"), 1);
    assert_int_equal(json_array_size(rows), json_array_size(expected));
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i), *other = json_array_get(expected, i);
        const char *key;
        json_t *d;
        assert_true(json_equal(member(row, "set"), member(other, "set")));
        assert_true(json_equal(member(row, "method"), member(other, "method")));
        json_object_foreach((json_t *)member(other, "differences"), key, d)
        {
            const json_t *ours = difference(comparison, i, key);
            const double width = number(d, "high") - number(d, "low");
            assert_int_equal(size(ours, "n"), 3);
            assert_int_equal(size(ours, "left_out"), 0);
            assert_near(number(ours, "mean"), number(d, "mean"), 1e-9 * (1 + width));
            assert_near(number(ours, "low"), number(d, "low"), 1e-8 * width);
            assert_near(number(ours, "high"), number(d, "high"), 1e-8 * width);
        }
    }
    json_decref(comparison);
    json_decref(results);
}

/* rows: (set 0 or 1, method 0 or 1, seed, |PrivLeak|, utility, ROUGE-L). */
struct cell {
    int set, method, seed;
    double privleak, utility, rouge;
};

static json_t *results_of(const char *const names[2], const struct cell *cells, size_t n)
{
    json_t *rows = json_array();
    json_array_append_new(rows, json_pack("{s:s}", "model", "gold"));
    for (size_t i = 0; i < n; i++) {
        const struct cell *c = &cells[i];
        json_t *row = json_pack("{s:s, s:s, s:i, s:{s:f, s:{s:f}, s:n}}", "set", names[c->set], "method",
                                c->method ? "npo" : "ga", "seed", c->seed, "tofu", "model_utility", c->utility,
                                "forget", "rouge_l", c->rouge, "forget_quality");
        if (!isnan(c->privleak))
            json_object_set_new(row, "privleak", json_pack("{s:f}", "privleak", c->privleak));
        json_array_append_new(rows, row);
    }
    return json_pack("{s:o, s:[{s:s, s:s}, {s:s, s:s}]}", "rows", rows, "sets", "name", names[0], "kind", "domain",
                     "name", names[1], "kind", "textbook");
}

static const char *const plain[2] = {"BiForget", "textbook"};

static const char *word(const json_t *comparison, size_t row, const char *figure)
{
    return json_string_value(member(difference(comparison, row, figure), "word"));
}

static void test_words(void **state)
{
    (void)state;
    const struct cell cells[] = {
        {0, 0, 1, -10, 0.50, 0.30}, {0, 0, 2, 10, 0.52, 0.30}, {1, 0, 1, 30, 0.40, 0.20}, {1, 0, 2, -31, 0.42, 0.30}};
    json_t *results = results_of(plain, cells, 4), *comparison = bf_lab_compare(results);
    assert_int_equal(json_array_size(member(comparison, "rows")), 1); /* one method: all of them, and no second table */
    assert_near(number(difference(comparison, 0, "privleak_distance"), "mean"), 20.5, 1e-12); /* not of the signs */
    assert_string_equal(word(comparison, 0, "privleak_distance"), "worse");
    assert_string_equal(word(comparison, 0, "model_utility"), "worse");
    assert_string_equal(word(comparison, 0, "forget_rouge_l"), "undecided");
    assert_true(json_is_null(difference(comparison, 0, "log10_forget_quality")));
    json_decref(comparison);
    json_decref(results);
    const struct cell other[] = {
        {0, 0, 1, -30, 0.50, 0.30}, {0, 0, 2, 30, 0.52, 0.30}, {1, 0, 1, 10, 0.60, 0.20}, {1, 0, 2, -9, 0.62, 0.201}};
    results = results_of(plain, other, 4);
    comparison = bf_lab_compare(results);
    assert_string_equal(word(comparison, 0, "privleak_distance"), "better");
    assert_string_equal(word(comparison, 0, "model_utility"), "better");
    assert_string_equal(word(comparison, 0, "forget_rouge_l"), "lower"); /* no better: it has no direction */
    json_decref(comparison);
    json_decref(results);
}

static void test_one_seed_has_no_interval(void **state)
{
    (void)state;
    const struct cell cells[] = {{0, 0, 1, -10, 0.50, 0.3}, {1, 0, 1, 30, 0.40, 0.2}};
    json_t *results = results_of(plain, cells, 2);
    struct bf_buf out;
    bf_buf_init(&out, SIZE_MAX);
    json_object_set_new(results, "comparison", bf_lab_compare(results));
    const json_t *d = difference(member(results, "comparison"), 0, "privleak_distance");
    assert_near(number(d, "mean"), 20, 1e-12);
    assert_true(json_is_null(member(d, "low")) && json_is_null(member(d, "high")));
    assert_string_equal(json_string_value(member(d, "word")), "undecided");
    bf_lab_markdown(results, &out);
    assert_contains(out.data, "| textbook | +20.0 (one seed) | -0.100 (one seed) | - | -0.100 (one seed) |");
    assert_null(strstr(out.data, "nan"));
    bf_buf_release(&out);
    json_decref(results);
}

/* Of npo one seed has no PrivLeak: in the others its level would move the average. */
static void test_a_method_with_a_gap_is_left_out(void **state)
{
    (void)state;
    const struct cell cells[] = {{0, 0, 1, 10, 0.5, 0.3}, {0, 0, 2, 10, 0.5, 0.3}, {0, 1, 1, 10, 0.5, 0.3},
                                 {0, 1, 2, 10, 0.5, 0.3}, {1, 0, 1, 12, 0.5, 0.3}, {1, 0, 2, 12, 0.5, 0.3},
                                 {1, 1, 1, 99, 0.5, 0.3}, {1, 1, 2, NAN, 0.5, 0.3}};
    json_t *results = results_of(plain, cells, 8), *comparison = bf_lab_compare(results);
    const json_t *all = difference(comparison, 0, "privleak_distance");
    assert_near(number(all, "mean"), 2, 1e-12);
    assert_int_equal(size(all, "n"), 2);
    assert_int_equal(size(all, "methods"), 1);
    assert_int_equal(size(all, "left_out"), 1);
    const json_t *npo = difference(comparison, 2, "privleak_distance");
    assert_near(number(npo, "mean"), 89, 1e-12);
    assert_int_equal(size(npo, "n"), 1);
    assert_string_equal(word(comparison, 0, "model_utility"), "undecided"); /* no difference at all */
    json_decref(comparison);
    json_decref(results);
}

static void test_nothing_to_compare_says_why(void **state)
{
    (void)state;
    json_t *results = json_pack("{s:[], s:[{s:s, s:s}]}", "rows", "sets", "name", "a", "kind", "domain");
    json_t *comparison = bf_lab_compare(results);
    assert_non_null(json_string_value(member(comparison, "why")));
    json_decref(comparison);
    json_decref(results);
    results = json_pack("{s:[], s:[{s:s, s:s}, {s:s, s:s}]}", "rows", "sets", "name", "a", "kind", "planted", "name",
                        "b", "kind", "textbook");
    comparison = bf_lab_compare(results);
    assert_contains(json_string_value(member(comparison, "why")), "domain");
    json_decref(comparison);
    json_decref(results);
}

static void test_names_cannot_break_a_table(void **state)
{
    (void)state;
    static const char *const names[2] = {"a | b\nc", "</script><img src=x>"};
    const struct cell cells[] = {{0, 0, 1, -10, 0.50, 0.3}, {1, 0, 1, 30, 0.40, 0.2}};
    json_t *results = results_of(names, cells, 2);
    struct bf_buf out;
    bf_buf_init(&out, SIZE_MAX);
    json_object_set_new(results, "comparison", bf_lab_compare(results));
    bf_lab_comparison_markdown(member(results, "comparison"), &out);
    assert_contains(out.data, "a \\| b c");
    assert_null(strstr(out.data, "a | b"));
    assert_null(strchr(out.data, '<'));
    bf_buf_release(&out);
    json_decref(results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles),
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_differences),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_one_seed_has_no_interval),
        cmocka_unit_test(test_a_method_with_a_gap_is_left_out),
        cmocka_unit_test(test_nothing_to_compare_says_why),
        cmocka_unit_test(test_names_cannot_break_a_table),
    };
    return cmocka_run_group_tests(tests, open_lab, close_golden);
}
