/* Shares of a count: how many of the domain's points, or of planted facts, a set covers. */
#include <math.h>

#include "quality/quality.h"
#include "base/banned.h"

/* The 97.5 % point of the normal distribution. */
static const double z = 1.959963984540054;

enum bf_status bf_share_figure(size_t k, size_t n, struct bf_figure *out, struct bf_err *err)
{
    if (k > n)
        return bf_fail(err, BF_INPUT, "%zu of %zu is no share: count each item once", k, n);
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
