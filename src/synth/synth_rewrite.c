/* An instance request: every original is kept, and rewritten with each template at each temperature. By default the
 * original varies fastest: a pass applies one template and temperature to all originals, so that any prefix is
 * balanced. The stop rule only decides at the end of a pass, when all originals have had equally many variants.
 * Self-questioning appends to the list (questions.h): originals that are questions are asked as they are, about
 * sentences questions are written. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "synth/edit_distance.h"
#include "synth/facts.h"
#include "synth/filter.h"
#include "base/floats.h"
#include "synth/qa_pair.h"
#include "synth/questions.h"
#include "base/similar.h"
#include "synth/stop_rule.h"
#include "synth/talk.h"
#include "synth/work.h"
#include "base/banned.h"

enum { QA_BYTES_MAX = 1 << 20 };

struct rewrite {
    int64_t n, n_total; /* originals; the most variants */
    int32_t n_embd, n_templates, n_combinations;
    int32_t *plain, *pair; /* [n_templates] of the set, for sentences and for questions with answers */
    bool converged;        /* the stop rule has decided; takes effect at the end of the pass */
    struct bf_stop_rule stop_rule;
    struct bf_questions questions;
    struct bf_knowledge_sums knowledge; /* only its numbers of questions */
    float *original, *variant;          /* [n_embd] unit vectors */
    uint16_t *original_half, *variant_half;
    struct bf_buf original_text; /* of the current number */
    struct bf_buf original_question, original_answer;
    bool is_qa;
    struct bf_buf question, answer;
};

struct place {
    int64_t original;
    int32_t combination, template_index;
    double temperature;
};

static struct rewrite *rewrite_of(struct bf_work *w)
{
    return w->own;
}

/* Within the combinations the template varies fastest: passes differ in the prompt before they differ in temperature.
 */
static void place_of(struct bf_work *w, int64_t number, bool is_qa, struct place *out)
{
    struct rewrite *r = rewrite_of(w);
    const bool by_original = w->request->order == BF_ORDER_POINT;
    out->original = by_original ? number / r->n_combinations : number % r->n;
    out->combination = (int32_t)(by_original ? number % r->n_combinations : number / r->n);
    const int32_t t = out->combination % r->n_templates;
    out->template_index = is_qa ? r->pair[t] : r->plain[t];
    out->temperature =
        w->request->temperatures.values[(size_t)(out->combination / r->n_templates) % w->request->temperatures.n];
}

static void list_templates(struct bf_work *w)
{
    struct rewrite *r = rewrite_of(w);
    int32_t n_pair = 0;
    r->plain = bf_array(w->templates->n, sizeof *r->plain);
    r->pair = bf_array(w->templates->n, sizeof *r->pair);
    for (size_t i = 0; i < w->templates->n; i++) {
        if (w->templates->items[i].stage != BF_STAGE_REWRITE)
            continue;
        if (w->templates->items[i].is_qa)
            r->pair[n_pair++] = (int32_t)i;
        else
            r->plain[r->n_templates++] = (int32_t)i;
    }
}

