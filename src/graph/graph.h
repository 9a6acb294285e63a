/* A language model that can be trained: forward, and backward from a gradient that the caller's loss writes. What
 * llama.cpp computes for inference is computed here in F32 with all that backward needs, from the same GGUF file.
 *
 * Architectures: llama (SmolLM2, Llama 2 and 3, Mistral) and qwen2, dense; others are refused by name.
 *
 * How a caller uses this, in order:
 *
 * 1. bf_graph_params_default, then set model_path, n_tokens and train.
 * 2. bf_graph_check_memory refuses what would not fit, without opening it.
 * 3. bf_graph_open.
 * 4. For each step of training: bf_graph_zero_gradients; bf_graph_step once or more, whose `visit` turns values into
 *    gradients, which add up; then change the data of every bf_graph_get_parameter by its gradient. bf_graph_each
 *    shares that work among the threads.
 * 5. bf_graph_forward at any time between steps, to measure: it leaves the gradients alone.
 * 6. bf_graph_save_model; with BF_TRAIN_LORA bf_graph_save_adapter as well, if wanted.
 * 7. bf_graph_close.
 *
 * `visit` may call bf_graph_each and nothing else of the same graph; of another graph, everything.
 * bf_graph_input_gradient reads what the last bf_graph_step left: any other run in between makes it fail. Parameters
 * must not change between a step's passes.
 *
 * A batch is sequences one after another, without padding. A *row* is a token's place in that list: row r of the values
 * is what the model says after token r, so it is the prediction of token r + 1 of the same sequence. Values are logits
 * `[n, n_vocab]` or hidden states `[n, n_embd]`, row-major float.
 *
 * One thread at a time may use a graph; it has threads of its own inside. The same calls with the same number of
 * threads give the same bits, in any process on the same machine. */
#ifndef BF_GRAPH_GRAPH_H
#define BF_GRAPH_GRAPH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct bf_graph;

/* ---- open ---- */

enum bf_train_kind {
    BF_TRAIN_NONE, /* frozen: a reference, or a model to measure; no gradients, the least memory */
    BF_TRAIN_FULL, /* every tensor; quantised ones are dequantised */
    BF_TRAIN_LORA, /* low-rank adapters (Hu et al., arXiv 2106.09685) beside weights that keep the type of the file */
    BF_TRAIN_TENSORS, /* the tensors named; the others keep the type of the file */
};

struct bf_graph_params {
    const char *model_path; /* GGUF, one file; its bytes are not trusted. Never NULL */
    int32_t n_tokens;  /* most in one batch, all sequences together; 1 to 1,048,576 [1,024]. Sizes the activations */
    int32_t n_threads; /* 0 = one for each core [0]; at most 64 are used */
    enum bf_train_kind train; /* BF_TRAIN_NONE */

    /* BF_TRAIN_LORA. W becomes W + (alpha / rank) B A. A starts uniform in +-1/sqrt(n_in) (as PEFT), B at 0. */
    int32_t lora_rank; /* 1 to n_embd [16] */
    float lora_alpha;  /* > 0 [32] */
    /* of attn_q attn_k attn_v attn_output ffn_gate ffn_up ffn_down; NULL = all seven */
    const char *const *lora_targets;
    size_t n_lora_targets;
    int32_t lora_first, lora_last; /* blocks that have adapters, from 0, both included; last -1 = to the end [0, -1] */
    uint64_t lora_seed;

    /* BF_TRAIN_TENSORS: whole names as in the file, "blk.5.ffn_down.weight". */
    const char *const *tensors;
    size_t n_tensors;

    int32_t state_layer; /* [-1]: values are logits. L >= 0: values are hidden states after block L (0-based; Hugging
                          * Face's hidden_states[L + 1]); later blocks are neither loaded nor computed */
    /* keep one hidden state a block and compute the rest again: less memory, a third slower */
    bool checkpoint_activations;
    bool expand_frozen; /* keep frozen weights in F32 too, not in the type of the file: faster, more memory */
    /* bf_graph_step also leaves what bf_graph_input_gradient reads; with every kind of training, BF_TRAIN_NONE too */
    bool input_gradient;
    /* multiply weights in BF16: faster, and can fake forgetting (docs/unlearning.md). BF_INPUT where the processor has
     * no such products, or the program was not built for them */
    bool bf16_products;
    size_t max_logit_bytes; /* rows of logits are made in portions of at most this size, one row at least [96 MiB] */
};
/* model_path NULL; the values in brackets above, else 0, NULL or false */
struct bf_graph_params bf_graph_params_default(void);

