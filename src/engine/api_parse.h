/* What servers answer, read from untrusted bytes. Pure: no network. The shapes are those of OpenAI's completions and
 * chat interfaces, with the variations of llama-server, vLLM and SGLang. A body that is not what it should be gives
 * BF_MODEL and a sentence that fits behind "the server's answer is unusable: ". */
#ifndef BF_ENGINE_API_PARSE_H
#define BF_ENGINE_API_PARSE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "engine/engine.h"

enum bf_api_numbers {
    BF_API_NUMBERS_NONE,
    BF_API_NUMBERS_MODEL,    /* "logprob": the model's own distribution */
    BF_API_NUMBERS_SAMPLING, /* "logprob": the distribution sampled from */
    BF_API_NUMBERS_POST,     /* llama-server's "prob" with post_sampling_probs: the distribution sampled from */
    BF_API_NUMBERS_TOP       /* the model's log-probabilities of the top_k likeliest tokens: both kinds */
};

/* What was asked for. */
struct bf_api_expected {
    int32_t max_tokens;
    enum bf_api_numbers numbers;
    bool counts_end;           /* the server's usage counts the end token */
    double temperature, top_p; /* with NUMBERS_TOP */
    int32_t top_k;             /* with NUMBERS_TOP: >= 1 */
};

/* An answer. Zero before; release after either result. Arrays as in struct bf_gen_answer. */
struct bf_api_answer {
    struct bf_buf text; /* valid UTF-8; a NUL in it became U+FFFD */
    int32_t n_prompt, n_cached, n_tokens;
    int32_t *tokens; /* NULL when the server does not tell */
    float *p_sampling, *logp_model;
    enum bf_finish finish;
    bool cut; /* it ended for its length before max_tokens: the server's context was full */
};
void bf_api_answer_release(struct bf_api_answer *a);

/* An answer of /completions or /chat/completions. The end token is dropped from the arrays where a server lists it.
 * Content may be text or typed parts; thoughts that a server keeps apart from it ("reasoning", "reasoning_content", a
 * "thinking" part) come back as "<think>...</think>" before it, without the end when no content follows. */
BF_MUST_CHECK enum bf_status bf_api_parse_answer(const char *data, size_t n, const struct bf_api_expected *expected,
                                                 struct bf_api_answer *out, struct bf_err *err);

/* "system_fingerprint" of such an answer, "" when there is none. */
void bf_api_parse_fingerprint(const char *data, size_t n, char *out, size_t n_out);

/* Log-probabilities of given tokens; release in every case. */
struct bf_api_scores {
    int32_t n;
    float *logp;  /* [n] */
    bool *greedy; /* [n] is it the likeliest there? NULL when the server does not tell */
};
void bf_api_scores_release(struct bf_api_scores *scores);

/* Of an echoed prompt; the first token's, which has none, and what was generated are left out. Where the prompt ends in
 * the server's list shows in the tokens' texts, or in their counts when they agree; BF_MODEL when neither tells. */
BF_MUST_CHECK enum bf_status bf_api_parse_echo(const char *data, size_t n, const char *prompt,
                                               struct bf_api_scores *out, struct bf_err *err);
/* "prompt_logprobs" of a prompt that was these tokens, from token `first` on (1 or more). */
BF_MUST_CHECK enum bf_status bf_api_parse_prompt_numbers(const char *data, size_t n, const struct bf_tokens *prompt,
                                                         int32_t first, struct bf_api_scores *out, struct bf_err *err);
/* "logprob_token_ids": the log-probability of each of these tokens as the first of the answer; logp: [choices->n]. */
BF_MUST_CHECK enum bf_status bf_api_parse_chosen(const char *data, size_t n, const struct bf_tokens *choices,
                                                 float *logp, struct bf_err *err);

/* /embeddings: n_texts vectors of equal length *n_embd; *n_embd 0 = learn it. out: [n_texts, *n_embd], NULL = only
 * learn. Not-a-number and infinity are refused. */
BF_MUST_CHECK enum bf_status bf_api_parse_embeddings(const char *data, size_t n, size_t n_texts, int32_t *n_embd,
                                                     float *out, struct bf_err *err);

/* The server's token count of /tokenize; fills at most max tokens. */
BF_MUST_CHECK enum bf_status bf_api_parse_tokens(const char *data, size_t n, int32_t *tokens, int32_t max,
                                                 int32_t *count, struct bf_err *err);

/* /models */
enum { BF_API_MODELS_MAX = 256, BF_API_NAME_MAX = 256 };
struct bf_api_model {
    char name[BF_API_NAME_MAX];
    char owner[64];        /* "llamacpp", "vllm", "sglang" ... */
    char quantisation[64]; /* "" when not told; so with the numbers below, 0 */
    int64_t n_params, n_bytes;
    int32_t n_vocab, n_ctx, n_ctx_train;
};
/* At most `max` models; names that do not fit are left out. BF_MODEL when it is no such list. */
BF_MUST_CHECK enum bf_status bf_api_parse_models(const char *data, size_t n, struct bf_api_model *out, size_t max,
                                                 size_t *n_out, struct bf_err *err);

/* Append what an error body says, for people: one line, at most 240 characters, each occurrence of `secret` (nullable)
 * replaced. Nothing is appended when it says nothing. */
void bf_api_parse_error(const char *data, size_t n, const char *secret, struct bf_buf *out);

/* "version" of a small JSON object, "" when there is none. */
void bf_api_parse_version(const char *data, size_t n, char *out, size_t n_out);

/* From the model's log-probabilities of its likeliest tokens (any order, n >= 1), the probability of a token with
 * log-probability `chosen` under temperature, then top-k, then top-p. */
double bf_api_sampling_probability(double *logp, size_t n, double chosen, double temperature, int32_t top_k,
                                   double top_p);

/* What the readers of servers' answers share (api_parse.c, api_parse_scores.c). Private to engine/. */

/* A JSON object, json_decref(); texts in it may hold a NUL. NULL: it is something else, said in *err as BF_MODEL. */
json_t *bf_api_json_load(const char *data, size_t n, struct bf_err *err);
/* Of `root`, borrowed; NULL when there is none, said in *err. NULL for NULL, without a word. */
const json_t *bf_api_json_first_choice(const json_t *root, struct bf_err *err);
/* From 0 to INT32_MAX; 0 for anything else. */
int32_t bf_api_json_count(const json_t *object, const char *key);
/* A finite number, false for anything else. */
bool bf_api_json_number(const json_t *value, double *out);
/* A log-probability from -FLT_MAX to 0. Rounding may lift that of a certain token a hair above 0. */
bool bf_api_json_logp(const json_t *value, double *out);

#endif
