/* t-SNE against scikit-learn's exact method: the same start, as good an end. */
#include "unit.h"

#include "quality/pca.h"
#include "quality/tsne_internal.h"
#include "base/workers.h"
#include "quality_fixture.h"

static void perplexity_is_met(void **state)
{
    const json_t *all = member(*state, "perplexities");

    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        float *distances = floats(one, "distances");
        const size_t n = json_array_size(member(one, "distances"));
        double *p = calloc(n, sizeof *p);
        double sum = 0.0;
        double entropy = 0.0;

        assert_non_null(p);
        const double beta = bf_perplexity_search(distances, n, number(one, "perplexity"), p);
        for (size_t j = 0; j < n; j++) {
            sum += p[j];
            entropy -= p[j] > 0.0 ? p[j] * log(p[j]) : 0.0;
        }
        assert_near(sum, 1.0, 1e-12);
        assert_near(entropy, log(number(one, "perplexity")), 1e-5);
        assert_near(beta / number(one, "beta"), 1.0, 1e-4);
        free(p);
        free(distances);
    }
}

static void principal_components(void **state)
{
    const json_t *maps = member(*state, "maps");
    struct bf_workers *workers = bf_workers_new(2);

    for (size_t i = 0; i < json_array_size(maps); i++) {
        const json_t *map = json_array_get(maps, i);
        const size_t n = size(map, "n");
        float *vectors = floats(map, "vectors");
        double *expected = doubles(map, "pca");
        double *scores = calloc(n, 2 * sizeof *scores);

        assert_non_null(scores);
        bf_pca_2(vectors, n, size(map, "n_dims"), workers, scores);
        for (size_t k = 0; k < 2 * n; k++)
            assert_near(scores[k], expected[k], 2e-5 * (1.0 + fabs(expected[k])));
        free(scores);
        free(expected);
        free(vectors);
    }
    bf_workers_free(workers);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* In a checked build a hundred maps take minutes, and one walks through the same lines. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { CHECKED = true };
#else
enum { CHECKED = false };
#endif

/* Medians over starts a little apart, since a single end is chaotic; see the script. */
static void as_good_as_the_reference(void **state)
{
    enum { RUNS_MAX = 101 };
    const json_t *maps = member(*state, "maps");

    for (size_t i = 0; i < json_array_size(maps); i++) {
        const json_t *map = json_array_get(maps, i);
        const size_t n = size(map, "n");
        const size_t n_dims = size(map, "n_dims");
        struct bf_tsne_options options = bf_tsne_default();
        float *vectors = floats(map, "vectors");
        double *layout = calloc(n, 2 * sizeof *layout);
        double kl[RUNS_MAX], trust[RUNS_MAX], kl_barnes_hut[RUNS_MAX];

        const size_t runs = CHECKED ? 1 : size(map, "runs");

        assert_non_null(layout);
        assert_in_range(runs, 1, RUNS_MAX);
        options.noise = 0.01;
        for (size_t r = 0; r < runs; r++) {
            struct bf_tsne_result result;
            struct bf_err err = BF_ERR_INIT;

            options.seed = r;
            assert_int_equal(bf_tsne(vectors, n, n_dims, &options, layout, &result, &err), BF_OK);
            assert_int_equal(bf_trustworthiness(vectors, n, n_dims, layout, 5, 2, &trust[r], &err), BF_OK);
            kl[r] = result.kl;
            if (r % 2 == 1)
                continue;
            options.method = BF_TSNE_BARNES_HUT;
            assert_int_equal(bf_tsne(vectors, n, n_dims, &options, layout, &result, &err), BF_OK);
            kl_barnes_hut[r / 2] = result.kl;
            options.method = BF_TSNE_EXACT;
        }
        qsort(kl, runs, sizeof *kl, by_value);
        qsort(kl_barnes_hut, (runs + 1) / 2, sizeof *kl, by_value);
        qsort(trust, runs, sizeof *trust, by_value);
        print_message(
            "%s: KL %.4f, reference %.4f; Barnes-Hut %.4f, reference %.4f; trustworthiness %.4f, reference %.4f\n",
            json_string_value(member(map, "name")), kl[runs / 2], number(map, "kl"), kl_barnes_hut[runs / 4],
            number(map, "kl_barnes_hut"), trust[runs / 2], number(map, "trustworthiness"));
        if (!CHECKED) {
            assert_near(kl[runs / 2] / number(map, "kl"), 1.0, 0.05);
            assert_true(kl_barnes_hut[runs / 4] <= 1.05 * number(map, "kl_barnes_hut"));
            assert_true(trust[runs / 2] >= number(map, "trustworthiness") - 0.005);
        }
        free(layout);
        free(vectors);
    }
}

/* The reported divergence, from its definition. */
static void divergence_is_what_it_says(void **state)
{
    enum { N = 40, DIMS = 5 };
    static double p[N][N], layout[N][2], row[N - 1];
    float distances[N - 1];
    float *vectors = grouped_vectors(N, DIMS, 3, 8);
    struct bf_tsne_options options = bf_tsne_default();
    struct bf_tsne_result result;
    double z = 0.0;
    double kl = 0.0;

    (void)state;
    options.perplexity = 7.0;
    options.n_iterations = 400;
    assert_int_equal(bf_tsne(vectors, N, DIMS, &options, layout[0], &result, NULL), BF_OK);
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0, at = 0; j < N; j++) {
            double sum = 0.0;
            for (size_t d = 0; d < DIMS; d++)
                sum += pow((double)vectors[i * DIMS + d] - (double)vectors[j * DIMS + d], 2.0);
            if (j != i)
                distances[at++] = (float)sum;
        }
        (void)bf_perplexity_search(distances, N - 1, 7.0, row);
        for (size_t j = 0, at = 0; j < N; j++)
            p[i][j] = j == i ? 0.0 : row[at++];
    }
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            z += i == j ? 0.0 : 1.0 / (1.0 + pow(layout[i][0] - layout[j][0], 2) + pow(layout[i][1] - layout[j][1], 2));
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) {
            const double pij = (p[i][j] + p[j][i]) / (2.0 * N);
            const double q =
                1.0 / (1.0 + pow(layout[i][0] - layout[j][0], 2) + pow(layout[i][1] - layout[j][1], 2)) / z;
            kl += i == j ? 0.0 : pij * log(pij / q);
        }
    assert_near(result.kl, kl, 1e-5);
    free(vectors);
}

