/* Continuous batching. Every active sequence contributes exactly one token to each step, whether it still reads its
 * prompt or already writes its answer:
 *
 *     step s:   seq 0: prompt[7]   seq 1: answer[31]   seq 2: prompt[0] ...   ->  one batch, n rows, equal counts
 *
 * A freed place is refilled at once. The batch stays full and its sequence ids stay consecutive, so that llama.cpp can
 * compute it in one go. When there are no more prompts, the last sequence moves into the gap. Only when many prompts
 * start together (at the beginning), or one is long, are prompts computed in separate batches first.
 *
 * The schedule depends only on the answers and the source, never on time, so that even a model without row invariance
 * is reproducible at the same parallelism. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "engine/llama_prefix.h"
#include "engine/llama_private.h"
#include "engine/sampler.h"
#include "base/banned.h"

enum {
    ANSWER_BYTES_MAX = 1 << 20,
    LONG_PROMPT = 24, /* so many uncomputed prompt tokens are worth a separate batch */
    SAMPLE_THREADS_MAX = 8
};

struct sequence {
    struct bf_gen_request request; /* its prompt pointer is no longer valid */
    struct bf_sampler sampler;
    struct bf_rng rng;
    llama_token *prompt;
    int32_t n_prompt;
    int32_t n_past;   /* tokens in the key-value cache */
    llama_token last; /* newest token of the answer, not in the cache yet */
    int32_t n_answer;
    int32_t *tokens;   /* [max_tokens] */
    float *p_sampling; /* [max_tokens] */
    float *logp_model; /* [max_tokens] */
    struct bf_buf text;
};

struct generation {
    struct bf_llama *self;
    const struct bf_gen_job *job;
    struct bf_gen_stats *stats;
    struct bf_err *err;
    struct sequence *sequences; /* [n_parallel]; 0..n_active-1 in use */
    int32_t n_active;
    struct llama_batch batch;
    int32_t n_sample_threads;
    struct bf_candidate *scratch; /* [n_sample_threads, n_vocab] */
    bool ended;                   /* the source has returned END */
};

static void sequence_release(struct sequence *s)
{
    free(s->prompt);
    free(s->tokens);
    free(s->p_sampling);
    free(s->logp_model);
    if (s->text.data)
        bf_buf_release(&s->text);
    *s = (struct sequence){0};
}

static enum bf_status sequence_start(struct generation *r, struct sequence *s, const struct bf_gen_request *q)
{
    struct bf_llama *self = r->self;
    struct bf_token_list list = {0};
    const enum bf_status status = bf_chat_prompt(self->chat, q->prompt, &list, r->err);
    llama_token *prompt = list.items;
    const int32_t n_prompt = (int32_t)list.n;
    if (status != BF_OK) {
        free(prompt);
        return status;
    }
    int64_t need = (int64_t)n_prompt + q->max_tokens;
    if (n_prompt < 1 || need > self->base.info.n_ctx_seq) {
        free(prompt);
        if (n_prompt < 1)
            return bf_fail(r->err, BF_MODEL, "prompt %lld has no tokens", (long long)q->index);
        return bf_fail(r->err, BF_MODEL,
                       "prompt %lld has %d tokens and its answer may have %d, but a sequence holds %d; use a shorter "
                       "topic or template, or a smaller --max-new-tokens",
                       (long long)q->index, n_prompt, q->max_tokens, self->base.info.n_ctx_seq);
    }
    *s = (struct sequence){
        .request = *q,
        .sampler = {q->temperature, q->top_k, q->top_p},
        .prompt = prompt,
        .n_prompt = n_prompt,
        .tokens = bf_array((size_t)q->max_tokens, sizeof *s->tokens),
        .p_sampling = bf_array((size_t)q->max_tokens, sizeof *s->p_sampling),
        .logp_model = bf_array((size_t)q->max_tokens, sizeof *s->logp_model),
    };
    s->request.prompt = NULL;
    bf_rng_init(&s->rng, q->seed);
    bf_buf_init(&s->text, ANSWER_BYTES_MAX);
    r->stats->n_prompt_tokens += n_prompt;
    return BF_OK;
}

