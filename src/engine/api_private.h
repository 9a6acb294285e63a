/* What the files of the remote engine share (engine_api.c, api_*.c). */
#ifndef BF_ENGINE_API_PRIVATE_H
#define BF_ENGINE_API_PRIVATE_H
#include "engine/api_net.h"
#include "engine/engine_ops.h"

enum bf_api_kind { BF_API_KIND_OTHER, BF_API_KIND_LLAMA, BF_API_KIND_VLLM, BF_API_KIND_SGLANG };

/* What the servers turned out to offer (api_probe.c); bodies are written for it. */
struct bf_api_server {
    enum bf_api_kind kind;
    char model[BF_API_NAME_MAX];       /* "" = no generation */
    char embed_model[BF_API_NAME_MAX]; /* "" = no embeddings */
    bool chat;                         /* /chat/completions, else /completions */
    bool top_k;                        /* the field is accepted */
    enum bf_api_numbers numbers;
    int32_t n_top;                     /* alternatives to ask for with NUMBERS_TOP */
    bool tokenize;
    bool embed_alone;                  /* texts in one batch spoil each other's vectors: one at a time */
};

struct bf_api {
    struct bf_engine base;             /* first: the handle points here */
    struct bf_api_net net;
    struct bf_api_server server;
    double give_up_seconds;
    /* while generate runs: what a sink calls must stay interruptible */
    const struct bf_gen_job *job;
    struct bf_gen_stats *stats;
};

static inline struct bf_api *bf_api_of(struct bf_engine *engine)
{
    return (struct bf_api *)(void *)engine;
}

/* api_body.c: request bodies as JSON text, free(). Prompts and texts may be any bytes. */
char *bf_api_body_generate(const struct bf_api_server *server, const struct bf_gen_request *q);
char *bf_api_body_score(const struct bf_api_server *server, const char *text);
char *bf_api_body_embed(const struct bf_api_server *server, const char *const *texts, size_t n);
char *bf_api_body_tokenize(const struct bf_api_server *server, const char *text);
const char *bf_api_path_generate(const struct bf_api_server *server);
uint32_t bf_api_seed(uint64_t seed);   /* below 2^31 */
size_t bf_api_answer_max(const struct bf_api_server *server, int32_t max_tokens); /* bytes of a sane answer */
struct bf_api_expected bf_api_expect(const struct bf_api_server *server, const struct bf_gen_request *q);

/* api_probe.c: fill server, roles and info. */
BF_MUST_CHECK enum bf_status bf_api_probe(struct bf_api *self, const struct bf_api_options *options, struct bf_err *err);

/* One request and its answer, for probing and tokenize. `read` gets the body; its failure counts as a refusal. *refused
 * tells a refusal (BF_MODEL, sentence in *err) from a server that does not answer. */
struct bf_api_question {
    struct bf_api_call call;
    double give_up_seconds, connect_seconds;
    void *user;
    enum bf_status (*read)(void *user, const char *data, size_t n, struct bf_err *err);
};
BF_MUST_CHECK enum bf_status bf_api_ask(struct bf_api *self, const struct bf_api_question *question, bool *refused,
                                        struct bf_err *err);

/* For bf_api_work.tick of what may run inside a sink: the job's own step. */
bool bf_api_tick(struct bf_api *self);

/* The table's functions. */
enum bf_status bf_api_generate(struct bf_engine *engine, const struct bf_gen_job *job, struct bf_gen_stats *stats,
                               struct bf_err *err);
enum bf_status bf_api_score(struct bf_engine *engine, const char *const *texts, size_t n_texts, void *user,
                            enum bf_status (*sink)(void *, const struct bf_score *, struct bf_err *), struct bf_err *err);
enum bf_status bf_api_score_continuations(struct bf_engine *engine, const struct bf_continuation *items, size_t n_items,
                                          const struct bf_continuation_job *job, struct bf_err *err);
enum bf_status bf_api_embed(struct bf_engine *engine, const char *const *texts, size_t n_texts, enum bf_pooling pooling,
                            bool together, float *out, struct bf_err *err);
int32_t bf_api_tokenize(const struct bf_engine *engine, const char *text, int32_t *tokens, int32_t max);

#endif
