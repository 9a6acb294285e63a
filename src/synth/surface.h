/* Counting the variants of an instance that differ from each other in their words. bf_variety_of, which summarises
 * them, is declared in synth.h. */
#ifndef BF_SYNTH_SURFACE_H
#define BF_SYNTH_SURFACE_H
#include <stdbool.h>
#include <stddef.h>

#include "base/words.h"

/* Texts with at least this word-level edit distance count as different. */
extern const double bf_surface_threshold; /* 0.2 */

/* The texts counted so far: each is at least `threshold` away from all before it. The method is greedy, so the order
 * matters: the original first, then the variants in index order. */
struct bf_surface {
    double threshold;       /* 0..1, word-level edit distance over the longer text */
    struct bf_words *items; /* [n] */
    size_t n, allocated;
};
void bf_surface_init(struct bf_surface *surface, double threshold);
void bf_surface_release(struct bf_surface *surface);
/* true: the text was counted. false: it is too close to an earlier one. *nearest (nullable): the smallest distance to
 * those counted before, 1 for the first. O(n) distances. */
bool bf_surface_add(struct bf_surface *surface, const char *text, double *nearest);

#endif
