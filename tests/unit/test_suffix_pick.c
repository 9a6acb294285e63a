/* Which tokens a search for a suffix tries. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "unlearn/suffix.h"

static void the_steepest_that_may_be_typed(void **state)
{
    const float slopes[] = {0.5F, -3, -9, -1, NAN, -3, 2, -4, -INFINITY};
    const bool allowed[] = {true, true, false, true, true, true, true, true, true};
    int32_t out[9];

    (void)state;
    /* 2 may not be typed, 7 is there already; among equals the first. */
    assert_int_equal(bf_suffix_top(slopes, allowed, 9, 7, 3, out), 3);
    assert_int_equal(out[0], 1);
    assert_int_equal(out[1], 5);
    assert_int_equal(out[2], 3);
    assert_int_equal(bf_suffix_top(slopes, allowed, 9, 7, 1, out), 1);
    assert_int_equal(out[0], 1);
    assert_int_equal(bf_suffix_top(slopes, allowed, 9, 7, 9, out), 5);
    assert_int_equal(out[4], 6);
    assert_int_equal(bf_suffix_top(slopes, allowed, 9, 7, 0, out), 0);
}

static void the_steepest_of_many(void **state)
{
    enum { N = 5000, MOST = 64 };
    float *slopes = calloc(N, sizeof *slopes);
    bool *allowed = calloc(N, sizeof *allowed);
    int32_t out[MOST];

    (void)state;
    assert_non_null(slopes);
    assert_non_null(allowed);
    for (size_t i = 0; i < N; i++) { /* 2111 and 5000 share no factor: each value once */
        slopes[i] = (float)(i * 2111 % N);
        allowed[i] = i % 2 == 0;
    }
    assert_int_equal(bf_suffix_top(slopes, allowed, N, 0, MOST, out), MOST);
    for (size_t i = 0; i < MOST; i++)
        assert_float_equal(slopes[out[i]], (float)(2 * i + 2), 0);
    free(slopes);
    free(allowed);
}

struct rule {
    int32_t never;
    size_t n_asked;
};

static bool not_that(void *user, const int32_t *tokens)
{
    struct rule *rule = user;
    rule->n_asked++;
    return tokens[0] != rule->never && tokens[1] != rule->never && tokens[2] != rule->never;
}

static void drawn_suffixes_differ_in_one_place(void **state)
{
    enum { N_TOKENS = 3, N_TOP = 4, WANTED = 12 };
    static const int32_t current[N_TOKENS] = {10, 20, 30};
    static const int32_t top[N_TOKENS * N_TOP] = {11, 12, 13, 14, 0, 0, 0, 0, 31, 32, 33, 0};
    static const size_t n_at[N_TOKENS] = {4, 0, 3};
    int32_t out[WANTED * N_TOKENS], again[WANTED * N_TOKENS];
    struct rule rule = {.never = 13};
    struct bf_rng rng;

    (void)state;
    bf_rng_init(&rng, 5);
    /* Of seven that there are one is refused. */
    assert_int_equal(bf_suffix_draw(&rng, current, N_TOKENS, top, N_TOP, n_at, WANTED, not_that, &rule, out), 6);
    assert_true(rule.n_asked > 6);
    for (size_t i = 0; i < 6; i++) {
        const int32_t *c = out + i * N_TOKENS;
        assert_int_equal(c[1], 20);
        assert_int_equal((c[0] != 10) + (c[2] != 30), 1);
        assert_true(c[0] == 10 || (c[0] >= 11 && c[0] <= 14 && c[0] != 13));
        assert_true(c[2] == 30 || (c[2] >= 31 && c[2] <= 33));
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(c, out + j * N_TOKENS, N_TOKENS * sizeof *c);
    }
    /* The seed alone decides. */
    bf_rng_init(&rng, 5);
    assert_int_equal(bf_suffix_draw(&rng, current, N_TOKENS, top, N_TOP, n_at, 4, not_that, &rule, again), 4);
    assert_memory_equal(again, out, 4 * N_TOKENS * sizeof *out);
    bf_rng_init(&rng, 6);
    assert_int_equal(bf_suffix_draw(&rng, current, N_TOKENS, top, N_TOP, n_at, 4, not_that, &rule, again), 4);
    assert_memory_not_equal(again, out, 4 * N_TOKENS * sizeof *out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_steepest_that_may_be_typed),
        cmocka_unit_test(the_steepest_of_many),
        cmocka_unit_test(drawn_suffixes_differ_in_one_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
