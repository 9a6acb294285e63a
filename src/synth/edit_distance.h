/* How far apart two texts are on the surface: the fewest words to insert, delete or replace (Levenshtein, 1966), over
 * the words of the longer text. 0 = the same words, 1 = none in its place. */
#ifndef BF_SYNTH_EDIT_DISTANCE_H
#define BF_SYNTH_EDIT_DISTANCE_H
#include <stddef.h>

#include "base/words.h"

enum { BF_EDIT_WORDS_MAX = 4096 }; /* of each text; words beyond are not read */

/* In words: 0..BF_EDIT_WORDS_MAX. Time is the product of the two lengths, memory the shorter of them. */
size_t bf_edit_distance(const struct bf_words *a, const struct bf_words *b);
/* The same over the number of words of the longer one: 0..1; 0 when both have none. */
double bf_edit_distance_unit(const struct bf_words *a, const struct bf_words *b);
/* Of two texts. */
double bf_edit_distance_text(const char *a, const char *b);

#endif
