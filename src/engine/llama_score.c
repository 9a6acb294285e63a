/* Log-probabilities of given texts: the text itself as a prompt, logits for every token. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/llama_private.h"
#include "engine/sampler.h"
#include "base/banned.h"

static enum bf_status score_one(struct bf_llama *self, struct llama_batch *batch, size_t index, const char *text,
                                void *user, enum bf_status (*sink)(void *, const struct bf_score *, struct bf_err *),
                                struct bf_err *err)
{
    int32_t n_vocab = self->base.info.n_vocab;
    struct bf_token_list list = {0};
    /* No EOS, also where the tokenizer adds one: a text that is scored is not over. */
    if (llama_vocab_get_add_bos(self->vocab))
        bf_token_list_append(&list, &(llama_token){llama_vocab_bos(self->vocab)}, 1);
    bf_chat_text_tokens(self->vocab, text, strlen(text), &list);
    const llama_token *tokens = list.items;
    const int32_t n = (int32_t)list.n;
    float *logp = bf_array((size_t)n + 1, sizeof *logp);
    enum bf_status status = BF_OK;
    if (n > self->base.info.n_ctx_seq) {
        status = bf_fail(err, BF_MODEL, "text %zu has %d tokens, but a sequence holds %d; split it", index + 1, n,
                         self->base.info.n_ctx_seq);
        goto out;
    }
    llama_memory_seq_rm(llama_get_memory(self->context), 0, -1, -1);
    int32_t from = 0;
    while (from < n - 1) {
        int32_t count = n - 1 - from < BF_PIECE_TOKENS ? n - 1 - from : BF_PIECE_TOKENS;
        if (n - 1 - from - count == 1)
            count--;
        batch->n_tokens = 0;
        for (int32_t i = 0; i < count; i++)
            bf_llama_batch_add(batch, tokens[from + i], from + i, 0, true);
        if (count == 1)
            bf_llama_batch_add(batch, tokens[0], 0, 1, false);
        int32_t code = llama_decode(self->context, *batch);
        if (code != 0) {
            status = bf_llama_decode_failed(self, code, err);
            goto out;
        }
        llama_memory_seq_rm(llama_get_memory(self->context), 1, -1, -1);
        for (int32_t i = 0; i < count; i++) {
            const float *logits = llama_get_logits_ith(self->context, i);
            double lse = logits ? bf_log_sum_exp(logits, n_vocab) : (double)NAN;
            if (!logits || isnan(lse)) {
                char what[48];
                snprintf(what, sizeof what, "text %zu", index + 1);
                status = bf_llama_not_numbers(self, what, err);
                goto out;
            }
            logp[from + i] = (float)((double)logits[tokens[from + i + 1]] - lse);
        }
        from += count;
    }
    struct bf_score score = {
        .text = index, .n_tokens = n > 0 ? n - 1 : 0, .tokens = n > 0 ? tokens + 1 : NULL, .logp = logp};
    status = sink(user, &score, err);
out:
    free(list.items);
    free(logp);
    return status;
}

enum bf_status bf_llama_score(struct bf_engine *engine, const char *const *texts, size_t n_texts, void *user,
                              enum bf_status (*sink)(void *, const struct bf_score *, struct bf_err *),
                              struct bf_err *err)
{
    struct bf_llama *self = bf_llama_of(engine);
    struct llama_batch batch = llama_batch_init(BF_PIECE_TOKENS + 1, 0, 1);
    enum bf_status status = BF_OK;
    llama_memory_clear(llama_get_memory(self->context), true);
    for (size_t i = 0; i < n_texts && status == BF_OK; i++)
        status = score_one(self, &batch, i, texts[i], user, sink, err);
    llama_memory_clear(llama_get_memory(self->context), true);
    llama_batch_free(batch);
    return status;
}
