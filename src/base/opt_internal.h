/* What the files opt*.c share. Not for other rooms. */
#ifndef BF_BASE_OPT_INTERNAL_H
#define BF_BASE_OPT_INTERNAL_H
#include "base/opt.h"

/* Read `value` into the option's target, which stays as it was on failure. Not for flags. */
BF_MUST_CHECK enum bf_status bf_opt_set(const struct bf_opt *opt, const char *value, struct bf_err *err);

/* The word for the value: the table's, else one that fits the type. "" for a flag. */
const char *bf_opt_value_word(const struct bf_opt *opt);

/* The candidate with the smallest edit distance to what was typed, when it is close enough to be a slip. Borrowed. */
struct bf_nearest {
    const char *typed;
    size_t typed_length;
    const char *best;       /* NULL while nothing is close */
    size_t best_length;
    size_t distance;        /* of best; before that, one more than what is accepted */
};
void bf_nearest_init(struct bf_nearest *nearest, const char *typed, size_t n);
void bf_nearest_offer(struct bf_nearest *nearest, const char *candidate, size_t n);

#endif
