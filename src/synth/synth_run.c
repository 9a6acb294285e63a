/* Many requests on one engine. When the engine asks for a prompt, it gets one from the first request that has one. When
 * no open request has any (they wait for an answer that decides what comes next, or are almost done), the next request
 * is opened. The batch stays full, and each request has the same list, order and commits as if it were alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "synth/work.h"
#include "base/banned.h"

/* The engine's index: the request, by the order of opening (never reused), and the number within it. */
enum { SERIAL_BITS = 24, OPEN_MAX = 256 };

struct open_task {
    int64_t serial;
    struct bf_work work;
};

struct synth_run {
    const struct bf_task_source *source;
    const struct bf_template_set *templates;
    struct bf_engine *engine, *embedder;
    struct bf_progress *sum;
    struct bf_err *err;
    struct open_task *open[OPEN_MAX]; /* [n_open], in the order of the requests */
    int32_t n_open;
    int64_t n_opened;
    bool no_more;              /* the source has no more requests */
    enum bf_status status;     /* a failure inside the engine's source callback */
    struct bf_progress closed; /* sums over the finished tasks */
    struct bf_gen_stats stats; /* of the engine, so far */
    int64_t all_tokens;        /* delivered, over all tasks */
    double start;
    /* Numbers that have been assigned to finished tasks, see bf_progress. */
    double shared_generate, shared_wall;
    int64_t shared_tokens;
};

static void add_counts(struct bf_progress *to, const struct bf_progress *p)
{
    for (int s = 0; s < BF_STAGE_COUNT; s++) {
        to->committed[s] += p->committed[s];
        to->kept[s] += p->kept[s];
        to->planned[s] += p->stop == BF_STOP_CONVERGED && p->planned[s] > p->committed[s] &&
                                  (s == BF_STAGE_SYNTHESIS || s == BF_STAGE_REWRITE)
                              ? p->committed[s]
                              : p->planned[s];
    }
    for (int r = 0; r < BF_REASON_COUNT; r++)
        to->rejected[r] += p->rejected[r];
    to->n_points += p->n_points;
    to->embed_seconds += p->embed_seconds;
    to->filter_seconds += p->filter_seconds;
    to->sink_seconds += p->sink_seconds;
    to->list_seconds += p->list_seconds;
    to->list_tokens += p->list_tokens;
}

/* The sum over all tasks; for a single task, its own numbers. */
static void add_up(struct synth_run *r)
{
    struct bf_progress *sum = r->sum;
    *sum = r->closed;
    for (int32_t i = 0; i < r->n_open; i++) {
        const struct bf_progress *p = &r->open[i]->work.progress;
        add_counts(sum, p);
        if (i == 0) { /* the oldest task is the one that is shown */
            sum->stage = p->stage;
            sum->diversity = p->diversity;
            sum->gain = p->gain;
            sum->stop = p->stop;
        }
    }
    sum->n_tasks = r->source->n_tasks;
    sum->n_tasks_done = r->closed.n_tasks_done;
    sum->engine = r->stats;
    sum->elapsed_seconds = bf_seconds() - r->start;
}

static enum bf_status open_next(struct synth_run *r)
{
    struct bf_task task = {0};
    bool more = false;
    enum bf_status status = r->source->next(r->source->user, &task, &more, r->err);
    if (status != BF_OK)
        return status;
    if (!more) {
        r->no_more = true;
        return BF_OK;
    }
    struct open_task *t = bf_alloc(sizeof *t);
    t->serial = r->n_opened++;
    status = bf_work_open(&t->work, &task, r->templates, r->engine, r->embedder, r->err);
    if (status != BF_OK) {
        struct bf_progress nothing = {.diversity = (double)NAN, .gain = (double)NAN};
        (void)!r->source->done(r->source->user, task.id, &nothing, NULL); /* the first failure counts */
        free(t);
        return status;
    }
    r->open[r->n_open++] = t;
    return BF_OK;
}

/* Report the i-th open task as done, and release it. */
static enum bf_status close_task(struct synth_run *r, int32_t i, bool keep_error)
{
    struct open_task *t = r->open[i];
    struct bf_work *w = &t->work;
    if (w->ops->summarise)
        w->ops->summarise(w);
    struct bf_progress *p = &w->progress;
    const double elapsed = bf_seconds() - r->start;
    const double generate = r->stats.decode_seconds + r->stats.sample_seconds;
    const bool last = r->n_open == 1 && (r->no_more || keep_error);
    /* A share of what has not been assigned yet; the last task takes the rest. */
    const int64_t tokens_left = r->all_tokens - r->shared_tokens;
    const double share = last ? 1.0 : tokens_left > 0 ? (double)w->taken_tokens / (double)tokens_left : 0.0;
    p->generate_seconds = (generate - r->shared_generate) * share;
    p->wall_seconds = (elapsed - r->shared_wall) * share;
    p->generated_tokens = w->taken_tokens;
    if (r->source->n_tasks == 1 && r->stats.n_generated_tokens > p->generated_tokens)
        p->generated_tokens = r->stats.n_generated_tokens; /* including those that the stop rule dropped */
    p->elapsed_seconds = elapsed;
    p->engine = r->stats;
    r->shared_generate += p->generate_seconds;
    r->shared_wall += p->wall_seconds;
    r->shared_tokens += w->taken_tokens;
    if (p->finished)
        r->closed.n_tasks_done++;
    add_counts(&r->closed, p);
    if (r->source->n_tasks == 1) {
        r->closed.stop = p->stop;
        r->closed.knowledge = p->knowledge;
        r->closed.diversity = p->diversity;
        r->closed.gain = p->gain;
        r->closed.generated_tokens = p->generated_tokens;
    }
    r->closed.stage = p->stage;
    enum bf_status status = r->source->done(r->source->user, w->task.id, p, keep_error ? NULL : r->err);
    bf_work_release(w);
    free(t);
    memmove(r->open + i, r->open + i + 1, (size_t)(r->n_open - i - 1) * sizeof(struct open_task *));
    r->n_open--;
    return status;
}

