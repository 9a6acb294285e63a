#include "synth/judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "synth/filter.h"
#include "base/floats.h"
#include "base/banned.h"

enum {
    DRIFT_AFTER = 32,    /* kept Stage I samples before the drift filter works */
    CENTROID_AFTER = 8,  /* kept Stage I samples before its statistics begin */
    KNOWLEDGE_TOKENS = 8 /* Min-K% probability needs at least so many tokens */
};

static enum bf_status embed(struct bf_judge *j, const char *text, float *out, uint16_t *half, struct bf_err *err)
{
    double start = bf_seconds();
    enum bf_status status = bf_synth_embed(j->embedder, text, out, half, err);
    j->embed_seconds += bf_seconds() - start;
    return status;
}

enum bf_status bf_judge_init(struct bf_judge *j, const struct bf_plan *plan, struct bf_engine *embedder,
                             struct bf_err *err)
{
    int32_t n_embd = bf_engine_info(embedder)->n_embd;
    size_t n = (size_t)n_embd;
    *j = (struct bf_judge){
        .work = j->work,
        .request = plan->request,
        .plan = plan,
        .embedder = embedder,
        .n_embd = n_embd,
        .similar = bf_similar_new(),
        .topic = bf_array(n, sizeof(float)),
        .control_topic = bf_array(n, sizeof(float)),
        .vector = bf_array(n, sizeof(float)),
        .half = bf_array(n, sizeof(uint16_t)),
        .tau = plan->request->tau,
    };
    bf_stop_rule_init(&j->stop_rule, n_embd, plan->request->diversity_batch, plan->request->epsilon);
    enum bf_status status = embed(j, plan->request->topic, j->topic, NULL, err);
    if (status == BF_OK)
        status = embed(j, plan->control_topic, j->control_topic, NULL, err);
    return status;
}

void bf_judge_release(struct bf_judge *j)
{
    bf_similar_free(j->similar);
    bf_stop_rule_release(&j->stop_rule);
    bf_agreement_release(&j->knowledge.agreement_domain);
    bf_agreement_release(&j->knowledge.agreement_control);
    free(j->tau_values);
    free(j->topic);
    free(j->control_topic);
    free(j->vector);
    free(j->half);
    *j = (struct bf_judge){0};
}

/* Cosine to the centroid of the kept Stage I samples; NaN when there is none yet. */
static double to_centroid(const struct bf_judge *j, const float *vector)
{
    const double *sum = j->stop_rule.sum;
    double square = 0.0;
    double product = 0.0;
    for (int32_t i = 0; i < j->n_embd; i++) {
        square += sum[i] * sum[i];
        product += sum[i] * (double)vector[i];
    }
    return square > 0.0 ? product / sqrt(square) : (double)NAN;
}

static bool drifted(const struct bf_judge *j, const float *vector)
{
    double sigma = j->request->drift_sigma;
    if (sigma <= 0.0 || j->stop_rule.n < DRIFT_AFTER)
        return false;
    double similarity = to_centroid(j, vector);
    const struct bf_moments *m = &j->centroid_similarity;
    return similarity < m->mean - sigma * bf_moments_deviation(m);
}

static enum bf_reason known_before(struct bf_judge *j, const struct bf_sample *sample, const struct bf_words *words)
{
    struct bf_signature signature;
    bf_signature_of(&signature, words, sample->text, strlen(sample->text));
    if (bf_similar_has_exact(j->similar, &signature))
        return BF_REASON_DUPLICATE;
    if (bf_similar_has_near(j->similar, &signature, j->request->near_duplicate))
        return BF_REASON_NEAR_DUPLICATE;
    return BF_REASON_NONE;
}

static double min_k_of(const struct bf_judge *j, const struct bf_sample *sample)
{
    return j->request->mi_model_distribution ? sample->min_k_model : sample->min_k_sampling;
}

static bool below_tau(struct bf_judge *j, const struct bf_sample *sample)
{
    if (isnan(j->tau))
        j->tau = bf_tau_of_control(j->tau_values, j->n_tau_values);
    return !(min_k_of(j, sample) >= j->tau);
}

