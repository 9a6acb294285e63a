/* Intervals in closed form: Student's for the mean of a handful of values (a bootstrap of three values is too narrow),
 * Wilson's for a share. */
#include <math.h>

#include "quality/quality.h"
#include "base/banned.h"

/* t(0.975, df) of df 1..30, from SciPy (tests/golden/lab_reference.py). */
static const double table[] = {12.706204736, 4.3026527297, 3.1824463053, 2.7764451052, 2.5705818356, 2.4469118511,
                               2.3646242516, 2.3060041352, 2.2621571628, 2.228138852,  2.2009851601, 2.1788128297,
                               2.1603686565, 2.1447866879, 2.1314495456, 2.1199052992, 2.1098155778, 2.1009220402,
                               2.0930240544, 2.0859634473, 2.0796138447, 2.0738730679, 2.0686576104, 2.0638985616,
                               2.0595385528, 2.0555294386, 2.0518305165, 2.0484071418, 2.0452296421, 2.0422724563};

/* The 97.5 % point of the normal distribution. */
static const double z = 1.959963984540054;

/* t(0.975, df) of Student's distribution, df >= 1. */
static double student_t95(size_t df)
{
    const double n = (double)df;
    if (df <= sizeof table / sizeof *table)
        return table[df - 1];
    /* From the normal quantile: Abramowitz and Stegun, 26.7.5. z alone would be 4 % too small at 31. */
    const double z2 = z * z;
    return z + z * (z2 + 1.0) / (4.0 * n) + z * ((5.0 * z2 + 16.0) * z2 + 3.0) / (96.0 * n * n) +
           z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / (384.0 * n * n * n);
}

void bf_student_figure(const double *values, size_t n, struct bf_figure *out)
{
    double mean = 0.0, squares = 0.0;
    *out = (struct bf_figure){.n = n, .why = n > 0 ? NULL : "needs one value or more"};
    for (size_t i = 0; i < n; i++)
        mean += values[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    out->value = out->low = out->high = mean;
    out->has_interval = n > 1;
    if (n > 1) {
        const double half = student_t95(n - 1) * sqrt(squares / (double)(n - 1) / (double)n);
        out->low = mean - half;
        out->high = mean + half;
    }
}

/* Shares of a count: how many of the domain's points, or of planted facts, a set covers. */
enum bf_status bf_share_figure(size_t k, size_t n, struct bf_figure *out, struct bf_err *err)
{
    if (k > n)
        return bf_fail(err, BF_INPUT, "%zu of %zu is not a share: count each item once", k, n);
    *out = (struct bf_figure){.n = n};
    if (n == 0) {
        out->why = "nothing to cover";
        return BF_OK;
    }
    /* Wilson (1927): stays within 0..1 and keeps a width at 0 and at 1, where the plain interval has none. */
    const double share = (double)k / (double)n;
    const double zz = z * z / (double)n;
    const double middle = (share + zz / 2) / (1 + zz);
    const double half = z / (1 + zz) * sqrt(share * (1 - share) / (double)n + zz / 4 / (double)n);
    out->value = share;
    out->has_interval = true;
    out->low = k == 0 ? 0.0 : middle - half;
    out->high = k == n ? 1.0 : middle + half;
    return BF_OK;
}