static enum bf_status open_rewrite(struct bf_work *w)
{
    const struct bf_originals *originals = w->task.originals;
    enum bf_status status = bf_template_set_serves(w->templates, BF_KIND_INSTANCE, w->err);
    if (status != BF_OK)
        return status;
    if (!originals || originals->n < 1)
        return bf_fail(w->err, BF_INPUT, "there is nothing to rewrite: the request has no originals");
    struct rewrite *r = bf_alloc(sizeof *r);
    w->own = r;
    list_templates(w);
    bf_questions_init(&r->questions, w, NULL, &r->knowledge);
    r->n = originals->n;
    r->n_embd = bf_engine_info(w->embedder)->n_embd;
    r->n_combinations = r->n_templates * (int32_t)w->request->temperatures.n * w->request->samples_per_prompt;
    r->n_total = r->n * r->n_combinations;
    if (w->request->max_samples > 0 && w->request->max_samples < r->n_total)
        r->n_total = w->request->max_samples > r->n ? w->request->max_samples : r->n;
    const size_t n = (size_t)r->n_embd;
    r->original = bf_array(n, sizeof *r->original);
    r->variant = bf_array(n, sizeof *r->variant);
    r->original_half = bf_array(n, sizeof *r->original_half);
    r->variant_half = bf_array(n, sizeof *r->variant_half);
    bf_buf_init(&r->original_text, QA_BYTES_MAX);
    bf_buf_init(&r->original_question, QA_BYTES_MAX);
    bf_buf_init(&r->original_answer, QA_BYTES_MAX);
    bf_buf_init(&r->question, QA_BYTES_MAX);
    bf_buf_init(&r->answer, QA_BYTES_MAX);
    bf_stop_rule_init(&r->stop_rule, r->n_embd, w->request->diversity_batch, w->request->epsilon);
    w->progress.planned[BF_STAGE_ORIGINAL] = r->n;
    w->progress.planned[BF_STAGE_REWRITE] = r->n_total;
    return BF_OK;
}

static void close_rewrite(struct bf_work *w)
{
    struct rewrite *r = rewrite_of(w);
    free(r->plain);
    free(r->pair);
    free(r->original);
    free(r->variant);
    free(r->original_half);
    free(r->variant_half);
    bf_buf_release(&r->original_text);
    bf_buf_release(&r->original_question);
    bf_buf_release(&r->original_answer);
    bf_buf_release(&r->question);
    bf_buf_release(&r->answer);
    bf_stop_rule_release(&r->stop_rule);
    bf_questions_release(&r->questions);
    free(r);
}

/* Add a decided sample, new or replayed, to the counts and the diversity. `vector` is its embedding or NULL. */
static bool account(struct bf_work *w, struct bf_sample *sample, const float *vector, struct bf_stop_check *checkpoint)
{
    struct rewrite *r = rewrite_of(w);
    bf_work_count(w, sample);
    if (sample->stage == BF_STAGE_ORIGINAL)
        bf_questions_original(&r->questions, sample, r->n);
    else
        bf_questions_rewriting(&r->questions, sample);
    if (sample->reason != BF_REASON_NONE || !vector)
        return false;
    const bool checked = bf_stop_rule_add(&r->stop_rule, vector, checkpoint);
    sample->diversity = bf_stop_rule_diversity(&r->stop_rule);
    if (!isnan(sample->diversity))
        w->progress.diversity = sample->diversity;
    if (checked) {
        w->progress.gain = checkpoint->gain;
        r->converged = r->converged || checkpoint->stop;
    }
    return checked;
}

static enum bf_status replayed(struct bf_work *w, struct bf_sample *sample, const struct bf_point *points,
                               size_t n_points)
{
    struct rewrite *r = rewrite_of(w);
    struct bf_stop_check checkpoint;
    (void)points;
    (void)n_points;
    if (sample->stage >= BF_STAGE_QUESTIONS) {
        bf_work_count(w, sample);
        return bf_questions_replayed(&r->questions, sample);
    }
    const bool embedded = sample->embedding && sample->n_embd == r->n_embd;
    for (int32_t i = 0; embedded && i < r->n_embd; i++)
        r->variant[i] = bf_half_to_float(sample->embedding[i]);
    account(w, sample, embedded ? r->variant : NULL, &checkpoint);
    return BF_OK;
}

/* After `done` variants: may the stop rule end it here? */
static void see_end(struct bf_work *w, int64_t done)
{
    struct rewrite *r = rewrite_of(w);
    const bool whole = w->request->order == BF_ORDER_POINT || done % r->n == 0;
    if (w->progress.stop == BF_STOP_NOT_YET && r->converged && whole && done > 0 && done < r->n_total) {
        w->progress.stop = BF_STOP_CONVERGED;
        bf_ordered_skip(&w->list, r->n_total);
    } else if (w->progress.stop == BF_STOP_NOT_YET && done >= r->n_total) {
        w->progress.stop = BF_STOP_EXHAUSTED;
    }
}

