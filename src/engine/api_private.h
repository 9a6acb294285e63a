/* What the files of the remote engine share (engine_api.c, api_*.c). */
#ifndef BF_ENGINE_API_PRIVATE_H
#define BF_ENGINE_API_PRIVATE_H
#include "engine/api_net.h"
#include "engine/engine_ops.h"

enum bf_api_kind { BF_API_KIND_OTHER, BF_API_KIND_LLAMA, BF_API_KIND_VLLM, BF_API_KIND_SGLANG };

/* Fields that a request can go without when a server refuses them. */
enum bf_api_field {
    BF_API_FIELD_TOP_K = 1,
    BF_API_FIELD_MIN_P = 2,
    BF_API_FIELD_PENALTY = 4, /* repeat_penalty, repetition_penalty */
    BF_API_FIELD_SEED = 8,
    BF_API_FIELD_SAMPLERS = 16, /* llama-server: the order of samplers, the handling of thoughts */
    BF_API_FIELDS_ALL = 31
};

/* What the servers offer, as found by api_probe.c and api_probe_text.c; request bodies depend on it. */
struct bf_api_server {
    enum bf_api_kind kind;
    char model[BF_API_NAME_MAX];       /* "" = cannot generate */
    char embed_model[BF_API_NAME_MAX]; /* "" = cannot embed */
    bool chat;                         /* /chat/completions, else /completions */
    unsigned without;                  /* enum bf_api_field: these are refused */
    bool new_max_tokens;               /* the field is called max_completion_tokens */
    double coldest;                    /* temperature of greedy answers: 0, or the smallest that is accepted */
    bool sounding;                     /* while probing probabilities: top-k 1 does not change the temperature */
    bool no_thoughts;                  /* ask the chat template to switch the model's thinking off */
    json_t *extra;                     /* the user's fields; NULL = none */
    enum bf_api_numbers numbers;
    int32_t n_top;    /* alternatives to request with NUMBERS_TOP */
    bool token_names; /* completions name tokens "token_id:5", so that names are unique */
    bool tokenize;
    bool echo;           /* it can repeat prompts with log-probabilities */
    bool prompt_numbers; /* prompt_logprobs of a prompt that is token ids */
    bool chosen_numbers; /* logprob_token_ids */
    bool embed_alone;    /* texts in a batch change each other's vectors: send one at a time */
};

struct bf_api {
    struct bf_engine base; /* first: the handle points here */
    struct bf_api_net net;
    struct bf_api_server server;
    double give_up_seconds;
    /* answers cut at the end of the server's context; texts shortened so that they could be embedded */
    int64_t n_cut, n_texts_cut;
    /* tokens of the chat template after an answer, its end first; 0 = not known yet */
    int32_t n_tail;
    /* set while generate runs, so that calls from its sink can be interrupted */
    const struct bf_gen_job *job;
    struct bf_gen_stats *stats;
};

static inline struct bf_api *bf_api_of(struct bf_engine *engine)
{
    return (struct bf_api *)(void *)engine;
}

/* api_body.c: request bodies as JSON text; free(). Prompts and texts may be any bytes. */
char *bf_api_body_generate(const struct bf_api_server *server, const struct bf_gen_request *q);
char *bf_api_body_score(const struct bf_api_server *server, const char *text);
char *bf_api_body_score_tokens(const struct bf_api_server *server, const struct bf_tokens *prompt);
char *bf_api_body_choose(const struct bf_api_server *server, const char *prompt, const struct bf_tokens *choices);
char *bf_api_body_embed(const struct bf_api_server *server, const char *const *texts, size_t n);
/* `special`: add the BOS that the model puts before a text. */
char *bf_api_body_tokenize(const struct bf_api_server *server, const char *text, bool special);
/* Tokens of the chat template with a question and its answer; answer NULL: up to where it begins. */
char *bf_api_body_tokenize_chat(const struct bf_api_server *server, const char *question, const char *answer);
/* Does this engine set the field, so that the user must not? */
bool bf_api_is_ours(const char *key);
const char *bf_api_path_generate(const struct bf_api_server *server);
uint32_t bf_api_seed(uint64_t seed);                                              /* below 2^31 */
size_t bf_api_answer_max(const struct bf_api_server *server, int32_t max_tokens); /* in bytes */
/* longest answer that lists something for each of n bytes or tokens */
size_t bf_api_list_max(size_t n, size_t n_each);
struct bf_api_expected bf_api_expect(const struct bf_api_server *server, const struct bf_gen_request *q);

