/* A tiny model (tiny_model.h) that reads and writes text too: a SentencePiece vocabulary of single bytes and a few
 * words. `change` (may be NULL) gets the keys before they are written. */
#ifndef BF_TESTS_TINY_TEXT_MODEL_H
#define BF_TESTS_TINY_TEXT_MODEL_H
#include "tiny_model.h"

enum { TINY_TEXT_TOKENS = 300, TINY_TEXT_BYTES = 3 };

static inline void tiny_text_write(const char *path, void (*change)(struct gguf_context *gguf, void *user), void *user)
{
    struct tiny_model m = tiny_llama;
    char words[TINY_TEXT_TOKENS][16];
    const char *tokens[TINY_TEXT_TOKENS];
    float scores[TINY_TEXT_TOKENS];
    int32_t types[TINY_TEXT_TOKENS];
    struct ggml_context *memory = ggml_init((struct ggml_init_params){.mem_size = (size_t)8 << 20});
    struct gguf_context *gguf = gguf_init_empty();

    assert_non_null(memory);
    m.n_vocab = TINY_TEXT_TOKENS;
    for (int i = 0; i < TINY_TEXT_TOKENS; i++) {
        const int byte = i - TINY_TEXT_BYTES;
        snprintf(words[i], sizeof words[i], byte >= 0 && byte < 256 ? "<0x%02X>" : "\xE2\x96\x81w%d",
                 byte >= 0 && byte < 256 ? byte : i);
        tokens[i] = words[i];
        scores[i] = (float)-i;
        types[i] = byte >= 0 && byte < 256 ? 6 : 1;
    }
    tokens[0] = "<unk>", tokens[1] = "<s>", tokens[2] = "</s>";
    types[0] = 2, types[1] = types[2] = 3;
    gguf_set_val_str(gguf, "general.architecture", "llama");
    gguf_set_val_u32(gguf, "llama.block_count", (uint32_t)m.n_layer);
    gguf_set_val_u32(gguf, "llama.context_length", 512);
    gguf_set_val_u32(gguf, "llama.embedding_length", (uint32_t)m.n_embd);
    gguf_set_val_u32(gguf, "llama.feed_forward_length", (uint32_t)m.n_ff);
    gguf_set_val_u32(gguf, "llama.attention.head_count", (uint32_t)m.n_head);
    gguf_set_val_u32(gguf, "llama.attention.head_count_kv", (uint32_t)m.n_head_kv);
    gguf_set_val_f32(gguf, "llama.attention.layer_norm_rms_epsilon", m.eps);
    gguf_set_val_str(gguf, "tokenizer.ggml.model", "llama");
    gguf_set_arr_str(gguf, "tokenizer.ggml.tokens", tokens, TINY_TEXT_TOKENS);
    gguf_set_arr_data(gguf, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, scores, TINY_TEXT_TOKENS);
    gguf_set_arr_data(gguf, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types, TINY_TEXT_TOKENS);
    tiny_tensors(&m, gguf, memory);
    if (change)
        change(gguf, user);
    assert_true(gguf_write_to_file(gguf, path, false));
    gguf_free(gguf);
    ggml_free(memory);
}

#endif
