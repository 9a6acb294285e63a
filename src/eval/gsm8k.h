/* GSM8K: {"question": ..., "answer": "reasoning ... #### 42"} records. */
#ifndef BF_EVAL_GSM8K_H
#define BF_EVAL_GSM8K_H
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct bf_gsm8k {
    struct bf_gsm8k_item {
        char *question, *answer; /* the answer with its reasoning */
        size_t index;            /* in its file, from 0: for lines */
        /* what comes after the last ####, without commas, dollar signs and a full stop at its end */
        char *number;
    } * items;
    size_t n;
};
/* BF_INPUT with the place, also for an answer without "#### NUMBER". Release in every case. */
BF_MUST_CHECK enum bf_status bf_gsm8k_read(const char *path, struct bf_gsm8k *out, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_gsm8k_parse(const char *data, size_t n, const char *name, struct bf_gsm8k *out,
                                            struct bf_err *err);
void bf_gsm8k_drop(struct bf_gsm8k *gsm8k, size_t i);
void bf_gsm8k_release(struct bf_gsm8k *gsm8k);

/* What a model's answer says; free(), NULL when that is no number.
 *   strict: what lm-evaluation-harness' filter strict-match takes, the first "#### NUMBER" with one space, sign,
 *     digits, commas and points; compare it with strcmp().
 *   else: the last number, of the last \boxed{} when that holds one. Signs (also U+2212), currency signs, digits of
 *     other scripts, marks between thousands, decimal commas before one or two digits, and fractions (3/4, 2 1/2,
 *     \frac{3}{4}) are read; it comes as a plain decimal. */
char *bf_gsm8k_number(const char *text, bool strict);
/* The right number of a record: after the last "####", with or without a space and a dollar sign. free(); NULL when
 * there is none. */
char *bf_gsm8k_right(const char *answer);
/* Are two plain decimals the same number? "18" and "18.00" are; one part in 1e9 does not count. */
bool bf_gsm8k_same(const char *a, const char *b);

#endif
