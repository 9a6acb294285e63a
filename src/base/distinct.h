/* Distinct-n (Li et al., 2016), a measure of how much the wording of a set of texts varies. */
#ifndef BF_BASE_DISTINCT_H
#define BF_BASE_DISTINCT_H
#include <stddef.h>
#include <stdint.h>

#include "base/words.h"

/* The number of distinct n-grams divided by the number of all n-grams; n-grams do not cross from one text to the next.
 */
struct bf_distinct {
    size_t n;         /* 1, 2, ... */
    uint64_t n_grams; /* number of all n-grams */
    uint64_t n_distinct;
    uint64_t *seen; /* private: hashes, open addressing, 0 = free */
    size_t n_places;
};
void bf_distinct_init(struct bf_distinct *distinct, size_t n); /* n >= 1 */
void bf_distinct_release(struct bf_distinct *distinct);
void bf_distinct_add(struct bf_distinct *distinct, const struct bf_words *words);
double bf_distinct_value(const struct bf_distinct *distinct); /* 0..1; NaN without n-grams */

#endif
