/* What llama.cpp itself computes, for comparison. */
#ifndef BF_TESTS_LLAMA_LOGITS_H
#define BF_TESTS_LLAMA_LOGITS_H
#include "unit.h"

#include <llama.h>
#include <stdbool.h>

#include "engine/engine.h"

static void llama_silence(enum ggml_log_level level, const char *text, void *user)
{
    (void)level;
    (void)text;
    (void)user;
}

/* Logits [n, n_vocab] of one sequence, F32 cache and no flash attention; `adapter` may be NULL. free(). */
static inline float *llama_logits(const char *model_path, const char *adapter, const int32_t *tokens, int32_t n)
{
    llama_log_set(llama_silence, NULL);
    struct bf_err err = BF_ERR_INIT;
    if (bf_engine_start_llama(&err))
        fail_msg("%s", err.text);
    struct llama_model_params mp = llama_model_default_params();
    mp.n_gpu_layers = 0;
    struct llama_model *model = llama_model_load_from_file(model_path, mp);
    if (!model)
        fail_msg("llama.cpp does not load '%s'", model_path);
    struct llama_context_params cp = llama_context_default_params();
    cp.n_ctx = cp.n_batch = cp.n_ubatch = 512;
    cp.n_threads = cp.n_threads_batch = 1; /* more would spin on a busy machine */
    cp.type_k = cp.type_v = GGML_TYPE_F32;
    cp.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    struct llama_context *context = llama_init_from_model(model, cp);
    assert_non_null(context);
    if (adapter) {
        struct llama_adapter_lora *lora = llama_adapter_lora_init(model, adapter);
        float scale = 1;
        if (!lora)
            fail_msg("llama.cpp does not load the adapter '%s'", adapter);
        assert_int_equal(llama_set_adapters_lora(context, &lora, 1, &scale), 0);
    }
    struct llama_batch batch = llama_batch_init(n, 0, 1);
    for (int32_t i = 0; i < n; i++) {
        batch.token[i] = tokens[i];
        batch.pos[i] = i;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i] = 1;
    }
    batch.n_tokens = n;
    assert_int_equal(llama_decode(context, batch), 0);
    const size_t n_values = (size_t)n * (size_t)llama_vocab_n_tokens(llama_model_get_vocab(model));
    float *out = malloc(n_values * sizeof *out);
    assert_non_null(out);
    memcpy(out, llama_get_logits(context), n_values * sizeof *out);
    llama_batch_free(batch);
    llama_free(context);
    llama_model_free(model);
    llama_backend_free();
    return out;
}

#endif
