/* TOFU's figures (Maini et al., 2024) from mean negative log-likelihoods per answer token, as its
 * aggregate_eval_stat.py computes them; where open-unlearning differs, its form stands beside. */
#ifndef BF_EVAL_TRUTH_RATIO_H
#define BF_EVAL_TRUTH_RATIO_H
#include <stddef.h>

#include "base/err.h"

/* exp(mean(nll of perturbed answers) - nll of the paraphrased answer): the paraphrase's probability over the perturbed
 * answers', in geometric means. n >= 1. The paper's truth ratio is its inverse. At most the largest finite number. */
double bf_truth_ratio(double paraphrased, const double *perturbed, size_t n_perturbed);

/* Of one question: on the forget set best when r is 1, min(r, 1/r); elsewhere best when large, max(0, 1 - 1/r). */
double bf_truth_ratio_forget(double r);
double bf_truth_ratio_utility(double r);

/* exp(-nll) of the answer over itself and all perturbed answers: the probability of TOFU's real authors and world
 * facts. */
double bf_probability_among(double answer, const double *perturbed, size_t n_perturbed);

/* Harmonic mean: 0 when a value is 0. BF_INPUT: none, or one that is negative or not finite. */
BF_MUST_CHECK enum bf_status bf_harmonic_mean(const double *values, size_t n, double *out, struct bf_err *err);

#endif
