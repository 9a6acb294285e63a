/* Seeded, portable random numbers: the same seed gives the same numbers on every machine. */
#ifndef BF_BASE_RNG_H
#define BF_BASE_RNG_H
#include <stdint.h>

/* xoshiro256** (Blackman and Vigna, 2018), seeded through splitmix64. Copying the struct copies the stream. */
struct bf_rng {
    uint64_t s[4];
};

/* Mixes two values into one (splitmix64's finaliser, applied twice): seed_i = bf_mix(run seed, i). */
uint64_t bf_mix(uint64_t a, uint64_t b);
void bf_rng_init(struct bf_rng *rng, uint64_t seed);
uint64_t bf_rng_next(struct bf_rng *rng);
double bf_rng_unit(struct bf_rng *rng);                /* uniform in [0, 1), 53 bits */
uint64_t bf_rng_below(struct bf_rng *rng, uint64_t n); /* uniform in [0, n), without modulo bias; n >= 1 */

#endif