enum bf_status bf_judge_decide(struct bf_judge *j, const char *prompt, struct bf_sample *sample, struct bf_err *err)
{
    double start = bf_seconds();
    bool control = sample->stage == BF_STAGE_CONTROL;
    sample->embedding = NULL;
    sample->n_embd = 0;
    sample->domain_similarity = (double)NAN;
    sample->diversity = (double)NAN;
    struct bf_words words;
    bf_words_of(&words, sample->text, strlen(sample->text));
    enum bf_reason reason = control ? BF_REASON_NOT_A_SAMPLE
                            : bf_filter_only_thoughts(sample->text, sample->raw)
                                ? BF_REASON_THOUGHTS
                                : bf_filter_text(j->request, sample->text, &words, prompt);
    if (reason == BF_REASON_NONE && sample->stage == BF_STAGE_MI && below_tau(j, sample))
        reason = BF_REASON_LOW_MIN_K;
    if (reason == BF_REASON_NONE)
        reason = known_before(j, sample, &words);
    bool worth = reason == BF_REASON_NONE || (control && words.n > 0);
    bf_words_release(&words);
    j->filter_seconds += bf_seconds() - start;
    if (worth) {
        enum bf_status status = embed(j, sample->text, j->vector, j->half, err);
        if (status != BF_OK)
            return status;
        sample->embedding = j->half;
        sample->n_embd = j->n_embd;
        sample->domain_similarity = bf_dot(j->vector, control ? j->control_topic : j->topic, (size_t)j->n_embd);
        if (!control && drifted(j, j->vector))
            reason = BF_REASON_DRIFT;
        if (!control && reason == BF_REASON_NONE)
            reason = bf_work_guard(j->work, j->vector, j->n_embd, sample->domain_similarity,
                                   j->stop_rule.n >= CENTROID_AFTER ? to_centroid(j, j->vector) : (double)NAN);
    }
    sample->reason = reason;
    return BF_OK;
}

/* j->vector is that of the sample. The sample cannot name invented points, but the plan knows them. */
static void take_agreement(struct bf_judge *j, const struct bf_sample *sample)
{
    bool control = sample->stage == BF_STAGE_CONTROL;
    bool synthesis = sample->stage == BF_STAGE_SYNTHESIS && sample->reason == BF_REASON_NONE;
    if ((!control && !synthesis) || bf_plan_is_tau_question(j->plan, sample->stage, sample->index))
        return;
    struct bf_plan_item item;
    bf_plan_item(j->plan, sample->stage, sample->index, &item);
    if (item.point >= 0)
        bf_agreement_add(control ? &j->knowledge.agreement_control : &j->knowledge.agreement_domain, item.point,
                         j->vector, j->n_embd);
}

bool bf_judge_account(struct bf_judge *j, struct bf_sample *sample, struct bf_stop_check *checkpoint)
{
    bool synthesis = sample->stage == BF_STAGE_SYNTHESIS;
    bool control = sample->stage == BF_STAGE_CONTROL;
    if (bf_plan_is_tau_question(j->plan, sample->stage, sample->index)) {
        if (!isnan(min_k_of(j, sample))) {
            j->tau_values = bf_grow(j->tau_values, j->n_tau_values + 1, sizeof *j->tau_values);
            j->tau_values[j->n_tau_values++] = min_k_of(j, sample);
        }
    } else if ((synthesis || control) && sample->n_tokens >= KNOWLEDGE_TOKENS) {
        struct bf_knowledge_sums *k = &j->knowledge;
        bf_moments_add(synthesis ? &k->min_k_domain : &k->min_k_control, sample->min_k_model);
        bf_moments_add(synthesis ? &k->similarity_domain : &k->similarity_control, sample->domain_similarity);
    }
    if (sample->embedding && sample->n_embd == j->n_embd) {
        for (int32_t i = 0; i < j->n_embd; i++)
            j->vector[i] = bf_half_to_float(sample->embedding[i]);
        take_agreement(j, sample);
    }
    if (sample->reason != BF_REASON_NONE)
        return false;
    double start = bf_seconds();
    struct bf_signature signature;
    bf_signature_of_text(&signature, sample->text);
    bf_similar_add(j->similar, &signature);
    sample->text_hash = signature.exact;
    bool checked = false;
    if (synthesis && sample->embedding && sample->n_embd == j->n_embd) {
        if (j->stop_rule.n >= CENTROID_AFTER)
            bf_moments_add(&j->centroid_similarity, to_centroid(j, j->vector));
        checked = bf_stop_rule_add(&j->stop_rule, j->vector, checkpoint);
        sample->diversity = bf_stop_rule_diversity(&j->stop_rule);
    }
    j->filter_seconds += bf_seconds() - start;
    return checked;
}
