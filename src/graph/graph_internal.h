/* What the files graph_*.c share. Shapes: N tokens of the batch, E = n_embd, H heads of D, K key-value heads, F = n_ff,
 * V = n_vocab, R wanted rows, r = LoRA rank; all row-major float unless said. */
#ifndef BF_GRAPH_GRAPH_INTERNAL_H
#define BF_GRAPH_GRAPH_INTERNAL_H
#include <stdio.h>

#include "graph/graph.h"
#include "graph/matmul.h"
#include "graph/matmul_kernel.h"

struct bf_workers;
struct gguf_context;

/* ---- graph_config.c: hyper-parameters ---- */

struct bf_graph_config {
    char architecture[32];
    int32_t n_layer, n_embd, n_ff, n_head, n_head_kv, n_head_dim, n_rot, n_context;
    float norm_eps, attention_scale;
    bool neox;                   /* RoPE pairs (i, i + n_rot/2), else (2i, 2i + 1) */
    float rope_base, rope_scale; /* rope_scale: positions are multiplied by it */
    float rope_magnitude;        /* of the rotated vectors; 1 but for YaRN */
    float yarn_mix;              /* 0 = none, else YaRN's extrapolation factor (arXiv 2309.00071) */
    float yarn_low, yarn_high;   /* dimensions between which it goes from extrapolation to interpolation */
};
/* BF_MODEL: a missing or absurd value, an architecture that is not supported. */
BF_MUST_CHECK enum bf_status bf_graph_config_read(const struct gguf_context *gguf, const char *path,
                                                  struct bf_graph_config *out, struct bf_err *err);

/* ---- graph_weights.c: tensors ---- */

struct bf_lora {
    char *name_a, *name_b;
    float *a, *b, *gradient_a, *gradient_b; /* a, b: [r, n_in], [n_out, r] */
};

struct bf_weight {
    const char *name; /* the gguf context's */
    int64_t index;    /* in the file */
    int32_t n_dims;
    int64_t n_out, n_in; /* of a vector: 1, n */
    int type;            /* in the file, enum ggml_type */
    uint64_t offset;     /* in the file */
    size_t n_bytes;      /* in the file */
    bool used;           /* by a block that is computed */
    bool trained;
    void *raw;              /* in the type of the file, or NULL when `data` is there */
    float *data, *gradient; /* F32 or NULL */
    struct bf_lora *lora;   /* NULL = none */
};

struct bf_linear {
    struct bf_weight *weight, *bias; /* bias may be NULL */
};
enum bf_linear_kind { BF_Q, BF_K, BF_V, BF_O, BF_GATE, BF_UP, BF_DOWN, BF_N_LINEAR };

struct bf_block {
    struct bf_weight *attention_norm, *ffn_norm;
    struct bf_linear linear[BF_N_LINEAR];
    bool keep; /* its activations are kept for backward */
    bool back; /* it has to hand a gradient to what is below */
};

/* Activations of a block, for backward. */
struct bf_kept {
    float *x, *q, *k, *v, *o,
        *middle;             /* input; after RoPE; attention's output; after attention: N x E, HD, KD, KD, HD, E */
    float *gate, *up;        /* N x F */
    float *scale1, *scale2;  /* N: reciprocal root mean square of both norms */
    float *log_sum;          /* N x H: log of the soft-max's denominator */
    float *low[BF_N_LINEAR]; /* N x r: scaled x A^T; NULL without an adapter */
};

struct bf_graph {
    struct bf_graph_params params; /* lists copied */
    char *path;
    struct gguf_context *gguf;
    FILE *file;
    struct bf_graph_config config;
    struct bf_weight *weights; /* [n_weights] in file order */
    size_t n_weights;
    struct bf_weight *embedding, *output_norm, *rope_factors; /* the last may be NULL */
    struct bf_linear output;                                  /* weight == embedding when tied */
    int32_t n_vocab, n_layer_used;
    struct bf_block *blocks; /* [n_layer_used] */
    bool embedding_back;     /* the gradient is wanted down to the embedding */
    struct bf_graph_parameter *parameters;
    size_t n_parameters;

    size_t n_threads;
    struct bf_workers *workers;
    const struct bf_kernel *kernel; /* of all products */
    struct bf_matmul *matmul;

    /* one allocation, laid out by graph_activations.c */
    void *activations;
    size_t n_activation_bytes;
    struct bf_kept *kept; /* [n_layer_used]; those that are not kept share */
    struct bf_kept shared;
    float *rope_table;                /* [n_tokens][n_rot / 2][2] cos, sin */
    float *final;                     /* N x E: output of the last block */
    float *h, *a, *da, *dx, *dh;      /* N x E, F, F, E, E */
    float *dq, *dk, *dv, *d_o;        /* N x HD, KD, KD, HD */
    float *dlow;                      /* N x r */
    float *rows, *drows, *rows_scale; /* R x E before and after the last norm's place, N */
    float *states;                    /* R x E after the last norm */
    float *logits;                    /* portion x V */
    int32_t n_portion;                /* rows of logits at a time */
    float *attention;                 /* [n_threads] scratch */
    size_t n_attention;               /* floats of one */

    /* the batch that runs */
    int32_t *starts;    /* [n_tokens + 1] of sequences */
    int32_t *positions; /* [n_tokens] */
    int32_t *all_rows;  /* [n_tokens] 0, 1, ... */
    const int32_t *wanted;
    int32_t n, n_sequences, n_wanted;
    int32_t n_stepped; /* tokens that dx is the gradient of; 0 = of none */

    size_t n_bytes_weights, n_bytes_gradients, n_dequantised;
    int64_t n_elements, n_trained;
    int source_type;
};

