/* Figures and their noise, against SciPy and numpy. */
#include "unit.h"

#include "quality_fixture.h"

static void mean_and_interval(void **state)
{
    const json_t *golden = member(*state, "statistics");
    double *values = doubles(golden, "values");
    const size_t n = json_array_size(member(golden, "values"));
    struct bf_bootstrap bootstrap = bf_bootstrap_default();
    struct bf_figure figure;
    struct bf_err err = BF_ERR_INIT;
    const double width = number(golden, "high") - number(golden, "low");

    bootstrap.n_resamples = 20000;
    bootstrap.seed = 3;
    assert_int_equal(bf_mean_figure(values, n, &bootstrap, NULL, &figure, &err), BF_OK);
    assert_int_equal(figure.n, n);
    assert_null(figure.why);
    assert_true(figure.has_interval);
    assert_near(figure.value, number(golden, "mean"), 1e-7);
    assert_near(figure.low, number(golden, "low"), 0.03 * width);
    assert_near(figure.high, number(golden, "high"), 0.03 * width);
    free(values);
}

static void quantiles(void **state)
{
    const json_t *golden = member(*state, "statistics");
    double *sorted = doubles(golden, "sorted");
    const size_t n = json_array_size(member(golden, "sorted"));
    const json_t *pairs = member(golden, "quantiles");

    for (size_t i = 0; i < json_array_size(pairs); i++) {
        const json_t *pair = json_array_get(pairs, i);
        const double q = json_number_value(json_array_get(pair, 0));

        assert_near(bf_quantile(sorted, n, q), json_number_value(json_array_get(pair, 1)), 1e-6);
    }
    assert_true(bf_quantile(&(double){4.5}, 1, 0.3) == 4.5);
    free(sorted);
}

static void shares(void **state)
{
    const json_t *all = member(member(*state, "statistics"), "shares");
    struct bf_figure figure;
    struct bf_err err = BF_ERR_INIT;

    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);

        assert_int_equal(bf_share_figure(size(one, "k"), size(one, "n"), &figure, &err), BF_OK);
        assert_near(figure.value, number(one, "k") / number(one, "n"), 1e-15);
        assert_near(figure.low, number(one, "low"), 1e-9);
        assert_near(figure.high, number(one, "high"), 1e-9);
    }
    assert_int_equal(bf_share_figure(0, 0, &figure, &err), BF_OK);
    assert_non_null(figure.why);
    assert_int_equal(bf_share_figure(3, 2, &figure, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "3 of 2");
}

/* Of 400 samples with a known mean, about 95 % have it in their interval. */
static void intervals_hold_what_they_promise(void **state)
{
    struct bf_bootstrap bootstrap = bf_bootstrap_default();
    struct bf_rng rng;
    double values[80];
    int held = 0;

    (void)state;
    bootstrap.n_resamples = 400;
    bf_rng_init(&rng, 11);
    for (uint64_t trial = 0; trial < 400; trial++) {
        struct bf_figure figure;

        for (size_t i = 0; i < N_ELEMENTS(values); i++)
            values[i] = bf_rng_unit(&rng);
        bootstrap.seed = trial;
        assert_int_equal(bf_mean_figure(values, N_ELEMENTS(values), &bootstrap, NULL, &figure, NULL), BF_OK);
        held += figure.low <= 0.5 && 0.5 <= figure.high;
    }
    assert_in_range(held, 364, 392); /* 91 to 98 % */
}

static struct bf_figure mean_of(const double *values, size_t n, uint64_t seed, double *resampled)
{
    struct bf_bootstrap bootstrap = bf_bootstrap_default();
    struct bf_figure figure;

    bootstrap.seed = seed;
    assert_int_equal(bf_mean_figure(values, n, &bootstrap, resampled, &figure, NULL), BF_OK);
    return figure;
}

