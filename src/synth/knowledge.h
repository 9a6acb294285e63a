/* Does the model know the domain? The paper found its results weak where the model knew little; a person must be told. */
#ifndef BF_SYNTH_KNOWLEDGE_H
#define BF_SYNTH_KNOWLEDGE_H
#include <stdint.h>

#include "synth/synth.h"

/* Running mean and variance (Welford). */
struct bf_moments {
    int64_t n;
    double mean, m2;
};
void bf_moments_add(struct bf_moments *m, double x);           /* NaN is left out */
double bf_moments_deviation(const struct bf_moments *m);       /* sample standard deviation; 0 below two */

struct bf_knowledge_sums {
    struct bf_moments min_k_domain, min_k_control, similarity_domain, similarity_control;
};
/* The verdict: Cohen's d of Min-K% prob (the model's own distribution) between the domain's texts and those on an invented
 * topic; below 0.2 little, below 0.6 some, else good; unknown with fewer than 8 texts on either side. */
void bf_knowledge_judge(const struct bf_knowledge_sums *sums, struct bf_knowledge_check *out);

#endif
