/* Finding duplicates of kept texts: exact ones by a 64-bit hash of the folded text, near ones by MinHash over word
 * 3-grams with banding (Broder, 1997), 32 minima in 8 bands. A look-up takes O(words) time, a kept text about 200
 * bytes. */
#ifndef BF_BASE_SIMILAR_H
#define BF_BASE_SIMILAR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/words.h"

enum { BF_MINHASH = 32 };

struct bf_similar;

struct bf_signature {
    uint64_t exact;
    uint16_t minima[BF_MINHASH];
};

struct bf_similar *bf_similar_new(void);
void bf_similar_free(struct bf_similar *similar); /* NULL is a no-op */
void bf_signature_of(struct bf_signature *out, const struct bf_words *words, const char *text, size_t n_bytes);
/* The same for a caller that does not need the words. */
void bf_signature_of_text(struct bf_signature *out, const char *text);
bool bf_similar_has_exact(const struct bf_similar *similar, const struct bf_signature *signature);
/* Is there an added text with an estimated Jaccard similarity of at least `threshold` (0..1]? Never when it is above 1.
 */
bool bf_similar_has_near(const struct bf_similar *similar, const struct bf_signature *signature, double threshold);
void bf_similar_add(struct bf_similar *similar, const struct bf_signature *signature);

#endif
