/* Log-probabilities of texts after prompts, several sequences in a batch:
 *
 *     window of items   seq 0: [shared][rest of the prompt][text]   rows of a batch: the next n tokens of each sequence
 *                       seq 1: [shared][rest]             [text]    equal counts, ids from 0 on (llama_private.h)
 *
 * The items of a window are delivered in order, when all of them are computed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/llama_prefix.h"
#include "engine/llama_private.h"
#include "engine/sampler.h"
#include "base/banned.h"

enum { WINDOW = 8 };

struct sequence {
    size_t item;
    llama_token *tokens; /* prompt, text, end */
    int32_t n_prompt, n_tokens;
    int32_t n_input;   /* tokens that go through the model: the row of the last one predicts the last scored token */
    int32_t first_row; /* the first position whose logits are needed */
    int32_t n_past;
    llama_token choices[BF_CHOICES_MAX];
    float choice_logp[BF_CHOICES_MAX];
    float *logp;             /* [n_tokens] by position i: of tokens[i + 1] */
    bool *greedy;            /* [n_tokens] by position */
    float *mean, *deviation; /* [n_tokens] by position; NULL unless the job wants the spread */
};

struct scoring_job {
    struct bf_llama *self;
    const struct bf_continuation *items;
    const struct bf_continuation_job *job;
    struct llama_batch batch;
    struct sequence window[WINDOW];
    int32_t n_window;
    struct sequence *active[WINDOW]; /* by sequence id */
    int32_t n_active;
};

static void release_window(struct scoring_job *r)
{
    for (int32_t i = 0; i < r->n_window; i++) {
        free(r->window[i].tokens);
        free(r->window[i].logp);
        free(r->window[i].greedy);
        free(r->window[i].mean);
        free(r->window[i].deviation);
    }
    memset(r->window, 0, sizeof r->window);
    r->n_window = r->n_active = 0;
}

/* Append the ids of the prompt and of `text` to `out`; the text begins at *n_prompt. */
static enum bf_status tokens_of(const struct bf_llama *self, const char *prompt, const char *text, bool with_end,
                                struct bf_token_list *out, int32_t *n_prompt, struct bf_err *err)
{
    size_t n = 0;
    const enum bf_status status = bf_chat_pair(self->chat, prompt, text, with_end, out, &n, err);
    *n_prompt = (int32_t)n;
    return status;
}

static enum bf_status find_choices(const struct scoring_job *r, struct sequence *s, const struct bf_continuation *item,
                                   struct bf_err *err)
{
    for (size_t c = 0; c < item->n_choices; c++) {
        struct bf_token_list list = {0};
        int32_t n_prompt = 0;
        const enum bf_status status = tokens_of(r->self, item->prompt, item->choices[c], false, &list, &n_prompt, err);
        const bool single = n_prompt == s->n_prompt && list.n == (size_t)n_prompt + 1;
        s->choices[c] = single ? list.items[n_prompt] : 0;
        free(list.items);
        if (status != BF_OK)
            return status;
        if (!single)
            return bf_fail(err, BF_MODEL,
                           "the choice '%s' is not one token of '%s' after the prompt, so its probability cannot be "
                           "compared; try --chat auto or another form of the prompt",
                           item->choices[c], r->self->base.info.model_desc);
    }
    return BF_OK;
}

static enum bf_status prepare(const struct scoring_job *r, size_t i, struct sequence *s, struct bf_err *err)
{
    const struct bf_llama *self = r->self;
    const struct bf_continuation *item = &r->items[i];
    const bool has_text = item->text && *item->text;
    struct bf_token_list list = {0};
    s->item = i;
    if (item->with_end && bf_chat_end(self->chat) < 0)
        return bf_fail(err, BF_MODEL, "'%s' has no token that ends an answer", self->base.info.model_desc);
    /* Without a text, choices are where the template puts an answer. */
    const bool only_choices = !has_text && item->n_choices > 0 && !item->with_end;
    const enum bf_status status = tokens_of(self, item->prompt,
                                            only_choices ? item->choices[0]
                                            : has_text   ? item->text
                                                         : "",
                                            item->with_end, &list, &s->n_prompt, err);
    s->tokens = list.items;
    s->n_tokens = only_choices ? s->n_prompt : (int32_t)list.n;
    if (status != BF_OK)
        return status;
    if (s->n_tokens > self->base.info.n_ctx_seq)
        return bf_fail(err, BF_MODEL, "item %zu has %d tokens, but a sequence holds %d; shorten it or raise --context",
                       i + 1, s->n_tokens, self->base.info.n_ctx_seq);
    s->first_row = s->n_prompt > 0 ? s->n_prompt - 1 : 0;
    s->n_input = s->n_tokens > s->n_prompt ? s->n_tokens - 1 : 0;
    if (item->n_choices > 0) {
        if (s->n_prompt < 1)
            return bf_fail(err, BF_MODEL, "item %zu has choices after a prompt without any token", i + 1);
        s->n_input = s->n_input > s->n_prompt ? s->n_input : s->n_prompt;
    }
    s->logp = bf_array((size_t)s->n_tokens + 1, sizeof *s->logp);
    s->greedy = bf_array((size_t)s->n_tokens + 1, sizeof *s->greedy);
    if (r->job->spread) {
        s->mean = bf_array((size_t)s->n_tokens + 1, sizeof *s->mean);
        s->deviation = bf_array((size_t)s->n_tokens + 1, sizeof *s->deviation);
    }
    return find_choices(r, s, item, err);
}

