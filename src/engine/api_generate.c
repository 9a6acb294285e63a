/* generate on a server: prompts become requests, and answers become struct bf_gen_answer. Sending them is the task of
 * api_net.c. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/api_private.h"
#include "base/banned.h"

/* An answer that is ready for the sink. */
struct ready {
    int64_t index;
    struct bf_api_answer answer;
};

struct api_generation {
    struct bf_api *self;
    const struct bf_gen_job *job;
    struct bf_gen_stats *stats;
    struct bf_err *err;
    enum bf_status failed; /* the source gave a request that is not possible */
    double start;
    struct ready *ready; /* [n_parallel]: a turn delivers at most one answer for each slot */
    int32_t n_ready;
};

bool bf_api_tick(struct bf_api *self)
{
    if (!self->job || !self->job->step)
        return true;
    self->stats->n_steps++;
    return self->job->step(self->job->user, self->stats);
}

static enum bf_source next_request(void *user, struct bf_api_call *call)
{
    struct api_generation *r = user;
    const struct bf_api_server *server = &r->self->server;
    struct bf_gen_request q = {0};
    enum bf_source answer = r->job->source(r->job->user, &q);
    if (answer != BF_SOURCE_READY)
        return answer;
    if (server->numbers == BF_API_NUMBERS_TOP && (q.top_k < 1 || q.top_k > server->n_top)) {
        r->failed =
            bf_fail(r->err, BF_USAGE, "probabilities of both kinds come from the %d likeliest tokens, but top-k is %d",
                    server->n_top, q.top_k);
        return BF_SOURCE_END;
    }
    call->index = q.index;
    call->role = BF_API_GENERATES;
    call->path = bf_api_path_generate(server);
    call->body = bf_api_body_generate(server, &q);
    call->answer_max = bf_api_answer_max(server, q.max_tokens);
    call->expected = bf_api_expect(server, &q);
    return BF_SOURCE_READY;
}

static enum bf_status on_answer(void *user, const struct bf_api_call *call, const char *data, size_t n, bool *again,
                                struct bf_err *err)
{
    struct api_generation *r = user;
    struct ready *ready = &r->ready[r->n_ready];
    enum bf_status status = bf_api_parse_answer(data, n, &call->expected, &ready->answer, err);
    ready->index = call->index;
    *again = status != BF_OK;
    if (status == BF_OK)
        r->n_ready++;
    else
        bf_api_answer_release(&ready->answer);
    return status;
}

static enum bf_status hand_over(struct api_generation *r, const struct ready *ready, struct bf_err *err)
{
    const struct bf_api_answer *a = &ready->answer;
    const struct bf_gen_answer answer = {
        .index = ready->index,
        .text = a->text.data,
        .text_len = a->text.len,
        .n_prompt_tokens = a->n_prompt,
        .n_tokens = a->n_tokens,
        .tokens = a->tokens,
        .p_sampling = a->p_sampling,
        .logp_model = a->logp_model,
        .finish = a->finish,
    };
    if (a->cut && r->self->n_cut++ == 0)
        bf_api_notice(&r->self->net, true,
                      "an answer ended after %d tokens, where the server's context is full, not at the end of what was "
                      "asked for: give the server more context, or ask for less (--max-new-tokens)",
                      a->n_tokens);
    r->stats->n_answers++;
    r->stats->n_prompt_tokens += a->n_prompt;
    r->stats->n_shared_tokens += a->n_cached;
    r->stats->n_generated_tokens += a->n_tokens;
    return r->job->sink(r->job->user, &answer, err);
}

/* The sink (filters, an embedding) takes time, so it is called when the servers have new work. */
static enum bf_status flush(void *user, struct bf_err *err)
{
    struct api_generation *r = user;
    enum bf_status status = BF_OK;
    for (int32_t i = 0; i < r->n_ready; i++) {
        if (status == BF_OK)
            status = hand_over(r, &r->ready[i], err);
        bf_api_answer_release(&r->ready[i].answer);
    }
    r->n_ready = 0;
    return status;
}

static bool wanted(void *user, int64_t index)
{
    const struct api_generation *r = user;
    return !r->job->wanted || r->job->wanted(r->job->user, index);
}

static bool tick(void *user, int32_t n_in_flight, double waited_seconds)
{
    struct api_generation *r = user;
    r->stats->n_active = n_in_flight;
    r->stats->decode_seconds = waited_seconds;
    r->stats->other_seconds = bf_seconds() - r->start - waited_seconds;
    return r->failed == BF_OK && bf_api_tick(r->self);
}

enum bf_status bf_api_generate(struct bf_engine *engine, const struct bf_gen_job *job, struct bf_gen_stats *stats,
                               struct bf_err *err)
{
    struct bf_api *self = bf_api_of(engine);
    struct api_generation r = {.self = self,
                               .job = job,
                               .stats = stats,
                               .err = err,
                               .start = bf_seconds(),
                               .ready = bf_array((size_t)engine->info.n_parallel, sizeof *r.ready)};
    const struct bf_api_work work = {
        .user = &r,
        .n_parallel = engine->info.n_parallel,
        .what = "answers",
        .give_up_seconds = self->give_up_seconds,
        .connect_seconds = self->give_up_seconds,
        .source = next_request,
        .sink = on_answer,
        .flush = flush,
        .wanted = job->wanted ? wanted : NULL,
        .tick = tick,
    };
    self->job = job;
    self->stats = stats;
    enum bf_status status = bf_api_run(&self->net, &work, err);
    for (int32_t i = 0; i < r.n_ready; i++)
        bf_api_answer_release(&r.ready[i].answer);
    free(r.ready);
    self->job = NULL;
    self->stats = NULL;
    stats->n_active = 0;
    return r.failed != BF_OK ? r.failed : status;
}
