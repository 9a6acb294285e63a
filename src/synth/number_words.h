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
    size_t n_tokens; /* how many tokens it spans; 0 = no number begins here */
    bool soft;       /* not really a number ("one of them", "first of all", "both"): it may match
                        a number of the other text, which need not have it */
};

/* The number that begins at token i. */
struct bf_word_number bf_word_number_at(const struct bf_tokens *tokens, size_t i);
/* "World War II", "Henry VIII": the value of a Roman numeral up to XX after a capitalised word, else 0. */
int bf_roman_at(const struct bf_tokens *tokens, size_t i);
/* How many zeros the word at token i adds to the digits before it: 6 in "2 million"; 0 for other words. */
int bf_magnitude_at(const struct bf_tokens *tokens, size_t i);
/* The factor by which the word at token i multiplies a number before it: "two decades" 10 (years), "dozen" 12; 0 for
 * other words. */
int bf_multiple_at(const struct bf_tokens *tokens, size_t i);

/* ---- months ---- */

/* 1..12 when the word at token i is a month here, else 0. "May", "March", "August", "April" and "June" may be a verb,
 * an adjective or a person: they count next to a number, after "in" or "since", or as a single capitalised word. An
 * abbreviation only counts next to a number. */
int bf_month_at(const struct bf_tokens *tokens, size_t i);

#endif