/* Take prompts from the source into the places after the active ones. */
static enum bf_status admit(struct generation *r)
{
    struct bf_llama *self = r->self;
    while (!r->ended && r->n_active < self->base.info.n_parallel) {
        struct bf_gen_request q = {0};
        enum bf_source answer = r->job->source(r->job->user, &q);
        if (answer == BF_SOURCE_END)
            r->ended = true;
        if (answer != BF_SOURCE_READY)
            break;
        llama_seq_id seq = r->n_active;
        struct sequence *s = &r->sequences[seq];
        enum bf_status status = sequence_start(r, s, &q);
        if (status != BF_OK)
            return status;
        r->n_active++;
        llama_memory_seq_rm(llama_get_memory(self->context), seq, -1, -1);
        int32_t n_copied = 0;
        double t0 = bf_seconds();
        status = bf_prefix_apply(self, &r->batch, seq, s->prompt, s->n_prompt, &s->n_past, &n_copied, r->err);
        r->stats->decode_seconds += bf_seconds() - t0;
        r->stats->n_shared_tokens += n_copied;
        if (status != BF_OK)
            return status;
    }
    return BF_OK;
}

/* Compute the common length of the prompts of sequences [first, n_active) in pieces, equal lengths for all. */
static enum bf_status wave(struct generation *r, int32_t first)
{
    struct bf_llama *self = r->self;
    int32_t n_new = r->n_active - first;
    int32_t shortest = INT32_MAX;
    for (int32_t i = first; i < r->n_active; i++) {
        int32_t rest = r->sequences[i].n_prompt - r->sequences[i].n_past;
        shortest = rest < shortest ? rest : shortest;
    }
    int32_t todo = shortest - 1; /* the last prompt token goes through a common step, for its logits */
    bool many = n_new * 4 >= self->base.info.n_parallel && todo >= 2;
    if (n_new < 1 || !(many || todo >= LONG_PROMPT))
        return BF_OK;
    int32_t piece_max = (int32_t)llama_n_batch(self->context) / n_new;
    piece_max = piece_max > BF_PIECE_TOKENS ? BF_PIECE_TOKENS : piece_max;
    while (todo > 0) {
        int32_t n = todo < piece_max ? todo : piece_max;
        if (todo - n == 1 && n > 2)
            n--;
        if (n == 1)
            break; /* a single token goes through the common steps */
        r->batch.n_tokens = 0;
        for (int32_t i = first; i < r->n_active; i++) {
            struct sequence *s = &r->sequences[i];
            for (int32_t j = 0; j < n; j++)
                bf_llama_batch_add(&r->batch, s->prompt[s->n_past + j], s->n_past + j, i, false);
            s->n_past += n;
        }
        double t0 = bf_seconds();
        int32_t code = llama_decode(self->context, r->batch);
        r->stats->decode_seconds += bf_seconds() - t0;
        if (code != 0)
            return bf_llama_decode_failed(self, code, r->err);
        todo -= n;
    }
    return BF_OK;
}

/* Free place i; the last active sequence moves there. */
static enum bf_status vacate(struct generation *r, int32_t i)
{
    struct bf_llama *self = r->self;
    int32_t last = r->n_active - 1;
    sequence_release(&r->sequences[i]);
    r->n_active--;
    if (i != last) {
        enum bf_status status = bf_sequence_copy(self, last, i, r->err);
        r->sequences[i] = r->sequences[last];
        r->sequences[last] = (struct sequence){0};
        if (status != BF_OK)
            return status;
    }
    llama_memory_seq_rm(llama_get_memory(self->context), last, -1, -1);
    return BF_OK;
}

/* Append the token's bytes to the answer. No known vocabulary has a token of more than 256 bytes. */
static void append_piece(struct generation *r, struct sequence *s, llama_token token)
{
    char piece[256];
    int32_t n = llama_token_to_piece(r->self->vocab, token, piece, (int32_t)sizeof piece, 0, false);
    if (n > 0)
        bf_buf_put(&s->text, piece, (size_t)n);
}

/* Has the piece that begins at text[before] completed one of the request's stops? */
static bool has_stop(const struct sequence *s, size_t before)
{
    for (size_t i = 0; i < s->request.n_stops; i++) {
        const size_t n = strlen(s->request.stops[i]);
        if (n > 0 && strstr(s->text.data + (before >= n ? before - n + 1 : 0), s->request.stops[i]))
            return true;
    }
    return false;
}

