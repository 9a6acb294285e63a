/* BLEU-4 of texts against all others of their set. */
#ifndef BF_QUALITY_SELF_BLEU_H
#define BF_QUALITY_SELF_BLEU_H
#include <stddef.h>

#include "base/words.h"

/* scores[i] = BLEU of texts[hypotheses[i]], i < n_hypotheses, against the n - 1 other texts. n >= 2. */
void bf_self_bleu(const struct bf_words *texts, size_t n, const size_t *hypotheses, size_t n_hypotheses,
                  double *scores);

#endif
