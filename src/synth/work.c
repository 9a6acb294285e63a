#include "synth/work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/floats.h"
#include "base/thoughts.h"
#include "base/utf8.h"
#include "synth/filter.h"
#include "base/banned.h"

enum { TEXT_BYTES_MAX = 4 << 20, WINDOW_PER_SEQUENCE = 8, WINDOW_MIN = 64, THOUGHTS_SHOWN = 24 };

static enum bf_status replay(struct bf_work *w, const struct bf_replay *source)
{
    for (;;) {
        struct bf_sample sample = {0};
        const struct bf_point *points = NULL;
        size_t n_points = 0;
        bool more = false;
        enum bf_status status = source->next(source->user, &sample, &points, &n_points, &more, w->err);
        if (status != BF_OK || !more)
            return status;
        if (sample.index != w->progress.committed[sample.stage])
            return bf_fail(
                w->err, BF_STORE,
                "the run's samples have a gap: in stage '%s', number %lld comes where %lld should be; another "
                "program has "
                "changed its run.db",
                bf_stage_word(sample.stage), (long long)sample.index, (long long)w->progress.committed[sample.stage]);
        const int32_t n_embd = bf_engine_info(w->embedder)->n_embd;
        if (sample.embedding && sample.n_embd != n_embd)
            return bf_fail(
                w->err, BF_MODEL,
                "the run's embeddings have %d dimensions, this embedder's have %d; resume with the run's embedder",
                sample.n_embd, n_embd);
        status = w->ops->replayed(w, &sample, points, n_points);
        if (status != BF_OK)
            return status;
    }
}

static enum bf_status restore_pending(struct bf_work *w, const struct bf_replay *source)
{
    while (source->pending) {
        struct bf_pending pending = {0};
        bool more = false;
        enum bf_status status = source->pending(source->user, &pending, &more, w->err);
        if (status != BF_OK)
            return status;
        if (!more)
            break;
        bf_ordered_restore(&w->list, &pending);
    }
    return BF_OK;
}

/* A model that only thinks would fill the run with rejected samples, and the user would only notice at the end. */
static enum bf_status check_thoughts(struct bf_work *w)
{
    int64_t n_kept = 0;
    for (int stage = 0; stage < BF_STAGE_COUNT; stage++)
        n_kept += stage == BF_STAGE_ORIGINAL ? 0 : w->progress.kept[stage]; /* the model did not write an original */
    if (w->n_thoughts == 0 || w->n_thoughts < w->n_committed || n_kept > 0 ||
        (w->n_committed < THOUGHTS_SHOWN && !w->progress.finished))
        return BF_OK;
    return bf_fail(
        w->err, BF_MODEL,
        "all answers (%lld) are thoughts of the model, like <think>...</think>, without an answer after them; "
        "turn thinking off (for a server --api-extra '{\"chat_template_kwargs\": {\"enable_thinking\": "
        "false}}', or as the model's card says), or give more room with --max-new-tokens, in a new run",
        (long long)w->n_committed);
}

static enum bf_status commit_ready(struct bf_work *w)
{
    struct bf_waiting *answer;
    while ((answer = bf_ordered_ready(&w->list))) {
        const int64_t number = w->list.next_commit;
        enum bf_status status = w->ops->commit(w, number, answer);
        if (status != BF_OK)
            return status;
        bf_ordered_skip(&w->list, number + 1);
        w->n_committed++;
        status = check_thoughts(w);
        if (status != BF_OK)
            return status;
    }
    w->progress.finished = bf_ordered_done(&w->list);
    enum bf_status status = check_thoughts(w);
    w->progress.finished = w->progress.finished && status == BF_OK;
    return status;
}

static const struct bf_work_ops *const ops_of[BF_KIND_COUNT] = {
    [BF_KIND_DOMAIN] = &bf_domain_ops,
    [BF_KIND_INSTANCE] = &bf_rewrite_ops,
    [BF_KIND_TEXTBOOK] = &bf_textbook_ops,
};

enum bf_status bf_work_open(struct bf_work *w, const struct bf_task *task, const struct bf_template_set *templates,
                            struct bf_engine *engine, struct bf_engine *embedder, struct bf_err *err)
{
    *w = (struct bf_work){
        .ops = ops_of[task->request->kind],
        .task = *task,
        .request = task->request,
        .templates = templates,
        .engine = engine,
        .embedder = embedder,
        .err = err,
        .progress = {.diversity = (double)NAN, .gain = (double)NAN, .n_tasks = 1},
    };
    if (!w->ops)
        return bf_fail(err, BF_USAGE, "requests of kind '%s' cannot be generated", bf_kind_word(task->request->kind));
    bf_buf_init(&w->prompt, TEXT_BYTES_MAX);
    bf_buf_init(&w->raw, TEXT_BYTES_MAX);
    bf_buf_init(&w->text, TEXT_BYTES_MAX);
    int64_t window = (int64_t)bf_engine_info(engine)->n_parallel * WINDOW_PER_SEQUENCE;
    bf_ordered_init(&w->list, window < WINDOW_MIN ? WINDOW_MIN : window);
    enum bf_status status = w->ops->open(w);
    if (status == BF_OK && task->replay)
        status = replay(w, task->replay);
    if (status == BF_OK)
        status = w->ops->begin(w);
    if (status == BF_OK && task->replay)
        status = restore_pending(w, task->replay);
    if (status == BF_OK)
        status = commit_ready(w);
    if (status != BF_OK)
        bf_work_release(w);
    return status;
}

