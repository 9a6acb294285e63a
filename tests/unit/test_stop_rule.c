#include "unit.h"

#include <math.h>
#include <time.h>

#include "base/rng.h"
#include "synth/stop_rule.h"

#define DIMS 24

static void random_unit(struct bf_rng *rng, float *v)
{
    double square = 0;

    for (int d = 0; d < DIMS; d++) {
        v[d] = (float)(bf_rng_unit(rng) - 0.3);
        square += (double)v[d] * (double)v[d];
    }
    for (int d = 0; d < DIMS; d++)
        v[d] = (float)((double)v[d] / sqrt(square));
}

static double length(const float *v)
{
    double square = 0;

    for (int d = 0; d < DIMS; d++)
        square += (double)v[d] * (double)v[d];
    return sqrt(square);
}

/* The definition: the mean of 1 - a.b over all ordered pairs of different samples. */
static double naive_diversity(float (*v)[DIMS], int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            double product = 0;

            for (int d = 0; d < DIMS; d++)
                product += (double)v[i][d] * (double)v[j][d];
            sum += i == j ? 0 : 1 - product;
        }
    }
    return sum / ((double)n * (n - 1));
}

static void incremental_diversity_is_the_definition(void **state)
{
    const uint64_t seed = (uint64_t)time(NULL);
    static float v[120][DIMS];
    struct bf_stop_rule rule;
    struct bf_stop_check checkpoint;
    struct bf_rng rng;

    (void)state;
    printf("seed %llu\n", (unsigned long long)seed);
    bf_rng_init(&rng, seed);
    bf_stop_rule_init(&rule, DIMS, 1000, 0.001);
    assert_true(isnan(bf_stop_rule_diversity(&rule)));
    for (int n = 1; n <= 120; n++) {
        random_unit(&rng, v[n - 1]);
        assert_true(fabs(length(v[n - 1]) - 1) < 1e-6);
        assert_false(bf_stop_rule_add(&rule, v[n - 1], &checkpoint));
        if (n == 1)
            assert_true(isnan(bf_stop_rule_diversity(&rule)));
        else
            assert_true(fabs(bf_stop_rule_diversity(&rule) - naive_diversity(v, n)) < 1e-10);
    }
    bf_stop_rule_release(&rule);
}

static void axis(float *v, int d)
{
    memset(v, 0, DIMS * sizeof *v);
    v[d] = 1;
}

static void equal_vectors_have_no_diversity_and_orthogonal_ones_all(void **state)
{
    struct bf_stop_rule rule;
    struct bf_stop_check checkpoint;
    float v[DIMS];

    (void)state;
    bf_stop_rule_init(&rule, DIMS, 1000, 0.001);
    axis(v, 0);
    for (int i = 0; i < 10; i++)
        bf_stop_rule_add(&rule, v, &checkpoint);
    assert_true(fabs(bf_stop_rule_diversity(&rule)) < 1e-12);
    bf_stop_rule_release(&rule);

    bf_stop_rule_init(&rule, DIMS, 1000, 0.001);
    for (int d = 0; d < DIMS; d++) {
        axis(v, d);
        bf_stop_rule_add(&rule, v, &checkpoint);
    }
    assert_true(fabs(bf_stop_rule_diversity(&rule) - 1) < 1e-12);
    bf_stop_rule_release(&rule);
}

/* Adds `n` vectors of one axis; the last one must be the one that is checked. */
static struct bf_stop_check add_axis(struct bf_stop_rule *rule, int d, int n)
{
    struct bf_stop_check checkpoint = {.n_kept = -1};
    float v[DIMS];

    axis(v, d);
    for (int i = 0; i < n; i++)
        assert_int_equal(bf_stop_rule_add(rule, v, &checkpoint), i == n - 1);
    return checkpoint;
}

static void the_first_check_has_no_gain_and_never_stops(void **state)
{
    struct bf_stop_rule rule;
    struct bf_stop_check c;

    (void)state;
    bf_stop_rule_init(&rule, DIMS, 5, 100.0); /* no gain is as large */
    c = add_axis(&rule, 0, 5);
    assert_int_equal(c.n_kept, 5);
    assert_true(isnan(c.gain));
    assert_false(c.stop);
    c = add_axis(&rule, 1, 5);
    assert_int_equal(c.n_kept, 10);
    assert_true(fabs(c.diversity - 50.0 / 90) < 1e-12);
    assert_true(fabs(c.gain - 50.0 / 90) < 1e-12);
    assert_true(c.stop);
    bf_stop_rule_release(&rule);
}

static void growth_goes_on_and_a_fall_stops(void **state)
{
    struct bf_stop_rule rule;
    struct bf_stop_check c;

    (void)state;
    bf_stop_rule_init(&rule, DIMS, 5, 0.001);
    assert_false(add_axis(&rule, 0, 5).stop);
    c = add_axis(&rule, 1, 5);
    assert_true(c.gain > 0.5);
    assert_false(c.stop);
    c = add_axis(&rule, 2, 5); /* 15 vectors, three axes: 1 - 60 / 210 */
    assert_true(fabs(c.diversity - 150.0 / 210) < 1e-12);
    assert_false(c.stop);
    c = add_axis(&rule, 0, 5);
    assert_true(c.gain < 0);
    assert_true(c.stop);
    bf_stop_rule_release(&rule);
}

/* The gain must be at least epsilon: just below stops, equal goes on. */
static void epsilon_is_the_least_gain_that_goes_on(void **state)
{
    struct bf_stop_rule rule;
    struct bf_stop_check c;

    (void)state;
    for (int more = 0; more < 2; more++) {
        double diversity = 1.0 - 4.0 / 12.0; /* two vectors of each of two axes; 0 before */

        bf_stop_rule_init(&rule, DIMS, 2, more ? diversity * (1 + 1e-9) : diversity * (1 - 1e-9));
        add_axis(&rule, 0, 2);
        c = add_axis(&rule, 1, 2);
        assert_true(fabs(c.gain - diversity) < 1e-12);
        assert_int_equal(c.stop, more);
        bf_stop_rule_release(&rule);
    }
}

static void a_negative_epsilon_never_stops(void **state)
{
    struct bf_stop_rule rule;
    struct bf_stop_check c;

    (void)state;
    bf_stop_rule_init(&rule, DIMS, 5, -1);
    add_axis(&rule, 0, 5);
    add_axis(&rule, 1, 5);
    for (int i = 0; i < 20; i++) {
        c = add_axis(&rule, 0, 5);
        assert_true(c.gain < 0.001);
        assert_false(c.stop);
    }
    bf_stop_rule_release(&rule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incremental_diversity_is_the_definition),
        cmocka_unit_test(equal_vectors_have_no_diversity_and_orthogonal_ones_all),
        cmocka_unit_test(the_first_check_has_no_gain_and_never_stops),
        cmocka_unit_test(growth_goes_on_and_a_fall_stops),
        cmocka_unit_test(epsilon_is_the_least_gain_that_goes_on),
        cmocka_unit_test(a_negative_epsilon_never_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
