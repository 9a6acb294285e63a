/* Is what a model writes still language? Numbers of answers: how much they repeat themselves, how many say nothing,
 * refuse, or are word salad to the model before unlearning. None of them says whether an answer is true. */
#ifndef BF_EVAL_FLUENCY_H
#define BF_EVAL_FLUENCY_H
#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/rng.h"
#include "quality/quality.h"

/* Shorter answers are not judged by repetition, perplexity and gibberish: one unexpected word would decide. */
enum { BF_FLUENCY_WORDS_MIN = 4 };

/* seq-rep-n of Welleck et al. (ICLR 2020): 1 - distinct n-grams / n-grams, 0..1. A unit is a word (a run of letters and
 * digits; a character of a script without spaces) or a mark that is not white space, as written, so that "!!!!!!" is a
 * repetition, and models with different tokenizers can be compared. NaN with fewer than n units. O(length^2) at worst,
 * of at most 4,096 units. */
double bf_repetition(const char *text, size_t n);

/* The units of a text as bf_repetition counts them. */
size_t bf_fluency_units(const char *text);

/* The text with its words in random order, free(): word salad. Without enough words between spaces, its units. */
char *bf_shuffled_words(const char *text, struct bf_rng *rng);

struct bf_fluent { /* an answer */
    size_t n_units;
    double repetition;   /* seq-rep-4; NaN for fewer than four units */
    bool empty, refusal; /* nothing but white space; bf_is_refusal */
    double nll; /* nats a token under the model before unlearning, after the prompt; NaN when unknown or not judged */
};
/* All but `nll`, which is NaN. */
struct bf_fluent bf_fluent_of(const char *answer);

/* Into `row`, of n answers: "n", "seq_rep_4", "distinct_1", "distinct_2" (Li et al., 2016; over all answers), "empty",
 * "refusals", "words" (mean units), "perplexity" (e to the mean nll) and "gibberish": the share of the judged answers
 * whose nll is above `limit` (NaN = unknown, as is every nll). */
BF_MUST_CHECK enum bf_status bf_fluency_put(json_t *row, char *const *answers, const struct bf_fluent *fluent, size_t n,
                                            double limit, const struct bf_bootstrap *bootstrap, struct bf_err *err);
/* The paired differences after - before of "seq_rep_4", "empty", "refusals", "nll" and "gibberish", each with its
 * interval; over the answers that have the number in both. */
BF_MUST_CHECK enum bf_status bf_fluency_put_change(json_t *row, const struct bf_fluent *after,
                                                   const struct bf_fluent *before, size_t n, double limit,
                                                   const struct bf_bootstrap *bootstrap, struct bf_err *err);

/* Questions on everyday matters, which no forget set is about. NULL at the end. */
extern const char *const bf_neutral_prompts[];

#endif
