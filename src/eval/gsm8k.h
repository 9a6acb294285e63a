/* GSM8K: {"question": ..., "answer": "reasoning ... #### 42"} records. */
#ifndef BF_EVAL_GSM8K_H
#define BF_EVAL_GSM8K_H
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct bf_gsm8k {
    struct bf_gsm8k_item {
        char *question, *answer;   /* the answer with its reasoning */
        char *number;              /* what stands behind ####, without commas */
    } *items;
    size_t n;
};
/* BF_INPUT with the place, also for an answer without "#### NUMBER". Release in every case. */
BF_MUST_CHECK enum bf_status bf_gsm8k_read(const char *path, struct bf_gsm8k *out, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_gsm8k_parse(const char *data, size_t n, const char *name, struct bf_gsm8k *out, struct bf_err *err);
void bf_gsm8k_release(struct bf_gsm8k *gsm8k);

/* The number behind the first "####" of a text (strict), or its last number; without commas, currency signs and a full stop at its end. free();
 * NULL when there is none. */
char *bf_gsm8k_number(const char *text, bool strict);
/* "18", "18.00" and "1,800" / "1800" are the same. */
bool bf_gsm8k_same(const char *a, const char *b);

#endif
