/* Are there NaN or infinite values? */
#ifndef BF_BASE_FINITE_H
#define BF_BASE_FINITE_H
#include <stdbool.h>
#include <stddef.h>

bool bf_all_finite(const float *values, size_t n);

#endif
