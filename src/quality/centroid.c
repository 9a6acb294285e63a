/* How far the middle of a set lies from a point. */
#include <math.h>
#include <stdlib.h>

#include "base/clones.h"
#include "base/mem.h"
#include "quality/bootstrap.h"
#include "base/banned.h"

struct centroid {
    const double *points; /* [n][n_dims] */
    size_t n, n_dims;
    const double *target; /* [n_dims] */
};

/* weights NULL: each point once. */
BF_CLONES static double distance(const void *user, const uint32_t *weights)
{
    const struct centroid *c = user;
    double *sum = bf_array(c->n_dims, sizeof *sum);
    double square = 0.0;
    for (size_t i = 0; i < c->n; i++) {
        const double weight = weights ? (double)weights[i] : 1.0;
        for (size_t d = 0; weight > 0.0 && d < c->n_dims; d++)
            sum[d] += weight * c->points[i * c->n_dims + d];
    }
    for (size_t d = 0; d < c->n_dims; d++) {
        const double gap = sum[d] / (double)c->n - c->target[d];
        square += gap * gap;
    }
    free(sum);
    return sqrt(square);
}

enum bf_status bf_centroid_figure(const double *points, size_t n, size_t n_dims, const double *target,
                                  const struct bf_bootstrap *bootstrap, double *resampled, struct bf_figure *out,
                                  struct bf_err *err)
{
    const struct centroid centroid = {points, n, n_dims, target};
    *out = (struct bf_figure){.n = n};
    if (n == 0) {
        out->why = "no chunks";
        return BF_OK;
    }
    out->value = distance(&centroid, NULL);
    if (!isfinite(out->value))
        return bf_fail(err, BF_INPUT, "the centroid of %zu points is no finite point", n);
    return bf_bootstrap_run(bootstrap, n, distance, &centroid, resampled, out, err);
}
