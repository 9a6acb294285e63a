/* The engine: text out of a language model. One opaque handle, several makers (llama.cpp in this process, an inference
 * server, a scripted one in fault tests); both real ones pass the same tests. Capabilities are queried, never assumed.
 *
 * Promise of `generate`: what a request answers depends on the model and the request alone (prompt, sampling, seed),
 * not on which other requests run beside it, when info.stable is BF_STABLE_YES. */
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

/* What keys and values are stored in. F16 takes half the memory and goes with flash attention, whose sums are F16 on a
 * CPU, too; F32 goes without. Beside F32 the mean log-probability of a text is off by about 5e-4 with F32 weights, 5e-3
 * with Q4_0. With F16 a row gets the same bits whatever is beside it in the batch (info.stable); with F32 the last bits
 * depend on how many of its tokens a batch holds. */
enum bf_kv_cache {
    BF_KV_CACHE_F16,
    BF_KV_CACHE_F32,
    /* F16 when the memory does not hold two sequences in F32, or those asked for; see info.kv_cache */
    BF_KV_CACHE_F32_IF_FITS
};
const char *bf_kv_cache_word(enum bf_kv_cache cache); /* "f16", "f32", "auto" */

enum bf_pooling { BF_POOL_MODEL /* what the GGUF says, else mean */, BF_POOL_MEAN, BF_POOL_CLS, BF_POOL_LAST };

struct bf_engine_options {
    const char *model_path;
    int32_t n_parallel;        /* sequences in flight; 0 = chosen from cores and memory; at most 256 */
    int32_t n_parallel_most;   /* at most so many are chosen; 0 = no limit. Without effect on n_parallel > 0 */
    enum bf_kv_cache kv_cache; /* default F16 */
    int32_t n_ctx_seq;         /* tokens of one sequence, prompt and answer; rounded up to 256; 0 = 512 */
    bool template_apart;       /* n_ctx_seq leaves the chat template's own tokens out: they are added */
    int32_t n_threads;         /* 0 = the cores this process may use */
    int32_t gpu_layers;        /* layers on a GPU; -1 = all, 0 = none */
    const char *chat;          /* "auto" = the model's own template, "none" = plain text, or a template's name */
    bool embed_only;           /* an embedding model: no generate, no score */
    bool no_prefix_sharing;    /* for measurements */
    bool no_stability_check;   /* for measurements and short commands: info.stable stays UNKNOWN */
    bool use_mmap;             /* map the file (default of bf_engine_default_options: false, see engine_llama.c) */
    const char *lora_path;     /* a LoRA adapter (GGUF) over the model; NULL = none */
    double lora_scale;         /* what the adapter counts; 0 = 1 */
    size_t prefix_cache_bytes; /* memory for computed beginnings of prompts; 0 = 48 MiB */
};
struct bf_engine_options bf_engine_default_options(void);

/* The key under which an adapter of `unlearn` says what vocabulary its model has; one of another vocabulary is refused
 * (BF_MODEL). */
#define BF_ENGINE_VOCABULARY_KEY "biforget.unlearn.vocabulary_sha256"
/* The key under which a model that `unlearn` saved says in which type most weights of its source were, "Q4_0". */
#define BF_ENGINE_BASE_TYPE_KEY "biforget.unlearn.base_type"
/* SHA-256 over all tokens in their order, 64 hex digits and a NUL: equal for models that mean the same by a token
 * id. */
void bf_engine_vocabulary_sha256(const struct llama_vocab *vocab, char out[65]);

