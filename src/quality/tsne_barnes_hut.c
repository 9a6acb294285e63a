/* Attraction between nearest neighbours only, repulsion from a tree's cells (Barnes-Hut; van der Maaten, 2014).
 *
 *     start[n + 1], column[], p[]: row i of P is the entries start[i] .. start[i + 1], by column; symmetric, sums to
 * 1 */
#include <math.h>
#include <stdlib.h>

#include "base/clones.h"
#include "base/mem.h"
#include "quality/quadtree.h"
#include "quality/tsne_internal.h"
#include "quality/vectors.h"
#include "base/banned.h"

enum { ROWS = 16, MAP_ROWS = 64 };

struct barnes_hut {
    struct bf_forces forces;
    double angle;
    size_t *start;
    uint32_t *column;
    float *p;
    double entropy; /* sum of p log p */
    struct bf_quadtree *tree;
    double *row_z;     /* [n] */
    double *row_cross; /* [n] sum of p log(1 + squared distance) */
    bool with_kl;
    const float *x, *y; /* of the current call */
    /* During the construction: */
    const float *vectors;
    size_t n_dims, k;
    double perplexity;
    uint32_t *nearest;   /* [n][k] by index */
    double *conditional; /* [n][k] */
};

struct neighbour {
    float distance;
    uint32_t index;
};

static bool farther(const struct neighbour *a, const struct neighbour *b)
{
    return a->distance != b->distance ? a->distance > b->distance : a->index > b->index;
}

/* A heap with the farthest on top. */
static void sift_down(struct neighbour *heap, size_t n, size_t at)
{
    for (size_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && farther(&heap[child + 1], &heap[child]))
            child++;
        if (!farther(&heap[child], &heap[at]))
            return;
        const struct neighbour swap = heap[at];
        heap[at] = heap[child];
        heap[child] = swap;
        at = child;
    }
}

static int by_index(const void *a, const void *b)
{
    const struct neighbour *x = a;
    const struct neighbour *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

/* The k nearest of row i, by index. */
BF_CLONES static void k_nearest(const float *distances, size_t n, size_t i, struct neighbour *heap, size_t k)
{
    size_t held = 0;
    for (size_t j = 0; j < n; j++) {
        const struct neighbour candidate = {distances[j], (uint32_t)j};
        if (j == i || (held == k && !farther(&heap[0], &candidate)))
            continue;
        if (held == k) {
            heap[0] = candidate;
            sift_down(heap, k, 0);
            continue;
        }
        heap[held++] = candidate;
        for (size_t at = k / 2; held == k && at-- > 0;)
            sift_down(heap, k, at);
    }
    qsort(heap, k, sizeof *heap, by_index);
}

static void condition_rows(void *user, size_t block)
{
    const struct barnes_hut *b = user;
    const size_t n = b->forces.n;
    const size_t k = b->k;
    const size_t first = block * ROWS;
    const size_t n_rows = first + ROWS < n ? ROWS : n - first;
    float *distances = bf_array(n_rows * n, sizeof *distances);
    float *near = bf_array(k, sizeof *near);
    struct neighbour *heap = bf_array(k, sizeof *heap);
    bf_squared_distances(b->vectors, n, b->n_dims, first, n_rows, distances);
    for (size_t r = 0; r < n_rows; r++) {
        const size_t i = first + r;
        k_nearest(distances + r * n, n, i, heap, k);
        for (size_t m = 0; m < k; m++) {
            near[m] = heap[m].distance;
            b->nearest[i * k + m] = heap[m].index;
        }
        (void)bf_perplexity_search(near, k, b->perplexity, b->conditional + i * k);
    }
    free(heap);
    free(near);
    free(distances);
}

struct entry {
    double p;
    uint32_t row;
};

/* (P + P^T) / 2n from the conditional rows. Rows are walked in order, so that the entries of a column arrive sorted by
 * index: a row of P is the merge of two sorted lists. */
static void symmetrise(struct barnes_hut *b)
{
    const size_t n = b->forces.n;
    const size_t k = b->k;
    size_t *from = bf_array(n + 1, sizeof *from); /* P^T: row j holds who has j among its nearest */
    size_t *fill = bf_array(n, sizeof *fill);
    struct entry *entry = bf_array(n * k, sizeof *entry);
    for (size_t e = 0; e < n * k; e++)
        from[b->nearest[e] + 1]++;
    for (size_t j = 0; j < n; j++) {
        from[j + 1] += from[j];
        fill[j] = from[j];
    }
    for (size_t i = 0; i < n; i++)
        for (size_t e = i * k; e < (i + 1) * k; e++)
            entry[fill[b->nearest[e]]++] = (struct entry){b->conditional[e], (uint32_t)i};
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        size_t own = i * k;
        size_t other = from[i];
        while (own < (i + 1) * k || other < from[i + 1]) {
            const size_t a = own < (i + 1) * k ? b->nearest[own] : SIZE_MAX;
            const size_t c = other < from[i + 1] ? entry[other].row : SIZE_MAX;
            double p = 0.0;
            if (a <= c)
                p += b->conditional[own++];
            if (c <= a)
                p += entry[other++].p;
            p /= 2.0 * (double)n;
            b->column[used] = (uint32_t)(a < c ? a : c);
            b->p[used++] = (float)p;
            b->entropy += p > 0.0 ? p * log(p) : 0.0;
        }
        b->start[i + 1] = used;
    }
    free(entry);
    free(fill);
    free(from);
}