/* Everything before `next` is committed: the end of the list is open while questions may be added. */
static void settle_end(struct bf_work *w, int64_t next)
{
    struct rewrite *r = rewrite_of(w);
    w->list.end = r->n_total + (int64_t)r->questions.n;
    w->list.final = !r->questions.on || next >= w->list.end;
    bf_questions_plan(&r->questions);
}

static enum bf_status begin(struct bf_work *w)
{
    struct rewrite *r = rewrite_of(w);
    const int64_t done = w->progress.committed[BF_STAGE_REWRITE];
    w->list.end = r->n_total;
    bf_ordered_skip(&w->list, done);
    see_end(w, done);
    if (r->questions.n_done > 0)
        bf_ordered_skip(&w->list, r->n_total + (int64_t)r->questions.n_done);
    settle_end(w, w->list.next_commit);
    return BF_OK;
}

/* ---- prompts ---- */

static enum bf_status load_original(struct bf_work *w, int64_t index)
{
    struct rewrite *r = rewrite_of(w);
    struct bf_original original = {0};
    enum bf_status status = w->task.originals->get(w->task.originals->user, index, &original, w->err);
    if (status != BF_OK)
        return status;
    r->is_qa = original.question && original.answer;
    bf_buf_clear(&r->original_text);
    bf_buf_clear(&r->original_question);
    bf_buf_clear(&r->original_answer);
    bf_buf_puts(&r->original_text, original.text);
    if (r->is_qa) {
        bf_buf_puts(&r->original_question, original.question);
        bf_buf_puts(&r->original_answer, original.answer);
    }
    return BF_OK;
}

static enum bf_status ask(struct bf_work *w, int64_t number, struct bf_gen_request *q)
{
    struct rewrite *r = rewrite_of(w);
    struct place place;
    if (number >= r->n_total) {
        bf_question_ask(&r->questions, number - r->n_total, q);
        return BF_OK;
    }
    place_of(w, number, false, &place);
    enum bf_status status = load_original(w, place.original);
    if (status != BF_OK)
        return status;
    place_of(w, number, r->is_qa, &place);
    const struct bf_fill fill = {
        .topic = w->request->topic,
        .sentence = r->original_text.data,
        .question = r->original_question.data,
        .answer = r->original_answer.data,
    };
    bf_template_fill(&w->prompt, w->templates->items[place.template_index].text, &fill);
    q->prompt = w->prompt.data;
    q->max_tokens = w->request->max_new_tokens;
    q->temperature = place.temperature;
    q->seed = bf_mix(bf_mix(w->request->seed, BF_STAGE_REWRITE + 1), (uint64_t)number);
    return BF_OK;
}

/* ---- judging ---- */

static enum bf_status embed(struct bf_work *w, const char *text, float *vector, uint16_t *half)
{
    const double start = bf_seconds();
    enum bf_status status = bf_synth_embed(w->embedder, text, vector, half, w->err);
    w->progress.embed_seconds += bf_seconds() - start;
    return status;
}

/* The texts that a variant is compared with: the original and its kept variants so far. */
struct siblings {
    struct rewrite *rewrite;
    struct bf_similar *similar;
};

static void see_sibling(void *to, const struct bf_sample *sample)
{
    struct siblings *s = to;
    struct rewrite *r = s->rewrite;
    struct bf_signature signature;
    bf_signature_of_text(&signature, sample->text);
    bf_similar_add(s->similar, &signature);
    if (sample->stage == BF_STAGE_ORIGINAL && sample->embedding && sample->n_embd == r->n_embd)
        for (int32_t i = 0; i < r->n_embd; i++)
            r->original[i] = bf_half_to_float(sample->embedding[i]);
}

