/* Membership inference from token log-probabilities, as MUSE's privleak does it (Shi et al., 2024): each score is small
 * for a text that the model was trained on. */
#ifndef BF_EVAL_MEMBERSHIP_H
#define BF_EVAL_MEMBERSHIP_H
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Min-K% probability (Shi et al., 2023): minus the mean of the floor(k_percent/100 n) smallest log-probabilities, at
 * least one. n >= 1. O(n log n). */
double bf_min_k_score(const float *logp, size_t n, double k_percent);

/* Min-K%++ (Zhang et al., arXiv 2404.02936; github.com/zjysteven/mink-plus-plus): the same over (log p - mean) /
 * deviation of each token, whose mean and deviation are those of log p over the vocabulary (engine.h). As in
 * open-unlearning, the variance is at least 1e-6 and the result is negated, so that it is small for members, too. */
double bf_min_k_plus_score(const float *logp, const float *mean, const float *deviation, size_t n, double k_percent);

/* Mean negative log-likelihood per token, in nats: the logarithm of the perplexity, which MUSE calls "PPL". n >= 1. */
double bf_mean_nll(const float *logp, size_t n);

/* Bytes of the text after compression by zlib at its default level (6), as Python's len(zlib.compress(text)). BF_INPUT
 * when memory is short. */
BF_MUST_CHECK enum bf_status bf_zlib_length(const char *text, size_t n_bytes, size_t *out, struct bf_err *err);

/* MUSE's PrivLeak in per cent, from the AUC of holdout against forget: 100 (auc - retrained) / retrained. Below 0 the
 * model is under-unlearned, above 0 over-unlearned. BF_INPUT unless 0 < retrained <= 1. */
BF_MUST_CHECK enum bf_status bf_privleak(double auc, double retrained, double *out, struct bf_err *err);

#endif
