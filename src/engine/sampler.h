/* Choosing a token: temperature, then top-k, then top-p, as Hugging Face's generate applies them. The order is
 * part of the method (docs/method.md). Pure functions on one row of logits. */
#ifndef BF_ENGINE_SAMPLER_H
#define BF_ENGINE_SAMPLER_H
#include <stdbool.h>
#include <stdint.h>

#define BF_TOP_K_MAX 1024

struct bf_sampler {
    double temperature; /* > 0 */
    int32_t top_k;      /* 0 = off, else <= BF_TOP_K_MAX */
    double top_p;       /* (0, 1] */
};

struct bf_choice {
    int32_t token;
    float p_sampling; /* probability at the temperature, among the tokens that top-k and top-p leave */
    float logp_model; /* log-probability among all tokens at temperature 1 */
};

/* Draw a token from logits [n_vocab], with u uniform in [0, 1). Ties are ordered by token id, so that equal rows give
 * equal choices. scratch [n_vocab] is only used when top-k is off and the nucleus is very wide. false when a logit is
 * NaN or none is finite: the model is broken. O(n_vocab); O(n_vocab log n_vocab) with the scratch. */
struct bf_candidate {
    float logit;
    int32_t token;
};
bool bf_sample(const struct bf_sampler *sampler, const float *logits, int32_t n_vocab, double u,
               struct bf_candidate *scratch, struct bf_choice *out);

/* log(sum(exp(logits))), NaN when a logit is NaN, -inf when none is finite. */
double bf_log_sum_exp(const float *logits, int32_t n);
/* Mean and standard deviation of log p(token) over the distribution itself, whose bf_log_sum_exp is `lse` (finite). A
 * token of probability 0 counts for nothing. */
void bf_logp_spread(const float *logits, int32_t n, double lse, double *mean, double *deviation);

#endif
