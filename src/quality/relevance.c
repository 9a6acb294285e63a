/* How near to the domain's name the chunks of each set lie that are nearest to it: on one map of them all, and without
 * a map. */
#include <math.h>
#include <stdlib.h>

#include "base/clones.h"
#include "base/mem.h"
#include "base/rng.h"
#include "quality/bootstrap.h"
#include "quality/quality.h"
#include "quality/vectors.h"
#include "base/banned.h"

/* ---- how far the middle of a set is from a point ---- */

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
        return bf_fail(err, BF_INPUT, "the centroid of %zu points is not finite", n);
    return bf_bootstrap_run(bootstrap, n, distance, &centroid, resampled, out, err);
}

/* ---- the map and its sets ---- */

enum { POINTS_MIN = 5, NEIGHBOURS = 5, N_NEAREST = 200 };
/* As a share of the mean square: the variance that rounding to float leaves in equal numbers. */
static const double VARIANCE_MIN = 1e-13;

struct bf_relevance_options bf_relevance_default(void)
{
    return (struct bf_relevance_options){
        .n_nearest = N_NEAREST, .tsne = bf_tsne_default(), .bootstrap = bf_bootstrap_default()};
}

/* To mean 0 and length 1: with that length the division by the deviation cancels out. */
static enum bf_status standardise(const float *row, size_t n_dims, double *out, const char *name, size_t i,
                                  struct bf_err *err)
{
    double mean = 0.0;
    double mean_square = 0.0;
    double square = 0.0;
    for (size_t d = 0; d < n_dims; d++) {
        mean += (double)row[d] / (double)n_dims;
        mean_square += (double)row[d] * (double)row[d] / (double)n_dims;
    }
    for (size_t d = 0; d < n_dims; d++) {
        out[d] = (double)row[d] - mean;
        square += out[d] * out[d];
    }
    if (!(square > VARIANCE_MIN * mean_square * (double)n_dims))
        return bf_fail(
            err, BF_MODEL,
            "%s: all numbers of vector %zu are equal, so it has no direction; leave its text out, or use another "
            "model",
            name, i + 1);
    for (size_t d = 0; d < n_dims; d++)
        out[d] /= sqrt(square);
    return BF_OK;
}

struct nearness {
    double distance; /* squared, to the domain */
    size_t row;
};

