/* Reading the answers of servers from untrusted bytes; no network. The shapes are those of OpenAI's completions and
 * chat interfaces, with the variations of llama-server, vLLM and SGLang. A body of another shape gives BF_MODEL and a
 * sentence that continues "the server's answer is unusable: ". Linear in the size of the body. */
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
    BF_API_NUMBERS_TOP       /* log-probabilities of the top_k likeliest tokens, which give both kinds */
};

/* What the request was, as far as it decides what the answer must have. */
struct bf_api_expected {
    int32_t max_tokens;
    enum bf_api_numbers numbers;
    bool counts_end;           /* the server's "usage" includes the end token */
    double temperature, top_p; /* with NUMBERS_TOP */
    int32_t top_k;             /* with NUMBERS_TOP: >= 1 */
};

/* An answer. Zero it before the call; release it after either result. Arrays as in struct bf_gen_answer. */
struct bf_api_answer {
    struct bf_buf text; /* valid UTF-8; a NUL in it became U+FFFD */
    int32_t n_prompt, n_cached, n_tokens;
    int32_t *tokens; /* NULL when the server does not list them */
    float *p_sampling, *logp_model;
    enum bf_finish finish;
    bool cut; /* it ended before max_tokens because the server's context was full */
};
void bf_api_answer_release(struct bf_api_answer *a);

/* Read an answer of /completions or /chat/completions. An end token that the server lists is left out of the arrays.
 * Content may be text or typed parts; thoughts that a server keeps apart from it ("reasoning", "reasoning_content", a
 * "thinking" part) are put before it as "<think>...</think>", without the end tag when no content follows. */
BF_MUST_CHECK enum bf_status bf_api_parse_answer(const char *data, size_t n, const struct bf_api_expected *expected,
                                                 struct bf_api_answer *out, struct bf_err *err);

/* "system_fingerprint" of such an answer; "" when it has none. */
void bf_api_parse_fingerprint(const char *data, size_t n, char *out, size_t n_out);

/* Log-probabilities of given tokens; release after either result. */
struct bf_api_scores {
    int32_t n;
    float *logp;  /* [n] */
    bool *greedy; /* [n] is it the likeliest token there? NULL when the server does not report it */
};
void bf_api_scores_release(struct bf_api_scores *scores);

/* The scores of an echoed prompt, without its first token, which has none, and without generated tokens. The end of the
 * prompt in the server's list is found by the tokens' texts, or else by their counts; BF_MODEL when neither works. */
BF_MUST_CHECK enum bf_status bf_api_parse_echo(const char *data, size_t n, const char *prompt,
                                               struct bf_api_scores *out, struct bf_err *err);
/* The scores of "prompt_logprobs", for a prompt of these tokens, from token `first` (at least 1) on. */
BF_MUST_CHECK enum bf_status bf_api_parse_prompt_numbers(const char *data, size_t n, const struct bf_tokens *prompt,
                                                         int32_t first, struct bf_api_scores *out, struct bf_err *err);
/* The answer to "logprob_token_ids": logp [choices->n] gets the log-probability of each token as the first of the
 * answer. */
BF_MUST_CHECK enum bf_status bf_api_parse_chosen(const char *data, size_t n, const struct bf_tokens *choices,
                                                 float *logp, struct bf_err *err);

/* Read /embeddings: n_texts vectors of equal length. *n_embd is that length; 0 before the call sets it. out: [n_texts,
 * *n_embd]; NULL only sets the length. NaN and infinity are refused. */
BF_MUST_CHECK enum bf_status bf_api_parse_embeddings(const char *data, size_t n, size_t n_texts, int32_t *n_embd,
                                                     float *out, struct bf_err *err);

/* Read /tokenize: *count tokens, of which at most `max` are filled in. */
BF_MUST_CHECK enum bf_status bf_api_parse_tokens(const char *data, size_t n, int32_t *tokens, int32_t max,
                                                 int32_t *count, struct bf_err *err);

/* ---- /models ---- */
enum { BF_API_MODELS_MAX = 256, BF_API_NAME_MAX = 256 };
struct bf_api_model {
    char name[BF_API_NAME_MAX];
    char owner[64];        /* "llamacpp", "vllm", "sglang" ... */
    char quantisation[64]; /* "" when unknown; the numbers below are then 0 */
    int64_t n_params, n_bytes;
    int32_t n_vocab, n_ctx, n_ctx_train;
};
/* At most `max` models; names that do not fit are left out. BF_MODEL when the body is not such a list. */
BF_MUST_CHECK enum bf_status bf_api_parse_models(const char *data, size_t n, struct bf_api_model *out, size_t max,
                                                 size_t *n_out, struct bf_err *err);

/* Append the message of an error body: one line of at most 240 characters, with each occurrence of `secret` (nullable)
 * replaced. Appends nothing when it has no message. */
void bf_api_parse_error(const char *data, size_t n, const char *secret, struct bf_buf *out);

/* "version" of a small JSON object; "" when it has none. */
void bf_api_parse_version(const char *data, size_t n, char *out, size_t n_out);

/* The probability of a token with log-probability `chosen` under temperature, then top-k, then top-p, given the
 * log-probabilities logp [n] of the model's likeliest tokens (n >= 1, any order; sorted by the call). O(n log n). */
double bf_api_sampling_probability(double *logp, size_t n, double chosen, double temperature, int32_t top_k,
                                   double top_p);

/* ---- shared by api_parse.c and api_parse_scores.c; private to engine/ ---- */

/* Parse a JSON object, whose texts may contain NUL; json_decref(). NULL with BF_MODEL in *err for anything else. */
json_t *bf_api_json_load(const char *data, size_t n, struct bf_err *err);
/* The first of "choices", borrowed from `root`. NULL with a sentence in *err when there is none; NULL for a NULL root,
 * without a sentence. */
const json_t *bf_api_json_first_choice(const json_t *root, struct bf_err *err);
/* A count from 0 to INT32_MAX; 0 when the member is anything else. */
int32_t bf_api_json_count(const json_t *object, const char *key);
/* A finite number; false for anything else. */
bool bf_api_json_number(const json_t *value, double *out);
/* A log-probability, clipped to -FLT_MAX to 0; false above 0.001. Rounding may lift that of a certain token slightly
 * above 0. */
bool bf_api_json_logp(const json_t *value, double *out);

#endif
