/* TOFU's metrics (Maini et al., 2024) from mean negative log-likelihoods (nats per answer token), as its
 * aggregate_eval_stat.py computes them. */
#ifndef BF_EVAL_TRUTH_RATIO_H
#define BF_EVAL_TRUTH_RATIO_H
#include <stddef.h>

#include "base/err.h"

/* exp(mean(nll of perturbed answers) - nll of the paraphrased answer): the paraphrase's probability over the perturbed
 * answers', in geometric means. n_perturbed >= 1. The paper's truth ratio is its inverse. At most the largest finite
 * number. */
double bf_truth_ratio(double paraphrased, const double *perturbed, size_t n_perturbed);

/* The score of one question with truth ratio r, 0..1: on the forget set min(r, 1/r), which is best at r = 1; elsewhere
 * max(0, 1 - 1/r), which is best for large r. */
double bf_truth_ratio_forget(double r);
double bf_truth_ratio_utility(double r);

/* exp(-nll) of the answer over itself and all perturbed answers: the probability of TOFU's real authors and world
 * facts. */
double bf_probability_among(double answer, const double *perturbed, size_t n_perturbed);

/* Harmonic mean: 0 when a value is 0. BF_INPUT: no values, or one that is negative or not finite. */
BF_MUST_CHECK enum bf_status bf_harmonic_mean(const double *values, size_t n, double *out, struct bf_err *err);

#endif
