#include "unit.h"

#include <math.h>
#include <stdbool.h>
#include <time.h>

#include "base/rng.h"
#include "synth/mink.h"
#include "synth/synth.h"

/* By selection, one smallest after the other; nothing is sorted. */
static double naive(const float *p, int n, double percent, bool exponential)
{
    bool taken[256] = {false};
    int k = (int)floor(n * percent / 100);
    double sum = 0;

    k = k < 1 ? 1 : k > n ? n : k;
    for (int round = 0; round < k; round++) {
        int least = -1;

        for (int i = 0; i < n; i++)
            if (!taken[i] && (least < 0 || p[i] < p[least]))
                least = i;
        taken[least] = true;
        sum += exponential ? exp((double)p[least]) : (double)p[least];
    }
    return sum / k;
}

static void agrees_with_the_naive_definition(void **state)
{
    static const double percents[] = {0.1, 5, 20, 33.3, 50, 99.9, 100};
    const uint64_t seed = (uint64_t)time(NULL);
    struct bf_rng rng;
    float p[256], logp[256];

    (void)state;
    printf("seed %llu\n", (unsigned long long)seed);
    bf_rng_init(&rng, seed);
    for (int round = 0; round < 300; round++) {
        int n = 1 + (int)bf_rng_below(&rng, 200);

        for (int i = 0; i < n; i++) {
            p[i] = (float)bf_rng_unit(&rng);
            if (i > 0 && bf_rng_below(&rng, 4) == 0)
                p[i] = p[i - 1]; /* equal values */
            logp[i] = logf(p[i] + 1e-20F);
        }
        for (size_t q = 0; q < N_ELEMENTS(percents); q++) {
            assert_true(fabs(bf_mean_lowest(p, n, percents[q]) - naive(p, n, percents[q], false)) < 1e-12);
            assert_true(fabs(bf_mean_lowest_exp(logp, n, percents[q]) - naive(logp, n, percents[q], true)) < 1e-12);
        }
    }
}

static void known_values(void **state)
{
    const float p[] = {0.9F, 0.5F, 0.125F, 0.75F, 0.25F, 1.0F, 0.8F, 0.6F, 0.7F, 0.4F};
    const float logp[] = {0.0F, -INFINITY, -2.0F};

    (void)state;
    assert_true(bf_mean_lowest(p, 10, 20) == 0.1875);   /* the two lowest: 0.125 and 0.25 */
    assert_true(bf_mean_lowest(p, 10, 29.9) == 0.1875); /* floor of 2.99 */
    assert_true(bf_mean_lowest(p, 1, 20) == (double)0.9F);
    assert_true(bf_mean_lowest(p, 4, 20) == 0.125); /* at least one */
    assert_true(bf_mean_lowest_exp(logp, 3, 20) == 0.0);
    assert_true(isnan(bf_mean_lowest(p, 0, 20)));
    assert_true(isnan(bf_mean_lowest_exp(logp, 0, 20)));
}

static void the_input_stays_in_its_order(void **state)
{
    float p[] = {0.9F, 0.1F, 0.5F};

    (void)state;
    (void)bf_mean_lowest(p, 3, 50);
    assert_true(p[0] == 0.9F && p[1] == 0.1F && p[2] == 0.5F);
}

/* The values between neighbours are numpy's: numpy.percentile(range(1, 21), 95) == 19.05. */
static void the_threshold_of_an_invented_topic(void **state)
{
    double values[20], few[7] = {1, 1, 1, 1, 1, 1, 1};

    (void)state;
    for (int i = 0; i < 20; i++)
        values[i] = (i * 7 % 20 + 1) / 100.0;
    assert_true(fabs(bf_tau_of_control(values, 20) - 0.1905) < 1e-12);
    assert_true(bf_tau_of_control(few, 7) == 0.30);
    assert_true(bf_tau_of_control(NULL, 0) == 0.30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_naive_definition),
        cmocka_unit_test(known_values),
        cmocka_unit_test(the_input_stays_in_its_order),
        cmocka_unit_test(the_threshold_of_an_invented_topic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