static void any_number_of_threads(void **state)
{
    enum { N = 301, DIMS = 19 };
    static double first[N][2], again[N][2];
    float *vectors = grouped_vectors(N, DIMS, 4, 1);
    struct bf_tsne_options options = bf_tsne_default();
    struct bf_tsne_result one, other;
    const size_t n_threads[] = {2, 7};
    const enum bf_tsne_method methods[] = {BF_TSNE_EXACT, BF_TSNE_BARNES_HUT};

    (void)state;
    options.n_iterations = 300;
    for (size_t m = 0; m < N_ELEMENTS(methods); m++) {
        options.method = methods[m];
        options.n_threads = 1;
        assert_int_equal(bf_tsne(vectors, N, DIMS, &options, first[0], &one, NULL), BF_OK);
        for (size_t t = 0; t < N_ELEMENTS(n_threads); t++) {
            options.n_threads = n_threads[t];
            assert_int_equal(bf_tsne(vectors, N, DIMS, &options, again[0], &other, NULL), BF_OK);
            assert_memory_equal(first, again, sizeof first);
            assert_true(one.kl == other.kl && one.n_iterations == other.n_iterations);
        }
    }
    free(vectors);
}

/* Beyond 5,000 points the quadtree is chosen. Few steps: what is tested is the choice. */
static void many_points(void **state)
{
    enum { N = 5001, DIMS = 3 };
    static double chosen[N][2], tree[N][2];
    float *vectors = grouped_vectors(N, DIMS, 9, 1);
    struct bf_tsne_options options = bf_tsne_default();
    struct bf_tsne_result result;

    (void)state;
    options.n_iterations = 5;
    assert_int_equal(bf_tsne(vectors, N, DIMS, &options, chosen[0], &result, NULL), BF_OK);
    options.method = BF_TSNE_BARNES_HUT;
    assert_int_equal(bf_tsne(vectors, N, DIMS, &options, tree[0], &result, NULL), BF_OK);
    assert_memory_equal(chosen, tree, sizeof tree);
    options.method = BF_TSNE_AUTO;
    assert_int_equal(bf_tsne(vectors, N - 1, DIMS, &options, chosen[0], &result, NULL), BF_OK);
    options.method = BF_TSNE_BARNES_HUT;
    assert_int_equal(bf_tsne(vectors, N - 1, DIMS, &options, tree[0], &result, NULL), BF_OK);
    assert_memory_not_equal(chosen, tree, sizeof tree);
    free(vectors);
}

static void seeds_and_noise(void **state)
{
    enum { N = 60, DIMS = 6 };
    static double plain[N][2], same[N][2], noisy[N][2], other[N][2];
    float *vectors = grouped_vectors(N, DIMS, 3, 1);
    struct bf_tsne_options options = bf_tsne_default();
    struct bf_tsne_result result;

    (void)state;
    options.perplexity = 10.0;
    options.n_iterations = 300;
    assert_int_equal(bf_tsne(vectors, N, DIMS, &options, plain[0], &result, NULL), BF_OK);
    options.seed = 5;
    assert_int_equal(bf_tsne(vectors, N, DIMS, &options, same[0], &result, NULL), BF_OK);
    assert_memory_equal(plain, same, sizeof plain); /* the seed is the noise's, and there is none */
    options.noise = 0.3;
    assert_int_equal(bf_tsne(vectors, N, DIMS, &options, noisy[0], &result, NULL), BF_OK);
    assert_int_equal(bf_tsne(vectors, N, DIMS, &options, same[0], &result, NULL), BF_OK);
    assert_memory_equal(noisy, same, sizeof noisy);
    assert_memory_not_equal(noisy, plain, sizeof noisy);
    options.seed = 6;
    assert_int_equal(bf_tsne(vectors, N, DIMS, &options, other[0], &result, NULL), BF_OK);
    assert_memory_not_equal(noisy, other, sizeof noisy);
    free(vectors);
}

