/* One sample's way from raw answer to kept or rejected, and the memory that later samples are judged by. Everything
 * here depends only on the samples committed before, in index order. */
#ifndef BF_SYNTH_JUDGE_H
#define BF_SYNTH_JUDGE_H
#include "synth/knowledge.h"
#include "synth/plan.h"
#include "base/similar.h"
#include "synth/stop_rule.h"
#include "synth/work.h"

struct bf_judge {
    const struct bf_work *work; /* for its guards; set before init */
    const struct bf_request *request;
    const struct bf_plan *plan;
    struct bf_engine *embedder;
    int32_t n_embd;
    struct bf_similar *similar;
    struct bf_stop_rule stop_rule; /* kept Stage I samples; its sum is the domain's centroid */
    struct bf_moments centroid_similarity;
    struct bf_knowledge_sums knowledge;
    float *topic, *control_topic; /* [n_embd] unit vectors */
    float *vector;                /* [n_embd] of the sample at hand */
    uint16_t *half;               /* [n_embd] */
    double embed_seconds, filter_seconds;
};

/* Embeds the topic's name; may fail with the embedder's error. */
BF_MUST_CHECK enum bf_status bf_judge_init(struct bf_judge *judge, const struct bf_plan *plan,
                                           struct bf_engine *embedder, struct bf_err *err);
void bf_judge_release(struct bf_judge *judge);

/* Decide on a fresh sample: fills reason, domain_similarity and embedding (which points into the judge until the next
 * call). text, stage, point, figures are set by the caller. */
BF_MUST_CHECK enum bf_status bf_judge_decide(struct bf_judge *judge, const char *prompt, struct bf_sample *sample,
                                             struct bf_err *err);
/* Take a decided sample (fresh or replayed) into the memory: sets sample->diversity, and *checkpoint when it triggered
 * a check of the stop rule (returns true). */
bool bf_judge_account(struct bf_judge *judge, struct bf_sample *sample, struct bf_checkpoint *checkpoint);

#endif
