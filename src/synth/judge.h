/* The decision whether a sample is kept or rejected, and the memory of earlier samples that it is based on. Everything
 * here depends only on the samples committed before, in index order. */
#ifndef BF_SYNTH_JUDGE_H
#define BF_SYNTH_JUDGE_H
#include "synth/knowledge.h"
#include "synth/plan.h"
#include "base/similar.h"
#include "synth/stop_rule.h"
#include "synth/work.h"

struct bf_judge {
    const struct bf_work *work; /* for its guards; set it before init */
    const struct bf_request *request;
    const struct bf_plan *plan;
    struct bf_engine *embedder;
    int32_t n_embd;
    struct bf_similar *similar;
    struct bf_stop_rule stop_rule; /* kept Stage I samples; its sum is the domain's centroid */
    struct bf_moments centroid_similarity;
    struct bf_knowledge_sums knowledge;
    double *tau_values; /* [n_tau_values] Min-K% probabilities of questions about the invented topic, for --tau auto */
    size_t n_tau_values;
    double tau;                   /* decided before the first question about the domain; NaN = not yet */
    float *topic, *control_topic; /* [n_embd] unit vectors */
    float *vector;                /* [n_embd] of the current sample */
    uint16_t *half;               /* [n_embd] */
    double embed_seconds, filter_seconds;
};

/* Embeds the topic's name; fails with the embedder's error. */
BF_MUST_CHECK enum bf_status bf_judge_init(struct bf_judge *judge, const struct bf_plan *plan,
                                           struct bf_engine *embedder, struct bf_err *err);
void bf_judge_release(struct bf_judge *judge);

/* Decide on a new sample: sets its reason, domain_similarity and embedding, which points into the judge and is valid
 * until the next call. The caller has set text, stage, point and numbers. */
BF_MUST_CHECK enum bf_status bf_judge_decide(struct bf_judge *judge, const char *prompt, struct bf_sample *sample,
                                             struct bf_err *err);
/* Add a decided sample, new or replayed, to the memory: sets sample->diversity. Returns true and sets *checkpoint when
 * it triggered a check of the stop rule. */
bool bf_judge_account(struct bf_judge *judge, struct bf_sample *sample, struct bf_stop_check *checkpoint);

#endif
