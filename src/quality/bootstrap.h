/* The percentile bootstrap for the metrics of this room, each of which computes its value in one resample. Private to
 * this room. */
#ifndef BF_QUALITY_BOOTSTRAP_H
#define BF_QUALITY_BOOTSTRAP_H
#include <stddef.h>
#include <stdint.h>

#include "quality/quality.h"

/* The metric in the resample in which item i of n counts weights[i] times; weights sum to n. Called from any thread;
 * the result must be finite. */
typedef double bf_resampled_fn(const void *user, const uint32_t *weights);

/* Fill out->low and high, and `resampled` when it is not NULL. n >= 1. BF_INPUT for fewer than 100 resamples. */
BF_MUST_CHECK enum bf_status bf_bootstrap_run(const struct bf_bootstrap *bootstrap, size_t n, bf_resampled_fn *figure,
                                              const void *user, double *resampled, struct bf_figure *out,
                                              struct bf_err *err);

#endif
