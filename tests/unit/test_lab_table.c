/* The tables of an experiment: rows that failed, the gold standard's own PrivLeak, the columns of CSV. */
#include "base/json.h"
#include "report/lab_page.h"
#include "report/lab_table.h"
#include "unit.h"
#include "base/banned.h"

static json_t *experiment(void)
{
    json_t *rows = json_pack("[{s:s, s:{s:f, s:f}}, {s:s, s:s, s:i, s:{s:f, s:f}, s:{s:{s:f, s:f}, s:{s:f, s:f}}}]",
                             "model", "gold", "privleak", "privleak", 17.0, "auc", 0.585, "set", "a", "method", "npo",
                             "seed", 1, "privleak", "privleak", -50.0, "auc", 0.2925, "unlearn", "before", "forget_nll",
                             1.5, "retain_nll", 2.5, "after", "forget_nll", 3.5, "retain_nll", 2.75);
    json_object_set_new(
        json_array_get(rows, 1), "tofu",
        json_pack("{s:{s:f}, s:{s:f}}", "forget", "object_accuracy", 0.25, "retain", "object_accuracy", 0.75));
    json_array_append_new(rows, json_pack("{s:s, s:s, s:i, s:s, s:b}", "set", "a", "method", "npo", "seed", 2, "why",
                                          "it diverged, \"badly\"", "failed", 1));
    json_array_append_new(
        rows, json_pack("{s:s, s:s, s:i, s:s}", "set", "b", "method", "npo", "seed", 1, "why", "the set is empty"));
    return json_pack("{s:o, s:[{s:s, s:s, s:s}]}", "rows", rows, "sets", "name", "c", "kind", "domain", "why",
                     "no text");
}

static void test_markdown(void **state)
{
    (void)state;
    json_t *results = experiment();
    struct bf_buf out;
    bf_buf_init(&out, SIZE_MAX);
    bf_lab_markdown(results, &out);
    assert_contains(out.data, "| gold | as trained | - | - | 0.0 |");
    assert_contains(out.data, "gold standard's AUC, 0.585");
    assert_contains(out.data, "| a | npo (1 seed failed: it diverged, \"badly\") | - | - | -50.0 | 3.50 |");
    assert_contains(out.data, "| b | npo (the set is empty) | - |");
    assert_contains(out.data, "| NLL of its own set |");
    assert_contains(out.data, "| c | - | - | - | - |");
    bf_buf_release(&out);
    json_decref(results);
}

static void test_csv(void **state)
{
    (void)state;
    json_t *results = experiment();
    struct bf_buf out;
    bf_buf_init(&out, SIZE_MAX);
    bf_lab_csv(results, &out);
    assert_contains(out.data, "set,method,seed,forget_quality,model_utility,privleak,forget_nll,forget_probability,"
                              "forget_rouge_l,forget_object_accuracy,"
                              "retain_object_accuracy,forget_nll_before,retain_nll_before,retain_nll,auc,why\r\n");
    assert_contains(out.data, "\"gold\",\"\",,,,0,,,,,,,,,0.585,\r\n");
    assert_contains(out.data, "\"a\",\"npo\",1,,,-50,3.5,,,0.25,0.75,1.5,2.5,2.75,0.2925,\r\n");
    assert_contains(out.data, "\"a\",\"npo\",2,,,,,,,,,,,,,\"it diverged, \"\"badly\"\"\"\r\n");
    bf_buf_release(&out);
    json_decref(results);
}

static void test_words(void **state)
{
    (void)state;
    json_t *results = experiment(), *words = bf_lab_page_words(results);
    char *text = json_dumps(words, 0);
    assert_contains(text,
                    "1 row failed; the same command tries again. The first failure: npo on a, seed 2: it diverged");
    free(text);
    json_decref(words);
    json_decref(results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
