/* Does a row of this model get the same bits whatever else is in the batch? The model itself is tested: the same few
 * tokens in 1, 5 and N rows and as one piece must give logits that agree bit for bit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/llama_private.h"
#include "engine/sampler.h"
#include "base/banned.h"

enum { PROBE_TOKENS = 2 };

/* Logits of the last probe token of sequence 0, with `rows` sequences in the batch. */
static enum bf_status probe(struct bf_llama *self, struct llama_batch *batch, const llama_token *tokens, int32_t rows,
                            bool piece, float *out, struct bf_err *err)
{
    size_t n_bytes = (size_t)self->base.info.n_vocab * sizeof *out;
    llama_memory_clear(llama_get_memory(self->context), true);
    if (piece) {
        enum bf_status status = bf_llama_prefill(self, batch, 0, tokens, 0, PROBE_TOKENS - 1, err);
        if (status != BF_OK)
            return status;
    }
    for (int32_t pos = piece ? PROBE_TOKENS - 1 : 0; pos < PROBE_TOKENS; pos++) {
        batch->n_tokens = 0;
        for (int32_t seq = 0; seq < rows; seq++)
            bf_llama_batch_add(batch, tokens[(pos + seq) % PROBE_TOKENS], pos, seq, pos == PROBE_TOKENS - 1);
        int32_t code = llama_decode(self->context, *batch);
        if (code != 0)
            return bf_llama_decode_failed(self, code, err);
    }
    const float *logits = llama_get_logits_ith(self->context, 0);
    if (!logits)
        return bf_fail(err, BF_MODEL, "the model '%s' gave no logits", self->base.info.model_desc);
    memcpy(out, logits, n_bytes);
    return BF_OK;
}

enum bf_status bf_llama_check_stable(struct bf_llama *self, struct bf_err *err)
{
    int32_t n_vocab = self->base.info.n_vocab;
    size_t n_bytes = (size_t)n_vocab * sizeof(float);
    float *alone = bf_array((size_t)n_vocab, sizeof *alone);
    float *beside = bf_array((size_t)n_vocab, sizeof *beside);
    llama_token tokens[PROBE_TOKENS];
    for (int32_t i = 0; i < PROBE_TOKENS; i++)
        tokens[i] = (llama_token)((int64_t)n_vocab * (2 * i + 1) / (2 * PROBE_TOKENS + 1));
    struct llama_batch batch = llama_batch_init(BF_PARALLEL_MAX, 0, 1);
    int32_t rows[3] = {5, self->n_streams, 1};
    bool stable = true;

    enum bf_status status = probe(self, &batch, tokens, 1, false, alone, err);
    if (status == BF_OK && !isfinite(bf_log_sum_exp(alone, n_vocab))) /* bit for bit, NaN is equal to itself */
        status = bf_llama_not_numbers(self, "a few tokens", err);
    for (int i = 0; i < 3 && status == BF_OK && stable; i++) {
        int32_t n = rows[i] < self->n_streams ? rows[i] : self->n_streams;
        status = probe(self, &batch, tokens, n, i == 2, beside, err);
        if (status == BF_OK)
            stable = memcmp(alone, beside, n_bytes) == 0;
    }
    if (status == BF_OK)
        self->base.info.stable = stable ? BF_STABLE_YES : BF_STABLE_NO;
    llama_memory_clear(llama_get_memory(self->context), true);
    llama_batch_free(batch);
    free(alone);
    free(beside);
    return status;
}
