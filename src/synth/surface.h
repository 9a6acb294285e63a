/* How many of an instance's variants are worth counting as different from each other on the surface. What they come to
 * together (bf_variety_of) is declared in synth.h. */
#ifndef BF_SYNTH_SURFACE_H
#define BF_SYNTH_SURFACE_H
#include <stdbool.h>
#include <stddef.h>

#include "base/words.h"

/* Word-level edit distance from which two texts count as different on the surface. */
extern const double bf_surface_threshold; /* 0.2 */

/* The texts counted so far: each at least `threshold` away from all before it. Greedy, so the order matters: give the
 * original first, then the variants in index order. */
struct bf_surface {
    double threshold;       /* 0..1, word-level edit distance over the longer text */
    struct bf_words *items; /* [n] */
    size_t n, allocated;
};
void bf_surface_init(struct bf_surface *surface, double threshold);
void bf_surface_release(struct bf_surface *surface);
/* true: counted. false: too near to one before; nearest (nullable) gets the least distance met either way, 1 when
 * first. */
bool bf_surface_add(struct bf_surface *surface, const char *text, double *nearest);

#endif
