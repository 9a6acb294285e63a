/* Venna and Kaski (2001): each neighbour on the map that is not a neighbour in the full space is charged by its rank
 * there: 1 - 2 / (n k (2n - 3k - 1)) * sum over i, and over j of the k nearest to i on the map, of max(0, rank(i, j) -
 * k). */
#include <math.h>
#include <stdlib.h>

#include "base/clones.h"
#include "base/mem.h"
#include "quality/quality.h"
#include "quality/vectors.h"
#include "base/workers.h"
#include "base/banned.h"

enum { ROWS = 16 };

struct trust {
    const float *vectors; /* [n][n_dims] */
    size_t n, n_dims, k;
    const double *layout; /* [n][2] */
    double *charges;      /* [n] */
};

struct neighbour {
    double distance;
    size_t index;
};

/* The k nearest to i on the map, nearest first; at equal distance the smaller index wins. By insertion, since k is
 * small. */
BF_CLONES static void nearest_on_map(const struct trust *t, size_t i, struct neighbour *nearest)
{
    size_t held = 0;
    for (size_t j = 0; j < t->n; j++) {
        const double dx = t->layout[2 * i] - t->layout[2 * j];
        const double dy = t->layout[2 * i + 1] - t->layout[2 * j + 1];
        const double distance = dx * dx + dy * dy;
        if (j == i || (held == t->k && distance >= nearest[held - 1].distance))
            continue;
        size_t at = held < t->k ? held++ : held - 1;
        for (; at > 0 && nearest[at - 1].distance > distance; at--)
            nearest[at] = nearest[at - 1];
        nearest[at] = (struct neighbour){distance, j};
    }
}

/* The rank of j from i: the number of points nearer to i than j is, plus 1. Points at the same distance do not count.
 */
BF_CLONES static size_t rank_of(const float *distances, size_t n, size_t i, size_t j)
{
    const float limit = distances[j];
    size_t nearer = 0;
    for (size_t other = 0; other < n; other++)
        nearer += distances[other] < limit ? 1 : 0;
    return nearer - (distances[i] < limit ? 1 : 0) + 1;
}

static void charge_rows(void *user, size_t block)
{
    const struct trust *t = user;
    const size_t first = block * ROWS;
    const size_t n_rows = first + ROWS < t->n ? ROWS : t->n - first;
    float *distances = bf_array(n_rows * t->n, sizeof *distances);
    struct neighbour *nearest = bf_array(t->k, sizeof *nearest);
    bf_squared_distances(t->vectors, t->n, t->n_dims, first, n_rows, distances);
    for (size_t r = 0; r < n_rows; r++) {
        const size_t i = first + r;
        nearest_on_map(t, i, nearest);
        for (size_t m = 0; m < t->k; m++) {
            const size_t rank = rank_of(distances + r * t->n, t->n, i, nearest[m].index);
            t->charges[i] += rank > t->k ? (double)(rank - t->k) : 0.0;
        }
    }
    free(nearest);
    free(distances);
}

enum bf_status bf_trustworthiness(const float *vectors, size_t n, size_t n_dims, const double *layout, size_t k,
                                  size_t n_threads, double *out, struct bf_err *err)
{
    enum bf_status status = bf_vectors_check(vectors, n, n_dims, "trustworthiness", err);
    if (status != BF_OK)
        return status;
    if (k < 1 || k >= n - n / 2)
        return bf_fail(
            err, BF_INPUT,
            "the trustworthiness of %zu points over %zu neighbours is not defined: give at least 1, and fewer than "
            "half the points",
            n, k);
    for (size_t i = 0; i < 2 * n; i++)
        if (!isfinite(layout[i]))
            return bf_fail(err, BF_INPUT, "trustworthiness: the place of point %zu of %zu on the map is not finite",
                           i / 2 + 1, n);
    struct trust trust = {vectors, n, n_dims, k, layout, bf_array(n, sizeof *trust.charges)};
    struct bf_workers *workers = bf_workers_new(n_threads);
    bf_workers_run(workers, (n + ROWS - 1) / ROWS, charge_rows, &trust);
    bf_workers_free(workers);
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += trust.charges[i];
    free(trust.charges);
    const double worst = (double)n * (double)k * (2.0 * (double)n - 3.0 * (double)k - 1.0);
    *out = 1.0 - 2.0 / worst * sum;
    return BF_OK;
}
