/* The engine: text, probabilities and vectors from a language model. One opaque handle with several implementations:
 * llama.cpp in this process, an inference server, and a scripted one in fault tests. Both real ones pass the same
 * tests. Capabilities are queried, never assumed.
 *
 * How a caller uses it:
 *
 *     struct bf_engine_options options = bf_engine_default_options();
 *     options.model_path = path;
 *     bf_engine_open(&options, &engine, err);                    // or bf_engine_open_api
 *     bf_engine_info(engine)->can_generate ...                   // what this model can do
 *     const struct bf_gen_job job = {.user = me, .source = next_prompt, .sink = take_answer};
 *     bf_engine_generate(engine, &job, &stats, err);             // prompts -> answers
 *     bf_engine_embed(engine, texts, n, BF_POOL_MODEL, false, vectors, err);
 *     bf_engine_score_continuations(engine, items, n, &scoring, err);
 *     bf_engine_close(engine);
 *
 * A handle belongs to one thread. A sink may call embed and tokenize on the same handle, but not generate.
 *
 * Promise of `generate`: when info.stable is BF_STABLE_YES, the answer to a request depends only on the model and on
 * the request (prompt, sampling, seed), not on the requests that run at the same time. */
#ifndef BF_ENGINE_ENGINE_H
#define BF_ENGINE_ENGINE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "engine/chat_tokens.h"

struct bf_engine;

enum bf_stable {
    BF_STABLE_UNKNOWN, /* not checked */
    BF_STABLE_YES,     /* the same bytes at any parallelism */
    BF_STABLE_NO       /* the same bytes only for the same parallelism without interruption */
};

/* The type of the stored keys and values. F16 takes half the memory and is used with flash attention, whose sums are
 * F16 on a CPU as well; F32 is used without. Compared with F32, the mean log-probability of a text is off by about 5e-4
 * with F32 weights, and 5e-3 with Q4_0. With F16 a row gets the same bits whatever else is in the batch (info.stable);
 * with F32 the last bits depend on how many of its tokens are in one batch. */
enum bf_kv_cache {
    BF_KV_CACHE_F16,
    BF_KV_CACHE_F32,
    /* F32 when memory holds two sequences in it, or n_parallel of them; otherwise F16; see info.kv_cache */
    BF_KV_CACHE_F32_IF_FITS
};
const char *bf_kv_cache_word(enum bf_kv_cache cache); /* "f16", "f32", "auto" */

enum bf_pooling {
    BF_POOL_MODEL /* as the GGUF says; mean when it says nothing */,
    BF_POOL_MEAN,
    BF_POOL_CLS,
    BF_POOL_LAST
};

struct bf_engine_options {
    const char *model_path;
    int32_t n_parallel;        /* sequences in flight; 0 = chosen from cores and memory; at most 256 */
    int32_t n_parallel_most;   /* upper limit of that choice; 0 = no limit. No effect when n_parallel > 0 */
    enum bf_kv_cache kv_cache; /* default F16 */
    int32_t n_ctx_seq;         /* tokens of one sequence, prompt and answer; rounded up to 256; 0 = 512 */
    bool template_apart;       /* n_ctx_seq does not count the chat template's own tokens; they are added */
    int32_t n_threads;         /* 0 = one for each core that this process may use */
    int32_t gpu_layers;        /* layers on a GPU; -1 = all, 0 = none */
    const char *chat;          /* "auto" = the model's own template, "none" = plain text, or a template's name */
    bool embed_only;           /* an embedding model: no generate, no score */
    bool no_prefix_sharing;    /* for measurements */
    bool no_stability_check;   /* for measurements and short commands: info.stable stays UNKNOWN */
    bool use_mmap;             /* map the file (default of bf_engine_default_options: false, see engine_llama.c) */
    const char *lora_path;     /* a LoRA adapter (GGUF) over the model; NULL = none */
    double lora_scale;         /* strength of the adapter; 0 means the default, 1 */
    size_t prefix_cache_bytes; /* memory for computed beginnings of prompts; 0 = 48 MiB */
};
struct bf_engine_options bf_engine_default_options(void);

/* GGUF key of an adapter made by `unlearn`: the digest of its model's vocabulary. An adapter for another vocabulary is
 * refused (BF_MODEL). */
