/* The words of an answer, as answers.h compares them, and the units in which an object is looked for. Private to
 * quality/. */
#ifndef BF_QUALITY_ANSWER_WORDS_H
#define BF_QUALITY_ANSWER_WORDS_H
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct bf_answer_word {
    size_t at, len; /* of its folded form, in bf_answer_words.text; a number's form is its value in digits */
    bool number;
    bool spelled;  /* a number in letters: "twenty" */
    bool stop;     /* "the", "of", "was": says nothing */
    bool capital;  /* begins with a capital */
    bool unspaced; /* one character of a script without spaces */
    bool glued;    /* nothing but spaces between the word before and this one */
    bool first;    /* begins a sentence */
};

struct bf_answer_words {
    struct bf_answer_word *items; /* [n] */
    size_t n, n_content;          /* n_content: those that are not stop words */
    struct bf_buf text;           /* the folded forms */
};
/* Release with bf_answer_words_release. */
void bf_answer_words_of(struct bf_answer_words *out, const char *text);
void bf_answer_words_release(struct bf_answer_words *words);
/* Are they the same word, by the rules of answers.h? */
bool bf_answer_words_equal(const struct bf_answer_words *a, size_t i, const struct bf_answer_words *b, size_t j);
/* Does the word at i have this folded form? */
bool bf_answer_word_is(const struct bf_answer_words *words, size_t i, const char *form);

#endif
