#include "synth/knowledge.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

#include "base/banned.h"

enum { ENOUGH = 8 };
static const double share_some = 0.15, share_good = 0.5;

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

void bf_agreement_add(struct bf_agreement *a, int32_t group, const float *vector, int32_t n_dims)
{
    a->n_dims = n_dims;
    while (a->n_groups <= group) {
        size_t n = (size_t)a->n_groups + 1;
        a->sums = bf_grow(a->sums, n, (size_t)n_dims * sizeof *a->sums);
        a->squares = bf_grow(a->squares, n, sizeof *a->squares);
        a->counts = bf_grow(a->counts, n, sizeof *a->counts);
        for (int32_t d = 0; d < n_dims; d++)
            a->sums[(size_t)a->n_groups * (size_t)n_dims + (size_t)d] = 0.0;
        a->squares[a->n_groups] = 0.0;
        a->counts[a->n_groups] = 0;
        a->n_groups++;
    }
    double *sum = a->sums + (size_t)group * (size_t)n_dims;
    for (int32_t d = 0; d < n_dims; d++) {
        double x = (double)vector[d];
        sum[d] += x;
        a->squares[group] += x * x;
    }
    a->counts[group]++;
}

double bf_agreement_mean(const struct bf_agreement *a)
{
    double total = 0.0;
    int32_t n_groups = 0;
    for (int32_t g = 0; g < a->n_groups; g++) {
        if (a->counts[g] < 2)
            continue;
        const double *sum = a->sums + (size_t)g * (size_t)a->n_dims;
        double square = 0.0;
        for (int32_t d = 0; d < a->n_dims; d++)
            square += sum[d] * sum[d];
        double n = (double)a->counts[g];
        total += (square - a->squares[g]) / (n * (n - 1.0));
        n_groups++;
    }
    return n_groups > 0 ? total / n_groups : (double)NAN;
}

void bf_agreement_release(struct bf_agreement *a)
{
    free(a->sums);
    free(a->squares);
    free(a->counts);
    *a = (struct bf_agreement){0};
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
        .agreement_domain = bf_agreement_mean(&s->agreement_domain),
        .agreement_control = bf_agreement_mean(&s->agreement_control),
    };
    if (a->n < 2 || b->n < 2)
        return;
    double pooled = sqrt((a->m2 + b->m2) / (double)(a->n + b->n - 2));
    out->min_k_effect = pooled > 0.0 ? (a->mean - b->mean) / pooled : 0.0;
    double room = 1.0 - out->agreement_control;
    if (a->n < ENOUGH || b->n < ENOUGH || isnan(out->agreement_domain) || !(room > 0.0))
        return;
    double share = (out->agreement_domain - out->agreement_control) / room;
    out->verdict = share < share_some   ? BF_KNOWLEDGE_LITTLE
                   : share < share_good ? BF_KNOWLEDGE_SOME
                                        : BF_KNOWLEDGE_GOOD;
}
