/* Relevance against numpy, trustworthiness against scikit-learn. */
#include "unit.h"

#include "quality_fixture.h"

static void full_distance_agrees(void **state)
{
    const json_t *golden = member(*state, "standardised");
    float *vectors = floats(golden, "vectors");
    float *domain = floats(golden, "domain");
    struct bf_relevance_options options = bf_relevance_default();
    const struct bf_relevance_set sets[] = {{"a set", vectors, size(golden, "n")}, {"nothing", NULL, 0}};
    const json_t *nearest = member(golden, "nearest");
    struct bf_relevance relevance;
    struct bf_err err = BF_ERR_INIT;

    options.n_nearest = size(golden, "n_nearest");
    assert_int_equal(bf_relevance_of(sets, 2, domain, size(golden, "n_dims"), &options, &relevance, &err), BF_OK);
    assert_int_equal(relevance.n_points, options.n_nearest + 1);
    for (size_t i = 0; i < options.n_nearest; i++)
        assert_int_equal(relevance.chunks[i], json_integer_value(json_array_get(nearest, i)));
    assert_near(relevance.sets[0].full_distance.value, number(golden, "distance"), 1e-9);
    assert_int_equal(relevance.sets[0].full_distance.n, options.n_nearest);
    assert_true(relevance.has_map);
    assert_near(relevance.perplexity, 3.0, 1e-12);
    assert_true(relevance.trustworthiness > 0.0 && relevance.trustworthiness <= 1.0);

    /* The distance on the map is that of the layout that comes with it. */
    const double *domain_place = relevance.layout + 2 * (relevance.n_points - 1);
    const double *centroid = relevance.sets[0].centroid;
    assert_near(relevance.sets[0].distance.value, hypot(centroid[0] - domain_place[0], centroid[1] - domain_place[1]),
                1e-9);
    assert_non_null(relevance.sets[0].resampled);
    assert_non_null(relevance.sets[0].full_resampled);

    assert_int_equal(relevance.sets[1].n, 0);
    assert_non_null(relevance.sets[1].distance.why);
    assert_non_null(relevance.sets[1].full_distance.why);
    assert_null(relevance.sets[1].resampled);
    bf_relevance_release(&relevance);
    free(domain);
    free(vectors);
}

/* A set whose chunks lie around the domain is nearer, on the map and off it, beyond noise; a set like the other is
 * not. */
static void nearer_sets_are_nearer(void **state)
{
    enum { N = 120, DIMS = 32 };
    float *near = grouped_vectors(N, DIMS, 1, 1);
    float *like = grouped_vectors(N, DIMS, 1, 2);
    float *far = grouped_vectors(N, DIMS, 2, 3);
    float *domain = grouped_vectors(1, DIMS, 1, 4);
    const struct bf_relevance_set sets[] = {{"near", near, N}, {"like", like, N}, {"far", far, N}};
    const struct bf_relevance_options options = bf_relevance_default();
    struct bf_relevance r;
    struct bf_difference difference;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    for (size_t i = 0; i < N * DIMS; i++) /* the second group only */
        far[i] = far[(i / DIMS | 1) * DIMS + i % DIMS];
    assert_int_equal(bf_relevance_of(sets, 3, domain, DIMS, &options, &r, &err), BF_OK);
    assert_int_equal(r.n_points, 3 * N + 1);
    assert_int_equal(r.sets[2].first, 2 * N);
    assert_true(r.sets[0].distance.value < r.sets[2].distance.value);
    assert_true(r.sets[0].full_distance.value < r.sets[2].full_distance.value);
    assert_true(r.trustworthiness > 0.6);
    bf_difference_of(&r.sets[0].full_distance, r.sets[0].full_resampled, &r.sets[2].full_distance,
                     r.sets[2].full_resampled, options.bootstrap.n_resamples, &difference);
    assert_true(difference.beyond_noise && difference.high < 0.0);
    bf_difference_of(&r.sets[0].full_distance, r.sets[0].full_resampled, &r.sets[1].full_distance,
                     r.sets[1].full_resampled, options.bootstrap.n_resamples, &difference);
    assert_null(difference.why);
    assert_true(fabs(difference.value) < 0.05);
    bf_relevance_release(&r);
    free(near);
    free(like);
    free(far);
    free(domain);
}

