/* A domain request from its first prompt to its last commit.
 *
 * Points come first, round by round, since each round is shown what is known. Then everything else is one list
 *
 *     [ Stage I ............ | MI ....... | jailbreak ... | control ]
 *       ^ next_commit   ^ next_issue
 *
 * from which the engine pulls; answers wait in a ring until those before them are committed. When the stop rule ends
 * Stage I, its open prompts are dropped and next_commit jumps to MI: the machine stays full across stages. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "synth/filter.h"
#include "synth/judge.h"
#include "synth/mink.h"
#include "base/banned.h"

enum { PROMPT_BYTES_MAX = 1 << 20, WINDOW_PER_SEQUENCE = 8, WINDOW_MIN = 64 };

/* An answer that waits for its turn. */
struct waiting {
    bool ready;
    char *text; /* raw */
    size_t text_len;
    int32_t n_tokens;
    enum bf_finish finish;
    double min_k_sampling, min_k_model, mean_logp;
};

struct domain_run {
    const struct bf_request *request;
    struct bf_engine *engine;
    const struct bf_sink *sink;
    struct bf_progress *progress;
    struct bf_err *err;
    struct bf_points points;
    struct bf_plan plan;
    struct bf_judge judge;
    struct bf_gen_stats before; /* of the generate calls that are over */
    double start;
    struct bf_buf prompt; /* of the item being issued or committed */
    /* the list after the points */
    int64_t base[BF_STAGE_COUNT + 1]; /* first number of a stage; [COUNT] = end */
    int64_t next_issue, next_commit;
    struct waiting *ring; /* [window]; number n waits at n % window */
    int64_t window;
    /* the points' answer */
    int32_t round;
    bool asked, last_round_was_empty;
};

static void waiting_clear(struct waiting *w)
{
    free(w->text);
    *w = (struct waiting){0};
}

static void waiting_fill(struct waiting *w, const struct bf_gen_answer *a, double k_percent)
{
    double sum = 0.0;
    for (int32_t i = 0; i < a->n_tokens; i++)
        sum += (double)a->logp_model[i];
    *w = (struct waiting){
        .ready = true,
        .text = bf_strndup(a->text, a->text_len),
        .text_len = a->text_len,
        .n_tokens = a->n_tokens,
        .finish = a->finish,
        .min_k_sampling = bf_mean_lowest(a->p_sampling, a->n_tokens, k_percent),
        .min_k_model = bf_mean_lowest_exp(a->logp_model, a->n_tokens, k_percent),
        .mean_logp = a->n_tokens > 0 ? sum / a->n_tokens : (double)NAN,
    };
}

static bool stopped(const struct domain_run *r)
{
    return r->progress->stop != BF_STOP_NOT_YET;
}

/* ---- progress ---- */

static void add_stats(struct bf_gen_stats *out, const struct bf_gen_stats *a, const struct bf_gen_stats *b)
{
    *out = *a;
    out->n_answers += b->n_answers;
    out->n_generated_tokens += b->n_generated_tokens;
    out->n_prompt_tokens += b->n_prompt_tokens;
    out->n_shared_tokens += b->n_shared_tokens;
    out->n_steps += b->n_steps;
    out->decode_seconds += b->decode_seconds;
    out->sample_seconds += b->sample_seconds;
    out->other_seconds += b->other_seconds;
    out->n_active = b->n_active;
}

static bool report(struct domain_run *r, const struct bf_gen_stats *current)
{
    struct bf_progress *p = r->progress;
    add_stats(&p->engine, &r->before, current);
    p->embed_seconds = r->judge.embed_seconds;
    p->filter_seconds = r->judge.filter_seconds;
    p->elapsed_seconds = bf_seconds() - r->start;
    return !r->sink->progress || r->sink->progress(r->sink->user, p);
}

static bool on_step(void *user, const struct bf_gen_stats *stats)
{
    return report(user, stats);
}

/* ---- committing ---- */

