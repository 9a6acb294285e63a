/* Values are sorted once; a resample is a count for each place in that order, and its area takes one pass over the
 * places. */
#include "eval/auc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/banned.h"

struct ranked {
    double value;
    size_t item; /* 0..n_low-1 low, then high */
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

static int by_number(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double area(const struct ranked *places, size_t n_low, size_t n_high, const uint32_t *counts)
{
    const size_t n = n_low + n_high;
    double below = 0.0, sum = 0.0; /* counts of low values below; pairs in order */
    for (size_t i = 0; i < n;) {
        double low = 0.0, high = 0.0;
        size_t j = i;
        for (; j < n && places[j].value == places[i].value; j++)
            *(places[j].item < n_low ? &low : &high) += (double)counts[places[j].item];
        sum += high * (below + 0.5 * low);
        below += low;
        i = j;
    }
    return sum / ((double)n_low * (double)n_high);
}

static void draw(struct bf_rng *rng, uint32_t *counts, size_t n)
{
    memset(counts, 0, n * sizeof *counts);
    for (size_t i = 0; i < n; i++)
        counts[bf_rng_below(rng, n)]++;
}

enum bf_status bf_auc_figure(const double *low, size_t n_low, const double *high, size_t n_high,
                             const struct bf_bootstrap *bootstrap, struct bf_figure *out, struct bf_err *err)
{
    *out = (struct bf_figure){.n = n_low + n_high};
    if (n_low == 0 || n_high == 0 || n_low > UINT32_MAX || n_high > UINT32_MAX)
        return bf_fail(err, BF_INPUT, "an area under the curve needs values in both samples; they have %zu and %zu",
                       n_low, n_high);
    if (bootstrap->n_resamples < 100)
        return bf_fail(err, BF_INPUT, "a 95 %% interval needs at least 100 resamples, not %zu", bootstrap->n_resamples);
    const size_t n = n_low + n_high;
    struct ranked *places = bf_array(n, sizeof *places);
    uint32_t *counts = bf_array(n, sizeof *counts);
    double *values = bf_array(bootstrap->n_resamples, sizeof *values);
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < n; i++) {
        places[i] = (struct ranked){i < n_low ? low[i] : high[i - n_low], i};
        counts[i] = 1;
        if (!isfinite(places[i].value)) {
            status = bf_fail(err, BF_INPUT, "score %zu of %zu is not a finite number", i + 1, n);
            goto out;
        }
    }
    qsort(places, n, sizeof *places, by_value);
    out->value = area(places, n_low, n_high, counts);
    for (size_t r = 0; r < bootstrap->n_resamples; r++) {
        struct bf_rng rng;
        bf_rng_init(&rng, bf_mix(bootstrap->seed, r));
        draw(&rng, counts, n_low);
        draw(&rng, counts + n_low, n_high);
        values[r] = area(places, n_low, n_high, counts);
    }
    qsort(values, bootstrap->n_resamples, sizeof *values, by_number);
    out->low = bf_quantile(values, bootstrap->n_resamples, 0.025);
    out->high = bf_quantile(values, bootstrap->n_resamples, 0.975);
    out->has_interval = true;
out:
    free(places);
    free(counts);
    free(values);
    return status;
}
