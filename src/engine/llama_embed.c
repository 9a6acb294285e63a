/* Pooled last hidden states, from a second context that shares the weights. Pooling is done here, in double precision
 * and from the states of all tokens, in the same way for BERT-like models and for decoders. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/llama_private.h"
#include "base/banned.h"

enum { EMBED_TOKENS_MAX = 2048, EMBED_SEQUENCES = 16, DECODER_PIECE = 64 };

bool bf_llama_is_causal(const struct bf_llama *self)
{
    char value[32] = "";
    char key[128];
    snprintf(key, sizeof key, "%s.attention.causal", self->base.info.architecture);
    llama_model_meta_val_str(self->model, key, value, sizeof value);
    return strcmp(value, "false") != 0 && strcmp(self->base.info.architecture, "bert") != 0;
}

/* llama.cpp asks for each node of the graph whether to wait for it, and then whether to continue after it. After the
 * last hidden states only the vocabulary's logits follow, which it would compute for every token: a fifth of the work
 * with a small model. When the node has another name, nothing is skipped, and the result is the same. */
static bool until_states(struct ggml_tensor *node, bool ask, void *user)
{
    (void)user;
    return ask ? strcmp(node->name, "result_norm") == 0 : false;
}

static enum bf_status open_context(struct bf_llama *self, struct bf_err *err)
{
    struct bf_engine_info *info = &self->base.info;
    self->causal = bf_llama_is_causal(self);
    int32_t limit =
        info->n_ctx_train > 0 && info->n_ctx_train < EMBED_TOKENS_MAX ? info->n_ctx_train : EMBED_TOKENS_MAX;
    struct llama_context_params params = llama_context_default_params();
    /* A decoder is computed in short pieces, because llama.cpp reserves memory for the vocabulary's logits of each
     * embedded token. */
    params.n_ctx = (uint32_t)(limit + BF_CTX_PAD - 1) / BF_CTX_PAD * BF_CTX_PAD;
    params.n_batch = (uint32_t)(self->causal ? DECODER_PIECE : limit);
    params.n_ubatch = params.n_batch;
    params.n_seq_max = self->causal ? 1 : EMBED_SEQUENCES;
    params.n_threads = info->n_threads;
    params.n_threads_batch = info->n_threads;
    params.embeddings = true;
    params.pooling_type = LLAMA_POOLING_TYPE_NONE;
    /* With an encoder's short texts and small heads, flash attention on a CPU takes longer than two plain products. */
    params.flash_attn_type = self->causal ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
    params.kv_unified = true;
    params.no_perf = true;
    if (self->causal)
        params.cb_eval = until_states;
    struct bf_llama_log log;
    bf_llama_log_begin(&log);
    self->embed = llama_init_from_model(self->model, params);
    bf_llama_log_end(&log);
    if (!self->embed)
        return bf_fail(err, BF_MODEL, "cannot make an embedding context for '%s': %s", info->model_desc, log.first);
    self->n_embed_tokens = limit;
    return bf_llama_apply_lora(self, self->embed, err);
}

static enum bf_pooling resolve_pooling(const struct bf_llama *self, enum bf_pooling pooling)
{
    if (pooling != BF_POOL_MODEL)
        return pooling;
    char key[128];
    char value[32] = "";
    snprintf(key, sizeof key, "%s.pooling_type", self->base.info.architecture);
    llama_model_meta_val_str(self->model, key, value, sizeof value);
    long type = value[0] ? strtol(value, NULL, 10) : LLAMA_POOLING_TYPE_MEAN;
    return type == LLAMA_POOLING_TYPE_CLS ? BF_POOL_CLS : type == LLAMA_POOLING_TYPE_LAST ? BF_POOL_LAST : BF_POOL_MEAN;
}

/* A text that is being embedded. */
struct pooled {
    llama_token *tokens;
    int32_t n_tokens;
    double *sum; /* [n_embd] */
};

/* Add the states of batch rows [row, row + n), which are tokens [first, first + n) of the text. */
static enum bf_status pool_rows(struct bf_llama *self, struct pooled *p, enum bf_pooling pooling, int32_t row,
                                int32_t first, int32_t n, struct bf_err *err)
{
    int32_t n_embd = self->base.info.n_embd;
    for (int32_t i = 0; i < n; i++) {
        int32_t token = first + i;
        bool take = pooling == BF_POOL_MEAN || (pooling == BF_POOL_CLS && token == 0) ||
                    (pooling == BF_POOL_LAST && token == p->n_tokens - 1);
        if (!take)
            continue;
        const float *state = llama_get_embeddings_ith(self->embed, row + i);
        if (!state)
            return bf_fail(err, BF_MODEL, "the model '%s' gave no hidden states", self->base.info.model_desc);
        for (int32_t d = 0; d < n_embd; d++)
            p->sum[d] += (double)state[d];
    }
    return BF_OK;
}

static enum bf_status finish(const struct bf_llama *self, struct pooled *p, enum bf_pooling pooling, float *out,
                             struct bf_err *err)
{
    int32_t n_embd = self->base.info.n_embd;
    double scale = pooling == BF_POOL_MEAN && p->n_tokens > 0 ? 1.0 / p->n_tokens : 1.0;
    bool finite = true;
    for (int32_t d = 0; d < n_embd; d++) {
        out[d] = (float)(p->sum[d] * scale);
        finite &= isfinite(out[d]) != 0;
    }
    return finite ? BF_OK : bf_llama_not_numbers(self, "a text", err);
}

