/* exp() in a form that compilers turn into vector code, and that gives the same bits in a loop of any length. */
#ifndef BF_BASE_FAST_EXP_H
#define BF_BASE_FAST_EXP_H
#include <stdint.h>
#include <string.h>

/* e^x to 2 units in the last place for -87 <= x <= 88; other x are clipped to this range. The result for NaN is some
 * number, not NaN. */
static inline float bf_fast_exp(float x)
{
    x = x < -87.0F ? -87.0F : x;
    x = x > 88.0F ? 88.0F : x;
    /* x = n log 2 + r, |r| <= log(2) / 2. Adding 1.5 * 2^23 rounds to a whole number, which is then in the low bits. */
    const float shifted = x * 1.44269504F + 12582912.0F;
    const float n = shifted - 12582912.0F;
    const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
    /* Taylor's coefficients up to r^7 are exact enough in this range. */
    float p = 1.0F / 5040.0F;
    p = p * r + 1.0F / 720.0F;
    p = p * r + 1.0F / 120.0F;
    p = p * r + 1.0F / 24.0F;
    p = p * r + 1.0F / 6.0F;
    p = p * r + 0.5F;
    p = p * r + 1.0F;
    p = p * r + 1.0F;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127U) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

#endif
