/* Does the model know the domain? The paper's results were weak where the model knew little, so users must be warned.
 */
#ifndef BF_SYNTH_KNOWLEDGE_H
#define BF_SYNTH_KNOWLEDGE_H
#include <stdint.h>

#include "synth/synth.h"

/* Running mean and variance (Welford). */
struct bf_moments {
    int64_t n;
    double mean, m2;
};
void bf_moments_add(struct bf_moments *m, double x);     /* ignores NaN */
double bf_moments_deviation(const struct bf_moments *m); /* sample standard deviation; 0 below two */

/* Mean cosine between texts of the same group (a point), averaged over the groups with two or more: a model that knows
 * about something says the same each time; a model that invents does not. Adding costs O(n_dims). */
struct bf_agreement {
    int32_t n_dims, n_groups;
    double *sums;    /* [n_groups, n_dims] */
    double *squares; /* [n_groups] sum of squared lengths */
    int64_t *counts; /* [n_groups] */
};
void bf_agreement_add(struct bf_agreement *a, int32_t group, const float *unit_vector, int32_t n_dims); /* group >= 0 */
double bf_agreement_mean(const struct bf_agreement *a); /* NaN when no group has two texts */
void bf_agreement_release(struct bf_agreement *a);

struct bf_knowledge_sums {
    struct bf_moments min_k_domain, min_k_control, similarity_domain, similarity_control;
    struct bf_agreement agreement_domain, agreement_control;
    int64_t n_questions, n_verified, control_questions, control_verified; /* as in struct bf_knowledge_check */
};
/* P(at least `a_hits` of the a questions are among the hits), when the a_hits + b_hits hits lie at random among the a +
 * b questions: Fisher's exact test, one-sided. 1 when either side is empty. O(a). */
double bf_fisher_greater(int64_t a_hits, int64_t a, int64_t b_hits, int64_t b);

/* With questions the verdict depends on how many the model answers as its text does: the share of the domain, beside
 * that of the invented topic, where a model agrees with its own inventions. Otherwise it depends on agreement, since
 * Min-K% probability alone is not enough: a model writes fluent inventions with as much confidence as facts
 * (docs/knowledge.md). With x = (domain - control) / (1 - control) of either: below 0.15 little, below 0.5 some, else
 * good; with questions also little when chance explains the difference (p > 0.10). Unknown with fewer than 8 texts on
 * either side, or fewer than 4 questions about the invented topic. With fewer than 8 questions about 8 texts or more:
 * little when none was answered as its text does, else unknown. */
void bf_knowledge_judge(const struct bf_knowledge_sums *sums, struct bf_knowledge_check *out);

#endif
