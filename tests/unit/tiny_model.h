/* Models of a few thousand weights, which tests of training write themselves; the formulas of
 * tests/golden/graph_reference.py. */
#ifndef BF_TESTS_TINY_MODEL_H
#define BF_TESTS_TINY_MODEL_H
#include "unit.h"

#include <ggml.h>
#include <gguf.h>
#include <stdbool.h>

struct tiny_model {
    const char *architecture;
    int n_embd, n_ff, n_layer, n_head, n_head_kv, n_vocab;
    float rope_base, eps;
    bool tied, factors, biases;
    const char *rope_scaling; /* NULL, "linear" or "yarn", with a factor of 4 */
    enum ggml_type type;      /* of matrices */
    const char *extra;        /* NULL, or the name of one more tensor */
};

static const struct tiny_model tiny_llama = {
    "llama", 64, 96, 3, 4, 2, 160, 10000, 1e-5F, true, true, false, NULL, GGML_TYPE_F32, NULL};
static const struct tiny_model tiny_qwen2 = {
    "qwen2", 48, 80, 3, 6, 2, 131, 1000000, 1e-6F, false, false, true, NULL, GGML_TYPE_F32, NULL};

static inline uint64_t tiny_fnv(const char *text)
{
    uint64_t h = 0xCBF29CE484222325U;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001B3U;
    return h;
}

/* The i-th value of splitmix64. */
static inline uint64_t tiny_bits(uint64_t seed, uint64_t i)
{
    uint64_t z = seed + (i + 1) * 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

static inline void tiny_values(const char *name, float *out, size_t n, double scale, double offset)
{
    const uint64_t seed = tiny_fnv(name);
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(((double)(tiny_bits(seed, i) >> 40) / 16777216.0 - 0.5) * 2 * scale + offset);
}

static inline void tiny_add(struct gguf_context *gguf, struct ggml_context *memory, enum ggml_type type,
                            const char *name, int64_t n_in, int64_t n_out, double scale, double offset)
{
    struct ggml_tensor *t =
        n_out > 0 ? ggml_new_tensor_2d(memory, type, n_in, n_out) : ggml_new_tensor_1d(memory, GGML_TYPE_F32, n_in);
    const int64_t n_rows = n_out > 0 ? n_out : 1;
    float *values = calloc((size_t)(n_in * n_rows), sizeof *values);

    assert_non_null(values);
    tiny_values(name, values, (size_t)(n_in * n_rows), scale, offset);
    ggml_quantize_chunk(t->type, values, t->data, 0, n_rows, n_in, NULL);
    free(values);
    ggml_set_name(t, name);
    gguf_add_tensor(gguf, t);
}

static inline void tiny_tensors(const struct tiny_model *m, struct gguf_context *gguf, struct ggml_context *memory)
{
    const int d = m->n_embd / m->n_head, q = m->n_head * d, kv = m->n_head_kv * d;
    const struct {
        const char *name;
        int n_in, n_out;
        bool bias;
    } parts[] = {{"attn_q", m->n_embd, q, true},          {"attn_k", m->n_embd, kv, true},
                 {"attn_v", m->n_embd, kv, true},         {"attn_output", q, m->n_embd, false},
                 {"ffn_gate", m->n_embd, m->n_ff, false}, {"ffn_up", m->n_embd, m->n_ff, false},
                 {"ffn_down", m->n_ff, m->n_embd, false}};
    char name[64];

    tiny_add(gguf, memory, m->type, "token_embd.weight", m->n_embd, m->n_vocab, 1, 0);
    for (int i = 0; i < m->n_layer; i++) {
        for (size_t j = 0; j < N_ELEMENTS(parts); j++) {
            snprintf(name, sizeof name, "blk.%d.%s.weight", i, parts[j].name);
            tiny_add(gguf, memory, m->type, name, parts[j].n_in, parts[j].n_out, 0.25, 0);
            snprintf(name, sizeof name, "blk.%d.%s.bias", i, parts[j].name);
            if (m->biases && parts[j].bias)
                tiny_add(gguf, memory, GGML_TYPE_F32, name, parts[j].n_out, 0, 0.25, 0);
        }
        snprintf(name, sizeof name, "blk.%d.attn_norm.weight", i);
        tiny_add(gguf, memory, GGML_TYPE_F32, name, m->n_embd, 0, 0.25, 1);
        snprintf(name, sizeof name, "blk.%d.ffn_norm.weight", i);
        tiny_add(gguf, memory, GGML_TYPE_F32, name, m->n_embd, 0, 0.25, 1);
    }
    tiny_add(gguf, memory, GGML_TYPE_F32, "output_norm.weight", m->n_embd, 0, 0.25, 1);
    if (!m->tied)
        tiny_add(gguf, memory, m->type, "output.weight", m->n_embd, m->n_vocab, 0.25, 0);
    if (m->factors)
        tiny_add(gguf, memory, GGML_TYPE_F32, "rope_freqs.weight", d / 2, 0, 1, 2);
    if (m->extra)
        tiny_add(gguf, memory, GGML_TYPE_F32, m->extra, m->n_embd, 0, 1, 0);
}

/* A file that llama.cpp loads too; it has no tokenizer. */
static inline void tiny_write(const struct tiny_model *m, const char *path)
{
    struct ggml_context *memory = ggml_init((struct ggml_init_params){.mem_size = (size_t)8 << 20});
    struct gguf_context *gguf = gguf_init_empty();
    char key[96];
#define KEY(name) (snprintf(key, sizeof key, "%s." name, m->architecture), key)

    assert_non_null(memory);
    assert_non_null(gguf);
    gguf_set_val_str(gguf, "general.architecture", m->architecture);
    gguf_set_val_str(gguf, "general.name", "tiny");
    gguf_set_val_str(gguf, "tokenizer.ggml.model", "none");
    gguf_set_val_u32(gguf, KEY("vocab_size"), (uint32_t)m->n_vocab);
    gguf_set_val_u32(gguf, KEY("block_count"), (uint32_t)m->n_layer);
    gguf_set_val_u32(gguf, KEY("context_length"), 512);
    gguf_set_val_u32(gguf, KEY("embedding_length"), (uint32_t)m->n_embd);
    gguf_set_val_u32(gguf, KEY("feed_forward_length"), (uint32_t)m->n_ff);
    gguf_set_val_u32(gguf, KEY("attention.head_count"), (uint32_t)m->n_head);
    gguf_set_val_u32(gguf, KEY("attention.head_count_kv"), (uint32_t)m->n_head_kv);
    gguf_set_val_f32(gguf, KEY("attention.layer_norm_rms_epsilon"), m->eps);
    gguf_set_val_f32(gguf, KEY("rope.freq_base"), m->rope_base);
    if (m->rope_scaling) {
        gguf_set_val_str(gguf, KEY("rope.scaling.type"), m->rope_scaling);
        gguf_set_val_f32(gguf, KEY("rope.scaling.factor"), 4);
        gguf_set_val_u32(gguf, KEY("rope.scaling.original_context_length"), 128);
    }
#undef KEY
    tiny_tensors(m, gguf, memory);
    assert_true(gguf_write_to_file(gguf, path, false));
    gguf_free(gguf);
    ggml_free(memory);
}

#endif