/* Set the variant's text from the answer: without the model's announcement, and as a pair when the original is one. */
static enum bf_reason read_variant(struct bf_work *w, const struct bf_waiting *answer, struct bf_sample *sample)
{
    struct rewrite *r = rewrite_of(w);
    bf_work_set_text(w, answer, sample);
    bf_buf_clear(&r->question);
    bf_buf_clear(&r->answer);
    if (bf_filter_only_thoughts(sample->text, sample->raw))
        return BF_REASON_THOUGHTS;
    if (!r->is_qa) {
        bf_rewrite_clean(&r->answer, sample->text, strlen(sample->text));
        bf_buf_clear(&w->text);
        bf_buf_puts(&w->text, r->answer.data);
        sample->text = w->text.data;
    } else if (bf_parse_qa_pair(sample->text, &r->question, &r->answer, NULL)) {
        bf_buf_clear(&w->text);
        bf_buf_printf(&w->text, "Question: %s\nAnswer: %s", r->question.data, r->answer.data);
        sample->text = w->text.data;
        sample->question = r->question.data;
        sample->answer = r->answer.data;
    } else {
        return BF_REASON_NOT_QA;
    }
    sample->raw = strcmp(w->raw.data, w->text.data) == 0 ? NULL : w->raw.data;
    return BF_REASON_NONE;
}

static enum bf_reason check_facts(const struct bf_work *w, const struct rewrite *r, const struct bf_sample *sample)
{
    struct bf_facts_loss loss;
    if (!w->request->keep_facts)
        return BF_REASON_NONE;
    const struct bf_facts_pair before = {r->original_question.data, r->original_answer.data};
    const struct bf_facts_pair after = {sample->question, sample->answer};
    const bool kept = r->is_qa ? bf_facts_preserved_pair(&before, &after, NULL, &loss)
                               : bf_facts_preserved(r->original_text.data, sample->text, NULL, &loss);
    return kept ? BF_REASON_NONE : loss.invented ? BF_REASON_NEW_FACT : BF_REASON_LOST_FACT;
}

/* The instruction without the original: an answer that repeats the original does not echo the prompt. */
static enum bf_reason check_text(struct bf_work *w, const struct bf_sample *sample)
{
    struct bf_words words;
    const struct bf_fill nothing = {.topic = w->request->topic};
    bf_buf_clear(&w->prompt);
    bf_template_fill(&w->prompt, w->templates->items[sample->template_index].text, &nothing);
    bf_words_of(&words, sample->text, strlen(sample->text));
    enum bf_reason reason = bf_filter_text(w->request, sample->text, &words, w->prompt.data);
    bf_words_release(&words);
    return reason;
}

static enum bf_status judge(struct bf_work *w, struct bf_sample *sample, enum bf_reason reason,
                            const struct bf_similar *similar)
{
    struct rewrite *r = rewrite_of(w);
    struct bf_signature signature;
    bf_signature_of_text(&signature, sample->text);
    if (reason == BF_REASON_NONE)
        reason = check_text(w, sample);
    if (reason == BF_REASON_NONE && bf_similar_has_exact(similar, &signature))
        reason = BF_REASON_DUPLICATE;
    if (reason == BF_REASON_NONE && bf_similar_has_near(similar, &signature, w->request->near_duplicate))
        reason = BF_REASON_NEAR_DUPLICATE;
    if (reason == BF_REASON_NONE)
        reason = check_facts(w, r, sample);
    if (reason == BF_REASON_NONE) {
        enum bf_status status = embed(w, sample->text, r->variant, r->variant_half);
        if (status != BF_OK)
            return status;
        const double similarity = bf_dot(r->variant, r->original, (size_t)r->n_embd);
        sample->embedding = r->variant_half;
        sample->n_embd = r->n_embd;
        sample->domain_similarity = similarity;
        if (w->request->min_similarity > 0.0 && similarity < w->request->min_similarity)
            reason = BF_REASON_MEANING;
        else
            reason = bf_work_guard(w, r->variant, r->n_embd, similarity, similarity);
    }
    sample->edit_distance = bf_edit_distance_text(r->original_text.data, sample->text);
    sample->reason = reason;
    sample->text_hash = reason == BF_REASON_NONE ? signature.exact : 0;
    return BF_OK;
}

