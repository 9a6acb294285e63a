#include "synth/knowledge.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

#include "base/banned.h"

enum { ENOUGH = 8, ENOUGH_CONTROL_QUESTIONS = 4 };
static const double share_some = 0.15, share_good = 0.5, chance = 0.10;

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

/* log of n over k */
static double log_choose(int64_t n, int64_t k)
{
    return lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1);
}

double bf_fisher_greater(int64_t a_hits, int64_t a, int64_t b_hits, int64_t b)
{
    const int64_t hits = a_hits + b_hits;
    const int64_t most = hits < a ? hits : a;
    double p = 0.0;
    if (a == 0 || b == 0)
        return 1.0;
    for (int64_t x = a_hits; x <= most; x++)
        if (hits - x <= b)
            p += exp(log_choose(a, x) + log_choose(b, hits - x) - log_choose(a + b, hits));
    return p < 1.0 ? p : 1.0;
}

static enum bf_knowledge verdict_of(double share)
{
    return share < share_some ? BF_KNOWLEDGE_LITTLE : share < share_good ? BF_KNOWLEDGE_SOME : BF_KNOWLEDGE_GOOD;
}

bool bf_knowledge_by_questions(const struct bf_knowledge_check *k)
{
    return k->n_questions + k->control_questions > 0;
}

static enum bf_knowledge verdict_by_questions(const struct bf_knowledge_check *k)
{
    if (k->control_questions < ENOUGH_CONTROL_QUESTIONS)
        return BF_KNOWLEDGE_UNKNOWN;
    if (k->n_questions < ENOUGH) /* it was asked about its texts, and hardly a question could be answered at all */
        return k->n_verified == 0 && k->n_domain >= ENOUGH ? BF_KNOWLEDGE_LITTLE : BF_KNOWLEDGE_UNKNOWN;
    const double domain = (double)k->n_verified / (double)k->n_questions;
    const double control = (double)k->control_verified / (double)k->control_questions;
    if (bf_fisher_greater(k->n_verified, k->n_questions, k->control_verified, k->control_questions) > chance)
        return BF_KNOWLEDGE_LITTLE;
    return verdict_of((domain - control) / (1.0 - control));
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
        .n_questions = s->n_questions,
        .n_verified = s->n_verified,
        .control_questions = s->control_questions,
        .control_verified = s->control_verified,
    };
    if (bf_knowledge_by_questions(out))
        out->verdict = verdict_by_questions(out);
    if (a->n < 2 || b->n < 2)
        return;
    double pooled = sqrt((a->m2 + b->m2) / (double)(a->n + b->n - 2));
    out->min_k_effect = pooled > 0.0 ? (a->mean - b->mean) / pooled : 0.0;
    double room = 1.0 - out->agreement_control;
    if (bf_knowledge_by_questions(out) || a->n < ENOUGH || b->n < ENOUGH || isnan(out->agreement_domain) ||
        !(room > 0.0))
        return;
    out->verdict = verdict_of((out->agreement_domain - out->agreement_control) / room);
}
