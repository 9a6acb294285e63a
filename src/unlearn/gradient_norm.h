/* How hard each text would pull at the weights of a model: the norm of the gradient of its loss. Small for texts that
 * the model was trained on, so it is a membership attack (Wang et al., arXiv 2402.17012), as open-unlearning has it
 * (src/evals/metrics/mia/gradnorm.py). */
#ifndef BF_UNLEARN_GRADIENT_NORM_H
#define BF_UNLEARN_GRADIENT_NORM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum bf_norm { BF_NORM_1, BF_NORM_2, BF_NORM_MAX };

struct bf_gradient_norm_job {
    const char *model;  /* GGUF; weights that are not F32 are dequantised */
    char *const *texts; /* [n] without a chat template, after the model's BOS where it has one */
    size_t n;
    enum bf_norm norm;
    int32_t n_threads; /* 0 = all cores */
    void *user;
    /* After each text; false ends it with BF_INTERRUPTED. May be NULL. */
    bool (*progress)(void *user, size_t n_done, size_t n_all);
};

/* out[i]: the norm of the gradient of text i's mean negative log-likelihood a token, taken of each tensor of weights by
 * itself and averaged over the tensors (a tied output matrix is one tensor). One forward and backward pass in F32 for
 * each text; the same bits for any number of threads. BF_INPUT: a text without a token that has a probability, memory
 * (weights and gradients in F32, checked first). BF_MODEL: the model. BF_INTERRUPTED. */
BF_MUST_CHECK enum bf_status bf_gradient_norms(const struct bf_gradient_norm_job *job, double *out, struct bf_err *err);

#endif