/* Count a decided sample, fresh or replayed. */
static bool account(struct domain_run *r, struct bf_sample *sample, struct bf_checkpoint *checkpoint)
{
    struct bf_progress *p = r->progress;
    p->stage = sample->stage;
    p->committed[sample->stage]++;
    if (sample->reason == BF_REASON_NONE)
        p->kept[sample->stage]++;
    else
        p->rejected[sample->reason]++;
    bool checked = bf_judge_account(&r->judge, sample, checkpoint);
    if (sample->stage == BF_STAGE_SYNTHESIS && !isnan(sample->diversity))
        p->diversity = sample->diversity;
    if (checked) {
        p->gain = checkpoint->gain;
        if (checkpoint->stop)
            p->stop = BF_STOP_CONVERGED;
    }
    return checked;
}

static enum bf_status hand_over(struct domain_run *r, const struct bf_sample *sample, const struct bf_point *points,
                                size_t n_points, const struct bf_checkpoint *checkpoint)
{
    double start = bf_seconds();
    enum bf_status status = r->sink->sample(r->sink->user, sample, points, n_points, checkpoint, r->err);
    r->progress->sink_seconds += bf_seconds() - start;
    return status;
}

/* The text of an answer as it is judged and kept. */
static void set_text(struct domain_run *r, const struct waiting *w, struct bf_buf *raw, struct bf_buf *text,
                     struct bf_sample *sample)
{
    bf_utf8_clean(raw, w->text, w->text_len);
    bf_filter_clean(text, w->text, w->text_len);
    if (w->finish == BF_FINISH_LENGTH && r->request->trim_sentence) {
        size_t n = bf_filter_trim_sentence(text->data, text->len);
        if (n < text->len) { /* an empty buffer's NUL is not ours to write */
            text->len = n;
            text->data[n] = 0;
        }
    }
    sample->text = text->data;
    sample->raw = strcmp(raw->data, text->data) == 0 ? NULL : raw->data;
}

static struct bf_sample sample_of(const struct bf_plan_item *item, const struct waiting *w)
{
    return (struct bf_sample){
        .index = item->index,
        .stage = item->stage,
        .point = item->point,
        .template_index = item->template_index,
        .temperature = item->temperature,
        .seed = item->seed,
        .n_tokens = w->n_tokens,
        .finish = w->finish,
        .min_k_sampling = w->min_k_sampling,
        .min_k_model = w->min_k_model,
        .mean_logp = w->mean_logp,
        .diversity = (double)NAN,
        .domain_similarity = (double)NAN,
    };
}

static enum bf_status commit(struct domain_run *r, enum bf_stage stage, int64_t index, const struct waiting *w)
{
    struct bf_plan_item item;
    bf_plan_item(&r->plan, stage, index, &item);
    bf_buf_clear(&r->prompt);
    bf_plan_prompt(&r->plan, &item, &r->prompt);
    struct bf_buf raw;
    struct bf_buf text;
    struct bf_buf question;
    struct bf_buf answer;
    bf_buf_init(&raw, PROMPT_BYTES_MAX * 4);
    bf_buf_init(&text, PROMPT_BYTES_MAX * 4);
    bf_buf_init(&question, PROMPT_BYTES_MAX);
    bf_buf_init(&answer, PROMPT_BYTES_MAX);
    struct bf_sample sample = sample_of(&item, w);
    if (stage == BF_STAGE_CONTROL)
        sample.point = -1; /* an invented point is none of the domain's */
    set_text(r, w, &raw, &text, &sample);
    if (r->plan.templates->items[item.template_index].is_qa && bf_parse_qa(sample.text, &question, &answer)) {
        sample.question = question.data;
        sample.answer = answer.data;
    }
    struct bf_checkpoint checkpoint;
    enum bf_status status = bf_judge_decide(&r->judge, r->prompt.data, &sample, r->err);
    if (status == BF_OK) {
        bool checked = account(r, &sample, &checkpoint);
        status = hand_over(r, &sample, NULL, 0, checked ? &checkpoint : NULL);
    }
    bf_buf_release(&raw);
    bf_buf_release(&text);
    bf_buf_release(&question);
    bf_buf_release(&answer);
    return status;
}

