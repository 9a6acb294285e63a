/* A small model that can read and write text, for tests from outside: the tokenizer and template of a real one, with
 * random weights of a few hundred kilobytes in Q4_0.
 *
 *   tiny_gguf FROM.gguf TO.gguf */
#include "tiny_model.h"

int main(int argc, char **argv)
{
    static const struct tiny_model model = {"llama",        64,  96, 4, 2, 1, 0, 10000, 1e-5F, true, false, false, NULL,
                                            GGML_TYPE_Q4_0, NULL};
    struct tiny_model m = model;
    if (argc != 3)
        return 2;
    struct gguf_context *from = gguf_init_from_file(argv[1], (struct gguf_init_params){.no_alloc = true});
    if (!from)
        return 3;
    m.n_vocab = (int)gguf_get_arr_n(from, gguf_find_key(from, "tokenizer.ggml.tokens"));
    struct gguf_context *to = gguf_init_empty();
    struct ggml_context *memory = ggml_init((struct ggml_init_params){.mem_size = (size_t)64 << 20});
    if (!to || !memory)
        return 4;
    gguf_set_kv(to, from);
    gguf_set_val_u32(to, "llama.block_count", (uint32_t)m.n_layer);
    gguf_set_val_u32(to, "llama.context_length", 2048);
    gguf_set_val_u32(to, "llama.embedding_length", (uint32_t)m.n_embd);
    gguf_set_val_u32(to, "llama.feed_forward_length", (uint32_t)m.n_ff);
    gguf_set_val_u32(to, "llama.attention.head_count", (uint32_t)m.n_head);
    gguf_set_val_u32(to, "llama.attention.head_count_kv", (uint32_t)m.n_head_kv);
    gguf_set_val_u32(to, "llama.rope.dimension_count", (uint32_t)(m.n_embd / m.n_head));
    gguf_set_val_u32(to, "llama.vocab_size", (uint32_t)m.n_vocab);
    tiny_tensors(&m, to, memory);
    const bool written = gguf_write_to_file(to, argv[2], false);
    gguf_free(from);
    gguf_free(to);
    ggml_free(memory);
    return written ? 0 : 5;
}
