#include "synth/mink.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "quality/quality.h"
#include "request/request.h"
#include "synth/synth.h"
#include "base/banned.h"

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;
    return (x > y) - (x < y);
}

static double mean_lowest(const float *p, int32_t n, double k_percent, bool exponential)
{
    if (n < 1)
        return (double)NAN;
    float *sorted = bf_array((size_t)n, sizeof *sorted);
    memcpy(sorted, p, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, ascending);
    int32_t k = (int32_t)((double)n * k_percent / 100.0);
    k = k < 1 ? 1 : k > n ? n : k;
    double sum = 0.0;
    for (int32_t i = 0; i < k; i++)
        sum += exponential ? exp((double)sorted[i]) : (double)sorted[i];
    free(sorted);
    return sum / k;
}

double bf_mean_lowest(const float *p, int32_t n, double k_percent)
{
    return mean_lowest(p, n, k_percent, false);
}

double bf_mean_lowest_exp(const float *logp, int32_t n, double k_percent)
{
    return mean_lowest(logp, n, k_percent, true);
}

static int ascending_double(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

double bf_tau_of_control(double *values, size_t n)
{
    if (n < BF_TAU_ANSWERS_MIN)
        return BF_TAU_PAPER;
    qsort(values, n, sizeof *values, ascending_double);
    return bf_quantile(values, n, 0.95);
}