struct bf_engine_info {
    char model_desc[128]; /* "qwen2 1.5B Q4_0" */
    char architecture[64];
    char quantisation[64]; /* "Q4_0": the type that holds most weights */
    char base_type[64];    /* BF_ENGINE_BASE_TYPE_KEY of the file; "" without one */
    char backend[256];     /* "llama.cpp 0.5.0, CPU AVX512 ..." */
    uint64_t model_bytes, n_params, kv_bytes;
    int32_t n_vocab, n_embd, n_layer, n_ctx_train;
    bool adds_bos; /* the tokenizer begins a text with BOS; false for a server */
    int32_t n_parallel, n_ctx_seq, n_threads, gpu_layers;
    enum bf_kv_cache kv_cache; /* F16 or F32; of a file */
    bool can_generate, can_score, can_embed, has_chat_template, flash_attention;
    bool has_sampling_probs; /* answers carry p_sampling; without it Membership Inference by p_sampling must not run */
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

/* Which per-token probabilities to ask for. The server decides what it has; what was found stands in bf_engine_info. */
enum bf_api_probs {
    BF_API_PROBS_AUTO, /* the cheapest kind that there is: llama-server SAMPLING, vLLM what it was started with */
    BF_API_PROBS_NONE,
    BF_API_PROBS_SAMPLING, /* p_sampling only */
    BF_API_PROBS_MODEL,    /* logp_model only */
    BF_API_PROBS_BOTH      /* logp_model of the top_k likeliest tokens, p_sampling computed from them: long answers */
};

/* Strings are copied. Zero means the default. */
struct bf_api_options {
    const char *endpoints;   /* base URLs, comma separated: "http://a:8080/v1,http://b:8080/v1"; at most 64 */
    const char *model;       /* NULL = the one that the servers offer */
    const char *embed_model; /* NULL = the same model, when its server embeds */
    const char *api_key;     /* NULL = none; sent to every endpoint as "Authorization: Bearer", never in an error */
    const char *ca_file;     /* PEM file of a private certificate authority; NULL = the system's */
    enum bf_api_mode mode;
    enum bf_api_probs probs;
    int32_t top_k; /* the top_k of the requests to come, for BF_API_PROBS_BOTH; 0 = 50 */
    /* greedy answers are to come: whether the server takes temperature 0 is found out, too */
    bool greedy;
    int32_t n_parallel;     /* requests in flight over all endpoints; 0 = 32; at most BF_API_PARALLEL_MAX */
    int32_t n_ctx_seq;      /* for info when the server does not tell; tokens */
    int32_t max_attempts;   /* of one request that a live server fails; 0 = 8 */
    double timeout_seconds; /* of one request, waiting in the server's queue included; 0 = 600 */
    double give_up_seconds; /* without any answer from any endpoint; 0 = 300 */
    /* a JSON object whose members go into every request of text or probabilities; NULL = none. What this engine says
     * itself (the model, the prompt, sampling) cannot be in it: BF_USAGE */
    const char *extra;
    /* A whole sentence about what a person should know: what is waited for, and with `warning` what is not as it was
     * asked for (a field that the server refuses, an answer cut at its context). During every call of the engine. NULL
     * = nobody listens. */
    void (*notice)(void *user, bool warning, const char *sentence);
    void *notice_user;
};
struct bf_api_options bf_api_default_options(void);

/* An engine on OpenAI-compatible servers (llama-server, vLLM, SGLang ...). Asks each endpoint what it offers (a few
 * requests of one token) and says so in bf_engine_info; endpoints that are down are tried again later as long as one is
 * up. An endpoint serves what it lists: the model, the embedding model, or both.
 *  - A field that a server refuses by name is left out, with a notice. A server that fails (5xx) is asked again and
 *    never taken for one that refuses chat: the form of the prompt changes by a refusal alone, with a notice.
 *  - The thoughts of a reasoning model stand before its answer as "<think>...</think>", whatever the server does with
 *    them.
 *  - stable stays UNKNOWN: the same seed gives the same text only as far as the server's own arithmetic repeats itself.
 *  - A seed is folded to 31 bits (high half xor low half), which all servers accept.
 *  - Each answered request is delivered once and never asked again; failures that pass are retried with growing pauses.
 *  - embed gives the vectors as the server pools and scales them: BF_POOL_MODEL only; `together` says only how many
 *    texts one request carries.
 * TLS certificates are always verified, redirects are not followed. BF_USAGE for options that cannot be, BF_MODEL when
 * no endpoint answers or none has the model: the sentence lists what they offer. *out is NULL on failure. */
BF_MUST_CHECK enum bf_status bf_engine_open_api(const struct bf_api_options *options, struct bf_engine **out,
                                                struct bf_err *err);

/* ---- a look at a file before it is opened ---- */

enum bf_model_use {
    BF_MODEL_TEXT,       /* it reads and writes text, or embeds it */
    BF_MODEL_VOCABULARY, /* only its tokenizer: weights may be missing */
    BF_MODEL_WEIGHTS,    /* only its weights: a tokenizer may be missing */
    BF_MODEL_ADAPTER     /* a LoRA adapter */
};
/* Can llama.cpp take this GGUF file (with `lora_path`, or NULL)? `chat`: also the template of this name
 * (bf_engine_options.chat), which is tried when it is the model's own; NULL = none is needed. Values that it would end
 * the program on are refused, and what it cannot do in a process that may die is not done in this one. Reads the header
 * and the vocabulary, no weights. A first part of a model in several files speaks for all. Before this process computes
 * anything with threads of OpenMP, or after: it makes no difference.
 * BF_MODEL: file, key or tensor or llama.cpp's own words, and what to do. */
BF_MUST_CHECK enum bf_status bf_engine_check_model(const char *path, const char *lora_path, enum bf_model_use use,
                                                   const char *chat, struct bf_err *err);
/* Reads all weights. BF_MODEL: the first tensor with a NaN or an infinite value. */
BF_MUST_CHECK enum bf_status bf_engine_check_weights(const char *path, struct bf_err *err);
/* The files of a model, of which `path` is the first (or the only one): bf_engine_free_parts. BF_MODEL on failure:
 * *parts is NULL, *n 0. */
BF_MUST_CHECK enum bf_status bf_engine_model_parts(const char *path, char ***parts, size_t *n, struct bf_err *err);
void bf_engine_free_parts(char **parts, size_t n);

/* BF_MODEL: missing, truncated or foreign file, a model without what is asked, not enough memory: the sentence says
 * which and what to do. *out is NULL on failure. */
BF_MUST_CHECK enum bf_status bf_engine_open(const struct bf_engine_options *options, struct bf_engine **out,
                                            struct bf_err *err);
void bf_engine_close(struct bf_engine *engine); /* NULL is a no-op */
const struct bf_engine_info *bf_engine_info(const struct bf_engine *engine);

enum bf_finish { BF_FINISH_STOP /* the model ended */, BF_FINISH_LENGTH /* max_tokens reached */ };

/* One prompt. Strings are borrowed until the source is called again. */
struct bf_gen_request {
    int64_t index;      /* the caller's number, handed back */
    const char *prompt; /* what the user says; the chat template is applied by the engine */
    int32_t max_tokens; /* >= 1 */
    double temperature; /* > 0 */
    int32_t top_k;      /* 0 = off, else <= 1,024; 1 = greedy decoding: the likeliest token, always */
    double top_p;       /* (0, 1] */
    uint64_t seed;
    /* [n_stops] the answer ends with the token that completes one of these texts, which may stay in it */
    const char *const *stops;
    size_t n_stops; /* 0..4; the texts live as long as generate runs */
};

/* One finished answer. Pointers are valid during the call only. */
struct bf_gen_answer {
    int64_t index;
    const char *text; /* raw bytes of the answer, NUL-terminated, may be invalid UTF-8; no special tokens */
    size_t text_len;
    int32_t n_prompt_tokens;
    int32_t n_tokens;      /* generated, the end token excluded */
    const int32_t *tokens; /* [n_tokens]; NULL when a server does not tell */
    /* Neither is ever NULL or holds a NaN. Without info.has_sampling_probs p_sampling repeats exp(logp_model), without
     * info.has_logprobs logp_model repeats log(p_sampling), without both they are 0 and -FLT_MAX. */
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
    double other_seconds;  /* the rest of generate: callbacks, text, copying prefixes */
    int32_t n_active;      /* sequences in flight now */
};

struct bf_gen_job {
    void *user;
    /* The next prompt, when a sequence is free. */
    enum bf_source (*source)(void *user, struct bf_gen_request *request);
    /* An answer, in any order. A status other than BF_OK ends generate with that status and *err. */
    enum bf_status (*sink)(void *user, const struct bf_gen_answer *answer, struct bf_err *err);
    /* Is this index still wanted? Asked once a step; NULL = always. An unwanted sequence is dropped silently. */
    bool (*wanted)(void *user, int64_t index);
    /* Called once a step; false ends generate with BF_INTERRUPTED. NULL = never. */
    bool (*step)(void *user, const struct bf_gen_stats *stats);
};

/* Run until the source has ended and every answer is delivered. *stats (nullable) is filled on every return.
 * BF_INTERRUPTED when `step` said so (unfinished answers are dropped), BF_MODEL when the prompt does not fit the
 * context or the model fails (NaN, no memory). */
BF_MUST_CHECK enum bf_status bf_engine_generate(struct bf_engine *engine, const struct bf_gen_job *job,
                                                struct bf_gen_stats *stats, struct bf_err *err);

/* ---- what follows a prompt ---- */

/* One prompt and a text behind it, or a choice of texts of one token each, or both. Strings are borrowed during the
 * call. */
struct bf_continuation {
    const char *prompt; /* the chat template goes around it as in generate; with template "none" it stands as it is, and
                         * "" is a text from its beginning */
    const char *text;   /* scored token by token; NULL = none */
    /* also what ends an answer of this template (the model's EOS, with "none"); after no text, too */
    bool with_end;
    const char *const *choices; /* [n_choices] */
    size_t n_choices;           /* at most BF_CHOICES_MAX */
};
enum { BF_CHOICES_MAX = 26 };

/* Pointers are valid during the call only. */
struct bf_continuation_score {
    size_t item;             /* which continuation, 0-based */
    int32_t n_prompt_tokens; /* 0 when a server does not tell */
    int32_t n_tokens;      /* of the text, scored: the first of a text without any token before it has no probability */
    const int32_t *tokens; /* [n_tokens]; NULL when a server does not tell */
    const float *logp;     /* [n_tokens] natural log, temperature 1 */
    const bool *greedy;    /* [n_tokens] is it the likeliest there? NULL when a server does not tell */
    const float *choices;  /* [n_choices] log-probability of each right after the prompt */
};
struct bf_continuation_job {
    void *user;
    /* In the order of the items. A status other than BF_OK ends the call. */
    enum bf_status (*sink)(void *user, const struct bf_continuation_score *score, struct bf_err *err);
    bool (*step)(void *user, size_t n_done); /* once a batch; false ends the call with BF_INTERRUPTED; NULL = never */
};

/* Scores share batches, and beginnings that several prompts have in common are computed once: put prompts that share
 * much near each other. Prompt and text are tokenised together (chat_tokens.h), and a token across the border counts
 * for the text. BF_MODEL: an item is longer than a sequence, a choice is not one token, or the engine cannot do it: any
 * server with an echo scores whole texts (prompt "") and choices, both without a chat template; answers after prompts
 * and their ends, one that has prompt_logprobs and /tokenize (vLLM). BF_INPUT: on such a server, the end of an answer
 * without a question. */
BF_MUST_CHECK enum bf_status bf_engine_score_continuations(struct bf_engine *engine,
                                                           const struct bf_continuation *items, size_t n_items,
                                                           const struct bf_continuation_job *job, struct bf_err *err);

/* Pooled last hidden states, not normalised: out is [n_texts, info.n_embd], row-major, caller's. A text longer than the
 * model reads is cut at its end; a text without tokens gives a zero vector. With `together` false each text is computed
 * by itself, so that its vector never depends on its neighbours; with true texts share batches (faster for short
 * ones). */
BF_MUST_CHECK enum bf_status bf_engine_embed(struct bf_engine *engine, const char *const *texts, size_t n_texts,
                                             enum bf_pooling pooling, bool together, float *out, struct bf_err *err);

/* The same of texts that are tokens already, each computed by itself; the model's BOS goes before them where it has
 * one. BF_MODEL also when the engine has no such call (a server), or a token is none of the model's. */
struct bf_tokens {
    const int32_t *ids; /* [n] */
    int32_t n;
};
BF_MUST_CHECK enum bf_status bf_engine_embed_tokens(struct bf_engine *engine, const struct bf_tokens *texts,
                                                    size_t n_texts, enum bf_pooling pooling, float *out,
                                                    struct bf_err *err);

/* Append the text of tokens, without special tokens; as raw bytes, since a cut may fall inside a character. BF_MODEL as
 * above. */
BF_MUST_CHECK enum bf_status bf_engine_detokenize(const struct bf_engine *engine, const struct bf_tokens *tokens,
                                                  struct bf_buf *out, struct bf_err *err);

/* Tokens of plain text (no BOS, no chat template). Returns the count; fills at most `max` of them. -1 when a server
 * does not tell, or did not answer. */
int32_t bf_engine_tokenize(const struct bf_engine *engine, const char *text, int32_t *tokens, int32_t max);

/* Convert a GGUF to another type: `type` is "q4_0", "q8_0", "f16", "bf16" or "f32". Written beside `out`, read back,
 * then renamed (mode 0600). `pure` means every matrix gets the type, also the output matrix. BF_MODEL / BF_STORE on
 * failure. */
BF_MUST_CHECK enum bf_status bf_engine_quantize(const char *in, const char *out, const char *type, int32_t n_threads,
                                                struct bf_err *err);

/* Is the GGUF at `path`, which was just written and is to be named `shown`, one that can be read back, with all bytes
 * of its tensors? A library may lose the error of a write. BF_STORE. */
BF_MUST_CHECK enum bf_status bf_engine_check_written(const char *path, const char *shown, struct bf_err *err);

/* Small products of llama.cpp's kernels for this processor, beside plain C, in a process that may die of them:
 * milliseconds. `tested` (NULL is allowed) gets what was multiplied. BF_MODEL: they die or are wrong. bf_engine_open()
 * asks it before it loads a model; whoever computes with ggml alone asks it, too. */
BF_MUST_CHECK enum bf_status bf_engine_check_kernels(char *tested, size_t size, struct bf_err *err);

/* For whoever calls llama.cpp itself: starts it and loads its backends when they are libraries of their own. Does
 * nothing when called again; not for two threads at once. BF_MODEL: there is no backend for this processor. */
BF_MUST_CHECK enum bf_status bf_engine_start_llama(struct bf_err *err);

/* What this build and machine offer, one line each, for `biforget doctor`: devices, CPU features and which kernels
 * run. */
void bf_engine_describe_machine(struct bf_buf *out);

#endif
