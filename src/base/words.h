/* Words of a text, for filters and figures: maximal runs of letters and digits, lower-cased for ASCII; each character
 * of a script written without spaces (Chinese, Japanese, Thai, ...) is a word of its own. */
#ifndef BF_BASE_WORDS_H
#define BF_BASE_WORDS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bf_words {
    uint64_t *hashes; /* [n] of each word */
    size_t n;
    size_t n_unspaced; /* of them: single characters of a script written without spaces */
    size_t n_letters;  /* code points that are letters or digits */
    size_t n_points;   /* code points that are not white space */
};

/* At most 16,384 words are read. Release with bf_words_release. */
void bf_words_of(struct bf_words *out, const char *text, size_t n_bytes);
void bf_words_release(struct bf_words *words);
/* Does a word end or begin before text[at]? So it is at both ends of a text, where one side is not a letter or digit,
 * and around each character of a script that is written without spaces. */
bool bf_is_word_edge(const char *text, size_t at);
/* Does `text` contain `phrase` as whole words, compared as bf_letter_fold folds them (case, diacritics, apostrophes)?
 * An empty phrase is in no text. */
bool bf_has_phrase(const char *text, const char *phrase);
/* Hash of words[i .. i + n). */
uint64_t bf_words_gram(const struct bf_words *words, size_t i, size_t n);

#endif