/* How many tokens of each active sequence go into the next batch. */
static int32_t piece_of(const struct scoring_job *r)
{
    int32_t shortest = BF_PIECE_TOKENS + 1, rows = 0;
    for (int32_t i = 0; i < r->n_active; i++) {
        const struct sequence *s = r->active[i];
        shortest = s->n_input - s->n_past < shortest ? s->n_input - s->n_past : shortest;
    }
    int32_t n = shortest < BF_PIECE_TOKENS ? shortest : BF_PIECE_TOKENS;
    for (int32_t i = 0; i < r->n_active; i++) {
        const struct sequence *s = r->active[i];
        const int32_t from = s->first_row > s->n_past ? s->first_row : s->n_past;
        rows += s->n_past + n > from ? s->n_past + n - from : 0;
    }
    if (rows > r->self->n_outputs)
        n = r->self->n_outputs / r->n_active > 0 ? r->self->n_outputs / r->n_active : 1;
    /* A lone sequence must not keep a piece of one token: note (b) in llama_private.h. */
    return r->n_active == 1 && n > 2 && shortest - n == 1 ? n - 1 : n;
}

static enum bf_status read_row(const struct scoring_job *r, struct sequence *s, int32_t at, int32_t row,
                               struct bf_err *err)
{
    const int32_t n_vocab = r->self->base.info.n_vocab;
    const float *logits = llama_get_logits_ith(r->self->context, row);
    const double lse = logits ? bf_log_sum_exp(logits, n_vocab) : (double)NAN;
    if (!logits || !isfinite(lse)) {
        char what[48];
        snprintf(what, sizeof what, "item %zu", s->item + 1);
        return bf_llama_not_numbers(r->self, what, err);
    }
    if (at + 1 < s->n_tokens) {
        const llama_token next = s->tokens[at + 1];
        bool best = true;
        for (int32_t t = 0; t < next; t++) /* the lower id wins a tie, as in the sampler */
            best &= logits[t] < logits[next];
        for (int32_t t = next + 1; t < n_vocab; t++)
            best &= logits[t] <= logits[next];
        s->logp[at] = (float)((double)logits[next] - lse);
        s->greedy[at] = best;
    }
    if (at + 1 < s->n_tokens && s->mean) {
        double mean = 0.0, deviation = 0.0;
        bf_logp_spread(logits, n_vocab, lse, &mean, &deviation);
        s->mean[at] = (float)mean;
        s->deviation[at] = (float)deviation;
    }
    if (at == s->n_prompt - 1)
        for (size_t c = 0; c < r->items[s->item].n_choices; c++)
            s->choice_logp[c] = (float)((double)logits[s->choices[c]] - lse);
    return BF_OK;
}

static enum bf_status decode(struct scoring_job *r, struct bf_err *err)
{
    struct bf_llama *self = r->self;
    const int32_t n = piece_of(r);
    r->batch.n_tokens = 0;
    for (int32_t i = 0; i < r->n_active; i++) {
        const struct sequence *s = r->active[i];
        for (int32_t at = s->n_past; at < s->n_past + n; at++)
            bf_llama_batch_add(&r->batch, s->tokens[at], at, i, at >= s->first_row);
    }
    const bool companion = r->n_active == 1 && n == 1;
    if (companion)
        bf_llama_batch_add(&r->batch, r->active[0]->tokens[0], 0, 1, false);
    const int32_t code = llama_decode(self->context, r->batch);
    if (code != 0)
        return bf_llama_decode_failed(self, code, err);
    if (companion)
        llama_memory_seq_rm(llama_get_memory(self->context), 1, -1, -1);
    for (int32_t i = 0; i < r->n_active; i++) {
        struct sequence *s = r->active[i];
        for (int32_t k = 0; k < n; k++, s->n_past++) {
            const enum bf_status status = s->n_past >= s->first_row ? read_row(r, s, s->n_past, i * n + k, err) : BF_OK;
            if (status != BF_OK)
                return status;
        }
    }
    return BF_OK;
}

