/* IEEE 754 half precision: how embeddings are stored. The rounded value is used at once, in the first run as in a
 * resumed one, so that both see the same numbers. */
#ifndef BF_BASE_FLOATS_H
#define BF_BASE_FLOATS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint16_t bf_half_of(float x); /* round to nearest, ties to even; overflow gives infinity */
float bf_half_to_float(uint16_t h);

/* Are there NaN or infinite values? */

bool bf_all_finite(const float *values, size_t n);

#endif
