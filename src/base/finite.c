#include "base/finite.h"

#include <stdint.h>
#include <string.h>

#include "base/clones.h"
#include "base/banned.h"

/* By the bits, which the compiler does many of at a time: NaN and infinity have the largest exponent. */
BF_CLONES static uint32_t any_bad(const float *values, size_t n)
{
    const uint32_t exponent = 0x7F800000;
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        bad |= (bits & exponent) == exponent;
    }
    return bad;
}

bool bf_all_finite(const float *values, size_t n)
{
    return any_bad(values, n) == 0;
}