/* api_probe.c: fill server, roles and info. */
BF_MUST_CHECK enum bf_status bf_api_probe(struct bf_api *self, const struct bf_api_options *options,
                                          struct bf_err *err);

/* One request and its answer (api_ask.c). `read` gets the body; its failure counts as a refusal. On failure *refused is
 * the HTTP status of a refusal, BF_API_UNUSABLE when `read` failed, or 0 when no server answered. */
struct bf_api_question {
    struct bf_api_call call;
    const char *what;       /* what is requested, for notices */
    double give_up_seconds; /* when it is less than the engine's; 0 = use the engine's */
    double connect_seconds; /* when no connection is possible; 0 = like give_up_seconds */
    int32_t errors_refuse;  /* as in struct bf_api_work */
    void *user;
    enum bf_status (*read)(void *user, const char *data, size_t n, struct bf_err *err);
};
enum { BF_API_UNUSABLE = 1 };
BF_MUST_CHECK enum bf_status bf_api_ask(struct bf_api *self, const struct bf_api_question *question, long *refused,
                                        struct bf_err *err);
/* Ask whether the server can do something: a refusal sets *yes to false. Other failures are returned. */
BF_MUST_CHECK enum bf_status bf_api_find_out(struct bf_api *self, const struct bf_api_question *q, bool *yes,
                                             struct bf_err *err);
/* A short question for probing. */
struct bf_api_question bf_api_probe_question(enum bf_api_role role, const char *path, char *body);

/* A list of requests (api_list.c). `make` fills in path, body and answer_max. `read` gets the body of an answer; when
 * it fails, the request is sent again. `name` says which text a request is about, for the sentence of a refusal, which
 * ends the list. */
struct bf_api_list {
    void *user;
    size_t n;
    const char *what; /* what is requested, for notices */
    void (*make)(void *user, size_t i, struct bf_api_call *call);
    enum bf_status (*read)(void *user, size_t i, const char *data, size_t n, struct bf_err *err);
    const char *(*name)(void *user, size_t i, size_t *number);
    bool (*step)(void *user); /* at least every 0.2 s; false: BF_INTERRUPTED; may be NULL */
};
BF_MUST_CHECK enum bf_status bf_api_run_list(struct bf_api *self, const struct bf_api_list *list, struct bf_err *err);

/* api_tokens.c: tokens of continuations, by the server's tokenizer. Prompts and texts are borrowed. */
struct bf_api_text_tokens {
    const char *prompt, *text; /* text NULL = the prompt alone */
    bool chat;                 /* a question and its answer in the chat template, else one text */
    int32_t *ids;              /* [n] free() */
    int32_t n;
};
/* Fill in ids and n of all; free() the ids after either result. `step` may be NULL. */
BF_MUST_CHECK enum bf_status bf_api_tokens_of(struct bf_api *self, struct bf_api_text_tokens *texts, size_t n,
                                              void *user, bool (*step)(void *user), struct bf_err *err);

/* api_probe_text.c: find out how the server's model writes, and what its probabilities mean. */
BF_MUST_CHECK enum bf_status bf_api_probe_text(struct bf_api *self, const struct bf_api_options *options,
                                               struct bf_err *err);

/* The tick of calls that may run inside a sink: calls the job's step. */
bool bf_api_tick(struct bf_api *self);

/* The functions of the engine's table. */
enum bf_status bf_api_generate(struct bf_engine *engine, const struct bf_gen_job *job, struct bf_gen_stats *stats,
                               struct bf_err *err);
enum bf_status bf_api_score_continuations(struct bf_engine *engine, const struct bf_continuation *items, size_t n_items,
                                          const struct bf_continuation_job *job, struct bf_err *err);
enum bf_status bf_api_embed(struct bf_engine *engine, const char *const *texts, size_t n_texts, enum bf_pooling pooling,
                            bool together, float *out, struct bf_err *err);
int32_t bf_api_tokenize(const struct bf_engine *engine, const char *text, int32_t *tokens, int32_t max);

#endif
