#include "unit.h"

#include <math.h>
#include <stdbool.h>
#include <time.h>

#include "base/rng.h"
#include "engine/sampler.h"

#define N_MAX 6000

static struct bf_candidate scratch[N_MAX];

static float normal(struct bf_rng *rng)
{
    double u = 1 - bf_rng_unit(rng);

    return (float)(sqrt(-2 * log(u)) * cos(2 * acos(-1) * bf_rng_unit(rng)));
}

/* ---- the plain form: sort everything, long double, no shortcut ---- */

struct entry {
    long double p;
    float logit;
    int32_t token;
};

static int by_logit(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->logit != y->logit)
        return x->logit > y->logit ? -1 : 1;
    return (x->token > y->token) - (x->token < y->token);
}

/* The kept entries, best first, with probabilities that sum to 1; returns how many. 0: the mass stands within rounding
 * of top_p somewhere, where one entry more or less is right (two tied logits and top-p 0.5). */
static int32_t reference(const struct bf_sampler *s, const float *logits, int32_t n, struct entry *out)
{
    int32_t k = s->top_k > 0 && s->top_k < n ? s->top_k : n;
    int32_t kept = 0;
    long double total = 0, mass = 0;

    for (int32_t i = 0; i < n; i++)
        out[i] = (struct entry){.logit = logits[i], .token = i};
    qsort(out, (size_t)n, sizeof *out, by_logit);
    for (int32_t i = 0; i < k; i++) {
        out[i].p = expl(((long double)out[i].logit - (long double)out[0].logit) / (long double)s->temperature);
        total += out[i].p;
    }
    while (kept < k && (kept == 0 || mass / total < (long double)s->top_p)) {
        mass += out[kept++].p;
        if (kept < k && fabsl(mass / total - (long double)s->top_p) < 1e-12L)
            return 0;
    }
    for (int32_t i = 0; i < kept; i++)
        out[i].p /= mass;
    return kept;
}

static long double reference_lse(const float *logits, int32_t n)
{
    long double max = -INFINITY, sum = 0;

    for (int32_t i = 0; i < n; i++)
        max = (long double)logits[i] > max ? (long double)logits[i] : max;
    for (int32_t i = 0; i < n; i++)
        sum += expl((long double)logits[i] - max);
    return max + logl(sum);
}

/* One draw agrees with the reference, unless u stands within rounding of a step, where either neighbour is right. */
static void assert_draw(const struct bf_sampler *s, const float *logits, int32_t n, double u)
{
    static struct entry entries[N_MAX];
    int32_t kept = reference(s, logits, n, entries);
    long double sum = 0;
    struct bf_choice choice;
    bool found = false;

    assert_true(bf_sample(s, logits, n, u, scratch, &choice));
    if (kept == 0)
        return;
    for (int32_t i = 0; i < kept && !found; i++) {
        long double before = sum;

        sum += entries[i].p;
        if (entries[i].token != choice.token)
            continue;
        found = true;
        if ((long double)u < before - 1e-9L || (long double)u > sum + 1e-9L)
            fail_msg("token %d for u = %.17g, which is not in %.17Lg..%.17Lg (T %g, top-k %d, top-p %g)", choice.token,
                     u, before, sum, s->temperature, s->top_k, s->top_p);
        assert_true(fabsl((long double)choice.p_sampling - entries[i].p) < 1e-6L);
    }
    if (!found)
        fail_msg("token %d is not among the %d kept", choice.token, kept);
    assert_true(fabsl((long double)choice.logp_model - ((long double)logits[choice.token] - reference_lse(logits, n))) <
                1e-4L);
}