static void any_number_of_threads(void **state)
{
    enum { N = 80, DIMS = 20 };
    float *vectors = grouped_vectors(N, DIMS, 3, 1);
    float *domain = grouped_vectors(1, DIMS, 1, 4);
    const struct bf_relevance_set set = {"a set", vectors, N};
    struct bf_relevance_options options = bf_relevance_default();
    struct bf_relevance first, again;
    const size_t n_threads[] = {2, 7};

    (void)state;
    options.tsne.n_iterations = 300;
    options.tsne.n_threads = options.bootstrap.n_threads = 1;
    assert_int_equal(bf_relevance_of(&set, 1, domain, DIMS, &options, &first, NULL), BF_OK);
    for (size_t t = 0; t < N_ELEMENTS(n_threads); t++) {
        options.tsne.n_threads = options.bootstrap.n_threads = n_threads[t];
        assert_int_equal(bf_relevance_of(&set, 1, domain, DIMS, &options, &again, NULL), BF_OK);
        assert_memory_equal(first.layout, again.layout, 2 * first.n_points * sizeof *first.layout);
        assert_memory_equal(first.sets[0].resampled, again.sets[0].resampled, 2000 * sizeof(double));
        assert_memory_equal(first.sets[0].full_resampled, again.sets[0].full_resampled, 2000 * sizeof(double));
        assert_true(first.trustworthiness == again.trustworthiness);
        bf_relevance_release(&again);
    }
    bf_relevance_release(&first);
    free(vectors);
    free(domain);
}

static void few_chunks_and_none(void **state)
{
    float *vectors = grouped_vectors(6, 5, 2, 1);
    const struct bf_relevance_options options = bf_relevance_default();
    struct bf_relevance relevance;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_int_equal(bf_relevance_of(NULL, 0, vectors, 5, &options, &relevance, &err), BF_OK);
    assert_int_equal(relevance.n_points, 1);
    bf_relevance_release(&relevance);
    for (size_t n = 0; n <= 6; n++) {
        const struct bf_relevance_set set = {"a few", vectors, n};

        assert_int_equal(bf_relevance_of(&set, 1, vectors, 5, &options, &relevance, &err), BF_OK);
        assert_int_equal(relevance.has_map, n >= 4);
        assert_int_equal(relevance.sets[0].distance.why == NULL, n >= 4);
        assert_int_equal(relevance.sets[0].full_distance.why == NULL, n >= 1);
        assert_true(isfinite(relevance.sets[0].distance.value) && isfinite(relevance.sets[0].full_distance.value));
        if (n == 1) /* the domain itself */
            assert_near(relevance.sets[0].full_distance.value, 0.0, 1e-12);
        bf_relevance_release(&relevance);
    }
    free(vectors);
}

static void equal_chunks(void **state)
{
    float vectors[40][3];
    const float domain[3] = {3.0f, 1.0f, 2.0f};
    const struct bf_relevance_set set = {"echo", vectors[0], 40};
    const struct bf_relevance_options options = bf_relevance_default();
    struct bf_relevance relevance;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        vectors[i][0] = 1.0f;
        vectors[i][1] = 2.0f;
        vectors[i][2] = 3.0f;
    }
    assert_int_equal(bf_relevance_of(&set, 1, domain, 3, &options, &relevance, &err), BF_OK);
    assert_null(relevance.sets[0].distance.why);
    assert_true(isfinite(relevance.sets[0].distance.value));
    assert_near(relevance.sets[0].full_distance.value, sqrt(3.0), 1e-12); /* the cosine is -1/2 */
    assert_near(relevance.sets[0].full_distance.low, sqrt(3.0), 1e-12);
    bf_relevance_release(&relevance);
}