static int by_distance(const void *a, const void *b)
{
    const struct nearness *x = a;
    const struct nearness *y = b;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* rows [n_kept]: the rows of the set that are nearest to the domain [n_dims], which is standardised. */
static enum bf_status pick_nearest(const struct bf_relevance_set *set, size_t n_dims, const double *domain,
                                   size_t n_kept, size_t *rows, struct bf_err *err)
{
    struct nearness *all = NULL;
    enum bf_status status = bf_quality_array(&all, set->n, sizeof *all, err);
    double *unit = bf_array(n_dims, sizeof *unit);
    for (size_t i = 0; i < set->n && status == BF_OK; i++) {
        status = standardise(set->vectors + i * n_dims, n_dims, unit, set->name, i, err);
        all[i].row = i;
        for (size_t d = 0; d < n_dims; d++)
            all[i].distance += (unit[d] - domain[d]) * (unit[d] - domain[d]);
    }
    if (status == BF_OK) {
        qsort(all, set->n, sizeof *all, by_distance);
        for (size_t i = 0; i < n_kept; i++)
            rows[i] = all[i].row;
    }
    free(unit);
    free(all);
    return status;
}

/* The distance of a set among the unit vectors; `points` gets the set's points as floats, for the map. */
static enum bf_status measure_full(const struct bf_relevance_set *set, size_t n_dims, const double *domain,
                                   const size_t *chunks, const struct bf_bootstrap *bootstrap,
                                   struct bf_relevance_row *row, float *points, struct bf_err *err)
{
    double *units = NULL;
    enum bf_status status = bf_quality_array(&units, row->n * n_dims, sizeof *units, err);
    for (size_t i = 0; i < row->n && status == BF_OK; i++)
        status = standardise(set->vectors + chunks[i] * n_dims, n_dims, units + i * n_dims, set->name, chunks[i], err);
    for (size_t i = 0; i < row->n * n_dims && status == BF_OK; i++)
        points[i] = (float)units[i];
    if (status == BF_OK)
        status =
            bf_centroid_figure(units, row->n, n_dims, domain, bootstrap, row->full_resampled, &row->full_distance, err);
    free(units);
    return status;
}

static enum bf_status draw_map(const float *points, size_t n_dims, const struct bf_relevance_options *options,
                               struct bf_relevance *out, struct bf_err *err)
{
    struct bf_tsne_options tsne = options->tsne;
    const size_t n = out->n_points;
    const size_t half = (n - 1) / 2;
    tsne.perplexity = fmin(tsne.perplexity, (double)n / 3.0);
    out->perplexity = tsne.perplexity;
    enum bf_status status = bf_tsne(points, n, n_dims, &tsne, out->layout, &out->tsne, err);
    if (status == BF_OK)
        status = bf_trustworthiness(points, n, n_dims, out->layout, half < NEIGHBOURS ? half : NEIGHBOURS,
                                    tsne.n_threads, &out->trustworthiness, err);
    out->has_map = status == BF_OK;
    return status;
}

static enum bf_status measure_on_map(const struct bf_relevance *relevance, const struct bf_bootstrap *bootstrap,
                                     struct bf_relevance_row *row, struct bf_err *err)
{
    const double *points = relevance->layout + 2 * row->first;
    if (!relevance->has_map && row->n > 0) {
        row->distance = (struct bf_figure){.n = row->n, .why = "a map needs five points or more"};
        return BF_OK;
    }
    for (size_t i = 0; i < 2 * row->n; i++)
        row->centroid[i % 2] += points[i] / (double)row->n;
    return bf_centroid_figure(points, row->n, 2, relevance->layout + 2 * (relevance->n_points - 1), bootstrap,
                              row->resampled, &row->distance, err);
}

static void drop_unknown(struct bf_relevance_row *row)
{
    if (row->distance.why) {
        free(row->resampled);
        row->resampled = NULL;
    }
    if (row->full_distance.why) {
        free(row->full_resampled);
        row->full_resampled = NULL;
    }
}

/* Allocate for the points that will be on the map. */
static enum bf_status make_room(const struct bf_relevance_set *sets, size_t n_sets,
                                const struct bf_relevance_options *options, struct bf_relevance *out,
                                struct bf_err *err)
{
    enum bf_status status = bf_quality_array(&out->sets, n_sets, sizeof *out->sets, err);
    size_t n = 0;
    for (size_t s = 0; s < n_sets && status == BF_OK; s++) {
        struct bf_relevance_row *row = &out->sets[s];
        row->first = n;
        row->n = sets[s].n < options->n_nearest ? sets[s].n : options->n_nearest;
        n += row->n;
        out->n_sets++;
        status = bf_quality_array(&row->resampled, options->bootstrap.n_resamples, sizeof *row->resampled, err);
        if (status == BF_OK)
            status = bf_quality_array(&row->full_resampled, options->bootstrap.n_resamples, sizeof *row->full_resampled,
                                      err);
    }
    out->n_points = n + 1;
    if (status == BF_OK)
        status = bf_quality_array(&out->layout, out->n_points, 2 * sizeof *out->layout, err);
    if (status == BF_OK)
        status = bf_quality_array(&out->chunks, out->n_points, sizeof *out->chunks, err);
    return status;
}

static enum bf_status check(const struct bf_relevance_set *sets, size_t n_sets, const float *domain, size_t n_dims,
                            const struct bf_relevance_options *options, struct bf_err *err)
{
    if (options->n_nearest == 0)
        return bf_fail(err, BF_INPUT, "relevance over 0 chunks of a set is not possible: give 1 or more");
    enum bf_status status = bf_vectors_check(domain, 1, n_dims, "the domain's name", err);
    for (size_t s = 0; s < n_sets && status == BF_OK; s++)
        status = bf_vectors_check(sets[s].vectors, sets[s].n, n_dims, sets[s].name, err);
    return status;
}

enum bf_status bf_relevance_of(const struct bf_relevance_set *sets, size_t n_sets, const float *domain, size_t n_dims,
                               const struct bf_relevance_options *options, struct bf_relevance *out, struct bf_err *err)
{
    float *points = NULL;
    double *middle = NULL;
    *out = (struct bf_relevance){0};
    enum bf_status status = check(sets, n_sets, domain, n_dims, options, err);
    if (status != BF_OK)
        return status;
    middle = bf_array(n_dims, sizeof *middle);
    status = standardise(domain, n_dims, middle, "the domain's name", 0, err);
    if (status == BF_OK)
        status = make_room(sets, n_sets, options, out, err);
    if (status == BF_OK)
        status = bf_quality_array(&points, out->n_points, n_dims * sizeof *points, err);
    struct bf_bootstrap bootstrap = options->bootstrap;
    for (size_t s = 0; s < n_sets && status == BF_OK; s++) {
        struct bf_relevance_row *row = &out->sets[s];
        bootstrap.seed = bf_mix(options->bootstrap.seed, s);
        status = pick_nearest(&sets[s], n_dims, middle, row->n, out->chunks + row->first, err);
        if (status == BF_OK)
            status = measure_full(&sets[s], n_dims, middle, out->chunks + row->first, &bootstrap, row,
                                  points + row->first * n_dims, err);
    }
    if (status == BF_OK) {
        for (size_t d = 0; d < n_dims; d++)
            points[(out->n_points - 1) * n_dims + d] = (float)middle[d];
        if (out->n_points >= POINTS_MIN)
            status = draw_map(points, n_dims, options, out, err);
    }
    for (size_t s = 0; s < n_sets && status == BF_OK; s++) {
        bootstrap.seed = bf_mix(options->bootstrap.seed, s);
        status = measure_on_map(out, &bootstrap, &out->sets[s], err);
        if (status == BF_OK)
            drop_unknown(&out->sets[s]);
    }
    if (status != BF_OK)
        bf_relevance_release(out);
    free(middle);
    free(points);
    return status;
}

void bf_relevance_release(struct bf_relevance *relevance)
{
    for (size_t s = 0; s < relevance->n_sets; s++) {
        free(relevance->sets[s].resampled);
        free(relevance->sets[s].full_resampled);
    }
    free(relevance->sets);
    free(relevance->layout);
    free(relevance->chunks);
    *relevance = (struct bf_relevance){0};
}