static enum bf_status close_finished(struct synth_run *r)
{
    enum bf_status status = BF_OK;
    for (int32_t i = 0; i < r->n_open && status == BF_OK;) {
        if (r->open[i]->work.progress.finished)
            status = close_task(r, i, false);
        else
            i++;
    }
    return status;
}

static enum bf_source issue(void *user, struct bf_gen_request *q)
{
    struct synth_run *r = user;
    for (;;) {
        for (int32_t i = 0; i < r->n_open; i++) {
            if (bf_work_next(&r->open[i]->work, q, &r->status) != BF_SOURCE_READY)
                continue;
            if (r->status != BF_OK)
                return BF_SOURCE_END;
            q->index = q->index << SERIAL_BITS | r->open[i]->serial;
            return BF_SOURCE_READY;
        }
        if (r->no_more || r->n_open == OPEN_MAX || r->n_opened == 1 << SERIAL_BITS)
            break;
        r->status = open_next(r);
        if (r->status == BF_OK)
            r->status = close_finished(r); /* the new task had nothing left to do */
        if (r->status != BF_OK)
            return BF_SOURCE_END;
    }
    return r->n_open > 0 ? BF_SOURCE_WAIT : BF_SOURCE_END;
}

/* The open task of an engine index; NULL when it is done. */
static struct bf_work *work_of(const struct synth_run *r, int64_t index)
{
    const int64_t serial = index & ((1 << SERIAL_BITS) - 1);
    for (int32_t i = 0; i < r->n_open; i++)
        if (r->open[i]->serial == serial)
            return &r->open[i]->work;
    return NULL;
}

static enum bf_status collect(void *user, const struct bf_gen_answer *answer, struct bf_err *err)
{
    struct synth_run *r = user;
    struct bf_work *w = work_of(r, answer->index);
    (void)err; /* == r->err */
    if (!w)
        return BF_OK;
    r->all_tokens += answer->n_tokens;
    enum bf_status status = bf_work_take(w, answer->index >> SERIAL_BITS, answer);
    return status == BF_OK && w->progress.finished ? close_finished(r) : status;
}

static bool wanted(void *user, int64_t index)
{
    const struct synth_run *r = user;
    const struct bf_work *w = work_of(r, index);
    return w && bf_ordered_wanted(&w->list, index >> SERIAL_BITS);
}

static bool on_step(void *user, const struct bf_gen_stats *stats)
{
    struct synth_run *r = user;
    r->stats = *stats;
    if (r->status != BF_OK)
        return false;
    if (!r->source->progress)
        return true;
    add_up(r);
    return r->source->progress(r->source->user, r->sum);
}

enum bf_status bf_synth_run(const struct bf_task_source *source, const struct bf_template_set *templates,
                            struct bf_engine *engine, struct bf_engine *embedder, struct bf_progress *sum,
                            struct bf_err *err)
{
    struct synth_run r = {
        .source = source,
        .templates = templates,
        .engine = engine,
        .embedder = embedder,
        .sum = sum,
        .err = err,
        .closed = {.diversity = (double)NAN, .gain = (double)NAN},
        .start = bf_seconds(),
    };
    const struct bf_gen_job job = {.user = &r, .source = issue, .sink = collect, .wanted = wanted, .step = on_step};
    struct bf_gen_stats stats;
    enum bf_status status = bf_engine_generate(engine, &job, &stats, err);
    r.stats = stats;
    if (r.status != BF_OK)
        status = r.status;
    /* Stopped right after the last commit: there was nothing left to interrupt. */
    if (status == BF_INTERRUPTED && r.n_open == 0 && !r.no_more && open_next(&r) != BF_OK)
        status = BF_INTERRUPTED;
    if (status == BF_INTERRUPTED && r.n_open == 0 && r.no_more)
        status = BF_OK;
    while (r.n_open > 0) {
        enum bf_status closed = close_task(&r, 0, status != BF_OK);
        if (status == BF_OK)
            status = closed;
    }
    add_up(&r);
    sum->finished = status == BF_OK;
    return status;
}
