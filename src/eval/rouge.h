/* ROUGE-1 and ROUGE-L (Lin, 2004) with the tokens, the stemmer and the longest common subsequence of Google's rouge-score, which
 * MUSE (stemmer off) and TOFU and open-unlearning (stemmer on) call. */
#ifndef BF_EVAL_ROUGE_H
#define BF_EVAL_ROUGE_H
#include <stdbool.h>
#include <stddef.h>

struct bf_rouge {
    double precision, recall, f1;      /* 0..1; 0 when either text has no token */
};

enum { BF_ROUGE_TOKENS_MAX = 20000 };  /* tokens of a text that are read */

/* `target` is what was to be said, `prediction` what was. Any bytes; a token is a run of ASCII letters and digits, lower-cased, and
 * with `stemmer` stemmed when longer than three. Either out may be NULL. O(tokens of target x tokens of prediction). */
void bf_rouge_of(const char *target, const char *prediction, bool stemmer, struct bf_rouge *rouge_1,
                 struct bf_rouge *rouge_l);

#endif