/* Item `index` of a stage as the engine's request `number`; its prompt lives in r->prompt. */
static void fill_request(struct domain_run *r, enum bf_stage stage, int64_t index, int64_t number,
                         struct bf_gen_request *q)
{
    struct bf_plan_item item;
    bf_plan_item(&r->plan, stage, index, &item);
    bf_buf_clear(&r->prompt);
    bf_plan_prompt(&r->plan, &item, &r->prompt);
    *q = (struct bf_gen_request){
        .index = number,
        .prompt = r->prompt.data,
        .max_tokens = item.max_tokens,
        .temperature = item.temperature,
        .top_k = r->request->top_k,
        .top_p = r->request->top_p,
        .seed = item.seed,
    };
}

/* ---- the list after the points ---- */

static enum bf_stage stage_of(const struct domain_run *r, int64_t number)
{
    int stage = BF_STAGE_SYNTHESIS;
    while (stage + 1 < BF_STAGE_COUNT && number >= r->base[stage + 1])
        stage++;
    return (enum bf_stage)stage;
}

static bool wanted(void *user, int64_t number)
{
    const struct domain_run *r = user;
    return !stopped(r) || number >= r->base[BF_STAGE_MI];
}

static enum bf_source issue(void *user, struct bf_gen_request *q)
{
    struct domain_run *r = user;
    if (r->next_issue >= r->base[BF_STAGE_COUNT])
        return BF_SOURCE_END;
    if (r->next_issue >= r->next_commit + r->window)
        return BF_SOURCE_WAIT;
    enum bf_stage stage = stage_of(r, r->next_issue);
    fill_request(r, stage, r->next_issue - r->base[stage], r->next_issue, q);
    r->next_issue++;
    return BF_SOURCE_READY;
}

/* Stage I is over: forget what it had under way. */
static void jump_to_probing(struct domain_run *r)
{
    int64_t target = r->base[BF_STAGE_MI];
    for (int64_t n = r->next_commit; n < target && n < r->next_commit + r->window; n++)
        waiting_clear(&r->ring[n % r->window]);
    r->next_commit = target;
    if (r->next_issue < target)
        r->next_issue = target;
}

static enum bf_status commit_ready(struct domain_run *r)
{
    while (r->next_commit < r->base[BF_STAGE_COUNT]) {
        struct waiting *w = &r->ring[r->next_commit % r->window];
        if (!w->ready)
            break;
        enum bf_stage stage = stage_of(r, r->next_commit);
        enum bf_status status = commit(r, stage, r->next_commit - r->base[stage], w);
        waiting_clear(w);
        if (status != BF_OK)
            return status;
        r->next_commit++;
        if (stage == BF_STAGE_SYNTHESIS && stopped(r))
            jump_to_probing(r);
        else if (r->next_commit == r->base[BF_STAGE_MI] && !stopped(r))
            r->progress->stop = BF_STOP_EXHAUSTED;
    }
    return BF_OK;
}

static enum bf_status collect(void *user, const struct bf_gen_answer *answer, struct bf_err *err)
{
    struct domain_run *r = user;
    (void)err;
    if (!wanted(r, answer->index))
        return BF_OK;
    struct waiting *w = &r->ring[answer->index % r->window];
    waiting_clear(w);
    waiting_fill(w, answer, r->request->k_percent);
    return commit_ready(r);
}

static enum bf_status run_list(struct domain_run *r)
{
    struct bf_progress *p = r->progress;
    r->base[BF_STAGE_POINTS] = r->base[BF_STAGE_SYNTHESIS] = 0;
    for (int stage = BF_STAGE_SYNTHESIS; stage < BF_STAGE_COUNT; stage++) {
        p->planned[stage] = bf_plan_count(&r->plan, (enum bf_stage)stage);
        r->base[stage + 1] = r->base[stage] + p->planned[stage];
        /* Replayed samples are the first of their stage. */
        if (p->committed[stage] > 0)
            r->next_commit = r->base[stage] + p->committed[stage];
    }
    if (!stopped(r) && r->next_commit >= r->base[BF_STAGE_MI])
        p->stop = BF_STOP_EXHAUSTED;
    if (stopped(r) && r->next_commit < r->base[BF_STAGE_MI])
        r->next_commit = r->base[BF_STAGE_MI];
    r->next_issue = r->next_commit;
    r->window = (int64_t)bf_engine_info(r->engine)->n_parallel * WINDOW_PER_SEQUENCE;
    r->window = r->window < WINDOW_MIN ? WINDOW_MIN : r->window;
    r->ring = bf_array((size_t)r->window, sizeof *r->ring);