static enum bf_status deliver(struct generation *r, struct sequence *s, enum bf_finish finish)
{
    struct bf_gen_answer answer = {
        .index = s->request.index,
        .text = s->text.data,
        .text_len = s->text.len,
        .n_prompt_tokens = s->n_prompt,
        .n_tokens = s->n_answer,
        .tokens = s->tokens,
        .p_sampling = s->p_sampling,
        .logp_model = s->logp_model,
        .finish = finish,
    };
    r->stats->n_answers++;
    return r->job->sink(r->job->user, &answer, r->err);
}

/* One token for every active sequence, in one batch. row[i] is the batch row of sequence i. */
static enum bf_status decode_step(struct generation *r, int32_t *row)
{
    struct bf_llama *self = r->self;
    r->batch.n_tokens = 0;
    for (int32_t i = 0; i < r->n_active; i++) {
        struct sequence *s = &r->sequences[i];
        bool reading = s->n_past < s->n_prompt;
        bool want = s->n_past >= s->n_prompt - 1;
        row[i] = want ? r->batch.n_tokens : -1;
        bf_llama_batch_add(&r->batch, reading ? s->prompt[s->n_past] : s->last, s->n_past, i, want);
        s->n_past++;
    }
    bool companion = r->n_active == 1; /* note (b) in llama_private.h */
    if (companion)
        bf_llama_batch_add(&r->batch, r->sequences[0].prompt[0], 0, 1, false);
    double t0 = bf_seconds();
    int32_t code = llama_decode(self->context, r->batch);
    llama_synchronize(self->context);
    r->stats->decode_seconds += bf_seconds() - t0;
    if (code != 0)
        return bf_llama_decode_failed(self, code, r->err);
    if (companion)
        llama_memory_seq_rm(llama_get_memory(self->context), 1, -1, -1);
    r->stats->n_steps++;
    return BF_OK;
}

/* A sequence's row of logits, its random number, and the chosen token. */
struct draw {
    const float *logits; /* NULL: no row in this step */
    double u;
    bool usable;
    struct bf_choice choice;
};

/* Choose the next token of every sequence that has a row. Rows are independent, so they are divided among the model's
 * threads, each with its own scratch. */
static void draw_all(struct generation *r, const int32_t *row, struct draw *draws)
{
    const int32_t n = r->n_active;
    const int32_t n_vocab = r->self->base.info.n_vocab;
    const int32_t n_parts = n < r->n_sample_threads ? n : r->n_sample_threads;
    for (int32_t i = 0; i < n; i++) {
        if (row[i] < 0)
            continue;
        draws[i].logits = llama_get_logits_ith(r->self->context, row[i]);
        draws[i].u = bf_rng_unit(&r->sequences[i].rng);
    }
#ifdef _OPENMP
#pragma omp parallel for schedule(static) num_threads(n_parts) if (n_parts > 1)
#endif
    for (int32_t part = 0; part < n_parts; part++) {
        struct bf_candidate *scratch = r->scratch + (size_t)part * (size_t)n_vocab;
        for (int32_t i = n * part / n_parts; i < n * (part + 1) / n_parts; i++) {
            struct draw *draw = &draws[i];
            if (draw->logits)
                draw->usable =
                    bf_sample(&r->sequences[i].sampler, draw->logits, n_vocab, draw->u, scratch, &draw->choice);
        }
    }
}