#define BF_ENGINE_VOCABULARY_KEY "biforget.unlearn.vocabulary_sha256"
/* GGUF key of a model saved by `unlearn`: the type that most weights of its source had, "Q4_0". */
#define BF_ENGINE_BASE_TYPE_KEY "biforget.unlearn.base_type"
/* SHA-256 over all tokens in order, 64 hex digits and a NUL: equal for models in which a token id means the same.
 * Linear in the size of the vocabulary. */
void bf_engine_vocabulary_sha256(const struct llama_vocab *vocab, char out[65]);

struct bf_engine_info {
    char model_desc[128]; /* "qwen2 1.5B Q4_0" */
    char architecture[64];
    char quantisation[64];                    /* "Q4_0": the type that holds most weights */
    char base_type[64];                       /* BF_ENGINE_BASE_TYPE_KEY of the file; "" without one */
    char backend[256];                        /* "llama.cpp 0.5.0, CPU AVX512 ..." */
    uint64_t model_bytes, n_params, kv_bytes; /* kv_bytes: the whole key-value cache */
    int32_t n_vocab, n_embd, n_layer, n_ctx_train;
    bool adds_bos; /* the tokenizer begins a text with BOS; false for a server */
    int32_t n_parallel, n_ctx_seq, n_threads, gpu_layers;
    enum bf_kv_cache kv_cache; /* F16 or F32; of a file */
    bool can_generate, can_score, can_embed, has_chat_template, flash_attention;
    bool has_sampling_probs; /* answers carry p_sampling; without it, membership inference by p_sampling must not run */
    bool has_logprobs;       /* answers carry logp_model */
    enum bf_stable stable;
    char chat[64]; /* the template in force: "auto", "none", or its name */
};

/* ---- a server in place of a file ---- */

enum { BF_API_PARALLEL_MAX = 1024 };

enum bf_api_mode {
    BF_API_MODE_AUTO,       /* chat when the server answers a chat request, else completions */
    BF_API_MODE_CHAT,       /* /chat/completions, the prompt as one user message: the server's chat template */
    BF_API_MODE_COMPLETIONS /* /completions with the bare prompt: base models */
};

/* Which per-token probabilities to ask for. What the server has to offer is then in bf_engine_info. */
enum bf_api_probs {
    BF_API_PROBS_AUTO, /* the cheapest kind on offer: SAMPLING on llama-server; on vLLM, as it was started */
    BF_API_PROBS_NONE,
    BF_API_PROBS_SAMPLING, /* p_sampling only */
    BF_API_PROBS_MODEL,    /* logp_model only */
    BF_API_PROBS_BOTH      /* logp_model of the top_k likeliest tokens, p_sampling computed from them: long answers */
};

/* Strings are copied. Zero means the default of a field. */
struct bf_api_options {
    const char *endpoints;   /* base URLs, comma separated: "http://a:8080/v1,http://b:8080/v1"; at most 64 */
    const char *model;       /* NULL = the only one that the servers offer */
    const char *embed_model; /* NULL = the same model, when its server embeds */
    const char *api_key;     /* NULL = none; sent to every endpoint as "Authorization: Bearer", never in an error */
    const char *ca_file;     /* PEM file of a private certificate authority; NULL = the system's */
    enum bf_api_mode mode;
    enum bf_api_probs probs;
    int32_t top_k; /* the top_k that requests will have, for BF_API_PROBS_BOTH; 0 = 50 */
    /* greedy answers will be requested, so find out whether the server accepts temperature 0 */
    bool greedy;
    int32_t n_parallel;     /* requests in flight over all endpoints; 0 = 32; at most BF_API_PARALLEL_MAX */
    int32_t n_ctx_seq;      /* tokens; for info when the server does not report it */
    int32_t max_attempts;   /* of one request, counting failures of a server that is up; 0 = 8 */
    double timeout_seconds; /* of one request, including the time in the server's queue; 0 = 600 */
    double give_up_seconds; /* give up after so long without any answer from any endpoint; 0 = 300 */
    /* a JSON object whose members are added to every request for text or probabilities; NULL = none. It must not have
     * the fields that this engine sets (the model, the prompt, sampling): BF_USAGE */
    const char *extra;
    /* Gets a sentence for the user: what the engine is waiting for or, with `warning`, what differs from the request (a
     * field that the server refuses, an answer cut at its context). May be called during every call of the engine.
     * NULL = no notices. */
    void (*notice)(void *user, bool warning, const char *sentence);
    void *notice_user;
};
struct bf_api_options bf_api_default_options(void);