/* Finds, checks and binds all tensors; then decides what is trained, kept and handed back. Reads nothing but
 * metadata. */
BF_MUST_CHECK enum bf_status bf_graph_weights_bind(struct bf_graph *g, struct bf_err *err);
/* Counts bytes, and unless `dry` reads the data and allocates gradients and adapters. */
BF_MUST_CHECK enum bf_status bf_graph_weights_load(struct bf_graph *g, bool dry, struct bf_err *err);
void bf_graph_weights_release(struct bf_graph *g);
/* Reads a tensor's bytes as they are in the file: out is [weight->n_bytes]. */
BF_MUST_CHECK enum bf_status bf_graph_weights_read(const struct bf_graph *g, const struct bf_weight *w, void *out,
                                                   struct bf_err *err);
/* n floats of a row of any type from `bytes`. */
void bf_graph_to_float(int type, const void *bytes, float *out, int64_t n);

/* ---- graph_lora.c ---- */
BF_MUST_CHECK enum bf_status bf_graph_lora_bind(struct bf_graph *g, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_graph_lora_load(struct bf_graph *g, bool dry, struct bf_err *err);
void bf_graph_lora_release(struct bf_graph *g);
/* The factor of B A: alpha / rank. */
float bf_graph_lora_scale(const struct bf_graph *g);

/* ---- graph_activations.c ---- */
BF_MUST_CHECK enum bf_status bf_graph_activations_new(struct bf_graph *g, bool dry, struct bf_err *err);
void bf_graph_activations_free(struct bf_graph *g);

/* ---- graph_linear.c: y = x W^T + bias + low B^T ---- */
void bf_linear_forward(struct bf_graph *g, const struct bf_linear *l, const float *x, float *y, int64_t n, float *low);
/* Adds to the gradients of weight, bias and adapter; dx (NULL = not wanted) gets or is added dy W. */
void bf_linear_backward(struct bf_graph *g, const struct bf_linear *l, const float *x, const float *dy, float *dx,
                        bool add_to_dx, int64_t n, const float *low);
/* Whether backward wants x. */
bool bf_linear_trained(const struct bf_linear *l);

/* ---- graph_rows.c: loops over rows on all threads ---- */
typedef void (*bf_rows_work)(void *user, int64_t first, int64_t end);
void bf_graph_rows(struct bf_graph *g, int64_t n, int64_t unit, bf_rows_work work, void *user);
/* gradient[j] += sum over rows of dy(row, j). */
void bf_graph_add_columns(struct bf_graph *g, const float *dy, int64_t n, int64_t n_columns, float *gradient);

/* RMSNorm: y = x w / sqrt(mean(x^2) + eps); scale[i] = 1 / sqrt(...) of row i. */
void bf_norm_forward(struct bf_graph *g, const struct bf_weight *w, const float *x, float *y, float *scale, int64_t n);
/* The same from a scale that is known. */
void bf_norm_again(struct bf_graph *g, const struct bf_weight *w, const float *x, const float *scale, float *y,
                   int64_t n);
/* dx += ...; adds to the weight's gradient. */
void bf_norm_backward(struct bf_graph *g, const struct bf_weight *w, const float *x, const float *scale,
                      const float *dy, float *dx, int64_t n);

/* RoPE: table [n_positions][n_rot / 2][2], cosine and sine; factors [n_rot / 2] or NULL. */
void bf_rope_table(const struct bf_graph_config *config, const float *factors, int32_t n_positions, float *table);
/* Rotates n rows of n_heads heads in place; backward is the transposed rotation. */
void bf_rope_apply(struct bf_graph *g, float *x, int32_t n_heads, bool backward);

/* SwiGLU: a = silu(gate) up. */
void bf_swiglu_forward(struct bf_graph *g, const float *gate, const float *up, float *a, int64_t n);
/* From da; overwrites gate and up by their gradients. */
void bf_swiglu_backward(struct bf_graph *g, float *gate, float *up, const float *da, int64_t n);

/* ---- graph_attention.c: causal, within each sequence ---- */
size_t bf_attention_scratch(const struct bf_kernel *kernel, int32_t n_tokens); /* floats for each thread */
void bf_attention_forward(struct bf_graph *g, const struct bf_kept *kept);
/* From g->d_o to g->dq, dk, dv. */
void bf_attention_backward(struct bf_graph *g, const struct bf_kept *kept);

/* ---- graph_block.c ---- */
/* x (kept->x) to `out` N x E. */
void bf_block_forward(struct bf_graph *g, const struct bf_block *block, struct bf_kept *kept, float *out);
/* g->dx: the gradient of the output becomes that of the input (when block->back). */
void bf_block_backward(struct bf_graph *g, const struct bf_block *block, struct bf_kept *kept);

/* ---- graph_vocabulary.c ---- */
void bf_embedding_forward(struct bf_graph *g, const int32_t *tokens, float *out);
/* Adds g->dx to the rows of the embedding's gradient. */
void bf_embedding_backward(struct bf_graph *g, const int32_t *tokens);
/* Wanted rows [R, E] out of all [N, E], and back, zeros elsewhere. */
void bf_rows_gather(const struct bf_graph *g, const float *from, float *to);
void bf_rows_scatter(const struct bf_graph *g, const float *from, float *to);
void bf_vocabulary_forward(struct bf_graph *g, const float *states, int32_t n, float *logits);
/* From the gradient in g->logits of wanted rows [first, first + n): adds to the matrix's gradient, sets their
 * g->drows. */
void bf_vocabulary_backward(struct bf_graph *g, int32_t first, int32_t n);

#endif