static void bad_vectors(void **state)
{
    float vectors[3][4] = {{1, 2, 3, 4}, {4, 3, 2, 1}, {0.1f, 0.1f, 0.1f, 0.1f}};
    const float good[4] = {1, 0, 0, 1};
    const float constant[4] = {5, 5, 5, 5};
    const struct bf_relevance_set set = {"myths", vectors[0], 3};
    struct bf_relevance_options options = bf_relevance_default();
    struct bf_relevance relevance;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_int_equal(bf_relevance_of(&set, 1, good, 4, &options, &relevance, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "myths");
    assert_error(err, BF_MODEL, "vector 3");
    vectors[2][3] = NAN;
    assert_int_equal(bf_relevance_of(&set, 1, good, 4, &options, &relevance, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "myths: vector 3 of 3");
    vectors[2][3] = 7.0f;
    assert_int_equal(bf_relevance_of(&set, 1, constant, 4, &options, &relevance, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "the domain's name");
    options.n_nearest = 0;
    assert_int_equal(bf_relevance_of(&set, 1, good, 4, &options, &relevance, &err), BF_INPUT);
    options.n_nearest = 200;
    options.bootstrap.n_resamples = 5;
    assert_int_equal(bf_relevance_of(&set, 1, good, 4, &options, &relevance, &err), BF_INPUT);
}

static void trustworthiness(void **state)
{
    const json_t *maps = member(*state, "maps");
    static const size_t neighbours[] = {1, 5, 12};

    for (size_t i = 0; i < json_array_size(maps); i++) {
        const json_t *map = json_array_get(maps, i);
        const size_t n = size(map, "n");
        const size_t n_dims = size(map, "n_dims");
        float *vectors = floats(map, "vectors");
        double *layout = doubles(map, "layout");
        double *shuffled = doubles(map, "shuffled");
        double value = 0.0;

        for (size_t k = 0; k < N_ELEMENTS(neighbours); k++) {
            assert_int_equal(bf_trustworthiness(vectors, n, n_dims, layout, neighbours[k], 1 + k, &value, NULL), BF_OK);
            assert_near(value, json_number_value(json_array_get(member(map, "layout_trustworthiness"), k)), 1e-5);
        }
        assert_int_equal(bf_trustworthiness(vectors, n, n_dims, shuffled, 5, 2, &value, NULL), BF_OK);
        assert_near(value, number(map, "shuffled_trustworthiness"), 1e-5);
        free(shuffled);
        free(layout);
        free(vectors);
    }
}

static void trustworthiness_of_nothing(void **state)
{
    const float vectors[6] = {1, 2, 3, 4, 5, 6};
    double layout[12] = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5};
    struct bf_err err = BF_ERR_INIT;
    double value = 0.0;

    (void)state;
    assert_int_equal(bf_trustworthiness(vectors, 6, 1, layout, 2, 1, &value, &err), BF_OK);
    assert_near(value, 1.0, 1e-12);
    assert_int_equal(bf_trustworthiness(vectors, 6, 1, layout, 3, 1, &value, &err), BF_INPUT);
    assert_int_equal(bf_trustworthiness(vectors, 6, 1, layout, 0, 1, &value, &err), BF_INPUT);
    assert_int_equal(bf_trustworthiness(vectors, 0, 1, layout, 1, 1, &value, &err), BF_INPUT);
    assert_int_equal(bf_trustworthiness(vectors, 2, 1, layout, 1, 1, &value, &err), BF_INPUT);
    layout[5] = NAN;
    assert_int_equal(bf_trustworthiness(vectors, 6, 1, layout, 2, 1, &value, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "point 3 of 6");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_distance_agrees),  cmocka_unit_test(nearer_sets_are_nearer),
        cmocka_unit_test(any_number_of_threads), cmocka_unit_test(few_chunks_and_none),
        cmocka_unit_test(equal_chunks),          cmocka_unit_test(bad_vectors),
        cmocka_unit_test(trustworthiness),       cmocka_unit_test(trustworthiness_of_nothing),
    };

    return cmocka_run_group_tests(tests, open_golden, close_golden);
}
