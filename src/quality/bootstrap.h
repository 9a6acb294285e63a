/* The percentile bootstrap, for the room: a figure says what it is in one resample. */
#ifndef BF_QUALITY_BOOTSTRAP_H
#define BF_QUALITY_BOOTSTRAP_H
#include <stddef.h>
#include <stdint.h>

#include "quality/quality.h"

/* A figure of the resample in which item i of n counts weights[i] times; weights sum to n. Called on any thread; what
 * it returns must be finite. */
typedef double bf_resampled_fn(const void *user, const uint32_t *weights);

/* Fills out->low and high, and `resampled` when given. n >= 1. */
BF_MUST_CHECK enum bf_status bf_bootstrap_run(const struct bf_bootstrap *bootstrap, size_t n, bf_resampled_fn *figure,
                                              const void *user, double *resampled, struct bf_figure *out,
                                              struct bf_err *err);

#endif
