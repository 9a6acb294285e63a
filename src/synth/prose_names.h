/* Names in running prose, by their capitals. */
#ifndef BF_SYNTH_PROSE_NAMES_H
#define BF_SYNTH_PROSE_NAMES_H
#include <stdbool.h>
#include <stddef.h>

/* Calls `each` for the names in a text [n], in order: capitalised words that belong together ("Order of the Phoenix"),
 * without ordinary words and a final 's, but not a single word that a sentence begins with. A name is a part of the
 * text. */
void bf_prose_each(const char *text, size_t n, void *to, void (*each)(void *to, const char *name, size_t n));
/* "He was born here", "In the village", "Zeus is a god": an ordinary word, and later words in lower case; or a verb.
 * Names may begin with such a word ("About Schmidt", "The Hague"). English only. */
bool bf_reads_like_sentence(const char *s, size_t n);
/* "He listed the following": four words or more, of which only the first has a capital. */
bool bf_is_one_clause(const char *s, size_t n);

#endif