static void differences(void **state)
{
    enum { N = 60, R = 2000 };
    static double a[N], b[N], of_a[R], of_b[R];
    struct bf_difference difference;
    struct bf_figure fa, fb;
    struct bf_rng rng;

    (void)state;
    bf_rng_init(&rng, 1);
    for (size_t i = 0; i < N; i++) {
        a[i] = bf_rng_unit(&rng);
        b[i] = a[i] + 0.02; /* far less than the spread */
    }
    fa = mean_of(a, N, 1, of_a);
    fb = mean_of(b, N, 2, of_b);
    bf_difference_of(&fa, of_a, &fb, of_b, R, &difference);
    assert_null(difference.why);
    assert_near(difference.value, -0.02, 1e-12);
    assert_false(difference.beyond_noise);
    assert_true(difference.low < -0.02 && difference.high > -0.02);
    /* Paired, the same two differ in each resample. */
    fb = mean_of(b, N, 1, of_b);
    bf_difference_of(&fa, of_a, &fb, of_b, R, &difference);
    assert_true(difference.beyond_noise);
    assert_near(difference.low, -0.02, 1e-12);
    assert_near(difference.high, -0.02, 1e-12);

    fb = mean_of(b, 0, 1, NULL);
    assert_non_null(fb.why);
    bf_difference_of(&fa, of_a, &fb, NULL, R, &difference);
    assert_string_equal(difference.why, fb.why);
    fb = mean_of(b, 1, 1, of_b);
    bf_difference_of(&fa, of_a, &fb, of_b, R, &difference);
    assert_non_null(difference.why);
    assert_false(difference.beyond_noise);
}

static void drawn_indices(void **state)
{
    size_t out[20];
    size_t counts[10] = {0};

    (void)state;
    for (uint64_t seed = 0; seed < 10000; seed++) {
        bf_sample_indices(10, 3, seed, out);
        assert_true(out[0] < out[1] && out[1] < out[2] && out[2] < 10);
        for (size_t i = 0; i < 3; i++)
            counts[out[i]]++;
    }
    for (size_t i = 0; i < 10; i++)
        assert_in_range(counts[i], 2800, 3200); /* 3,000, four deviations each way */
    bf_sample_indices(20, 20, 7, out);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(out[i], i);
    bf_sample_indices(0, 0, 7, out);
}

static void any_number_of_threads(void **state)
{
    enum { R = 1000 };
    static double values[500], first[R], again[R];
    struct bf_bootstrap bootstrap = {.n_resamples = R, .seed = 5, .n_threads = 1};
    struct bf_figure one, other;
    const size_t n_threads[] = {2, 7, 0};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(values); i++)
        values[i] = sin((double)i);
    assert_int_equal(bf_mean_figure(values, N_ELEMENTS(values), &bootstrap, first, &one, NULL), BF_OK);
    for (size_t t = 0; t < N_ELEMENTS(n_threads); t++) {
        bootstrap.n_threads = n_threads[t];
        assert_int_equal(bf_mean_figure(values, N_ELEMENTS(values), &bootstrap, again, &other, NULL), BF_OK);
        assert_memory_equal(first, again, sizeof first);
        assert_true(one.low == other.low && one.high == other.high);
    }
}

static void bad_values(void **state)
{
    struct bf_bootstrap bootstrap = bf_bootstrap_default();
    struct bf_figure figure;
    struct bf_err err = BF_ERR_INIT;
    const double bad[] = {1.0, NAN};
    const double huge[] = {1.7e308, 1.7e308};

    (void)state;
    assert_int_equal(bf_mean_figure(bad, 2, &bootstrap, NULL, &figure, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "value 2 of 2");
    assert_int_equal(bf_mean_figure(huge, 2, &bootstrap, NULL, &figure, &err), BF_INPUT);
    assert_int_equal(bf_mean_figure(bad, 0, &bootstrap, NULL, &figure, &err), BF_OK);
    assert_non_null(figure.why);
    assert_int_equal(bf_mean_figure(bad, 1, &bootstrap, NULL, &figure, &err), BF_OK);
    assert_true(figure.value == 1.0 && figure.low == 1.0 && figure.high == 1.0);
    bootstrap.n_resamples = 99;
    assert_int_equal(bf_mean_figure(bad, 1, &bootstrap, NULL, &figure, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "100");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_and_interval),
        cmocka_unit_test(quantiles),
        cmocka_unit_test(shares),
        cmocka_unit_test(intervals_hold_what_they_promise),
        cmocka_unit_test(differences),
        cmocka_unit_test(drawn_indices),
        cmocka_unit_test(any_number_of_threads),
        cmocka_unit_test(bad_values),
    };

    return cmocka_run_group_tests(tests, open_golden, close_golden);
}
