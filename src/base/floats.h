/* IEEE 754 half precision, in which embeddings are stored, and a check for NaN and infinity. Embeddings are rounded
 * before their first use, so that a resumed run sees the same numbers as the first one. */
#ifndef BF_BASE_FLOATS_H
#define BF_BASE_FLOATS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint16_t bf_half_of(float x); /* round to nearest, ties to even; overflow gives infinity */
float bf_half_to_float(uint16_t h);

/* Are all n values finite? O(n). */
bool bf_all_finite(const float *values, size_t n);

/* Dot product of a and b [n], summed in double precision and in order: of unit vectors, their cosine. */
double bf_dot(const float *a, const float *b, size_t n);

#endif