static void agrees_with_sorting_everything(void **state)
{
    static const double temperatures[] = {0.1, 0.6, 1.0, 1.2, 2.0};
    static const double top_ps[] = {0.05, 0.5, 0.95, 1.0};
    static const int32_t top_ks[] = {0, 1, 7, 50, 1024};
    const uint64_t seed = (uint64_t)time(NULL);
    static float logits[N_MAX];
    struct bf_rng rng;

    (void)state;
    printf("seed %llu\n", (unsigned long long)seed);
    bf_rng_init(&rng, seed);
    for (int round = 0; round < 1500; round++) {
        int32_t n = 1 + (int32_t)bf_rng_below(&rng, round % 50 ? 400 : 3000);
        float scale = (float)(0.1 + 6 * bf_rng_unit(&rng));
        struct bf_sampler s = {temperatures[bf_rng_below(&rng, N_ELEMENTS(temperatures))],
                               top_ks[bf_rng_below(&rng, N_ELEMENTS(top_ks))],
                               top_ps[bf_rng_below(&rng, N_ELEMENTS(top_ps))]};

        for (int32_t i = 0; i < n; i++)
            logits[i] = scale * normal(&rng);
        if (round % 3 == 0) /* ties */
            for (int32_t i = 0; i < n; i++)
                logits[i] = roundf(logits[i]);
        for (int draw = 0; draw < 3; draw++)
            assert_draw(&s, logits, n, bf_rng_unit(&rng));
        assert_draw(&s, logits, n, 0.0);
        assert_draw(&s, logits, n, 1 - 0x1p-53);
    }
}

/* More tokens in the nucleus than the fast path keeps. */
static void a_flat_row_needs_more_than_the_heap(void **state)
{
    static float logits[5000];
    struct bf_sampler s = {1.0, 0, 0.95};
    struct bf_rng rng;
    struct bf_choice choice;

    (void)state;
    for (int32_t i = 0; i < 5000; i++)
        logits[i] = 0.25F;
    /* Ties are in the order of their ids, so u tells the token; 4,750 stay (give or take the last one's rounding). */
    assert_true(bf_sample(&s, logits, 5000, 0.0, scratch, &choice));
    assert_int_equal(choice.token, 0);
    assert_true(fabs((double)choice.p_sampling - 1.0 / 4750) < 1e-7);
    assert_true(fabs((double)choice.logp_model + log(5000)) < 1e-5);
    assert_true(bf_sample(&s, logits, 5000, 0.5, scratch, &choice));
    assert_in_range(choice.token, 2374, 2376);
    assert_true(bf_sample(&s, logits, 5000, 1 - 0x1p-53, scratch, &choice));
    assert_in_range(choice.token, 4749, 4750);
    s.top_p = 1;
    assert_true(bf_sample(&s, logits, 5000, 1 - 0x1p-53, scratch, &choice));
    assert_int_equal(choice.token, 4999);

    bf_rng_init(&rng, 1);
    for (int32_t i = 0; i < 5000; i++)
        logits[i] = 0.01F * normal(&rng);
    s.top_p = 0.95;
    for (int i = 0; i < 40; i++)
        assert_draw(&s, logits, 5000, bf_rng_unit(&rng));
}

static void ties_go_to_the_smaller_id(void **state)
{
    static const float logits[] = {1, 2, 2, 2, 0, 2};
    struct bf_sampler s = {1.0, 2, 1.0};
    struct bf_choice choice;

    (void)state;
    assert_true(bf_sample(&s, logits, 6, 0.49, scratch, &choice));
    assert_int_equal(choice.token, 1);
    assert_true(bf_sample(&s, logits, 6, 0.51, scratch, &choice));
    assert_int_equal(choice.token, 2);
    assert_true(choice.p_sampling == 0.5F);
}

static void broken_rows_are_refused(void **state)
{
    static float logits[200];
    struct bf_sampler s = {1.0, 50, 0.95};
    struct bf_choice choice;

    (void)state;
    for (int32_t at = 0; at < 200; at += 7) { /* in and between the blocks of the fast path */
        memset(logits, 0, sizeof logits);
        logits[at] = NAN;
        assert_false(bf_sample(&s, logits, 200, 0.5, scratch, &choice));
        logits[at] = INFINITY;
        assert_false(bf_sample(&s, logits, 200, 0.5, scratch, &choice));
        for (int32_t i = 0; i < 200; i++)
            logits[i] = -INFINITY;
        assert_false(bf_sample(&s, logits, 200, 0.5, scratch, &choice));
        logits[at] = -1e30F; /* one is enough */
        assert_true(bf_sample(&s, logits, 200, 0.999, scratch, &choice));
        assert_int_equal(choice.token, at);
        assert_true(choice.p_sampling == 1.0F);
        assert_true(choice.logp_model == 0.0F);
    }
}

