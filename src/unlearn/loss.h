/* The losses of unlearning as plain maths: from logits or states to a loss and its gradient. No model, no graph, no
 * file. Private to unlearn/.
 *
 * A loss over labels needs the logits twice, a piece of the rows at a time, so that the vocabulary never has to stand
 * in memory whole: bf_row_nll gives -log p of a label; with the sums of each sequence a loss says how much it changes
 * with each of them
 * (`weight`); bf_row_nll_gradient writes weight * (softmax - one-hot). A loss over distributions (KL, OBLIVIATE's mask)
 * or states (RMU) is done row by row.
 *
 * Formulas are those of open-unlearning (github.com/locuslab/open-unlearning, src/trainer, as of December 2025) where
 * it has the loss; each names its paper. p is the model that is trained, r the frozen reference. */
#ifndef BF_UNLEARN_LOSS_H
#define BF_UNLEARN_LOSS_H
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* ---- rows of logits ---- */

/* log sum exp of logits[n], in double. -inf when all are -inf; NaN when one is NaN or +inf. */
double bf_row_log_sum(const float *logits, size_t n);
/* -log p(label) of one row; +inf when the label cannot be. 0 <= label < n. */
double bf_row_nll(const float *logits, size_t n, int32_t label);
/* Overwrite logits[n] with weight * (softmax(logits) - onehot(label)). */
void bf_row_nll_gradient(float *logits, size_t n, int32_t label, double weight);
/* log(1 / (1 + e^-x)) and 1 / (1 + e^-x), exact in the tails. */
double bf_log_sigmoid(double x);
double bf_sigmoid(double x);

/* ---- losses over sequences ---- */

/* One batch: sums over the tokens that a loss is taken of (the answer's). */
struct bf_loss_batch {
    size_t n;                              /* sequences, >= 1 */
    const double *nll;                     /* [n] -log p of the sequence */
    const int64_t *n_tokens;               /* [n] tokens that nll is the sum over, >= 1 */
    const double *reference_nll;           /* [n] -log r; npo, dpo */
    const double *alternate_nll;           /* [n] of the alternate answers; dpo */
    const double *alternate_reference_nll; /* [n] */
};
struct bf_loss_knobs {
    double beta;  /* > 0: npo, simnpo, dpo */
    double delta; /* simnpo: nats a token */
};
/* *loss of the batch; weight[i] = d loss / d nll[i]; alternate_weight[i] = d loss / d alternate_nll[i] (dpo; else
 * NULL). BF_INPUT: no sequence, or one without a token to learn from (its number in the sentence). BF_MODEL: a nll that
 * is NaN, or whose loss is not finite. */
typedef enum bf_status bf_sequence_loss(const struct bf_loss_batch *batch, const struct bf_loss_knobs *knobs,
                                        double *loss, double *weight, double *alternate_weight, struct bf_err *err);
bf_sequence_loss bf_loss_nll; /* the mean over all tokens of the batch */
bf_sequence_loss bf_loss_ga;  /* its negative */
bf_sequence_loss bf_loss_npo;
bf_sequence_loss bf_loss_simnpo;
bf_sequence_loss bf_loss_dpo;
/* What every one of them checks first. */
BF_MUST_CHECK enum bf_status bf_loss_check(const struct bf_loss_batch *batch, struct bf_err *err);
/* BF_MODEL when the loss that came out is not finite. `name` is the loss's. */
BF_MUST_CHECK enum bf_status bf_loss_finite(double loss, const char *name, struct bf_err *err);

/* ---- losses over distributions and states, a row at a time ---- */

/* KL(r || p) of one row; logits[n] of p become scale * d KL / d logits = scale * (p - r). */
double bf_loss_kl_row(float *logits, const float *reference, size_t n, double scale);

/* OBLIVIATE's mask: KL(q || p), q = r without the target tokens, renormalised; logits[n] of p become scale * (p - q).
 * Targets are the label, and where `targets` is not NULL every token i with targets[i] != 0. NaN when no token is
 * left. */
double bf_loss_mask_row(float *logits, const float *reference, size_t n, int32_t label, const unsigned char *targets,
                        double scale);

/* RMU: the mean of (h - t)^2 over the n values of a state; h becomes scale * its gradient. */
double bf_loss_state_row(float *state, const float *target, size_t n, double scale);
/* RMU's direction: n uniform numbers of [0, 1) from the seed, scaled to the length `coefficient`. */
void bf_rmu_direction(float *out, size_t n, double coefficient, uint64_t seed);

#endif
