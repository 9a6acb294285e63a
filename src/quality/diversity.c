/* Remote-clique of unit vectors u: with S their sum, the sum of cos over all ordered pairs is |S|^2 - n, so the mean
 * distance is (n^2 - |S|^2) / (n (n - 1)). In a resample with weights w the pairs of an item with its own copies are
 * left out of both sums: 1 - (|sum w u|^2 - sum w^2) / (n^2 - sum w^2). */
#include <math.h>
#include <stdlib.h>

#include "base/clones.h"
#include "base/mem.h"
#include "quality/bootstrap.h"
#include "quality/vectors.h"
#include "base/banned.h"

struct clique {
    const float *units; /* [n][n_dims] */
    size_t n, n_dims;
    double value; /* of the set itself */
};

static double in_range(double diversity)
{
    /* Rounding may put a set of equal points slightly below 0. */
    return diversity < 0.0 ? 0.0 : diversity > 2.0 ? 2.0 : diversity;
}

BF_CLONES static double resampled_clique(const void *user, const uint32_t *weights)
{
    const struct clique *c = user;
    double *sum = bf_array(c->n_dims, sizeof *sum);
    double squared_weights = 0.0;
    double square = 0.0;
    for (size_t i = 0; i < c->n; i++) {
        const float *unit = c->units + i * c->n_dims;
        const double weight = (double)weights[i];
        squared_weights += weight * weight;
        for (size_t d = 0; weights[i] > 0 && d < c->n_dims; d++)
            sum[d] += weight * (double)unit[d];
    }
    for (size_t d = 0; d < c->n_dims; d++)
        square += sum[d] * sum[d];
    free(sum);
    const double pairs = (double)c->n * (double)c->n - squared_weights;
    /* One item drawn n times has no pair, which happens only with a handful of items. */
    return pairs > 0.0 ? in_range(1.0 - (square - squared_weights) / pairs) : c->value;
}

enum bf_status bf_remote_clique(const float *vectors, size_t n, size_t n_dims, const struct bf_bootstrap *bootstrap,
                                double *resampled, struct bf_figure *out, struct bf_err *err)
{
    float *units = NULL;
    double *sum = NULL;
    *out = (struct bf_figure){.n = n};
    enum bf_status status = bf_vectors_check(vectors, n, n_dims, "diversity", err);
    if (status != BF_OK)
        return status;
    if (n < 2) {
        out->why = "needs two texts or more";
        return BF_OK;
    }
    status = bf_quality_array(&units, n * n_dims, sizeof *units, err);
    if (status != BF_OK)
        return status;
    sum = bf_array(n_dims, sizeof *sum);
    for (size_t i = 0; i < n; i++) {
        const float *row = vectors + i * n_dims;
        double square = 0.0;
#pragma omp simd reduction(+ : square)
        for (size_t d = 0; d < n_dims; d++)
            square += (double)row[d] * (double)row[d];
        if (!(square > 0.0)) {
            status =
                bf_fail(err, BF_MODEL,
                        "diversity: vector %zu of %zu is all zeros and has no direction; leave its text out", i + 1, n);
            goto out;
        }
        const double inverse = 1.0 / sqrt(square);
        for (size_t d = 0; d < n_dims; d++) {
            const double x = (double)row[d] * inverse;
            sum[d] += x;
            units[i * n_dims + d] = (float)x;
        }
    }
    double square = 0.0;
    for (size_t d = 0; d < n_dims; d++)
        square += sum[d] * sum[d];
    out->value = in_range(((double)n * (double)n - square) / ((double)n * (double)(n - 1)));
    const struct clique clique = {units, n, n_dims, out->value};
    status = bf_bootstrap_run(bootstrap, n, resampled_clique, &clique, resampled, out, err);
out:
    free(units);
    free(sum);
    return status;
}