/* Process the token that was drawn for sequence i; *done: its answer is complete. */
static enum bf_status choose(struct generation *r, int32_t i, const struct draw *draw, bool *done,
                             enum bf_finish *finish)
{
    struct bf_llama *self = r->self;
    struct sequence *s = &r->sequences[i];
    const struct bf_choice choice = draw->choice;
    *done = false;
    if (!draw->usable) {
        char what[48];
        snprintf(what, sizeof what, "prompt %lld", (long long)s->request.index);
        return bf_llama_not_numbers(self, what, r->err);
    }
    if (llama_vocab_is_eog(self->vocab, choice.token) || choice.token == bf_chat_end(self->chat)) {
        *done = true;
        *finish = BF_FINISH_STOP;
        return BF_OK;
    }
    s->tokens[s->n_answer] = choice.token;
    s->p_sampling[s->n_answer] = choice.p_sampling;
    s->logp_model[s->n_answer] = choice.logp_model;
    s->n_answer++;
    s->last = choice.token;
    r->stats->n_generated_tokens++;
    const size_t before = s->text.len;
    append_piece(r, s, choice.token);
    if (has_stop(s, before)) {
        *done = true;
        *finish = BF_FINISH_STOP;
    } else if (s->n_answer == s->request.max_tokens) {
        *done = true;
        *finish = BF_FINISH_LENGTH;
    }
    return BF_OK;
}

static enum bf_status harvest(struct generation *r, const int32_t *row)
{
    bool done[BF_PARALLEL_MAX] = {false};
    struct draw draws[BF_PARALLEL_MAX] = {0};
    enum bf_status status = BF_OK;
    const double start = bf_seconds();
    draw_all(r, row, draws);
    r->stats->sample_seconds += bf_seconds() - start;
    for (int32_t i = 0; i < r->n_active; i++) {
        if (row[i] < 0)
            continue;
        enum bf_finish finish = BF_FINISH_STOP;
        double t0 = bf_seconds();
        status = choose(r, i, &draws[i], &done[i], &finish);
        r->stats->sample_seconds += bf_seconds() - t0;
        if (status != BF_OK)
            return status;
        if (done[i]) {
            status = deliver(r, &r->sequences[i], finish);
            if (status != BF_OK)
                return status;
        }
    }
    /* From the back, so that the sequence that moves into a gap is never a finished one. */
    for (int32_t i = r->n_active - 1; i >= 0 && status == BF_OK; i--) {
        bool unwanted = r->job->wanted && !r->job->wanted(r->job->user, r->sequences[i].request.index);
        if (done[i] || unwanted)
            status = vacate(r, i);
    }
    return status;
}

enum bf_status bf_llama_generate(struct bf_engine *engine, const struct bf_gen_job *job, struct bf_gen_stats *stats,
                                 struct bf_err *err)
{
    struct bf_llama *self = bf_llama_of(engine);
    struct generation r = {
        .self = self,
        .job = job,
        .stats = stats,
        .err = err,
        .sequences = bf_array((size_t)engine->info.n_parallel, sizeof *r.sequences),
        .batch = llama_batch_init((int32_t)llama_n_batch(self->context), 0, 1),
        .n_sample_threads = engine->info.n_threads < SAMPLE_THREADS_MAX ? engine->info.n_threads : SAMPLE_THREADS_MAX,
    };
    r.scratch = bf_array((size_t)r.n_sample_threads * (size_t)engine->info.n_vocab, sizeof *r.scratch);
    int32_t row[BF_PARALLEL_MAX] = {0};
    double start = bf_seconds();
    enum bf_status status = BF_OK;
    llama_memory_clear(llama_get_memory(self->context), true);

    for (;;) {
        int32_t first = r.n_active;
        status = admit(&r);
        if (status != BF_OK || r.n_active == 0) {
            if (status == BF_OK && !r.ended)
                status = bf_fail(err, BF_MODEL, "internal: nothing is in flight and the plan waits");
            break;
        }
        status = wave(&r, first);
        if (status == BF_OK)
            status = decode_step(&r, row);
        if (status == BF_OK)
            status = harvest(&r, row);
        if (status != BF_OK)
            break;
        stats->n_active = r.n_active;
        stats->other_seconds = bf_seconds() - start - stats->decode_seconds - stats->sample_seconds;
        if (job->step && !job->step(job->user, stats)) {
            status = BF_INTERRUPTED;
            break;
        }
    }
    for (int32_t i = 0; i < r.n_active; i++)
        sequence_release(&r.sequences[i]);
    stats->n_active = 0;
    stats->other_seconds = bf_seconds() - start - stats->decode_seconds - stats->sample_seconds;
    llama_memory_clear(llama_get_memory(self->context), true);
    free(r.sequences);
    free(r.scratch);
    llama_batch_free(r.batch);
    return status;
}