static void force_rows(void *user, size_t block)
{
    struct barnes_hut *b = user;
    for (size_t at = block * MAP_ROWS; at < (block + 1) * MAP_ROWS && at < b->forces.n; at++) {
        /* In the tree's order neighbours on the map follow each other, and visit the same cells. */
        const size_t i = bf_quadtree_point(b->tree, at);
        const float xi = b->x[i];
        const float yi = b->y[i];
        float attract_x = 0.0f;
        float attract_y = 0.0f;
        double cross = 0.0;
        for (size_t e = b->start[i]; e < b->start[i + 1]; e++) {
            const float dx = xi - b->x[b->column[e]];
            const float dy = yi - b->y[b->column[e]];
            const float distance = 1.0f + dx * dx + dy * dy;
            const float pq = b->p[e] / distance;
            attract_x += pq * dx;
            attract_y += pq * dy;
            if (b->with_kl)
                cross += (double)(b->p[e] * logf(distance));
        }
        b->forces.attract[2 * i] = (double)attract_x;
        b->forces.attract[2 * i + 1] = (double)attract_y;
        b->row_cross[i] = cross;
        b->row_z[i] = bf_quadtree_repel(b->tree, xi, yi, b->angle, b->forces.repel + 2 * i) - 1.0; /* without itself */
    }
}

static void compute(struct bf_forces *forces, const float *x, const float *y, bool with_kl)
{
    struct barnes_hut *b = (struct barnes_hut *)forces;
    b->x = x;
    b->y = y;
    b->with_kl = with_kl;
    bf_quadtree_build(b->tree, x, y);
    bf_workers_run(forces->workers, (forces->n + MAP_ROWS - 1) / MAP_ROWS, force_rows, b);
    forces->z = 0.0;
    forces->kl = b->entropy;
    for (size_t i = 0; i < forces->n; i++) {
        forces->z += b->row_z[i];
        forces->kl += b->row_cross[i];
    }
    /* sum p log(p / q), q = 1 / (1 + squared distance) / z, and p sums to 1. */
    forces->kl += log(forces->z);
}

static void free_barnes_hut(struct bf_forces *forces)
{
    struct barnes_hut *b = (struct barnes_hut *)forces;
    free(forces->attract);
    free(forces->repel);
    free(b->row_z);
    free(b->row_cross);
    free(b->start);
    free(b->column);
    free(b->p);
    free(b->nearest);
    free(b->conditional);
    bf_quadtree_free(b->tree);
    free(b);
}

enum bf_status bf_forces_barnes_hut(const float *vectors, size_t n, size_t n_dims, double perplexity, double angle,
                                    struct bf_workers *workers, struct bf_forces **out, struct bf_err *err)
{
    if (n > UINT32_MAX)
        return bf_fail(err, BF_INPUT, "a map of %zu points is not possible; draw a sample of them", n);
    struct barnes_hut *b = bf_alloc(sizeof *b);
    b->forces = (struct bf_forces){.n = n, .workers = workers, .compute = compute, .free = free_barnes_hut};
    b->vectors = vectors;
    b->n_dims = n_dims;
    b->perplexity = perplexity;
    b->angle = angle;
    /* 3 x perplexity may exceed any size_t; then the neighbours are all other points. */
    b->k = 3.0 * perplexity + 1.0 < (double)(n - 1) ? (size_t)(3.0 * perplexity + 1.0) : n - 1;
    enum bf_status status = bf_quality_array(&b->conditional, n, b->k * sizeof *b->conditional, err);
    if (status == BF_OK)
        status = bf_quality_array(&b->nearest, n, b->k * sizeof *b->nearest, err);
    if (status == BF_OK)
        status = bf_quality_array(&b->column, 2 * n, b->k * sizeof *b->column, err);
    if (status == BF_OK)
        status = bf_quality_array(&b->p, 2 * n, b->k * sizeof *b->p, err);
    if (status != BF_OK) {
        free_barnes_hut(&b->forces);
        return status;
    }
    b->start = bf_array(n + 1, sizeof *b->start);
    b->row_z = bf_array(n, sizeof *b->row_z);
    b->row_cross = bf_array(n, sizeof *b->row_cross);
    b->forces.attract = bf_array(n, 2 * sizeof(double));
    b->forces.repel = bf_array(n, 2 * sizeof(double));
    b->tree = bf_quadtree_new(n);
    bf_workers_run(workers, (n + ROWS - 1) / ROWS, condition_rows, b);
    symmetrise(b);
    free(b->conditional);
    free(b->nearest);
    b->conditional = NULL;
    b->nearest = NULL;
    *out = &b->forces;
    return BF_OK;
}
