/* All pairs. The forces on a point take one pass over x, y and its row of P, in floats, many at a time.
 *
 *     p [n][stride], stride = n rounded up to whole vectors; the entries beyond n are 0
 */
#include <math.h>
#include <stdlib.h>

#include "base/clones.h"
#include "base/mem.h"
#include "quality/tsne_internal.h"
#include "quality/vectors.h"
#include "base/banned.h"

enum { ROWS = 16 };

struct exact {
    struct bf_forces forces;
    size_t stride;
    float *p;
    double entropy;     /* sum of p log p */
    double *row_z;      /* [n] */
    double *row_cross;  /* [n] sum over later j of 2 p log(1 + squared distance) */
    const float *x, *y; /* of the current call */
    /* During the construction: */
    const float *vectors;
    size_t n_dims;
    double perplexity;
};

static size_t n_blocks(size_t n)
{
    return (n + ROWS - 1) / ROWS;
}

/* The conditional probabilities of all other points, given each point of the block. */
static void condition_rows(void *user, size_t block)
{
    const struct exact *e = user;
    const size_t n = e->forces.n;
    const size_t first = block * ROWS;
    const size_t n_rows = first + ROWS < n ? ROWS : n - first;
    float *distances = bf_array(n_rows * n, sizeof *distances);
    double *p = bf_array(n, sizeof *p);
    bf_squared_distances(e->vectors, n, e->n_dims, first, n_rows, distances);
    for (size_t r = 0; r < n_rows; r++) {
        const size_t i = first + r;
        float *row = distances + r * n;
        float *out = e->p + i * e->stride;
        /* Leave out the point itself: the last one takes its place. */
        const float last = row[n - 1];
        row[i] = last;
        (void)bf_perplexity_search(row, n - 1, e->perplexity, p);
        for (size_t j = 0; j + 1 < n; j++)
            out[j] = (float)p[j];
        out[n - 1] = i + 1 < n ? out[i] : 0.0f;
        out[i] = 0.0f;
    }
    free(p);
    free(distances);
}

static void symmetrise(struct exact *e)
{
    const size_t n = e->forces.n;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            float *a = e->p + i * e->stride + j;
            float *b = e->p + j * e->stride + i;
            const double p = ((double)*a + (double)*b) / (2.0 * (double)n);
            *a = (float)p;
            *b = (float)p;
            e->entropy += p > 0.0 ? 2.0 * p * log(p) : 0.0;
        }
}

BF_CLONES static void force_rows(void *user, size_t block)
{
    struct exact *e = user;
    const size_t stride = e->stride;
    const float *restrict x = e->x;
    const float *restrict y = e->y;
    for (size_t i = block * ROWS; i < (block + 1) * ROWS && i < e->forces.n; i++) {
        const float *restrict p = e->p + i * stride;
        const float xi = x[i];
        const float yi = y[i];
        float attract_x = 0.0f;
        float attract_y = 0.0f;
        float repel_x = 0.0f;
        float repel_y = 0.0f;
        float z = 0.0f;
#pragma omp simd reduction(+ : attract_x, attract_y, repel_x, repel_y, z)
        for (size_t j = 0; j < stride; j++) {
            const float dx = xi - x[j];
            const float dy = yi - y[j];
            const float q = 1.0f / (1.0f + dx * dx + dy * dy);
            const float pq = p[j] * q;
            const float qq = q * q;
            attract_x += pq * dx;
            attract_y += pq * dy;
            repel_x += qq * dx;
            repel_y += qq * dy;
            z += q;
        }
        e->forces.attract[2 * i] = (double)attract_x;
        e->forces.attract[2 * i + 1] = (double)attract_y;
        e->forces.repel[2 * i] = (double)repel_x;
        e->forces.repel[2 * i + 1] = (double)repel_y;
        e->row_z[i] = (double)z - 1.0; /* without itself */
    }
}

static void cross_rows(void *user, size_t block)
{
    struct exact *e = user;
    for (size_t i = block * ROWS; i < (block + 1) * ROWS && i < e->forces.n; i++) {
        double cross = 0.0;
        for (size_t j = i + 1; j < e->forces.n; j++) {
            const float dx = e->x[i] - e->x[j];
            const float dy = e->y[i] - e->y[j];
            cross += 2.0 * (double)(e->p[i * e->stride + j] * logf(1.0f + dx * dx + dy * dy));
        }
        e->row_cross[i] = cross;
    }
}

static void compute(struct bf_forces *forces, const float *x, const float *y, bool with_kl)
{
    struct exact *e = (struct exact *)forces;
    e->x = x;
    e->y = y;
    bf_workers_run(forces->workers, n_blocks(forces->n), force_rows, e);
    forces->z = 0.0;
    for (size_t i = 0; i < forces->n; i++)
        forces->z += e->row_z[i];
    if (!with_kl)
        return;
    /* sum p log(p / q), q = 1 / (1 + squared distance) / z, and p sums to 1. */
    bf_workers_run(forces->workers, n_blocks(forces->n), cross_rows, e);
    forces->kl = e->entropy + log(forces->z);
    for (size_t i = 0; i < forces->n; i++)
        forces->kl += e->row_cross[i];
}

static void free_exact(struct bf_forces *forces)
{
    struct exact *e = (struct exact *)forces;
    free(forces->attract);
    free(forces->repel);
    free(e->row_z);
    free(e->row_cross);
    free(e->p);
    free(e);
}

enum bf_status bf_forces_exact(const float *vectors, size_t n, size_t n_dims, double perplexity,
                               struct bf_workers *workers, struct bf_forces **out, struct bf_err *err)
{
    struct exact *e = bf_alloc(sizeof *e);
    e->forces = (struct bf_forces){.n = n, .workers = workers, .compute = compute, .free = free_exact};
    e->stride = bf_map_stride(n);
    e->vectors = vectors;
    e->n_dims = n_dims;
    e->perplexity = perplexity;
    e->forces.attract = bf_array(n, 2 * sizeof(double));
    e->forces.repel = bf_array(n, 2 * sizeof(double));
    e->row_z = bf_array(n, sizeof *e->row_z);
    e->row_cross = bf_array(n, sizeof *e->row_cross);
    enum bf_status status = bf_quality_array(&e->p, n, e->stride * sizeof *e->p, err);
    if (status != BF_OK) {
        free_exact(&e->forces);
        return status;
    }
    bf_workers_run(workers, n_blocks(n), condition_rows, e);
    symmetrise(e);
    *out = &e->forces;
    return BF_OK;
}
