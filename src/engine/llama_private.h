/* What the files of the llama.cpp engine share. llama.cpp's contracts change between versions; this is the list of what
 * we rely on:
 *  - with one key-value stream per sequence (kv_unified = false) a batch is computed in one go only for sequences with
 *    consecutive ids and equal token counts, so active sequences are kept at ids 0..n-1 (llama_generate.c);
 *  - flash attention on the CPU sums in another order for (a) 64 or more rows of one sequence in a batch, (b)
 *    one row of one sequence alone when 512 or more cells are in view. Both would make an answer depend on its
 *    neighbours, so prompts are computed in pieces below 64 tokens and a lone row gets a companion (BF_PIECE_TOKENS,
 *    llama_generate.c). */
#ifndef BF_ENGINE_LLAMA_PRIVATE_H
#define BF_ENGINE_LLAMA_PRIVATE_H
#include <llama.h>

#include "engine/chat_tokens.h"
#include "engine/engine_ops.h"

enum {
    BF_PIECE_TOKENS = 32, /* tokens of one sequence in one batch; below the 64 of note (a) */
    BF_CTX_PAD = 256,     /* llama.cpp pads contexts and attention views to this */
    BF_PARALLEL_MAX = 256
};

struct bf_prefix_cache;

struct bf_llama {
    struct bf_engine base;  /* first: the handle points here */
    char *path, *lora_path; /* lora_path may be NULL */
    struct llama_model *model;
    const struct llama_vocab *vocab;
    struct llama_context *context; /* generate and score; NULL for an embedding model */
    struct llama_context *embed;   /* created at the first embed; shares the weights */
    struct bf_prefix_cache *prefixes;
    int32_t n_streams;      /* sequences of `context`: n_parallel, at least 2 */
    int32_t n_outputs;      /* most rows of logits that a batch may request */
    int32_t n_embed_tokens; /* longest text of `embed` */
    bool causal;            /* of the embed context: does a token see only those before it? */
    struct bf_chat *chat;   /* NULL for an embedding model */
    bool no_prefix_sharing;
    struct llama_adapter_lora *lora; /* NULL = none; freed with the model */
    float lora_scale;
};

static inline struct bf_llama *bf_llama_of(struct bf_engine *engine)
{
    return (struct bf_llama *)(void *)engine;
}

static inline const struct bf_llama *bf_llama_of_const(const struct bf_engine *engine)
{
    return (const struct bf_llama *)(const void *)engine;
}

/* llama.cpp writes reasons for failures only to its log. This catches the first error, which has the reason; later ones
 * only report what failed as a consequence. Not thread-safe: the log callback is global. */
struct bf_llama_log {
    char first[512];
};
void bf_llama_log_begin(struct bf_llama_log *log); /* start catching */
void bf_llama_log_end(struct bf_llama_log *log);   /* stop catching; log->first is the first error line */

/* llama_backends.c: llama.cpp's name of the library of CPU kernels that was loaded, "haswell"; "" when the kernels are
 * part of the program. */
void bf_llama_cpu_variant(char *out, size_t size);

/* llama_batch.c: the tokens of `text`; free(), never NULL. `around` adds the tokens that the model's tokenizer puts
 * around a text (BOS, EOS, CLS), which an embedder needs. */
llama_token *bf_llama_tokens(const struct llama_vocab *vocab, const char *text, size_t n_bytes, bool around,
                             int32_t *n_tokens);

/* llama_batch.c: open the chat template of this name (chat_tokens.h). */
enum bf_status bf_llama_chat_init(struct bf_llama *self, const char *chat, struct bf_err *err);

/* Apply the LoRA adapter, if there is one, to a new context. */
enum bf_status bf_llama_apply_lora(const struct bf_llama *self, struct llama_context *context, struct bf_err *err);

/* llama_embed.c: does a token see only those before it? Not in encoders (BERT), which embed but cannot write. */
bool bf_llama_is_causal(const struct bf_llama *self);

/* llama_stable.c: find info.stable. */
enum bf_status bf_llama_check_stable(struct bf_llama *self, struct bf_err *err);

/* Add one token of one sequence to a batch made by llama_batch_init(capacity, 0, 1). */
void bf_llama_batch_add(struct llama_batch *batch, llama_token token, llama_pos pos, llama_seq_id seq, bool logits);

/* Compute tokens [from, to) of one sequence alone, in pieces and without logits. */
enum bf_status bf_llama_prefill(struct bf_llama *self, struct llama_batch *batch, llama_seq_id seq,
                                const llama_token *tokens, int32_t from, int32_t to, struct bf_err *err);
enum bf_status bf_llama_decode_failed(const struct bf_llama *self, int32_t code, struct bf_err *err);
/* The model gave NaN or infinite values for `what` ("prompt 3"): find the weights that cause it. Returns BF_MODEL with
 * a sentence. */
enum bf_status bf_llama_not_numbers(const struct bf_llama *self, const char *what, struct bf_err *err);

/* The functions of the engine's table. */
enum bf_status bf_llama_generate(struct bf_engine *engine, const struct bf_gen_job *job, struct bf_gen_stats *stats,
                                 struct bf_err *err);
enum bf_status bf_llama_score_continuations(struct bf_engine *engine, const struct bf_continuation *items,
                                            size_t n_items, const struct bf_continuation_job *job, struct bf_err *err);
enum bf_status bf_llama_embed(struct bf_engine *engine, const char *const *texts, size_t n_texts,
                              enum bf_pooling pooling, bool together, float *out, struct bf_err *err);
enum bf_status bf_llama_embed_tokens(struct bf_engine *engine, const struct bf_tokens *texts, size_t n_texts,
                                     enum bf_pooling pooling, float *out, struct bf_err *err);

#endif