/* Start the items of the window: each that needs the model gets a sequence. */
static enum bf_status admit(struct scoring_job *r, struct bf_err *err)
{
    for (int32_t i = 0; i < r->n_window; i++) {
        struct sequence *s = &r->window[i];
        if (s->n_input == 0)
            continue;
        const llama_seq_id id = r->n_active;
        llama_memory_seq_rm(llama_get_memory(r->self->context), id, -1, -1);
        const enum bf_status status =
            s->n_prompt > 1 ? bf_prefix_apply(r->self, &r->batch, id, s->tokens, s->n_prompt, &s->n_past, NULL, err)
                            : BF_OK;
        if (status != BF_OK)
            return status;
        r->active[r->n_active++] = s;
    }
    return BF_OK;
}

/* Finished sequences leave, and the last one moves into the gap. */
static enum bf_status vacate(struct scoring_job *r, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    for (int32_t i = r->n_active - 1; i >= 0 && status == BF_OK; i--) {
        if (r->active[i]->n_past < r->active[i]->n_input)
            continue;
        const int32_t last = --r->n_active;
        if (i != last)
            status = bf_sequence_copy(r->self, last, i, err);
        r->active[i] = r->active[last];
        llama_memory_seq_rm(llama_get_memory(r->self->context), last, -1, -1);
    }
    return status;
}

static enum bf_status deliver(const struct scoring_job *r, const struct sequence *s, struct bf_err *err)
{
    /* The first token of a text without a prompt has nothing before it. */
    const int32_t first = s->n_prompt > 0 ? s->n_prompt : 1;
    const struct bf_continuation_score score = {
        .item = s->item,
        .n_prompt_tokens = s->n_prompt,
        .n_tokens = s->n_tokens > first ? s->n_tokens - first : 0,
        .tokens = s->tokens + first,
        .logp = s->logp + first - 1,
        .greedy = s->greedy + first - 1,
        .choices = s->choice_logp,
        .mean_logp = s->mean ? s->mean + first - 1 : NULL,
        .deviation_logp = s->deviation ? s->deviation + first - 1 : NULL,
    };
    return r->job->sink(r->job->user, &score, err);
}

static enum bf_status compute_window(struct scoring_job *r, size_t first, struct bf_err *err)
{
    enum bf_status status = admit(r, err);
    while (status == BF_OK && r->n_active > 0) {
        status = decode(r, err);
        if (status == BF_OK)
            status = vacate(r, err);
        if (status == BF_OK && r->job->step && !r->job->step(r->job->user, first))
            status = BF_INTERRUPTED;
    }
    for (int32_t i = 0; i < r->n_window && status == BF_OK; i++)
        status = deliver(r, &r->window[i], err);
    return status;
}

enum bf_status bf_llama_score_continuations(struct bf_engine *engine, const struct bf_continuation *items,
                                            size_t n_items, const struct bf_continuation_job *job, struct bf_err *err)
{
    struct bf_llama *self = bf_llama_of(engine);
    struct scoring_job r = {.self = self,
                            .items = items,
                            .job = job,
                            .batch = llama_batch_init((int32_t)llama_n_batch(self->context), 0, 1)};
    const int32_t most = engine->info.n_parallel < WINDOW ? engine->info.n_parallel : WINDOW;
    enum bf_status status = BF_OK;
    llama_memory_clear(llama_get_memory(self->context), true);
    for (size_t i = 0; i < n_items && status == BF_OK;) {
        const size_t first = i;
        for (; i < n_items && r.n_window < most && status == BF_OK; i++)
            status = prepare(&r, i, &r.window[r.n_window++], err);
        if (status == BF_OK)
            status = compute_window(&r, first, err);
        release_window(&r);
    }
    llama_memory_clear(llama_get_memory(self->context), true);
    llama_batch_free(r.batch);
    return status;
}
