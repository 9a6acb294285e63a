/* How much the surface of a set of texts varies: distinct-n, and how many of an instance's variants are worth counting
 * as different from each other. */
#ifndef BF_SYNTH_SURFACE_H
#define BF_SYNTH_SURFACE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "synth/words.h"

/* ---- distinct-n (Li et al., 2016) ---- */

/* Distinct n-grams over all n-grams of the texts, n-grams within a text only. */
struct bf_distinct {
    size_t n;                  /* 1, 2, ... */
    uint64_t n_grams;          /* all of them */
    uint64_t n_distinct;
    uint64_t *seen;            /* private: hashes, open addressing, 0 = free */
    size_t n_places;
};
void bf_distinct_init(struct bf_distinct *distinct, size_t n);     /* n >= 1 */
void bf_distinct_release(struct bf_distinct *distinct);
void bf_distinct_add(struct bf_distinct *distinct, const struct bf_words *words);
double bf_distinct_value(const struct bf_distinct *distinct);      /* 0..1; NaN without n-grams */

/* Of all the texts that `next` gives until NULL; a text is borrowed until the next call. */
double bf_distinct_of(size_t n, const char *(*next)(void *user), void *user);

/* ---- distinct variants ---- */

/* Word-level edit distance from which two texts count as different on the surface. */
extern const double bf_surface_threshold;      /* 0.2 */

/* The texts counted so far: each at least `threshold` away from all before it. Greedy, so the order matters: give the
 * original first, then the variants in index order. */
struct bf_surface {
    double threshold;          /* 0..1, word-level edit distance over the longer text */
    struct bf_words *items;    /* [n] */
    size_t n, allocated;
};
void bf_surface_init(struct bf_surface *surface, double threshold);
void bf_surface_release(struct bf_surface *surface);
/* true: counted. false: too near to one before; nearest (nullable) gets the least distance met either way, 1 when first. */
bool bf_surface_add(struct bf_surface *surface, const char *text, double *nearest);

#endif