/* *out is the caller's on success: bf_graph_close. BF_INPUT: n_tokens, rank, a target, a tensor's name or a layer that
 * the model does not have; memory is short. BF_MODEL: not a GGUF, cut short, an architecture or a part of one (experts,
 * say) that is not supported, tensors that do not fit together. Strings of the params are copied. */
BF_MUST_CHECK enum bf_status bf_graph_open(const struct bf_graph_params *params, struct bf_graph **out,
                                           struct bf_err *err);
void bf_graph_close(struct bf_graph *g); /* NULL is a no-op */

struct bf_graph_info {
    const char *architecture; /* "llama"; lives as long as the graph */
    int32_t n_vocab, n_embd, n_layer, n_ff, n_head, n_head_kv;
    int32_t n_context;       /* of training, as the file says; 0 = not said */
    int32_t n_layer_used;    /* state_layer + 1, or n_layer */
    int64_t n_weights;       /* elements of all tensors in the file */
    int64_t n_trained;       /* elements that have a gradient */
    size_t n_dequantised;    /* trained tensors that are not F32 in the file: the user should know */
    const char *source_type; /* the type that most weights of the file have: "q4_0" */
    const char *products;    /* the vector unit of the matrix products: "AVX-512" */
    int32_t n_threads;
    size_t n_bytes_weights; /* weights and adapters */
    size_t n_bytes_gradients;
    size_t n_bytes_activations; /* all that grows with n_tokens */
};
void bf_graph_get_info(const struct bf_graph *g, struct bf_graph_info *out); /* strings live as long as the graph */

/* What bf_graph_get_info would report of a graph with these params, without reading weights or taking their memory. An
 * optimiser's memory is not in it. Strings of *out are constants. The same errors as bf_graph_open. */
BF_MUST_CHECK enum bf_status bf_graph_estimate(const struct bf_graph_params *params, struct bf_graph_info *out,
                                               struct bf_err *err);

/* Compares that estimate with the memory that is free now; `moments`: with eight bytes a trained weight for AdamW.
 * BF_INPUT when it does not fit, else the errors of bf_graph_open. */
BF_MUST_CHECK enum bf_status bf_graph_check_memory(const struct bf_graph_params *params, bool moments,
                                                   struct bf_err *err);

/* ---- run ---- */

struct bf_graph_batch {
    const int32_t *tokens;  /* [sum of lengths] */
    const int32_t *lengths; /* [n_sequences], each >= 1 */
    int32_t n_sequences;
    const int32_t *rows; /* [n_rows] strictly ascending: the rows whose values are wanted; NULL = every row. Name only
                          * rows that have a label: the vocabulary's matrix is the largest product */
    int32_t n_rows;      /* 0 rows: nothing to visit, no gradient */
};

enum bf_graph_pass {
    BF_PASS_READ,     /* `values` may be read */
    BF_PASS_GRADIENT, /* `values` must be overwritten by the derivative of the loss with respect to them */
};
/* `n` of the wanted rows, from the first on and in order, in portions: values `[n, width]`, width = n_vocab or n_embd;
 * rows[i] is the row (in the batch) of line i. `values` is borrowed until the function returns. An error ends the run
 * and is passed on. */
typedef enum bf_status (*bf_graph_visit)(void *user, enum bf_graph_pass pass, const int32_t *rows, int32_t n,
                                         float *values, struct bf_err *err);

/* Forward only; `visit` gets BF_PASS_READ. Works on every kind of graph. BF_INPUT: a token outside the vocabulary, a
 * batch larger than n_tokens, a row outside the batch or out of order. */
BF_MUST_CHECK enum bf_status bf_graph_forward(struct bf_graph *g, const struct bf_graph_batch *batch,
                                              bf_graph_visit visit, void *user, struct bf_err *err);

/* Forward and backward. Gradients are ADDED to those of the parameters, so several steps accumulate. With `look_first`,
 * `visit` gets all rows with BF_PASS_READ before it gets them again with BF_PASS_GRADIENT, for losses in which rows of
 * a sequence depend on each other (NPO); the values are the same bits both times (made again when they do not fit into
 * max_logit_bytes). Without it, one pass, BF_PASS_GRADIENT. After an error the gradients are undefined: zero them.
 * BF_INPUT also for a graph of BF_TRAIN_NONE without `input_gradient`. */
BF_MUST_CHECK enum bf_status bf_graph_step(struct bf_graph *g, const struct bf_graph_batch *batch, bool look_first,
                                           bf_graph_visit visit, void *user, struct bf_err *err);

/* With `input_gradient`, after bf_graph_step: the derivative of the loss with respect to the embeddings of n tokens of
 * its batch, from place `first` on, is ADDED to out `[n, n_embd]`. BF_INPUT: no step was the last run, tokens outside
 * its batch. */