/* A token that was ruled out (-inf) must not come, even for the largest u. */
static void impossible_tokens_never_come(void **state)
{
    static float logits[5000];
    static const int32_t top_ks[] = {0, 50, 1024};
    struct bf_choice choice;
    struct bf_rng rng;

    (void)state;
    bf_rng_init(&rng, 3);
    for (size_t k = 0; k < N_ELEMENTS(top_ks); k++)
        for (int round = 0; round < 200; round++) {
            struct bf_sampler s = {1.0, top_ks[k], 1.0};
            int32_t n = round % 2 ? 5000 : 60;

            for (int32_t i = 0; i < n; i++)
                logits[i] = i % 3 == 1 ? normal(&rng) : -INFINITY;
            assert_true(bf_sample(&s, logits, n, 1 - 0x1p-53, scratch, &choice));
            assert_int_equal(choice.token % 3, 1);
            assert_true(choice.p_sampling > 0);
        }
}

/* Over a fine sweep of u each token comes as often as its p_sampling says, and these sum to 1. */
static void frequencies_are_the_reported_probabilities(void **state)
{
    enum { N = 60, SWEEP = 200000 };
    static float logits[N];
    struct bf_sampler s = {0.8, 40, 0.9};
    double p[N] = {0}, sum = 0;
    int times[N] = {0};
    struct bf_rng rng;

    (void)state;
    bf_rng_init(&rng, 4);
    for (int i = 0; i < N; i++)
        logits[i] = 2 * normal(&rng);
    for (int i = 0; i < SWEEP; i++) {
        struct bf_choice choice;

        assert_true(bf_sample(&s, logits, N, (i + 0.5) / SWEEP, scratch, &choice));
        assert_in_range(choice.token, 0, N - 1);
        times[choice.token]++;
        p[choice.token] = (double)choice.p_sampling;
    }
    for (int i = 0; i < N; i++) {
        sum += p[i];
        assert_true(fabs((double)times[i] / SWEEP - p[i]) < 2.0 / SWEEP);
    }
    assert_true(fabs(sum - 1) < 1e-5);
}

static void log_sum_exp_is_exact_enough(void **state)
{
    static float logits[N_MAX];
    static const float scales[] = {0.01F, 1.0F, 8.0F, 40.0F};
    struct bf_rng rng;

    (void)state;
    bf_rng_init(&rng, 5);
    for (int round = 0; round < 400; round++) {
        int32_t n = 1 + (int32_t)bf_rng_below(&rng, round % 20 ? 100 : N_MAX - 1);
        float shift = (float)(200 * bf_rng_unit(&rng) - 100);

        for (int32_t i = 0; i < n; i++)
            logits[i] = shift + scales[round % 4] * normal(&rng);
        long double error = (long double)bf_log_sum_exp(logits, n) - reference_lse(logits, n);
        if (fabsl(error) > 1e-5L)
            fail_msg("off by %Lg for %d logits", error, n);
    }
}

static void log_sum_exp_of_odd_rows(void **state)
{
    static float logits[100];

    (void)state;
    assert_true(bf_log_sum_exp(logits, 0) == (double)-INFINITY);
    assert_true(fabs(bf_log_sum_exp(logits, 100) - log(100)) < 1e-6);
    logits[99] = NAN;
    assert_true(isnan(bf_log_sum_exp(logits, 100)));
    logits[99] = INFINITY;
    assert_true(bf_log_sum_exp(logits, 100) == (double)INFINITY);
    logits[0] = NAN;
    assert_true(isnan(bf_log_sum_exp(logits, 100)));
    for (int i = 0; i < 100; i++)
        logits[i] = -INFINITY;
    assert_true(bf_log_sum_exp(logits, 100) == (double)-INFINITY);
    logits[17] = -5;
    assert_true(bf_log_sum_exp(logits, 100) == -5);
    logits[18] = 3e38F; /* the difference to -5 overflows no exponential */
    assert_true(bf_log_sum_exp(logits, 100) == (double)3e38F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_sorting_everything), cmocka_unit_test(a_flat_row_needs_more_than_the_heap),
        cmocka_unit_test(ties_go_to_the_smaller_id),      cmocka_unit_test(broken_rows_are_refused),
        cmocka_unit_test(impossible_tokens_never_come),   cmocka_unit_test(frequencies_are_the_reported_probabilities),
        cmocka_unit_test(log_sum_exp_is_exact_enough),    cmocka_unit_test(log_sum_exp_of_odd_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
