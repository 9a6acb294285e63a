/* Checks and helpers that every metric on vectors needs. Private to this room. */
#ifndef BF_QUALITY_VECTORS_H
#define BF_QUALITY_VECTORS_H
#include <stddef.h>

#include "base/err.h"

/* BF_MODEL, naming `what` and the row, when a value is not finite or too large (a length of 3e18); BF_INPUT when n_dims
 * is 0 or n * n_dims overflows. */
BF_MUST_CHECK enum bf_status bf_vectors_check(const float *vectors, size_t n, size_t n_dims, const char *what,
                                              struct bf_err *err);

/* *out: a zeroed array of n * size bytes, free(). For sizes that come from the input: BF_INPUT when memory is short. */
BF_MUST_CHECK enum bf_status bf_quality_array(void *out, size_t n, size_t size, struct bf_err *err);

/* out [n_rows][n]: squared Euclidean distances of the rows first .. first + n_rows - 1 to all n rows. */
void bf_squared_distances(const float *vectors, size_t n, size_t n_dims, size_t first, size_t n_rows, float *out);

#endif
