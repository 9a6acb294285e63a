/* The losses of unlearning as plain maths: from likelihoods, distributions or states to a loss and its gradient. No
 * model, no graph, no file. Private to unlearn/.
 *
 * To add a loss: one function in the loss_*.c of the type below that fits, and one row in the table of methods.c that
 * names it. step.c calls the function by its kind and does the rest: batches, weights, both passes, the reference.
 *
 * Formulas are those of open-unlearning (github.com/locuslab/open-unlearning, src/trainer, as of December 2025) where
 * it has the loss; each names its paper. p is the model that is trained, r the frozen reference, NLL -log p in nats. */
#ifndef BF_UNLEARN_LOSS_H
#define BF_UNLEARN_LOSS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* ---- what a loss is ---- */

struct bf_loss_knobs {
    double beta;                  /* > 0 */
    double delta;                 /* simnpo: nats a token */
    double importance;            /* satimp: >= 0 */
    bool per_token;               /* npo: of the log-ratio a token, not of the sequence's */
    const unsigned char *targets; /* [vocabulary] mask: != 0 for a token that is a target everywhere; NULL = none */
};

/* Of one token with this NLL (>= 0; +inf possible; NaN of a broken row, which has to give NaN): the loss, and *slope =
 * d loss / d NLL. The batch's loss is the mean over all of its tokens. */
typedef double bf_token_loss(double nll, const struct bf_loss_knobs *knobs, double *slope);

/* One batch of sequences: sums over the tokens that a loss is taken of (the answer's). */
struct bf_loss_batch {
    size_t n;                              /* sequences, >= 1 */
    const double *nll;                     /* [n] -log p of the sequence */
    const int64_t *n_tokens;               /* [n] tokens that nll is the sum over, >= 1 */
    const double *reference_nll;           /* [n] -log r; NULL unless the loss has `reference` */
    const double *alternate_nll;           /* [n] of the alternate answers; NULL unless the loss has `alternates` */
    const double *alternate_reference_nll; /* [n] with both */
};
/* *loss of the batch; weight[i] = d loss / d nll[i]; alternate_weight[i] = d loss / d alternate_nll[i] (NULL without
 * alternates). The batch has been checked. A result that is not finite is the caller's to refuse. */
typedef void bf_sequence_loss(const struct bf_loss_batch *batch, const struct bf_loss_knobs *knobs, double *loss,
                              double *weight, double *alternate_weight);

/* Of one row: logits[n] of p and reference[n] of r (NULL unless the loss has `reference`) at a place whose label is
 * `label`. Returns the loss, NaN when there is none; logits become scale * d loss / d logits. The batch's loss is the
 * mean over its rows. */
typedef double bf_row_loss(float *logits, const float *reference, size_t n, int32_t label,
                           const struct bf_loss_knobs *knobs, double scale);

/* Of one hidden state [n] and its target [n]. Returns the loss; the state becomes scale * d loss / d state. The batch's
 * loss is the mean over the tokens of a sequence, then over sequences. */
typedef double bf_state_loss(float *state, const float *target, size_t n, double scale);

struct bf_loss {
    const char *name; /* in errors; of a retain loss also the word in settings: "kl" */
    enum bf_loss_kind {
        BF_LOSS_TOKENS,    /* one pass */
        BF_LOSS_SEQUENCES, /* two passes: a row's gradient depends on the sums of its sequence */
        BF_LOSS_ROWS,      /* with `reference`, a frozen graph beside the trained one */
        BF_LOSS_STATES,    /* blocks after the method's layer are neither loaded nor computed */
    } kind;
    union {
        bf_token_loss *token;
        bf_sequence_loss *sequences;
        bf_row_loss *row;
        bf_state_loss *state;
    } of;
    bool reference; /* SEQUENCES, of a forget loss only: reference_nll. STATES: targets are r's states, else a random
                     * direction. ROWS: the reference's logits */
    bool scaled;    /* STATES with `reference`: targets are the random direction, as long as r's states */
    bool twins;     /* ROWS with `reference`, of a forget loss: r reads the same text with other names (twins.h) */
    bool names;     /* with `twins`: rows of the first token of a new name, too; its reference may be NULL (twins.h) */
    bf_row_loss *nameless; /* with `twins`: for texts without a name, with NULL as the reference. NULL: they are left
                            * out */
    bool alternates;       /* SEQUENCES of a forget loss: pairs with alternate answers beside the answers */
    bool fades;            /* its gradient may fade long before the text is forgotten: how much is left is reported */
    enum {
        BF_UNIT_NATS_A_TOKEN,
        BF_UNIT_OWN
    } unit; /* nats a token have a bound (--max-loss); the others are finite or not */
};

/* The retain losses of methods.c by their words: "nll", "kl", "state". NULL for "none" and any other word. */
const struct bf_loss *bf_retain_loss_find(const char *name);
const struct bf_loss *bf_retain_loss_at(size_t i); /* row i, from 0; NULL after the last */

/* ---- rows of logits ----
 * A loss of tokens or sequences needs the logits twice, a portion of the rows at a time, so that the logits of a whole
 * batch never have to be in memory: bf_row_nll gives -log p of a label, bf_row_nll_gradient writes weight * (softmax -
 * one-hot). */

/* log sum exp of logits[n], in double. -inf when all are -inf; NaN when one is NaN or +inf. */
double bf_row_log_sum(const float *logits, size_t n);
/* -log p(label) of one row; +inf when the label cannot be. 0 <= label < n. */
double bf_row_nll(const float *logits, size_t n, int32_t label);
/* Overwrite logits[n] with weight * (softmax(logits) - onehot(label)). */
void bf_row_nll_gradient(float *logits, size_t n, int32_t label, double weight);
/* log(1 / (1 + e^-x)) and 1 / (1 + e^-x), exact in the tails. */
double bf_log_sigmoid(double x);
double bf_sigmoid(double x);

/* ---- the losses: loss_likelihoods.c, loss_distributions.c, loss_states.c ---- */

bf_token_loss bf_loss_nll, bf_loss_ga, bf_loss_wga, bf_loss_satimp;
bf_sequence_loss bf_loss_npo, bf_loss_simnpo, bf_loss_dpo;
bf_row_loss bf_loss_kl, bf_loss_wga_twins, bf_loss_unlikelihood_twins, bf_loss_mask, bf_loss_undial, bf_loss_ceu,
    bf_loss_margin, bf_loss_npo_logits;
bf_state_loss bf_loss_state;

/* The weight of a constraint "loss <= limit" after a step with this loss: dual ascent, never below 0. */
double bf_dual_weight(double weight, double loss, double limit, double step);
/* RMU's direction: n uniform numbers of [0, 1) from the seed, scaled to the length `coefficient`. */
void bf_rmu_direction(float *out, size_t n, double coefficient, uint64_t seed);
/* Adaptive RMU's target: the direction [n] times the length of the reference's state [n]. */
void bf_rmu_scaled(float *out, const float *direction, const float *reference, size_t n);

/* What every batch of tokens or sequences is checked for. BF_INPUT: no sequence, or one without a token to learn from
 * (its number is in the sentence). BF_MODEL: a sum that is NaN. */
BF_MUST_CHECK enum bf_status bf_loss_check(const struct bf_loss_batch *batch, struct bf_err *err);
/* BF_MODEL when the loss that came out is not finite. `name` is the loss's. */
BF_MUST_CHECK enum bf_status bf_loss_finite(double loss, const char *name, struct bf_err *err);

#endif
