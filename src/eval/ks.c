/* The exact p-value. Put all values of both samples in order; under the null hypothesis each order of their marks is equally likely, so
 * the marks are a random path from (0, 0) to (n, m) in unit steps. p is the probability that the path touches a point (i, j) with
 * |i/n - j/m| >= D (Hodges, 1958). Let q(i, j) be that probability for a path that ends in (i, j): 1 at such a point, else
 *     q(i, j) = i/(i + j) q(i - 1, j) + j/(i + j) q(i, j - 1),
 * sums of non-negative numbers, so that small p-values keep their digits. */
#include "eval/ks.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double *sorted(const double *values, size_t n)
{
    double *copy = bf_array(n, sizeof *copy);
    memcpy(copy, values, n * sizeof *copy);
    qsort(copy, n, sizeof *copy, by_value);
    return copy;
}

/* The largest |i m - j n| over all values: the statistic in units of 1/(n m), exact in integers. */
static uint64_t largest_distance(const double *a, size_t n, const double *b, size_t m)
{
    size_t i = 0, j = 0;
    uint64_t most = 0;
    while (i < n || j < m) {
        const double x = j == m || (i < n && a[i] <= b[j]) ? a[i] : b[j];
        while (i < n && a[i] == x)
            i++;
        while (j < m && b[j] == x)
            j++;
        const uint64_t left = (uint64_t)i * m, right = (uint64_t)j * n;
        const uint64_t distance = left > right ? left - right : right - left;
        most = distance > most ? distance : most;
    }
    return most;
}

static double exact_p(size_t n, size_t m, uint64_t distance)
{
    double *q = bf_array(m + 1, sizeof *q); /* q(i, .) of the row under way */
    for (size_t i = 0; i <= n; i++) {
        for (size_t j = 0; j <= m; j++) {
            const uint64_t left = (uint64_t)i * m, right = (uint64_t)j * n;
            const uint64_t at = left > right ? left - right : right - left;
            if (at >= distance)
                q[j] = 1.0;
            else if (i + j > 0)
                q[j] = ((i > 0 ? (double)i * q[j] : 0.0) + (j > 0 ? (double)j * q[j - 1] : 0.0)) / (double)(i + j);
            else
                q[j] = 0.0;
        }
    }
    const double p = q[m];
    free(q);
    return p < 1.0 ? p : 1.0;
}

static enum bf_status check(const double *values, size_t n, const char *which, struct bf_err *err)
{
    if (n == 0 || n > UINT32_MAX)
        return bf_fail(err, BF_INPUT, "the %s sample of the Kolmogorov-Smirnov test has %zu values; give 1 or more",
                       which, n);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return bf_fail(err, BF_INPUT,
                           "value %zu of the %s sample of the Kolmogorov-Smirnov test is not a finite number", i + 1,
                           which);
    return BF_OK;
}

enum bf_status bf_ks_two_sample(const double *a, size_t n_a, const double *b, size_t n_b, struct bf_ks *out,
                                struct bf_err *err)
{
    enum bf_status status = check(a, n_a, "first", err);
    if (status == BF_OK)
        status = check(b, n_b, "second", err);
    if (status != BF_OK)
        return status;
    double *x = sorted(a, n_a), *y = sorted(b, n_b);
    const uint64_t distance = largest_distance(x, n_a, y, n_b);
    free(x);
    free(y);
    const double n = (double)n_a, m = (double)n_b;
    out->statistic = (double)distance / (n * m);
    out->exact = n_a <= BF_KS_EXACT_MAX && n_b <= BF_KS_EXACT_MAX;
    if (distance == 0)
        out->p = 1.0;
    else if (out->exact)
        out->p = exact_p(n_a, n_b, distance);
    else
        out->p = bf_ks_one_sample_sf(out->statistic, (size_t)nearbyint(n * m / (n + m)));
    return BF_OK;
}
