#include "synth/knowledge.h"

#include <math.h>

#include "base/banned.h"

enum { ENOUGH = 8 };
static const double effect_some = 0.2;         /* Cohen's "small" */
static const double effect_good = 0.6;         /* between his "medium" and "large" */

void bf_moments_add(struct bf_moments *m, double x)
{
    if (isnan(x))
        return;
    m->n++;
    double delta = x - m->mean;
    m->mean += delta / (double)m->n;
    m->m2 += delta * (x - m->mean);
}

double bf_moments_deviation(const struct bf_moments *m)
{
    return m->n > 1 ? sqrt(m->m2 / (double)(m->n - 1)) : 0.0;
}

void bf_knowledge_judge(const struct bf_knowledge_sums *s, struct bf_knowledge_check *out)
{
    const struct bf_moments *a = &s->min_k_domain;
    const struct bf_moments *b = &s->min_k_control;
    *out = (struct bf_knowledge_check){
        .verdict = BF_KNOWLEDGE_UNKNOWN,
        .n_domain = a->n,
        .n_control = b->n,
        .min_k_domain = a->mean,
        .min_k_control = b->mean,
        .similarity_domain = s->similarity_domain.mean,
        .similarity_control = s->similarity_control.mean,
    };
    if (a->n < 2 || b->n < 2)
        return;
    double pooled = sqrt((a->m2 + b->m2) / (double)(a->n + b->n - 2));
    out->min_k_effect = pooled > 0.0 ? (a->mean - b->mean) / pooled : 0.0;
    if (a->n < ENOUGH || b->n < ENOUGH)
        return;
    out->verdict = out->min_k_effect < effect_some   ? BF_KNOWLEDGE_LITTLE
                   : out->min_k_effect < effect_good ? BF_KNOWLEDGE_SOME
                                                     : BF_KNOWLEDGE_GOOD;
}
