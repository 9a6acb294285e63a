/* xoshiro256** 1.0 and splitmix64, after the public-domain definitions by David Blackman and Sebastiano Vigna. */
#include "base/rng.h"

#include <assert.h>

#include "base/banned.h"

#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)

/* The finaliser of splitmix64: a bijection, so that different inputs give different outputs. */
static uint64_t finalise(uint64_t z)
{
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint64_t bf_mix(uint64_t a, uint64_t b)
{
    return finalise(finalise(a + GOLDEN) + b + GOLDEN);
}

void bf_rng_init(struct bf_rng *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += GOLDEN;
        rng->s[i] = finalise(seed);
    }
}

static uint64_t rotate_left(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

uint64_t bf_rng_next(struct bf_rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double bf_rng_unit(struct bf_rng *rng)
{
    return (double)(bf_rng_next(rng) >> 11) * 0x1.0p-53;
}

uint64_t bf_rng_below(struct bf_rng *rng, uint64_t n)
{
    assert(n >= 1);
    /* 2^64 mod n: numbers below it would be more frequent than the others, so they are drawn again. */
    uint64_t uneven = (UINT64_MAX - n + 1) % n;
    uint64_t x;

    do
        x = bf_rng_next(rng);
    while (x < uneven);
    return x % n;
}
