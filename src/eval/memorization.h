/* What a model completes by itself, token by token, as open-unlearning measures it (src/evals/metrics/memorization.py). */
#ifndef BF_EVAL_MEMORIZATION_H
#define BF_EVAL_MEMORIZATION_H
#include <stdbool.h>
#include <stddef.h>

/* greedy[i]: the model's likeliest token behind the text so far is token i of the answer; [n], n >= 1. */

/* Share of answer tokens that are the likeliest (Tirumala et al., 2022). */
double bf_exact_memorization(const bool *greedy, size_t n);
/* 1 - k/n for the least k such that the model, given the first k tokens of the answer, completes all the rest (Carlini et al., 2021). As in
 * open-unlearning k is at most n - 1, so that an answer of which nothing is extracted scores 1/n, not 0. */
double bf_extraction_strength(const bool *greedy, size_t n);

#endif
