/* English number words: "twenty-one", "two hundred and five thousand", "nineteen ninety-eight", "third"; and
 * months in dates: "3 March 1998", "Sept. 4", "in may". */
#ifndef BF_SYNTH_NUMBER_WORDS_H
#define BF_SYNTH_NUMBER_WORDS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "synth/fact_tokens.h"

struct bf_word_number {
    uint64_t value;
    size_t n_tokens; /* words it spans; 0 = none begins here */
    bool soft;       /* says a number only by the way ("one of them", "first of all", "both"): it may stand for one
                        of the other text, but is not asked for */
};

/* The number that begins at token i. */
struct bf_word_number bf_word_number_at(const struct bf_tokens *tokens, size_t i);
/* "World War II", "Henry VIII": the value of a Roman numeral up to XX after a capitalised word, else 0. */
int bf_roman_at(const struct bf_tokens *tokens, size_t i);
/* How many zeros the word at token i adds to figures before it: "2 million" 6; 0 when it is no such word. */
int bf_magnitude_at(const struct bf_tokens *tokens, size_t i);
/* What the word at token i multiplies a number before it by to give years or pieces: "two decades" 10, "dozen" 12; else
 * 0. */
int bf_multiple_at(const struct bf_tokens *tokens, size_t i);

/* ---- months ---- */

/* 1..12 when the word at token i is a month here, else 0. "May", "March", "August", "April" and "June" may be a verb,
 * an adjective or a person: they count beside a figure, after "in" or "since", or as a capitalised word by itself. An
 * abbreviation counts beside a figure only. */
int bf_month_at(const struct bf_tokens *tokens, size_t i);

#endif
