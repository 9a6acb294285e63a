/* The tree against sums over all pairs. */
#include "unit.h"

#include "quality/quadtree.h"
#include "quality_fixture.h"

enum { N = 3000 };

struct sums {
    double z, x, y;
};

static struct sums all_pairs(const float *x, const float *y, size_t n, size_t i)
{
    struct sums sums = {0};

    for (size_t j = 0; j < n; j++) {
        const double dx = (double)x[i] - (double)x[j];
        const double dy = (double)y[i] - (double)y[j];
        const double q = 1.0 / (1.0 + dx * dx + dy * dy);

        sums.z += q;
        sums.x += q * q * dx;
        sums.y += q * q * dy;
    }
    return sums;
}

/* The largest error over all points, as a share of what is typical. */
static struct sums worst(const float *x, const float *y, size_t n, double angle)
{
    struct bf_quadtree *tree = bf_quadtree_new(n);
    struct sums error = {0};
    double scale = 1e-30;

    bf_quadtree_build(tree, x, y);
    for (size_t i = 0; i < n; i++) {
        const struct sums expected = all_pairs(x, y, n, i);
        double force[2];
        const double z = bf_quadtree_repel(tree, x[i], y[i], angle, force);

        scale += hypot(expected.x, expected.y) / (double)n;
        error.z = fmax(error.z, fabs(z / expected.z - 1.0));
        error.x = fmax(error.x, hypot(force[0] - expected.x, force[1] - expected.y));
    }
    bf_quadtree_free(tree);
    error.x /= scale;
    return error;
}

static void scatter(float *x, float *y, double width)
{
    struct bf_rng rng;

    bf_rng_init(&rng, 3);
    for (size_t i = 0; i < N; i++) {
        const double radius = width * pow(bf_rng_unit(&rng), 3.0); /* dense in the middle */
        const double turn = 6.283185307179586 * bf_rng_unit(&rng);

        x[i] = (float)(radius * cos(turn));
        y[i] = (float)(radius * sin(turn));
    }
}

static void sums_agree(void **state)
{
    static float x[N], y[N];
    static const double widths[] = {1e-4, 1.0, 50.0};

    (void)state;
    for (size_t w = 0; w < N_ELEMENTS(widths); w++) {
        scatter(x, y, widths[w]);
        const struct sums exact = worst(x, y, N, 0.0);
        const struct sums near = worst(x, y, N, 0.5);

        print_message("width %g: errors with angle 0: %.2g, %.2g; with 0.5: %.2g, %.2g\n", widths[w], exact.z, exact.x,
                      near.z, near.x);
        assert_true(exact.z < 1e-5 && exact.x < 1e-4);
        assert_true(near.z < 0.03 && near.x < 0.1);
    }
}

static void each_point_once(void **state)
{
    static float x[N], y[N];
    static bool seen[N];
    struct bf_quadtree *tree = bf_quadtree_new(N);

    (void)state;
    scatter(x, y, 10.0);
    for (size_t i = 0; i < N; i += 3) /* a third in one place, far off */
        x[i] = y[i] = 1e12f;
    bf_quadtree_build(tree, x, y);
    for (size_t at = 0; at < N; at++) {
        const size_t i = bf_quadtree_point(tree, at);

        assert_true(i < N && !seen[i]);
        seen[i] = true;
    }
    bf_quadtree_free(tree);
    bf_quadtree_free(NULL);
}

/* Neighbouring floats, one place, a line, powers of two down to the smallest: no split may fail to part, none may go on
 * for ever. */
static void hard_places(void **state)
{
    static float x[N], y[N];

    (void)state;
    for (size_t i = 0; i < N; i++)
        x[i] = y[i] = 3.0f;
    assert_true(worst(x, y, N, 0.5).z < 1e-6);
    for (size_t i = 0; i < N; i++)
        x[i] = i % 2 == 0 ? 3.0f : nextafterf(3.0f, 4.0f);
    assert_true(worst(x, y, N, 0.5).z < 1e-6);
    for (size_t i = 0; i < N; i++) {
        x[i] = (float)ldexp(1.0, -(int)(i % 149));
        y[i] = 0.0f;
    }
    assert_true(worst(x, y, N, 0.0).z < 1e-5);
    for (size_t i = 0; i < N; i++)
        x[i] = (float)i;
    assert_true(worst(x, y, N, 0.5).z < 0.02);
    assert_true(worst(x, y, 1, 0.5).z < 1e-6);
    assert_true(worst(x, y, 2, 0.5).z < 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_agree),
        cmocka_unit_test(each_point_once),
        cmocka_unit_test(hard_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