/* ---- committing ---- */

/* Commit the original itself, unfiltered, since the user wrote it. */
static enum bf_status original_sample(struct bf_work *w, int64_t index, struct bf_sample *sample)
{
    struct rewrite *r = rewrite_of(w);
    struct bf_signature signature;
    *sample = bf_work_sample(BF_STAGE_ORIGINAL, index, NULL);
    sample->instance = index;
    sample->text = r->original_text.data;
    if (r->is_qa) {
        sample->question = r->original_question.data;
        sample->answer = r->original_answer.data;
    }
    enum bf_status status = embed(w, sample->text, r->original, r->original_half);
    if (status != BF_OK)
        return status;
    sample->embedding = r->original_half;
    sample->n_embd = r->n_embd;
    bf_signature_of_text(&signature, sample->text);
    sample->text_hash = signature.exact;
    return BF_OK;
}

static enum bf_status commit(struct bf_work *w, int64_t number, const struct bf_waiting *answer)
{
    struct rewrite *r = rewrite_of(w);
    struct bf_commit_item items[2] = {{.checked = false}};
    size_t n_items = 0;
    struct place place;
    enum bf_status status;
    if (number >= r->n_total) {
        status = bf_question_commit(&r->questions, number, answer);
        settle_end(w, number + 1);
        return status;
    }
    place_of(w, number, false, &place);
    status = load_original(w, place.original);
    if (status != BF_OK)
        return status;
    place_of(w, number, r->is_qa, &place);
    struct siblings siblings = {r, bf_similar_new()};
    if (place.combination == 0) {
        struct bf_commit_item *first = &items[n_items++];
        status = original_sample(w, place.original, &first->sample);
        if (status == BF_OK) {
            first->checked = account(w, &first->sample, r->original, &first->checkpoint);
            see_sibling(&siblings, &first->sample);
        }
    } else {
        status = w->task.originals->kept(w->task.originals->user, place.original, &siblings, see_sibling, w->err);
    }
    if (status == BF_OK) {
        struct bf_commit_item *variant = &items[n_items++];
        struct bf_sample *sample = &variant->sample;
        *sample = bf_work_sample(BF_STAGE_REWRITE, number, answer);
        sample->instance = place.original;
        sample->template_index = place.template_index;
        sample->temperature = place.temperature;
        sample->seed = bf_mix(bf_mix(w->request->seed, BF_STAGE_REWRITE + 1), (uint64_t)number);
        status = judge(w, sample, read_variant(w, answer, sample), siblings.similar);
        if (status == BF_OK)
            variant->checked = account(w, sample, sample->embedding ? r->variant : NULL, &variant->checkpoint);
    }
    bf_similar_free(siblings.similar);
    if (status != BF_OK)
        return status;
    const struct bf_commit all = {.number = number, .items = items, .n_items = n_items};
    status = bf_work_hand_over(w, &all);
    if (status != BF_OK)
        return status;
    see_end(w, number + 1);
    settle_end(w, w->list.next_commit > number ? w->list.next_commit : number + 1);
    return BF_OK;
}

static void summarise(struct bf_work *w)
{
    const struct bf_knowledge_sums *sums = &rewrite_of(w)->knowledge;
    w->progress.knowledge.n_questions = sums->n_questions;
    w->progress.knowledge.n_verified = sums->n_verified;
}

const struct bf_work_ops bf_rewrite_ops = {
    .open = open_rewrite,
    .replayed = replayed,
    .begin = begin,
    .ask = ask,
    .commit = commit,
    .summarise = summarise,
    .close = close_rewrite,
};