    enum bf_status status = BF_OK;
    if (r->next_commit < r->base[BF_STAGE_COUNT]) {
        struct bf_gen_job job = {.user = r, .source = issue, .sink = collect, .wanted = wanted, .step = on_step};
        struct bf_gen_stats stats;
        double begin = bf_seconds();
        status = bf_engine_generate(r->engine, &job, &stats, r->err);
        p->list_seconds = bf_seconds() - begin;
        p->list_tokens = stats.n_generated_tokens;
        add_stats(&r->before, &r->before, &stats);
        r->before.n_active = 0;
        report(r, &(struct bf_gen_stats){0});
    }
    for (int64_t i = 0; i < r->window; i++)
        waiting_clear(&r->ring[i]);
    free(r->ring);
    r->ring = NULL;
    return status;
}

/* ---- points ---- */

static enum bf_source issue_points(void *user, struct bf_gen_request *q)
{
    struct domain_run *r = user;
    if (r->asked)
        return BF_SOURCE_END;
    r->asked = true;
    fill_request(r, BF_STAGE_POINTS, r->round, r->round, q);
    return BF_SOURCE_READY;
}

static enum bf_status collect_points(void *user, const struct bf_gen_answer *answer, struct bf_err *err)
{
    struct domain_run *r = user;
    struct bf_plan_item item;
    bf_plan_item(&r->plan, BF_STAGE_POINTS, r->round, &item);
    struct waiting w;
    waiting_fill(&w, answer, r->request->k_percent);
    struct bf_buf text;
    bf_buf_init(&text, PROMPT_BYTES_MAX * 4);
    bf_utf8_clean(&text, w.text, w.text_len);
    struct bf_sample sample = sample_of(&item, &w);
    sample.text = text.data;
    sample.reason = BF_REASON_NOT_A_SAMPLE;
    int32_t first = r->points.n;
    bf_points_add_list(&r->points, r->request->topic, r->round, text.data, w.finish == BF_FINISH_LENGTH,
                       r->request->points_per_round);
    /* A model that lists nothing still has its topic. */
    bool last_round = r->round + 1 == r->request->rounds;
    r->last_round_was_empty = r->points.n == first;
    if (r->points.n == 0 && (last_round || r->round > 0))
        bf_points_add(&r->points, r->round, r->request->topic);
    struct bf_checkpoint unused;
    account(r, &sample, &unused);
    r->progress->n_points = r->points.n;
    enum bf_status status = hand_over(r, &sample, r->points.items + first, (size_t)(r->points.n - first), NULL);
    (void)err;
    bf_buf_release(&text);
    waiting_clear(&w);
    return status;
}

static enum bf_status run_points(struct domain_run *r)
{
    struct bf_progress *p = r->progress;
    p->planned[BF_STAGE_POINTS] = bf_plan_count(&r->plan, BF_STAGE_POINTS);
    r->round = (int32_t)p->committed[BF_STAGE_POINTS];
    /* The next stages have begun, or a round brought nothing new: no more rounds. */
    bool over = p->committed[BF_STAGE_SYNTHESIS] > 0;
    enum bf_status status = BF_OK;
    while (status == BF_OK && !over && r->round < r->request->rounds && !(r->last_round_was_empty && r->points.n > 0)) {
        r->asked = false;
        struct bf_gen_job job = {.user = r, .source = issue_points, .sink = collect_points, .step = on_step};
        struct bf_gen_stats stats;
        status = bf_engine_generate(r->engine, &job, &stats, r->err);
        add_stats(&r->before, &r->before, &stats);
        r->before.n_active = 0;
        r->round++;
    }
    p->planned[BF_STAGE_POINTS] = p->committed[BF_STAGE_POINTS];
    return status;
}

/* ---- resume ---- */