static enum bf_status map_of(const float *vectors, size_t n, size_t n_dims, double perplexity,
                             enum bf_tsne_method method, struct bf_err *err)
{
    struct bf_tsne_options options = bf_tsne_default();
    struct bf_tsne_result result;
    double *layout = calloc(n + 1, 2 * sizeof *layout);

    assert_non_null(layout);
    options.perplexity = perplexity;
    options.n_iterations = 300;
    options.method = method;
    const enum bf_status status = bf_tsne(vectors, n, n_dims, &options, layout, &result, err);
    for (size_t i = 0; i < 2 * n && status == BF_OK; i++)
        assert_true(isfinite(layout[i]));
    if (status == BF_OK)
        assert_true(isfinite(result.kl));
    free(layout);
    return status;
}

static void degenerate_sets(void **state)
{
    enum { N = 100, DIMS = 4 };
    static float equal[N][DIMS], line[N][1], two_places[N][DIMS], tiny[N][DIMS], large[N][DIMS];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        line[i][0] = (float)i;
        for (size_t d = 0; d < DIMS; d++) {
            equal[i][d] = 0.25f;
            two_places[i][d] = i < N / 2 ? 1.0f : -1.0f;
            tiny[i][d] = 1e-30f * (float)(i * (d + 1) % 17);
            large[i][d] = 1e18f * (float)(i * (d + 1) % 17) / 17.0f;
        }
    }
    for (enum bf_tsne_method method = BF_TSNE_EXACT; method <= BF_TSNE_BARNES_HUT; method++) {
        struct bf_err err = BF_ERR_INIT;

        assert_int_equal(map_of(equal[0], N, DIMS, 30.0, method, &err), BF_OK);
        assert_int_equal(map_of(line[0], N, 1, 30.0, method, &err), BF_OK);
        assert_int_equal(map_of(two_places[0], N, DIMS, 30.0, method, &err), BF_OK);
        assert_int_equal(map_of(tiny[0], N, DIMS, 30.0, method, &err), BF_OK);
        assert_int_equal(map_of(large[0], N, DIMS, 30.0, method, &err), BF_OK);
        assert_int_equal(map_of(line[0], 2, 1, 1.0, method, &err), BF_OK);
        assert_int_equal(map_of(line[0], 3, 1, 2.9, method, &err), BF_OK);
    }
}

static void bad_input(void **state)
{
    float *vectors = grouped_vectors(20, 3, 2, 1);
    struct bf_tsne_options options = bf_tsne_default();
    struct bf_tsne_result result;
    double layout[20][2];
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    for (enum bf_tsne_method method = BF_TSNE_AUTO; method <= BF_TSNE_BARNES_HUT; method++) {
        assert_int_equal(map_of(vectors, 0, 3, 5.0, method, &err), BF_INPUT);
        assert_int_equal(map_of(vectors, 1, 3, 1.0, method, &err), BF_INPUT);
        assert_int_equal(map_of(vectors, 20, 3, 20.0, method, &err), BF_INPUT);
        assert_error(err, BF_INPUT, "20 points with perplexity 20");
        assert_int_equal(map_of(vectors, 20, 3, 0.5, method, &err), BF_INPUT);
        assert_int_equal(map_of(vectors, 20, 3, NAN, method, &err), BF_INPUT);
        assert_int_equal(map_of(vectors, 20, 0, 5.0, method, &err), BF_INPUT);
    }
    options.perplexity = 5.0;
    options.learning_rate = NAN;
    assert_int_equal(bf_tsne(vectors, 20, 3, &options, layout[0], &result, &err), BF_INPUT);
    for (options.method = BF_TSNE_EXACT; options.method <= BF_TSNE_BARNES_HUT; options.method++) {
        options.learning_rate = 1e9;
        const enum bf_status status = bf_tsne(vectors, 20, 3, &options, layout[0], &result, &err);
        if (status == BF_OK)
            assert_true(isfinite(result.kl) && isfinite(layout[3][0]));
        else
            assert_error(err, BF_INPUT, "flew apart");
        options.learning_rate = 0.0;
    }
    vectors[7] = INFINITY;
    assert_int_equal(map_of(vectors, 20, 3, 5.0, BF_TSNE_AUTO, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "vector 3 of 20");
    vectors[7] = NAN;
    assert_int_equal(map_of(vectors, 20, 3, 5.0, BF_TSNE_AUTO, &err), BF_MODEL);
    free(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(perplexity_is_met),
        cmocka_unit_test(principal_components),
        cmocka_unit_test(as_good_as_the_reference),
        cmocka_unit_test(divergence_is_what_it_says),
        cmocka_unit_test(any_number_of_threads),
        cmocka_unit_test(many_points),
        cmocka_unit_test(seeds_and_noise),
        cmocka_unit_test(degenerate_sets),
        cmocka_unit_test(bad_input),
    };

    return cmocka_run_group_tests(tests, open_golden, close_golden);
}
