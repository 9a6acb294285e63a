/* Fluency: repetition against eval_reference.py, word salad, and the numbers of a set of answers. */
#include "unit.h"

#include "quality_fixture.h"

#include "eval/fluency.h"

static int open_eval(void **state)
{
    return read_golden(state, "tests/golden/eval_reference.json");
}

static void repetition(void **state)
{
    const json_t *cases = member(*state, "repetition");

    assert_true(json_array_size(cases) > 8);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        const char *text = json_string_value(member(c, "text")), *key = NULL;
        json_t *value = NULL;
        assert_int_equal(bf_fluency_units(text), json_integer_value(member(c, "units")));
        json_object_foreach((json_t *)(uintptr_t)member(c, "values"), key, value)
        {
            const double found = bf_repetition(text, (size_t)atoi(key));
            if (json_is_null(value))
                assert_true(isnan(found));
            else
                assert_near(found, json_real_value(value), 1e-12);
        }
    }
    /* A character of a script without spaces is a unit. */
    assert_int_equal(bf_fluency_units("磨坊在海边。"), 6);
    assert_near(bf_repetition("海海海海海海", 4), 1.0 - 1.0 / 3.0, 1e-12);
    assert_int_equal(bf_fluency_units("\xFF\xFE x"), 3);
}

static void word_salad(void **state)
{
    struct bf_rng rng, same;

    (void)state;
    bf_rng_init(&rng, 4);
    same = rng;
    char *salad = bf_shuffled_words("  the mill stood\nby the sea ", &rng);
    char *again = bf_shuffled_words("  the mill stood\nby the sea ", &same);
    assert_string_equal(salad, again);
    assert_int_equal(strlen(salad), strlen("the mill stood by the sea"));
    assert_string_not_equal(salad, "the mill stood by the sea");
    assert_non_null(strstr(salad, "mill"));
    free(salad);
    free(again);
    salad = bf_shuffled_words("磨坊在海边", &rng);
    assert_int_equal(strlen(salad), strlen("磨坊在海边"));
    assert_string_not_equal(salad, "磨坊在海边");
    free(salad);
}

static void answers(void **state)
{
    const struct bf_bootstrap bootstrap = {.n_resamples = 200, .seed = 1};
    char *const texts[] = {(char[]){" \n "}, (char[]){"I'm sorry, but I cannot help with that."},
                           (char[]){"no no no no no no no no"}, (char[]){"Oslo."}};
    struct bf_fluent after[4], before[4];
    struct bf_err err = BF_ERR_INIT;
    json_t *row = json_object(), *change = json_object();

    (void)state;
    for (size_t i = 0; i < 4; i++)
        before[i] = after[i] = bf_fluent_of(texts[i]);
    assert_true(after[0].empty && !after[1].empty && after[1].refusal && !after[2].refusal);
    assert_true(isnan(after[0].repetition) && isnan(after[3].repetition) && isnan(after[1].nll));
    assert_int_equal(bf_fluency_put(row, texts, after, 4, (double)NAN, &bootstrap, &err), BF_OK);
    assert_near(number(row, "empty"), 0.25, 1e-12);
    assert_near(number(row, "refusals"), 0.25, 1e-12);
    assert_near(number(row, "seq_rep_4"), 0.4, 1e-12); /* of two answers, 0 and 0.8 */
    assert_true(json_is_null(member(row, "perplexity")) && json_is_null(member(row, "gibberish")));
    assert_string_equal(json_string_value(member(member(row, "why"), "gibberish")), "needs --original");
    json_object_clear(row);
    after[1].nll = 7.0;
    after[2].nll = log(4.0);
    before[1].nll = 2.0;
    before[2].nll = log(4.0);
    assert_int_equal(bf_fluency_put(row, texts, after, 4, 6.5, &bootstrap, &err), BF_OK);
    assert_near(number(row, "gibberish"), 0.5, 1e-12); /* of the two that are long enough */
    assert_near(number(row, "perplexity"), exp((7.0 + log(4.0)) / 2.0), 1e-9);
    assert_int_equal(bf_fluency_put_change(change, after, before, 4, 6.5, &bootstrap, &err), BF_OK);
    assert_near(number(change, "nll"), 2.5, 1e-12);
    assert_near(number(change, "gibberish"), 0.5, 1e-12);
    assert_near(number(change, "empty"), 0.0, 1e-12);
    json_decref(row);
    json_decref(change);
}

static void prompts(void **state)
{
    size_t n = 0;

    (void)state;
    for (; bf_neutral_prompts[n]; n++)
        assert_true(strlen(bf_neutral_prompts[n]) > 10);
    assert_int_equal(n, 24); /* what --help says */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repetition),
        cmocka_unit_test(word_salad),
        cmocka_unit_test(answers),
        cmocka_unit_test(prompts),
    };

    return cmocka_run_group_tests(tests, open_eval, close_golden);
}
