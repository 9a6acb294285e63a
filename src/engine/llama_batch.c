/* Batches, and what it means when one fails. */
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
        /* No piece of one token: see note (b) in llama_private.h. */
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
