/* Remote-clique against SciPy's cosine distances of all pairs. */
#include "unit.h"

#include "quality_fixture.h"

static enum bf_status clique_of(const float *vectors, size_t n, size_t n_dims, struct bf_figure *out,
                                struct bf_err *err)
{
    struct bf_bootstrap bootstrap = bf_bootstrap_default();

    bootstrap.n_resamples = 500;
    return bf_remote_clique(vectors, n, n_dims, &bootstrap, NULL, out, err);
}

static void agrees_with_all_pairs(void **state)
{
    const json_t *all = member(*state, "cliques");

    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        float *vectors = floats(one, "vectors");
        struct bf_figure figure;
        struct bf_err err = BF_ERR_INIT;

        assert_int_equal(clique_of(vectors, size(one, "n"), size(one, "n_dims"), &figure, &err), BF_OK);
        assert_near(figure.value, number(one, "value"), 1e-9);
        assert_int_equal(figure.n, size(one, "n"));
        assert_true(figure.has_interval && figure.low <= figure.high);
        free(vectors);
    }
}

/* The definition in a resample: pairs of different items, each as often as both were drawn. So the mean over many
 * resamples is the figure itself, which it would not be with the pairs of an item and its copy, all at distance 0. */
static void intervals_lie_around_the_figure(void **state)
{
    enum { N = 30, DIMS = 24, R = 4000 };
    static double resampled[R];
    const struct bf_bootstrap bootstrap = {.n_resamples = R, .seed = 9};
    float *vectors = grouped_vectors(N, DIMS, N, 4);
    struct bf_figure figure;
    double mean = 0.0;

    (void)state;
    for (size_t i = 0; i < (size_t)N * DIMS; i++)
        vectors[i] -= 3.5f;
    assert_int_equal(bf_remote_clique(vectors, N, DIMS, &bootstrap, resampled, &figure, NULL), BF_OK);
    for (size_t r = 0; r < R; r++)
        mean += resampled[r] / R;
    assert_near(mean, figure.value, 0.05 * (figure.high - figure.low));
    assert_true(figure.low < figure.value && figure.value < figure.high);
    free(vectors);
}

static void any_number_of_threads(void **state)
{
    enum { N = 203, DIMS = 65, R = 300 };
    static double first[R], again[R];
    struct bf_bootstrap bootstrap = {.n_resamples = R, .n_threads = 1};
    float *vectors = grouped_vectors(N, DIMS, 5, 2);
    struct bf_figure figure;
    const size_t n_threads[] = {2, 7};

    (void)state;
    assert_int_equal(bf_remote_clique(vectors, N, DIMS, &bootstrap, first, &figure, NULL), BF_OK);
    for (size_t t = 0; t < N_ELEMENTS(n_threads); t++) {
        bootstrap.n_threads = n_threads[t];
        assert_int_equal(bf_remote_clique(vectors, N, DIMS, &bootstrap, again, &figure, NULL), BF_OK);
        assert_memory_equal(first, again, sizeof first);
    }
    free(vectors);
}

static void equal_and_opposite(void **state)
{
    float vectors[50][7];
    const float opposite[2][2] = {{1e-8f, 2e-8f}, {-1e15f, -2e15f}};
    struct bf_figure figure;

    (void)state;
    for (size_t i = 0; i < 50; i++)
        for (size_t d = 0; d < 7; d++)
            vectors[i][d] = 0.1f * (float)(d + 1);
    assert_int_equal(clique_of(vectors[0], 50, 7, &figure, NULL), BF_OK);
    assert_near(figure.value, 0.0, 1e-12);
    assert_true(figure.value >= 0.0);
    assert_near(figure.low, 0.0, 1e-6);
    assert_near(figure.high, 0.0, 1e-6);
    assert_int_equal(clique_of(opposite[0], 2, 2, &figure, NULL), BF_OK);
    assert_near(figure.value, 2.0, 1e-12);
}

static void bad_vectors(void **state)
{
    float vectors[3][2] = {{1.0f, 2.0f}, {2.0f, 1.0f}, {0.0f, 0.0f}};
    struct bf_figure figure;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    for (size_t n = 0; n < 2; n++) {
        assert_int_equal(clique_of(vectors[0], n, 2, &figure, &err), BF_OK);
        assert_non_null(figure.why);
        assert_true(figure.value == 0.0 && !figure.has_interval);
    }
    assert_int_equal(clique_of(vectors[0], 3, 2, &figure, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "vector 3 of 3");
    const float bad[] = {NAN, INFINITY, -INFINITY, 3e38f};
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        vectors[1][1] = bad[i];
        assert_int_equal(clique_of(vectors[0], 2, 2, &figure, &err), BF_MODEL);
        assert_error(err, BF_MODEL, "vector 2 of 2");
    }
    assert_int_equal(clique_of(vectors[0], 2, 0, &figure, &err), BF_INPUT);
    assert_int_equal(clique_of(vectors[0], SIZE_MAX / 2, 4, &figure, &err), BF_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_all_pairs), cmocka_unit_test(intervals_lie_around_the_figure),
        cmocka_unit_test(any_number_of_threads), cmocka_unit_test(equal_and_opposite),
        cmocka_unit_test(bad_vectors),
    };

    return cmocka_run_group_tests(tests, open_golden, close_golden);
}
