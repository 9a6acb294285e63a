/* Which capitalised English words are not names, and in which other forms a name may return. Words are folded
 * (base/letter_case.h). */
#ifndef BF_SYNTH_NAME_WORDS_H
#define BF_SYNTH_NAME_WORDS_H
#include <stdbool.h>
#include <stddef.h>

/* An ordinary word, which is only capitalised because of its place: "the", "however", "born". */
bool bf_name_word_is_common(const char *word, size_t n);
/* A word that is part of many names and does not distinguish them: "mount", "saint", "professor", "university". */
bool bf_name_word_is_generic(const char *word, size_t n);
/* Does it have an ending that is rare in names ("-ing", "-tion", "-ists")? For single words at the start of a sentence.
 */
bool bf_name_word_has_common_ending(const char *word, size_t n);

/* Does `has` know the word, or another form with the same meaning? Forms: plural, and the pair
 * of a country and its people ("Kuwait" - "Kuwaiti", "Sweden" - "Swedish", "Greece" - "Greek"). */
bool bf_name_word_found(const char *word, size_t n, bool (*has)(const void *user, const char *word, size_t n),
                        const void *user);

#endif