/* A decoder reads one text in pieces. */
static enum bf_status embed_causal(struct bf_llama *self, struct llama_batch *batch, struct pooled *p,
                                   enum bf_pooling pooling, struct bf_err *err)
{
    llama_memory_clear(llama_get_memory(self->embed), true);
    for (int32_t from = 0; from < p->n_tokens;) {
        int32_t n = p->n_tokens - from < DECODER_PIECE ? p->n_tokens - from : DECODER_PIECE;
        batch->n_tokens = 0;
        for (int32_t i = 0; i < n; i++)
            bf_llama_batch_add(batch, p->tokens[from + i], from + i, 0, true);
        int32_t code = llama_decode(self->embed, *batch);
        if (code != 0)
            return bf_llama_decode_failed(self, code, err);
        enum bf_status status = pool_rows(self, p, pooling, 0, from, n, err);
        if (status != BF_OK)
            return status;
        from += n;
    }
    return BF_OK;
}

/* An encoder reads whole texts, several in one batch. */
static enum bf_status embed_encoder(struct bf_llama *self, struct llama_batch *batch, struct pooled *p, size_t n,
                                    enum bf_pooling pooling, struct bf_err *err)
{
    batch->n_tokens = 0;
    for (size_t t = 0; t < n; t++)
        for (int32_t i = 0; i < p[t].n_tokens; i++)
            bf_llama_batch_add(batch, p[t].tokens[i], i, (llama_seq_id)t, true);
    if (batch->n_tokens == 0)
        return BF_OK;
    int32_t code = llama_encode(self->embed, *batch);
    if (code != 0)
        return bf_llama_decode_failed(self, code, err);
    enum bf_status status = BF_OK;
    int32_t row = 0;
    for (size_t t = 0; t < n && status == BF_OK; t++) {
        status = pool_rows(self, &p[t], pooling, row, 0, p[t].n_tokens, err);
        row += p[t].n_tokens;
    }
    return status;
}

/* What to embed: texts, or tokens. */
struct wanted {
    const char *const *texts;
    const struct bf_tokens *tokens;
    bool are_tokens;
};

/* The tokens, with those that the tokenizer puts before and after a text. */
static void copy_tokens(const struct bf_llama *self, const struct bf_tokens *given, struct pooled *p)
{
    const bool bos = llama_vocab_get_add_bos(self->vocab), eos = llama_vocab_get_add_eos(self->vocab);
    p->tokens = bf_array((size_t)given->n + 2, sizeof *p->tokens);
    if (bos && given->n > 0)
        p->tokens[p->n_tokens++] = llama_vocab_bos(self->vocab);
    for (int32_t i = 0; i < given->n; i++)
        p->tokens[p->n_tokens++] = given->ids[i];
    if (eos && given->n > 0)
        p->tokens[p->n_tokens++] = llama_vocab_eos(self->vocab);
}

static void read_text(struct bf_llama *self, const struct wanted *wanted, size_t which, struct pooled *p)
{
    if (wanted->are_tokens)
        copy_tokens(self, &wanted->tokens[which], p);
    else
        p->tokens =
            bf_llama_tokens(self->vocab, wanted->texts[which], strlen(wanted->texts[which]), true, &p->n_tokens);
    if (p->n_tokens > self->n_embed_tokens) {
        llama_token last = p->tokens[p->n_tokens - 1];
        p->n_tokens = self->n_embed_tokens;
        if (!self->causal) /* an encoder's text ends with its separator */
            p->tokens[p->n_tokens - 1] = last;
    }
    p->sum = bf_array((size_t)self->base.info.n_embd, sizeof *p->sum);
}

static enum bf_status embed_all(struct bf_engine *engine, const struct wanted *wanted, size_t n_texts,
                                enum bf_pooling pooling, bool together, float *out, struct bf_err *err)
{
    struct bf_llama *self = bf_llama_of(engine);
    enum bf_status status = self->embed ? BF_OK : open_context(self, err);
    if (status != BF_OK)
        return status;
    pooling = resolve_pooling(self, pooling);
    size_t n_embd = (size_t)engine->info.n_embd;
    struct llama_batch batch = llama_batch_init(EMBED_TOKENS_MAX, 0, 1);
    size_t group_max = self->causal || !together ? 1 : EMBED_SEQUENCES;

    for (size_t first = 0; first < n_texts && status == BF_OK;) {
        struct pooled group[EMBED_SEQUENCES] = {{0}};
        size_t n = 0;
        int32_t n_tokens = 0;
        while (n < group_max && first + n < n_texts) {
            read_text(self, wanted, first + n, &group[n]);
            if (n > 0 && n_tokens + group[n].n_tokens > self->n_embed_tokens) {
                free(group[n].tokens);
                free(group[n].sum);
                break;
            }
            n_tokens += group[n].n_tokens;
            n++;
        }
        status = self->causal ? embed_causal(self, &batch, &group[0], pooling, err)
                              : embed_encoder(self, &batch, group, n, pooling, err);
        for (size_t t = 0; t < n; t++) {
            if (status == BF_OK)
                status = finish(self, &group[t], pooling, out + (first + t) * n_embd, err);
            free(group[t].tokens);
            free(group[t].sum);
        }
        first += n;
    }
    llama_batch_free(batch);
    return status;
}

enum bf_status bf_llama_embed(struct bf_engine *engine, const char *const *texts, size_t n_texts,
                              enum bf_pooling pooling, bool together, float *out, struct bf_err *err)
{
    const struct wanted wanted = {.texts = texts};
    return embed_all(engine, &wanted, n_texts, pooling, together, out, err);
}

enum bf_status bf_llama_embed_tokens(struct bf_engine *engine, const struct bf_tokens *texts, size_t n_texts,
                                     enum bf_pooling pooling, float *out, struct bf_err *err)
{
    const struct wanted wanted = {.tokens = texts, .are_tokens = true};
    return embed_all(engine, &wanted, n_texts, pooling, false, out, err);
}
