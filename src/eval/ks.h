/* The two-sample Kolmogorov-Smirnov test, two-sided, as scipy.stats.ks_2samp computes it. */
#ifndef BF_EVAL_KS_H
#define BF_EVAL_KS_H
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { BF_KS_EXACT_MAX = 10000 }; /* the larger sample up to which p is exact */

struct bf_ks {
    double statistic; /* largest distance of the two distribution functions, 0..1 */
    double p;         /* of a distance at least this large when both samples come from one distribution */
    bool exact;       /* p by counting paths; else from the one-sample distribution with round(n m / (n + m)) values */
};

/* BF_INPUT: an empty sample, or a value that is not finite. O(n m) when exact. */
BF_MUST_CHECK enum bf_status bf_ks_two_sample(const double *a, size_t n_a, const double *b, size_t n_b,
                                              struct bf_ks *out, struct bf_err *err);

/* P(D_n >= d) of the one-sample two-sided statistic, as scipy.stats.kstwo.sf(d, n); n >= 1. */
double bf_ks_one_sample_sf(double d, size_t n);

#endif