/* An engine on OpenAI-compatible servers (llama-server, vLLM, SGLang ...). Asks each endpoint what it offers (a few
 * requests of one token) and reports it in bf_engine_info; endpoints that are down are tried again later as long as one
 * is up. An endpoint serves the models that it lists: the model, the embedding model, or both.
 *  - A field that a server refuses by name is left out, with a notice. A server that fails (5xx) is asked again and is
 *    not taken for one that refuses chat: only a refusal changes the form of the prompt, with a notice.
 *  - The thoughts of a reasoning model come before its answer as "<think>...</think>", in whichever form the server
 *    returns them.
 *  - stable stays UNKNOWN: the same seed gives the same text only as far as the server's arithmetic is reproducible.
 *  - A seed is folded to 31 bits (high half xor low half), which all servers accept.
 *  - Each answered request is delivered once and never sent again; temporary failures are retried with growing pauses.
 *  - embed returns vectors as the server pools and scales them, so only BF_POOL_MODEL is possible; `together` only
 *    decides how many texts one request has.
 * TLS certificates are always verified, redirects are not followed. BF_USAGE: an option is not possible. BF_MODEL: no
 * endpoint answers, or none has the model; the sentence lists what they offer. *out is NULL on failure. */
BF_MUST_CHECK enum bf_status bf_engine_open_api(const struct bf_api_options *options, struct bf_engine **out,
                                                struct bf_err *err);

/* ---- checking a file before it is opened ---- */

enum bf_model_use {
    BF_MODEL_TEXT,       /* it reads and writes text, or embeds it */
    BF_MODEL_VOCABULARY, /* only its tokenizer: weights may be missing */
    BF_MODEL_WEIGHTS,    /* only its weights: a tokenizer may be missing */
    BF_MODEL_ADAPTER     /* a LoRA adapter */
};
/* Can llama.cpp load this GGUF file (with the adapter `lora_path`, or NULL)? `chat`: also check the template of this
 * name (bf_engine_options.chat), which is run when it is the model's own; NULL = no template is needed. Values on which
 * llama.cpp would abort are refused, and loading is tried in a child process first, which may crash. Reads the header
 * and the vocabulary, but no weights. For a model in several files, give the first part. May be called before or after
 * this process has computed with OpenMP threads. BF_MODEL: the sentence names the file, the key or tensor or
 * llama.cpp's own message, and what to do. */
BF_MUST_CHECK enum bf_status bf_engine_check_model(const char *path, const char *lora_path, enum bf_model_use use,
                                                   const char *chat, struct bf_err *err);
/* Reads all weights. BF_MODEL: the sentence names the first tensor with a NaN or an infinite value. */
BF_MUST_CHECK enum bf_status bf_engine_check_weights(const char *path, struct bf_err *err);
/* The files of the model whose first or only file is `path`; release with bf_engine_free_parts. On failure BF_MODEL,
 * *parts is NULL and *n is 0. */
BF_MUST_CHECK enum bf_status bf_engine_model_parts(const char *path, char ***parts, size_t *n, struct bf_err *err);
void bf_engine_free_parts(char **parts, size_t n);

/* Open a model in this process. BF_MODEL: the file is missing, truncated or not a model, the model lacks a requested
 * ability, or memory is short; BF_USAGE: an option is not possible. The sentence says what to do. *out is NULL on
 * failure. */
BF_MUST_CHECK enum bf_status bf_engine_open(const struct bf_engine_options *options, struct bf_engine **out,
                                            struct bf_err *err);
void bf_engine_close(struct bf_engine *engine); /* NULL is a no-op */
/* Valid until the engine is closed. */
const struct bf_engine_info *bf_engine_info(const struct bf_engine *engine);

enum bf_finish { BF_FINISH_STOP /* the model ended its answer */, BF_FINISH_LENGTH /* max_tokens reached */ };

/* One prompt. Strings are borrowed until the source is called again. */
struct bf_gen_request {
    int64_t index;      /* the caller's number; comes back in the answer */
    const char *prompt; /* what the user says; the engine applies the chat template */
    int32_t max_tokens; /* >= 1 */
    double temperature; /* > 0 */
    int32_t top_k;      /* 0 = off, else <= 1,024; 1 = greedy decoding: the likeliest token, always */
    double top_p;       /* (0, 1] */
    uint64_t seed;
    /* [n_stops] the answer ends with the token that completes one of these texts; the text may be part of it */
    const char *const *stops;
    size_t n_stops; /* 0..4; the texts must live until generate returns */
};