void bf_work_release(struct bf_work *w)
{
    if (w->own)
        w->ops->close(w);
    w->own = NULL;
    bf_ordered_release(&w->list);
    bf_buf_release(&w->prompt);
    bf_buf_release(&w->raw);
    bf_buf_release(&w->text);
}

enum bf_source bf_work_next(struct bf_work *w, struct bf_gen_request *q, enum bf_status *status)
{
    int64_t number = 0;
    *status = BF_OK;
    enum bf_source answer = bf_ordered_issue(&w->list, &number);
    if (answer != BF_SOURCE_READY)
        return answer;
    bf_buf_clear(&w->prompt);
    *q = (struct bf_gen_request){.top_k = w->request->top_k, .top_p = w->request->top_p};
    *status = w->ops->ask(w, number, q);
    q->index = number;
    if (q->temperature <= 0.0) { /* greedy; the engine knows that as top-k 1 */
        q->temperature = q->top_p = 1.0;
        q->top_k = 1;
    }
    return BF_SOURCE_READY;
}

enum bf_status bf_work_take(struct bf_work *w, int64_t number, const struct bf_gen_answer *a)
{
    w->taken_tokens += a->n_tokens;
    if (!bf_ordered_put(&w->list, a, number, w->request->k_percent, bf_engine_info(w->engine)))
        return BF_OK;
    if (number != w->list.next_commit && w->task.sink.answer) {
        const struct bf_waiting *waiting = &w->list.ring[number % w->list.window];
        const struct bf_pending pending = {
            .number = number,
            .text = waiting->text,
            .text_len = waiting->text_len,
            .n_tokens = waiting->n_tokens,
            .finish = waiting->finish,
            .min_k_sampling = waiting->min_k_sampling,
            .min_k_model = waiting->min_k_model,
            .mean_logp = waiting->mean_logp,
        };
        enum bf_status status = w->task.sink.answer(w->task.sink.user, &pending, w->err);
        if (status != BF_OK)
            return status;
    }
    return commit_ready(w);
}

/* ---- for the kinds ---- */

void bf_work_set_text(struct bf_work *w, const struct bf_waiting *answer, struct bf_sample *sample)
{
    bf_buf_clear(&w->raw);
    bf_buf_clear(&w->text);
    bf_utf8_clean(&w->raw, answer->text, answer->text_len);
    bf_filter_clean(&w->text, answer->text, answer->text_len);
    if (answer->finish == BF_FINISH_LENGTH && w->request->trim_sentence) {
        size_t n = bf_filter_trim_sentence(w->text.data, w->text.len);
        if (n < w->text.len) { /* the NUL of an empty buffer must not be written */
            w->text.len = n;
            w->text.data[n] = 0;
        }
    }
    w->n_thoughts += bf_filter_only_thoughts(w->text.data, w->raw.data);
    sample->text = w->text.data;
    sample->raw = strcmp(w->raw.data, w->text.data) == 0 ? NULL : w->raw.data;
}

const char *bf_work_set_list(struct bf_work *w, const struct bf_waiting *answer)
{
    bf_buf_clear(&w->raw);
    bf_buf_clear(&w->text);
    bf_utf8_clean(&w->raw, answer->text, answer->text_len);
    const bool any = bf_thoughts_cut(&w->text, w->raw.data, w->raw.len);
    w->n_thoughts += any && strspn(w->text.data, " \t\r\n") == w->text.len;
    return w->text.data;
}

struct bf_sample bf_work_sample(enum bf_stage stage, int64_t index, const struct bf_waiting *answer)
{
    struct bf_sample sample = {
        .index = index,
        .stage = stage,
        .text = "",
        .point = -1,
        .template_index = -1,
        .instance = -1,
        .temperature = (double)NAN,
        .min_k_sampling = (double)NAN,
        .min_k_model = (double)NAN,
        .mean_logp = (double)NAN,
        .diversity = (double)NAN,
        .domain_similarity = (double)NAN,
        .edit_distance = (double)NAN,
    };
    if (answer) {
        sample.n_tokens = answer->n_tokens;
        sample.finish = answer->finish;
        sample.min_k_sampling = answer->min_k_sampling;
        sample.min_k_model = answer->min_k_model;
        sample.mean_logp = answer->mean_logp;
    }
    return sample;
}

void bf_work_count(struct bf_work *w, const struct bf_sample *sample)
{
    struct bf_progress *p = &w->progress;
    p->stage = sample->stage;
    p->committed[sample->stage]++;
    if (sample->reason == BF_REASON_NONE)
        p->kept[sample->stage]++;
    else
        p->rejected[sample->reason]++;
}

enum bf_status bf_work_hand_over(struct bf_work *w, const struct bf_commit *commit)
{
    double start = bf_seconds();
    enum bf_status status = w->task.sink.commit(w->task.sink.user, commit, w->err);
    w->progress.sink_seconds += bf_seconds() - start;
    return status;
}

enum bf_reason bf_work_guard(const struct bf_work *w, const float *vector, int32_t n_embd, double own, double centroid)
{
    for (size_t g = 0; g < w->task.n_guards; g++) {
        const struct bf_guard *guard = &w->task.guards[g];
        const double mine = guard->centroid ? centroid : own;
        if (!isnan(mine) && bf_dot(vector, guard->vector, (size_t)n_embd) > mine)
            return guard->reason;
    }
    return BF_REASON_NONE;
}
