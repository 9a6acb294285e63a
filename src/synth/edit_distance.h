/* Word-level edit distance: the fewest words to insert, delete or replace (Levenshtein, 1966), and the same divided by
 * the number of words in the longer text. 0: the same words; 1: no word stays in its place. */
#ifndef BF_SYNTH_EDIT_DISTANCE_H
#define BF_SYNTH_EDIT_DISTANCE_H
#include <stddef.h>

#include "base/words.h"

enum { BF_EDIT_WORDS_MAX = 4096 }; /* of each text; later words are ignored */

/* In words: 0..BF_EDIT_WORDS_MAX. O(a * b) time, O(min(a, b)) memory. */
size_t bf_edit_distance(const struct bf_words *a, const struct bf_words *b);
/* The same divided by the words of the longer one: 0..1; 0 when both are empty. */
double bf_edit_distance_unit(const struct bf_words *a, const struct bf_words *b);
/* The same for two texts: 0..1. */
double bf_edit_distance_text(const char *a, const char *b);

#endif
