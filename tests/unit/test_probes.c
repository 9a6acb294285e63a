/* Which checkpoint is the best, when a training ends early, how often it asks. */
#include "unit.h"

#include "unlearn/probes.h"

/* Of 20 known forget questions and 20 to keep, with a limit of 0.1: 18 must be kept. */
static struct bf_unlearn_probes twenty(struct bf_unlearn_probe *items, size_t n)
{
    return (struct bf_unlearn_probes){.items = items,
                                      .n = n,
                                      .n_forget = 24,
                                      .n_retain = 22,
                                      .forget_known = 20,
                                      .retain_known = 20,
                                      .retain_drop = 0.1};
}

static int64_t best_step(struct bf_unlearn_probe *items, size_t n)
{
    const struct bf_unlearn_probes probes = twenty(items, n);
    const struct bf_unlearn_probe *best = bf_probes_best(&probes);
    return best ? best->step : -1;
}

static void best(void **state)
{
    struct bf_unlearn_probe lowest[] = {{0, 20, 20}, {10, 12, 20}, {20, 4, 19}, {30, 6, 20}};
    struct bf_unlearn_probe limit[] = {{0, 20, 20}, {10, 12, 18}, {20, 0, 17}, {30, 11, 17}};
    struct bf_unlearn_probe kept[] = {{0, 20, 20}, {10, 4, 18}, {20, 4, 20}, {30, 4, 19}};
    struct bf_unlearn_probe earlier[] = {{0, 20, 20}, {10, 5, 20}, {20, 4, 19}, {30, 4, 19}};
    struct bf_unlearn_probe none[] = {{0, 20, 20}, {10, 0, 17}, {20, 0, 3}};
    struct bf_unlearn_probe start[] = {{0, 0, 20}};
    (void)state;
    assert_int_equal(best_step(lowest, 4), 20);
    assert_int_equal(best_step(limit, 4), 10);
    assert_int_equal(best_step(kept, 4), 20);
    assert_int_equal(best_step(earlier, 4), 20);
    assert_int_equal(best_step(none, 3), -1);
    assert_int_equal(best_step(start, 1), -1); /* the source model is not a result */
}

/* One question that is answered, then not, then again: no reason to end, or to take the step where it was not. */
static void few_questions_choose_nothing(void **state)
{
    struct bf_unlearn_probe items[] = {{0, 2, 20},  {10, 0, 20}, {20, 0, 20}, {30, 1, 19}, {40, 0, 17},
                                       {50, 0, 20}, {60, 0, 20}, {70, 0, 20}, {80, 0, 18}};
    struct bf_unlearn_probes probes = twenty(items, 5), all = twenty(items, 9);
    (void)state;
    probes.forget_known = BF_PROBES_TELL - 1;
    assert_int_equal(bf_probes_best(&probes)->step, 30);
    assert_null(bf_probes_stop(&probes, 20));
    all.forget_known = BF_PROBES_TELL - 1; /* at step 40 the limit was not kept */
    assert_null(bf_probes_stop(&all, 70));
    assert_string_equal(bf_probes_stop(&all, 80), "forgotten");
    assert_int_equal(bf_probes_best(&all)->step, 80);
    probes.forget_known = BF_PROBES_TELL;
    assert_int_equal(bf_probes_best(&probes)->step, 10);
    assert_string_equal(bf_probes_stop(&probes, 20), "forgotten");
}

/* 0.1 of 20 is 2 exactly, whatever the rounding of 1 - 0.1. */
static void limits(void **state)
{
    struct bf_unlearn_probe p = {.step = 1};
    (void)state;
    for (int64_t n = 1; n <= 60; n++)
        for (int64_t lost = 0; lost <= n; lost++) {
            const struct bf_unlearn_probes probes = {.retain_known = n, .retain_drop = (double)lost / (double)n};
            p.retain_right = n - lost;
            assert_true(bf_probe_keeps(&probes, &p));
            p.retain_right--;
            assert_false(bf_probe_keeps(&probes, &p));
        }
    /* Nothing known to keep: no limit. */
    const struct bf_unlearn_probes free_of_limit = {.retain_known = 0, .retain_drop = 0.05};
    p.retain_right = 0;
    assert_true(bf_probe_keeps(&free_of_limit, &p));
}

static const char *stop(struct bf_unlearn_probe *items, size_t n, int64_t step)
{
    const struct bf_unlearn_probes probes = twenty(items, n);
    return bf_probes_stop(&probes, step);
}

static void stops(void **state)
{
    struct bf_unlearn_probe gone[] = {{0, 20, 20}, {10, 3, 19}, {20, 0, 19}, {30, 0, 18}};
    struct bf_unlearn_probe back[] = {{0, 20, 20}, {10, 0, 19}, {20, 1, 19}, {30, 0, 18}};
    struct bf_unlearn_probe hurt[] = {{0, 20, 20}, {10, 9, 19}, {20, 0, 9}, {30, 0, 8}, {40, 0, 12}, {50, 0, 9}};
    struct bf_unlearn_probe recovers[] = {{0, 20, 20}, {10, 0, 3}, {20, 0, 5}, {30, 0, 9}, {40, 0, 14}};
    (void)state;
    assert_string_equal(stop(gone, 4, 30), "forgotten");
    assert_null(stop(gone, 4, 20));
    assert_null(stop(gone, 4, 29)); /* what a resume reads of later steps does not count */
    assert_null(stop(back, 4, 30));
    assert_string_equal(stop(hurt, 6, 50), "retain_accuracy");
    assert_null(stop(hurt, 6, 40));
    assert_null(stop(recovers, 5, 40));
    assert_null(stop(NULL, 0, 10));
}

static void every(void **state)
{
    (void)state;
    /* Long enough: ten probes, at about 15 % of the time. */
    assert_int_equal(bf_probes_every(1000, 2000.0, 44), 100);
    /* Short: four. */
    assert_int_equal(bf_probes_every(20, 500.0, 44), 5);
    assert_int_equal(bf_probes_every(3, 500.0, 44), 1);
    assert_int_equal(bf_probes_every(1, 0.0, 1), 1);
    /* More questions, fewer times. */
    assert_true(bf_probes_every(100, 480.0, 100) > bf_probes_every(100, 480.0, 20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(best),   cmocka_unit_test(few_questions_choose_nothing),
        cmocka_unit_test(limits), cmocka_unit_test(stops),
        cmocka_unit_test(every),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
