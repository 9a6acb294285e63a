#include "quality/bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "quality/vectors.h"
#include "base/workers.h"
#include "base/banned.h"

enum { RESAMPLES_MIN = 100, PER_BLOCK = 16 };

struct bf_bootstrap bf_bootstrap_default(void)
{
    return (struct bf_bootstrap){.n_resamples = 2000};
}

double bf_quantile(const double *sorted, size_t n, double q)
{
    const double at = q * (double)(n - 1);
    const size_t below = (size_t)at;
    if (below + 1 >= n)
        return sorted[n - 1];
    return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

struct job {
    const struct bf_bootstrap *bootstrap;
    size_t n;
    bf_resampled_fn *figure;
    const void *user;
    double *values; /* [n_resamples] */
};

static void run_block(void *user, size_t block)
{
    const struct job *job = user;
    uint32_t *weights = bf_array(job->n, sizeof *weights);
    for (size_t r = block * PER_BLOCK; r < (block + 1) * PER_BLOCK && r < job->bootstrap->n_resamples; r++) {
        struct bf_rng rng;
        bf_rng_init(&rng, bf_mix(job->bootstrap->seed, r));
        memset(weights, 0, job->n * sizeof *weights);
        for (size_t i = 0; i < job->n; i++)
            weights[bf_rng_below(&rng, job->n)]++;
        job->values[r] = job->figure(job->user, weights);
    }
    free(weights);
}

enum bf_status bf_bootstrap_run(const struct bf_bootstrap *bootstrap, size_t n, bf_resampled_fn *figure,
                                const void *user, double *resampled, struct bf_figure *out, struct bf_err *err)
{
    const size_t n_resamples = bootstrap->n_resamples;
    double *values = NULL;
    if (n_resamples < RESAMPLES_MIN || n > UINT32_MAX)
        return bf_fail(err, BF_INPUT,
                       "a 95 %% interval of %zu items from %zu resamples is not possible; give %d or more", n,
                       n_resamples, RESAMPLES_MIN);
    enum bf_status status = bf_quality_array(&values, n_resamples, sizeof *values, err);
    if (status != BF_OK)
        return status;
    struct job job = {bootstrap, n, figure, user, values};
    struct bf_workers *workers = bf_workers_new(bootstrap->n_threads);
    bf_workers_run(workers, (n_resamples + PER_BLOCK - 1) / PER_BLOCK, run_block, &job);
    bf_workers_free(workers);
    if (resampled)
        memcpy(resampled, values, n_resamples * sizeof *values);
    qsort(values, n_resamples, sizeof *values, by_value);
    out->has_interval = true;
    out->low = bf_quantile(values, n_resamples, 0.025);
    out->high = bf_quantile(values, n_resamples, 0.975);
    free(values);
    return BF_OK;
}

struct mean {
    const double *values;
    size_t n;
};

static double mean_of(const void *user, const uint32_t *weights)
{
    const struct mean *mean = user;
    double sum = 0.0;
    for (size_t i = 0; i < mean->n; i++)
        sum += (double)weights[i] * mean->values[i];
    return sum / (double)mean->n;
}

enum bf_status bf_mean_figure(const double *values, size_t n, const struct bf_bootstrap *bootstrap, double *resampled,
                              struct bf_figure *out, struct bf_err *err)
{
    const struct mean mean = {values, n};
    double sum = 0.0;
    *out = (struct bf_figure){.n = n};
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i]))
            return bf_fail(err, BF_INPUT, "value %zu of %zu is not a finite number, so they have no mean", i + 1, n);
        sum += values[i];
    }
    if (n == 0) {
        out->why = "no values";
        return BF_OK;
    }
    out->value = sum / (double)n;
    if (!isfinite(out->value))
        return bf_fail(err, BF_INPUT, "the mean of %zu values is too large for a number", n);
    return bf_bootstrap_run(bootstrap, n, mean_of, &mean, resampled, out, err);
}

void bf_difference_of(const struct bf_figure *a, const double *resampled_a, const struct bf_figure *b,
                      const double *resampled_b, size_t n_resamples, struct bf_difference *out)
{
    *out = (struct bf_difference){0};
    if (a->why || b->why) {
        out->why = a->why ? a->why : b->why;
        return;
    }
    if (a->n < 2 || b->n < 2 || n_resamples < RESAMPLES_MIN) {
        out->why = "too few items to tell a difference from noise";
        return;
    }
    double *values = bf_array(n_resamples, sizeof *values);
    for (size_t r = 0; r < n_resamples; r++)
        values[r] = resampled_a[r] - resampled_b[r];
    qsort(values, n_resamples, sizeof *values, by_value);
    out->value = a->value - b->value;
    out->low = bf_quantile(values, n_resamples, 0.025);
    out->high = bf_quantile(values, n_resamples, 0.975);
    out->beyond_noise = out->low > 0.0 || out->high < 0.0;
    free(values);
}

void bf_sample_indices(size_t n, size_t k, uint64_t seed, size_t *out)
{
    struct bf_rng rng;
    size_t taken = 0;
    bf_rng_init(&rng, seed);
    /* Selection sampling (Knuth, 3.4.2, S): take each index with probability (still wanted) / (still left). */
    for (size_t i = 0; i < n && taken < k; i++)
        if (bf_rng_below(&rng, n - i) < k - taken)
            out[taken++] = i;
}