BF_MUST_CHECK enum bf_status bf_graph_input_gradient(const struct bf_graph *g, int32_t first, int32_t n, float *out,
                                                     struct bf_err *err);
/* Products of n such vectors with the embedding of every token: out `[n, n_vocab]`. Of a gradient they are the
 * derivative with respect to the one-hot vector of the token: how fast the loss grows on the way to each other
 * token. */
void bf_graph_one_hot(struct bf_graph *g, const float *vectors, int32_t n, float *out);

/* Final hidden states after the last norm, of the wanted rows: out is `[n_rows, n_embd]`. They are small, and all that
 * is needed to have a frozen reference's whole distribution later. BF_INPUT with state_layer >= 0. */
BF_MUST_CHECK enum bf_status bf_graph_final_states(struct bf_graph *g, const struct bf_graph_batch *batch, float *out,
                                                   struct bf_err *err);
/* Their logits `[n, n_vocab]`, as bf_graph_forward would have given them (to rounding). BF_INPUT with state_layer >= 0.
 * The output matrix is the current one: with BF_TRAIN_FULL it drifts, so keep a second, frozen graph for a
 * reference. */
BF_MUST_CHECK enum bf_status bf_graph_logits_of_states(struct bf_graph *g, const float *states, int32_t n,
                                                       float *logits, struct bf_err *err);

/* ---- parameters ---- */

struct bf_graph_parameter {
    const char *name; /* "blk.0.attn_q.weight", or that with ".lora_a" / ".lora_b"; lives as long as the graph */
    size_t n;         /* elements */
    int32_t n_dims;   /* 1 or 2 */
    int64_t shape[2]; /* row-major: [n_out, n_in] of a matrix; [n, 1] of a vector */
    float *data;      /* [n] to be changed between calls; the graph's */
    float *gradient;  /* [n] the graph's; zero after open */
    bool decay;       /* weight decay applies: matrices yes, norms and biases no */
};
/* A fixed order: that of the file. 0 with BF_TRAIN_NONE. A tied output matrix is one parameter, token_embd.weight. */
size_t bf_graph_n_parameters(const struct bf_graph *g);
struct bf_graph_parameter bf_graph_get_parameter(const struct bf_graph *g, size_t i); /* i < bf_graph_n_parameters */
void bf_graph_zero_gradients(struct bf_graph *g);

/* work(user, 0 .. n_blocks - 1), each once, on the graph's threads; returns when all are done. For losses (in `visit`
 * too) and optimisers: a block that writes only what is its own gives the same bits for any number of threads. */
void bf_graph_each(struct bf_graph *g, size_t n_blocks, void (*work)(void *user, size_t block), void *user);

/* ---- save ---- */

enum bf_graph_save_type {
    BF_SAVE_F32,
    BF_SAVE_F16,
    BF_SAVE_BF16,
    BF_SAVE_Q8_0,
    BF_SAVE_SOURCE, /* each tensor in the type that it has in the source: small changes drown in rounding */
};
/* A key-value for the file. `key` with a prefix of its own, "biforget.unlearn.method". */
struct bf_graph_kv {
    const char *key;
    enum { BF_KV_STRING, BF_KV_INTEGER, BF_KV_REAL, BF_KV_BOOL } kind;
    union {
        const char *string;
        int64_t integer;
        double real;
        bool boolean;
    } value;
};

/* A model with the source's metadata, tokenizer and all, the key-values (which replace those of the same key), and the
 * current weights; an adapter is merged in. Norms, biases and tensors of one row stay F32. Tensors that were
 * not trained are copied as they are, unless `convert_all` wants every matrix in `type`. Atomic: `path` is the old file
 * or the whole new one. BF_STORE: disk full (checked first) or not writable. BF_MODEL: a weight that is not finite,
 * named. */
BF_MUST_CHECK enum bf_status bf_graph_save_model(struct bf_graph *g, const char *path, enum bf_graph_save_type type,
                                                 bool convert_all, const struct bf_graph_kv *kv, size_t n_kv,
                                                 struct bf_err *err);
/* The adapter alone, as llama.cpp loads it (--lora): general.type adapter, adapter.type lora, adapter.lora.alpha, F32
 * tensors NAME.lora_a and NAME.lora_b. BF_INPUT unless BF_TRAIN_LORA. */
BF_MUST_CHECK enum bf_status bf_graph_save_adapter(struct bf_graph *g, const char *path, const struct bf_graph_kv *kv,
                                                   size_t n_kv, struct bf_err *err);
/* Upper bound of the size of what bf_graph_save_model writes, bytes: for a check of the disk before the first step. */
int64_t bf_graph_save_bytes(const struct bf_graph *g, enum bf_graph_save_type type, bool convert_all);

#endif
