/* Which capitalised words are no names, and under which other form a name may come back. Words are folded
 * (base/letter_case.h); English. */
#ifndef BF_SYNTH_NAME_WORDS_H
#define BF_SYNTH_NAME_WORDS_H
#include <stdbool.h>
#include <stddef.h>

/* A word of the language that gets its capital from its place: "the", "however", "born". */
bool bf_name_word_is_common(const char *word, size_t n);
/* A word that stands in many names and tells none of them apart: "mount", "saint", "professor", "university". */
bool bf_name_word_is_generic(const char *word, size_t n);
/* An ending that names seldom have ("-ing", "-tion", "-ists"): for single words at the start of a sentence. */
bool bf_name_word_has_common_ending(const char *word, size_t n);

/* Is the word, or a form of it that still names the same, among those that `has` knows? Forms: plural, and the pair
 * of a country and its people ("Kuwait" - "Kuwaiti", "Sweden" - "Swedish", "Greece" - "Greek"). */
bool bf_name_word_found(const char *word, size_t n, bool (*has)(const void *user, const char *word, size_t n),
                        const void *user);

#endif
