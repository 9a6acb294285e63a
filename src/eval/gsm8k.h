/* GSM8K: {"question": ..., "answer": "reasoning ... #### 42"} records. */
#ifndef BF_EVAL_GSM8K_H
#define BF_EVAL_GSM8K_H
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct bf_gsm8k {
    struct bf_gsm8k_item {
        char *question, *answer; /* the answer with its reasoning */
        size_t index;            /* in its file, from 0: identifies it in lines */
        /* what comes after the last ####, without commas, dollar signs and a full stop at its end */
        char *number;
    } * items;
    size_t n;
};
/* BF_INPUT, with the place of the mistake, also for an answer without "#### NUMBER". Release *out in every case. */
BF_MUST_CHECK enum bf_status bf_gsm8k_read(const char *path, struct bf_gsm8k *out, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_gsm8k_parse(const char *data, size_t n, const char *name, struct bf_gsm8k *out,
                                            struct bf_err *err);
void bf_gsm8k_drop(struct bf_gsm8k *gsm8k, size_t i);
void bf_gsm8k_release(struct bf_gsm8k *gsm8k);

/* The number in a model's answer; free(), NULL when there is none.
 *   strict: as lm-evaluation-harness' filter strict-match, the first "#### NUMBER" with one space, sign, digits, commas
 *     and points; compare it with strcmp().
 *   else: the last number, or the last one in the last \boxed{} that holds one. Signs (also U+2212), currency signs,
 *     digits of other scripts, marks between thousands, decimal commas before one or two digits, and fractions (3/4,
 *     2 1/2, \frac{3}{4}) are read; the result is a plain decimal. */
char *bf_gsm8k_number(const char *text, bool strict);
/* The right number of a record: what follows the last "####", with or without a space and a dollar sign. free(); NULL
 * when that is not a number. */
char *bf_gsm8k_right(const char *answer);
/* Are two plain decimals the same number? "18" and "18.00" are; a relative difference up to 1e-9 is ignored. */
bool bf_gsm8k_same(const char *a, const char *b);

#endif
