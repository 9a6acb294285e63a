/* Does the model know the domain? The paper found its results weak where the model knew little; a person must be
 * told. */
#ifndef BF_SYNTH_KNOWLEDGE_H
#define BF_SYNTH_KNOWLEDGE_H
#include <stdint.h>

#include "synth/synth.h"

/* Running mean and variance (Welford). */
struct bf_moments {
    int64_t n;
    double mean, m2;
};
void bf_moments_add(struct bf_moments *m, double x);     /* NaN is left out */
double bf_moments_deviation(const struct bf_moments *m); /* sample standard deviation; 0 below two */

/* Mean cosine between texts of the same group (a point), averaged over the groups with two or more: a model that knows
 * a thing tells the same of it each time, one that invents does not. Adding costs O(n_dims). */
struct bf_agreement {
    int32_t n_dims, n_groups;
    double *sums;    /* [n_groups, n_dims] */
    double *squares; /* [n_groups] sum of squared lengths */
    int64_t *counts; /* [n_groups] */
};
void bf_agreement_add(struct bf_agreement *a, int32_t group, const float *unit_vector, int32_t n_dims); /* group >= 0 */
double bf_agreement_mean(const struct bf_agreement *a); /* NaN while no group has two */
void bf_agreement_release(struct bf_agreement *a);

struct bf_knowledge_sums {
    struct bf_moments min_k_domain, min_k_control, similarity_domain, similarity_control;
    struct bf_agreement agreement_domain, agreement_control;
};
/* The verdict goes by agreement, since Min-K% prob alone does not tell: a model writes fluent inventions with as much
 * confidence as facts (measured on two models, docs/knowledge.md). Of the way from the control's agreement to 1, the
 * domain's covers: below 0.15 little, below 0.5 some, else good. Unknown with fewer than 8 texts on either side. */
void bf_knowledge_judge(const struct bf_knowledge_sums *sums, struct bf_knowledge_check *out);

#endif
