/* The area under the receiver operating characteristic, as sklearn.metrics.roc_auc_score gives it. */
#ifndef BF_EVAL_AUC_H
#define BF_EVAL_AUC_H
#include <stddef.h>
#include <stdint.h>

#include "quality/quality.h"

/* P(a value of `high` > a value of `low`), 0..1, ties counted half. Interval: percentile bootstrap that resamples both
 * samples at their own sizes. out->n counts both. BF_INPUT: an empty sample, a value that is not finite, or fewer than
 * 100 resamples. O(n log n + n_resamples n). */
BF_MUST_CHECK enum bf_status bf_auc_figure(const double *low, size_t n_low, const double *high, size_t n_high,
                                           const struct bf_bootstrap *bootstrap, struct bf_figure *out,
                                           struct bf_err *err);

#endif
