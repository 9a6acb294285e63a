/* Words of a text, for filters and metrics: maximal runs of letters and digits, in lower case for ASCII; each character
 * of a script without spaces (Chinese, Japanese, Thai, ...) is a word. */
#ifndef BF_BASE_WORDS_H
#define BF_BASE_WORDS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bf_words {
    uint64_t *hashes; /* [n] of each word */
    size_t n;
    size_t n_unspaced; /* how many are single characters of a script without spaces */
    size_t n_letters;  /* code points that are letters or digits */
    size_t n_points;   /* code points that are not white space */
};

/* Read at most 16,384 words. Linear in the text. Release with bf_words_release. */
void bf_words_of(struct bf_words *out, const char *text, size_t n_bytes);
void bf_words_release(struct bf_words *words);
/* How many words a text has; at most 16,384 are counted. */
size_t bf_words_count(const char *text);
/* Is there a border of a word before text[at]? That is so at both ends of a text, next to characters other than letters
 * and digits, and around each character of a script without spaces. */
bool bf_is_word_edge(const char *text, size_t at);
/* Does `text` contain `phrase` as whole words, both folded by bf_letter_fold (case, diacritics, apostrophes)? false for
 * an empty phrase. */
bool bf_has_phrase(const char *text, const char *phrase);
/* Hash of words[i .. i + n). */
uint64_t bf_words_gram(const struct bf_words *words, size_t i, size_t n);

#endif