/* One finished answer. Pointers are valid during the call only. */
struct bf_gen_answer {
    int64_t index;
    const char *text; /* raw bytes of the answer, NUL-terminated, may be invalid UTF-8; no special tokens */
    size_t text_len;
    int32_t n_prompt_tokens;
    int32_t n_tokens;      /* generated, the end token excluded */
    const int32_t *tokens; /* [n_tokens]; NULL when a server does not report them */
    /* Neither is NULL or has a NaN. Without info.has_sampling_probs, p_sampling is exp(logp_model); without
     * info.has_logprobs, logp_model is log(p_sampling); without both they are 0 and -FLT_MAX. */
    const float *p_sampling; /* [n_tokens] probability under the distribution sampled from: temperature, top-k, top-p */
    /* [n_tokens] log-probability under the model's own distribution (temperature 1, all tokens) */
    const float *logp_model;
    enum bf_finish finish;
};

enum bf_source {
    BF_SOURCE_READY /* *request is filled */,
    BF_SOURCE_WAIT /* ask again after the next answer */,
    BF_SOURCE_END /* never again */
};

struct bf_gen_stats {
    int64_t n_answers, n_generated_tokens, n_prompt_tokens, n_shared_tokens /* prompt tokens not computed again */;
    int64_t n_steps;       /* batches decoded */
    double decode_seconds; /* inside the model's forward pass */
    double sample_seconds; /* choosing tokens */
    double other_seconds;  /* everything else in generate: callbacks, text, copying prefixes */
    int32_t n_active;      /* sequences in flight now */
};

struct bf_gen_job {
    void *user;
    /* Fills in the next prompt; called when a sequence is free. */
    enum bf_source (*source)(void *user, struct bf_gen_request *request);
    /* Takes an answer; they come in any order. A status other than BF_OK ends generate with that status and *err. */
    enum bf_status (*sink)(void *user, const struct bf_gen_answer *answer, struct bf_err *err);
    /* Is this index still wanted? Called once per step; NULL = always. An unwanted sequence is dropped silently. */
    bool (*wanted)(void *user, int64_t index);
    /* Called once per step; false ends generate with BF_INTERRUPTED. NULL = it always runs to its end. */
    bool (*step)(void *user, const struct bf_gen_stats *stats);
};

/* Run until the source has ended and every answer is delivered. *stats (nullable) is filled on every return.
 * BF_INTERRUPTED: `step` returned false; unfinished answers are dropped. BF_MODEL: a prompt does not fit the context,
 * or the model fails (NaN, no memory). */
BF_MUST_CHECK enum bf_status bf_engine_generate(struct bf_engine *engine, const struct bf_gen_job *job,
                                                struct bf_gen_stats *stats, struct bf_err *err);

/* ---- probabilities of texts after a prompt ---- */

/* A prompt with a text after it, or with a choice of texts of one token each, or with both. Strings are borrowed during
 * the call. */
struct bf_continuation {
    const char *prompt; /* the chat template goes around it as in generate; with template "none" it stands as it is, and
                         * "" is a text from its beginning */
    const char *text;   /* scored token by token; NULL = only choices */
    /* also score what ends an answer in this template (with "none": the model's EOS); works without a text as well */
    bool with_end;
    const char *const *choices; /* [n_choices] */
    size_t n_choices;           /* at most BF_CHOICES_MAX */
};
enum { BF_CHOICES_MAX = 26 };

/* Pointers are valid during the call only. */
struct bf_continuation_score {
    size_t item;             /* which continuation, from 0 */
    int32_t n_prompt_tokens; /* 0 when a server does not report it */
    int32_t n_tokens;      /* of the text, scored: the first of a text without any token before it has no probability */
    const int32_t *tokens; /* [n_tokens]; NULL when a server does not report them */
    const float *logp;     /* [n_tokens] natural log, temperature 1 */
    const bool *greedy;   /* [n_tokens] is it the likeliest token at its place? NULL when a server does not report it */
    const float *choices; /* [n_choices] log-probability of each right after the prompt */
    /* [n_tokens] with `spread`: mean and standard deviation of log p over the vocabulary at the token's place, weighted
     * by p; NULL without, and from a server */
    const float *mean_logp, *deviation_logp;
};
struct bf_continuation_job {
    void *user;
    /* In the order of the items. A status other than BF_OK ends the call. */
    enum bf_status (*sink)(void *user, const struct bf_continuation_score *score, struct bf_err *err);
    bool (*step)(void *user, size_t n_done); /* once per batch; false: BF_INTERRUPTED; may be NULL */
    bool spread;                             /* also mean_logp and deviation_logp: a pass over each row of logits */
};