static enum bf_status replay(struct domain_run *r, const struct bf_replay *source)
{
    for (;;) {
        struct bf_sample sample = {0};
        const struct bf_point *points = NULL;
        size_t n_points = 0;
        bool more = false;
        enum bf_status status = source->next(source->user, &sample, &points, &n_points, &more, r->err);
        if (status != BF_OK || !more)
            return status;
        if (sample.index != r->progress->committed[sample.stage])
            return bf_fail(r->err, BF_STORE,
                           "the run's samples have a gap: stage '%s' goes on with %lld instead of %lld; its run.db was "
                           "changed from outside",
                           bf_stage_word(sample.stage), (long long)sample.index,
                           (long long)r->progress->committed[sample.stage]);
        if (sample.embedding && sample.n_embd != r->judge.n_embd)
            return bf_fail(
                r->err, BF_MODEL,
                "the run's embeddings have %d dimensions, this embedder's have %d; resume with the run's embedder",
                sample.n_embd, r->judge.n_embd);
        for (size_t i = 0; i < n_points; i++)
            bf_points_add(&r->points, points[i].round, points[i].text);
        if (sample.stage == BF_STAGE_POINTS) {
            /* A round in which the topic itself became the point had brought nothing (collect_points). */
            r->last_round_was_empty = n_points == 0 || strcmp(points[0].text, r->request->topic) == 0;
            r->progress->n_points = r->points.n;
        }
        struct bf_checkpoint checkpoint;
        account(r, &sample, &checkpoint);
    }
}

enum bf_status bf_synth_domain(const struct bf_request *request, const struct bf_template_set *templates,
                               struct bf_engine *engine, struct bf_engine *embedder, const struct bf_replay *source,
                               const struct bf_sink *sink, struct bf_progress *progress, struct bf_err *err)
{
    *progress = (struct bf_progress){.diversity = (double)NAN, .gain = (double)NAN};
    struct domain_run r = {
        .request = request,
        .engine = engine,
        .sink = sink,
        .progress = progress,
        .err = err,
        .start = bf_seconds(),
    };
    bf_buf_init(&r.prompt, PROMPT_BYTES_MAX);
    bf_plan_init(&r.plan, request, templates, &r.points);
    enum bf_status status = bf_judge_init(&r.judge, &r.plan, embedder, err);
    if (status == BF_OK && source)
        status = replay(&r, source);
    if (status == BF_OK)
        status = run_points(&r);
    if (status == BF_OK)
        status = run_list(&r);
    if (status == BF_OK)
        progress->finished = true;
    progress->n_points = r.points.n;
    bf_knowledge_judge(&r.judge.knowledge, &progress->knowledge);
    progress->embed_seconds = r.judge.embed_seconds;
    progress->filter_seconds = r.judge.filter_seconds;
    progress->elapsed_seconds = bf_seconds() - r.start;
    bf_judge_release(&r.judge);
    bf_plan_release(&r.plan);
    bf_points_release(&r.points);
    bf_buf_release(&r.prompt);
    return status;
}

int32_t bf_synth_context_estimate(const struct bf_request *request, const struct bf_template_set *templates)
{
    enum { BYTES_PER_TOKEN = 3, CHAT_TOKENS = 24, KNOWN_POINT_BYTES = 30, LIST_TOKENS_PER_POINT = 24 };
    int64_t most = 0;
    for (size_t t = 0; t < templates->n; t++) {
        const struct bf_template *template = &templates->items[t];
        int64_t bytes = (int64_t)strlen(template->text) + (int64_t)strlen(request->topic);
        int64_t answer = request->max_new_tokens;
        if (strstr(template->text, "{point}"))
            bytes += BF_POINT_MAX_BYTES / 2;
        if (template->stage == BF_STAGE_POINTS) {
            if (strstr(template->text, "{known}"))
                bytes += (int64_t)request->points_per_round * (request->rounds - 1) * KNOWN_POINT_BYTES;
            answer = (int64_t)request->points_per_round * LIST_TOKENS_PER_POINT;
        }
        int64_t tokens = bytes / BYTES_PER_TOKEN + CHAT_TOKENS + answer;
        most = tokens > most ? tokens : most;
    }
    return most < INT32_MAX ? (int32_t)most : INT32_MAX;
}
