/* Tokens of texts, the digest of a vocabulary, batches of tokens, and what it means when a batch fails. */
#include <llama.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "engine/llama_private.h"
#include "base/banned.h"

void bf_llama_batch_add(struct llama_batch *batch, llama_token token, llama_pos pos, llama_seq_id seq, bool logits)
{
    int32_t i = batch->n_tokens++;
    batch->token[i] = token;
    batch->pos[i] = pos;
    batch->n_seq_id[i] = 1;
    batch->seq_id[i][0] = seq;
    batch->logits[i] = logits;
}

enum bf_status bf_llama_decode_failed(const struct bf_llama *self, int32_t code, struct bf_err *err)
{
    if (code == 1)
        return bf_fail(err, BF_MODEL,
                       "the context of '%s' is full (%d tokens a sequence); shorten the prompt or the answer",
                       self->base.info.model_desc, self->base.info.n_ctx_seq);
    return bf_fail(err, BF_MODEL, "the model '%s' failed to compute (llama_decode gave %d); try a smaller --parallel",
                   self->base.info.model_desc, code);
}

enum bf_status bf_llama_not_numbers(const struct bf_llama *self, const char *what, struct bf_err *err)
{
    enum bf_status status = bf_engine_check_weights(self->path, err);
    if (status == BF_OK && self->lora_path)
        status = bf_engine_check_weights(self->lora_path, err);
    if (status != BF_OK)
        return status;
    return bf_fail(
        err, BF_MODEL,
        "the model '%s' computes values that are not numbers (NaN or infinite) for %s, though its weights are "
        "numbers: they overflow on this machine; use the model in F32 or BF16, or fetch it again",
        self->path, what);
}

enum bf_status bf_llama_prefill(struct bf_llama *self, struct llama_batch *batch, llama_seq_id seq,
                                const llama_token *tokens, int32_t from, int32_t to, struct bf_err *err)
{
    while (from < to) {
        int32_t n = to - from < BF_PIECE_TOKENS ? to - from : BF_PIECE_TOKENS;
        /* A piece must not have one token: see note (b) in llama_private.h. */
        if (to - from - n == 1)
            n--;
        batch->n_tokens = 0;
        for (int32_t i = 0; i < n; i++)
            bf_llama_batch_add(batch, tokens[from + i], from + i, seq, false);
        int32_t code = llama_decode(self->context, *batch);
        if (code != 0)
            return bf_llama_decode_failed(self, code, err);
        from += n;
    }
    return BF_OK;
}

llama_token *bf_llama_tokens(const struct llama_vocab *vocab, const char *text, size_t n_bytes, bool around,
                             int32_t *n_tokens)
{
    int32_t len = n_bytes > (size_t)INT32_MAX / 2 ? INT32_MAX / 2 : (int32_t)n_bytes;
    int32_t capacity = len + 8; /* a token has at least one byte, except BOS and EOS */
    llama_token *tokens = bf_array((size_t)capacity, sizeof *tokens);
    int32_t n = llama_tokenize(vocab, text, len, tokens, capacity, around, false);
    if (n < 0) {
        capacity = -n;
        tokens = bf_grow(tokens, (size_t)capacity, sizeof *tokens);
        n = llama_tokenize(vocab, text, len, tokens, capacity, around, false);
    }
    *n_tokens = n > 0 ? n : 0;
    return tokens;
}

enum bf_status bf_llama_chat_init(struct bf_llama *self, const char *chat, struct bf_err *err)
{
    struct bf_engine_info *info = &self->base.info;
    info->has_chat_template = llama_model_chat_template(self->model, NULL) != NULL;
    const enum bf_status status = bf_chat_open(self->model, chat, info->model_desc, &self->chat, err);
    if (status != BF_OK)
        return status;
    snprintf(info->chat, sizeof info->chat, "%s", bf_chat_is_plain(self->chat) ? "none" : chat);
    return BF_OK;
}

/* Models with the same tokens have the same digest, whatever their weights. */
void bf_engine_vocabulary_sha256(const struct llama_vocab *vocab, char out[65])
{
    struct bf_buf all;
    const int32_t n = llama_vocab_n_tokens(vocab);
    bf_buf_init(&all, SIZE_MAX);
    for (int32_t id = 0; id < n; id++) {
        const char *text = llama_vocab_get_text(vocab, id);
        bf_buf_printf(&all, "%zu ", strlen(text)); /* so that the borders of tokens are part of the digest */
        bf_buf_puts(&all, text);
    }
    bf_sha256_hex(all.data, all.len, out);
    bf_buf_release(&all);
}