/* Score all items. Items share batches, and a beginning that neighbouring prompts have in common is computed once, so
 * put similar prompts next to each other. Prompt and text are tokenised together (chat_tokens.h), and a token across
 * the border counts for the text. BF_MODEL: an item is longer than a sequence, a choice is not one token, or the engine
 * cannot do it. Every server with an echo scores whole texts (prompt "") and choices, both without a chat template;
 * only one with prompt_logprobs and /tokenize (vLLM) scores answers after prompts, and their ends. BF_INPUT: on such a
 * server, the end of an answer without a question. */
BF_MUST_CHECK enum bf_status bf_engine_score_continuations(struct bf_engine *engine,
                                                           const struct bf_continuation *items, size_t n_items,
                                                           const struct bf_continuation_job *job, struct bf_err *err);

/* Pooled last hidden states, not normalised. out [n_texts, info.n_embd], row-major, belongs to the caller. A text
 * longer than the model reads is cut at its end; a text without tokens gives a zero vector. With `together` false, each
 * text is computed alone, so that its vector never depends on the other texts; with true, texts share batches, which is
 * faster for short ones. BF_MODEL: the engine cannot embed, or the model fails. */
BF_MUST_CHECK enum bf_status bf_engine_embed(struct bf_engine *engine, const char *const *texts, size_t n_texts,
                                             enum bf_pooling pooling, bool together, float *out, struct bf_err *err);

/* The same for texts that are tokens already, each computed alone, after the model's BOS where it has one. BF_MODEL
 * also when the engine cannot do it (a server), or a token is not in the vocabulary. */
struct bf_tokens {
    const int32_t *ids; /* [n] */
    int32_t n;
};
BF_MUST_CHECK enum bf_status bf_engine_embed_tokens(struct bf_engine *engine, const struct bf_tokens *texts,
                                                    size_t n_texts, enum bf_pooling pooling, float *out,
                                                    struct bf_err *err);

/* Append the text of tokens, without special tokens, as raw bytes: a token may end inside a character. BF_MODEL as
 * above. */
BF_MUST_CHECK enum bf_status bf_engine_detokenize(const struct bf_engine *engine, const struct bf_tokens *tokens,
                                                  struct bf_buf *out, struct bf_err *err);

/* Tokens of plain text (no BOS, no chat template). Returns their number and fills in at most `max`; -1 when a server
 * cannot tokenise or did not answer. */
int32_t bf_engine_tokenize(const struct bf_engine *engine, const char *text, int32_t *tokens, int32_t max);

/* Convert a GGUF to another type: `type` is "q4_0", "q8_0", "f16", "bf16" or "f32". Every matrix gets the type, the
 * output matrix as well. The file is written next to `out`, read back, and renamed (mode 0600). BF_USAGE: an unknown
 * type; BF_MODEL: `in` cannot be converted; BF_STORE: `out` cannot be written. */
BF_MUST_CHECK enum bf_status bf_engine_quantize(const char *in, const char *out, const char *type, int32_t n_threads,
                                                struct bf_err *err);

/* Can the GGUF at `path`, which has just been written, be read back with all bytes of its tensors? A library may lose
 * the error of a write. `shown` is its final name, for the sentence of BF_STORE. */
BF_MUST_CHECK enum bf_status bf_engine_check_written(const char *path, const char *shown, struct bf_err *err);

/* Compares small products of llama.cpp's kernels for this processor with plain C, in a child process that may crash.
 * Takes milliseconds. `tested` (nullable) gets a description of the products. BF_MODEL: a kernel crashes or is wrong.
 * bf_engine_open() calls it before it loads a model; code that computes with ggml directly has to call it. */
BF_MUST_CHECK enum bf_status bf_engine_check_kernels(char *tested, size_t size, struct bf_err *err);

/* For code that calls llama.cpp directly: starts it, and loads its backends when they are separate libraries. A second
 * call does nothing. Not thread-safe. BF_MODEL: there is no backend for this processor. */
BF_MUST_CHECK enum bf_status bf_engine_start_llama(struct bf_err *err);

/* Append lines about this build and machine for `biforget doctor`: devices, CPU features and the kernels in use. */
void bf_engine_describe_machine(struct bf_buf *out);

#endif
