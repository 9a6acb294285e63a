/* What do the servers offer? Found out by asking, in this order: who has which model; does a chat request of one token get an
 * answer, with which of our fields; what do its log-probabilities mean; are prompts echoed, texts embedded, tokenized.
 *
 * What the log-probabilities mean shows when the likeliest token is taken (top-k 1) at temperature 1 and at 2:
 *
 *     0 and 0            after all samplers: the one token that is left has probability 1
 *     the same, below 0  the model's own
 *     different          after temperature alone: neither kind, so not used */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "engine/api_private.h"
#include "base/banned.h"

static const double patience_connect = 2.0, patience_ready = 90.0;
static const char probe_prompt[] = "Write one word about the sky";

enum { SMALL_ANSWER = 4 << 20, DEFAULT_TOP_K = 50 };

/* ---- one question ---- */

struct asking {
    const struct bf_api_question *question;
    struct bf_api *self;
    bool asked, refused;
};

static enum bf_source ask_once(void *user, struct bf_api_call *call)
{
    struct asking *a = user;
    if (a->asked)
        return BF_SOURCE_END;
    a->asked = true;
    *call = a->question->call;
    return BF_SOURCE_READY;
}

static enum bf_status on_answer(void *user, const struct bf_api_call *call, const char *data, size_t n, bool *again,
                                struct bf_err *err)
{
    struct asking *a = user;
    (void)call, (void)again;
    enum bf_status status = a->question->read(a->question->user, data, n, err);
    a->refused = status != BF_OK;
    return status;
}

static enum bf_status on_refused(void *user, const struct bf_api_call *call, long http, struct bf_err *err)
{
    struct asking *a = user;
    (void)call, (void)http, (void)err;
    a->refused = true;
    return BF_MODEL;
}

static bool tick(void *user, int32_t n_in_flight, double waited_seconds)
{
    struct asking *a = user;
    (void)n_in_flight, (void)waited_seconds;
    return bf_api_tick(a->self);
}

enum bf_status bf_api_ask(struct bf_api *self, const struct bf_api_question *question, bool *refused,
                          struct bf_err *err)
{
    struct asking a = {.question = question, .self = self};
    const struct bf_api_work work = {
        .user = &a,
        .n_parallel = 1,
        .give_up_seconds = question->give_up_seconds,
        .connect_seconds = question->connect_seconds,
        .no_retry_on_error = true,
        .source = ask_once,
        .sink = on_answer,
        .refused = on_refused,
        .tick = tick,
    };
    enum bf_status status = bf_api_run(&self->net, &work, err);
    *refused = a.refused;
    if (!a.asked)
        free(question->call.body);
    return status;
}

static struct bf_api_question probe_question(enum bf_api_role role, const char *path, char *body)
{
    return (struct bf_api_question){
        .call = {.role = role, .endpoint = -1, .path = path, .body = body, .answer_max = SMALL_ANSWER},
        .give_up_seconds = patience_ready,
        .connect_seconds = patience_connect,
    };
}

/* ---- models ---- */

struct offers {
    struct bf_api_model *models; /* [BF_API_MODELS_MAX] of one endpoint */
    size_t n;
    struct bf_api_model found; /* the generation model */
    struct bf_buf names;       /* what all endpoints list, for the error */
    int32_t n_candidates;      /* generation models to choose from */
    bool mixed;                /* the same model on different kinds of servers */
};

static enum bf_status read_models(void *user, const char *data, size_t n, struct bf_err *err)
{
    struct offers *o = user;
    return bf_api_parse_models(data, n, o->models, BF_API_MODELS_MAX, &o->n, err);
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static void list_name(struct offers *o, const char *name)
{
    if (o->names.len > 0)
        bf_buf_puts(&o->names, ", ");
    bf_utf8_preview(&o->names, name, strlen(name), 120);
}

/* Which of the listed models are meant, and so what the endpoint serves. */
static void take_offers(struct bf_api_endpoint *e, const struct bf_api_options *options, struct offers *o)
{
    for (size_t i = 0; i < o->n; i++) {
        const struct bf_api_model *m = &o->models[i];
        list_name(o, m->name);
        if (same(options->embed_model, m->name))
            e->roles |= BF_API_EMBEDS;
        bool meant = options->model ? same(options->model, m->name) : !same(options->embed_model, m->name);
        if (!meant)
            continue;
        e->roles |= BF_API_GENERATES;
        if (!options->embed_model)
            e->roles |= BF_API_EMBEDS;
        if (o->n_candidates == 0 || !same(o->found.name, m->name))
            o->n_candidates++;
        else
            o->mixed = o->mixed || !same(o->found.owner, m->owner);
        o->found = *m;
    }
}

/* An endpoint that lists nothing is taken at the caller's word; one that does not answer may come back. */
static enum bf_status ask_models(struct bf_api *self, const struct bf_api_options *options, struct offers *o,
                                 struct bf_err *err)
{
    bool any = false;
    for (int32_t i = 0; i < self->net.n_endpoints; i++) {
        struct bf_api_endpoint *e = &self->net.endpoints[i];
        struct bf_api_question q = probe_question(BF_API_GENERATES, "/models", NULL);
        bool refused = false;
        q.call.endpoint = i;
        q.user = o;
        q.read = read_models;
        o->n = 0;
        enum bf_status status = bf_api_ask(self, &q, &refused, err);
        if (status != BF_OK && !refused && !self->net.gave_up)
            return status; /* the key is refused, the certificate unknown: not a thing that passes */
        if (status == BF_OK)
            take_offers(e, options, o);
        else
            e->roles = BF_API_GENERATES | BF_API_EMBEDS;
        if (self->net.gave_up) {
            bf_api_net_rest(&self->net, i, bf_seconds());
            continue;
        }
        any = true;
        e->why[0] = 0;
    }
    if (any) {
        if (err)
            *err = (struct bf_err)BF_ERR_INIT;
        return BF_OK;
    }
    struct bf_buf text;
    bf_buf_init(&text, 700);
    bf_api_net_complaints(&self->net, 0, &text);
    bf_fail(err, BF_MODEL,
            "no server answers (%s); see that one runs and that --api is its address, like http://host:8080/v1",
            text.data);
    bf_buf_release(&text);
    return BF_MODEL;
}

static enum bf_api_kind kind_of(const char *owner)
{
    static const struct {
        const char *owner;
        enum bf_api_kind kind;
    } known[] = {{"llamacpp", BF_API_KIND_LLAMA}, {"vllm", BF_API_KIND_VLLM}, {"sglang", BF_API_KIND_SGLANG}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(owner, known[i].owner) == 0)
            return known[i].kind;
    return BF_API_KIND_OTHER;
}

static enum bf_status choose_models(struct bf_api *self, const struct bf_api_options *options, struct offers *o,
                                    struct bf_err *err)
{
    struct bf_api_server *server = &self->server;
    unsigned roles = 0;
    for (int32_t i = 0; i < self->net.n_endpoints; i++)
        roles |= self->net.endpoints[i].roles;
    const char *names = o->names.len > 0 ? o->names.data : "no model at all";
    if (options->model && !(roles & BF_API_GENERATES))
        return bf_fail(err, BF_MODEL, "no server offers the model '%s': --api-model may be one of: %s", options->model,
                       names);
    if (options->embed_model && !(roles & BF_API_EMBEDS))
        return bf_fail(err, BF_MODEL, "no server offers the model '%s': --api-embed-model may be one of: %s",
                       options->embed_model, names);
    if (!options->model && o->n_candidates > 1)
        return bf_fail(err, BF_MODEL, "the servers offer several models: choose one with --api-model: %s", names);
    if (!options->model && o->n_candidates == 0 && !options->embed_model)
        return bf_fail(err, BF_MODEL, "the servers do not say which models they have: name one with --api-model");
    if (o->mixed)
        return bf_fail(err, BF_MODEL,
                       "the servers are of different kinds, which take different requests: give --api only "
                       "addresses of one kind (llama-server, vLLM, SGLang)");
    const char *name = options->model ? options->model : o->found.name;
    snprintf(server->model, sizeof server->model, "%s", name);
    server->kind = kind_of(o->found.owner);
    return BF_OK;
}

/* ---- generation ---- */

struct sounding {
    const struct bf_api_server *server;
    struct bf_api_expected expected;
    struct bf_api_answer answer;
    char fingerprint[128];
};

static enum bf_status read_sounding(void *user, const char *data, size_t n, struct bf_err *err)
{
    struct sounding *s = user;
    bf_api_parse_fingerprint(data, n, s->fingerprint, sizeof s->fingerprint);
    return bf_api_parse_answer(data, n, &s->expected, &s->answer, err);
}

/* One short answer with the fields of self->server. */
static enum bf_status sound(struct bf_api *self, double temperature, struct sounding *s, bool *refused,
                            struct bf_err *err)
{
    const struct bf_api_server *server = &self->server;
    int32_t top_k = server->numbers == BF_API_NUMBERS_TOP ? server->n_top : 1;
    /* Without top-k the smallest nucleus does the same. */
    const struct bf_gen_request request = {.prompt = probe_prompt,
                                           .max_tokens = 2,
                                           .temperature = temperature,
                                           .top_k = server->top_k ? top_k : 0,
                                           .top_p = server->top_k ? 1.0 : 1e-4,
                                           .seed = 1};
    struct bf_api_question q =
        probe_question(BF_API_GENERATES, bf_api_path_generate(server), bf_api_body_generate(server, &request));
    *s = (struct sounding){.server = server, .expected = bf_api_expect(server, &request)};
    if (s->expected.top_k < 1)
        s->expected.top_k = 1;
    q.user = s;
    q.read = read_sounding;
    enum bf_status status = bf_api_ask(self, &q, refused, err);
    if (status != BF_OK)
        bf_api_answer_release(&s->answer);
    return status;
}

/* The first set of fields that the server accepts. */
static enum bf_status find_fields(struct bf_api *self, enum bf_api_numbers wanted, bool *refused, struct bf_err *err)
{
    struct bf_api_server *server = &self->server;
    const struct {
        bool top_k;
        enum bf_api_numbers numbers;
    } ways[] = {{true, wanted}, {false, wanted}, {true, BF_API_NUMBERS_NONE}, {false, BF_API_NUMBERS_NONE}};
    enum bf_status status = BF_MODEL;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct sounding s;
        server->top_k = ways[i].top_k;
        server->numbers = ways[i].numbers;
        status = sound(self, 1.0, &s, refused, err);
        if (status == BF_OK && self->base.info.backend[0] == 0)
            snprintf(self->base.info.backend, sizeof self->base.info.backend, "%s", s.fingerprint);
        if (status == BF_OK)
            bf_api_answer_release(&s.answer);
        if (status == BF_OK || !*refused)
            return status;
    }
    return status;
}

static enum bf_status find_mode(struct bf_api *self, const struct bf_api_options *options, enum bf_api_numbers wanted,
                                struct bf_err *err)
{
    struct bf_err reason = BF_ERR_INIT;
    enum bf_status status = BF_OK;
    bool refused = false;
    self->server.chat = options->mode != BF_API_MODE_COMPLETIONS;
    status = find_fields(self, wanted, &refused, &reason);
    if (status != BF_OK && refused && options->mode == BF_API_MODE_AUTO) {
        struct bf_err second = BF_ERR_INIT;
        self->server.chat = false;
        status = find_fields(self, wanted, &refused, &second);
        if (status == BF_OK)
            return status;
    }
    if (status != BF_OK && refused)
        return bf_fail(err, status, "'%s' does not answer a short request: %s", self->server.model, reason.text);
    if (status != BF_OK && err)
        *err = reason;
    return status;
}

/* What the log-probabilities of a server that is not llama-server mean: sets server->numbers. */
static enum bf_status find_meaning(struct bf_api *self, struct bf_err *err)
{
    static const double temperatures[2] = {1.0, 2.0};
    double logp[2] = {0};
    for (int i = 0; i < 2; i++) {
        struct sounding s;
        bool refused = false;
        enum bf_status status = sound(self, temperatures[i], &s, &refused, err);
        if (status != BF_OK)
            return status;
        logp[i] = s.answer.n_tokens > 0 ? (double)s.answer.logp_model[0] : (double)NAN;
        bf_api_answer_release(&s.answer);
    }
    if (fabs(logp[0]) < 1e-4 && fabs(logp[1]) < 1e-4)
        self->server.numbers = BF_API_NUMBERS_SAMPLING;
    else if (!(fabs(logp[0] - logp[1]) < 0.02)) /* also for NaN; 0.02 is more than a GPU's noise */
        self->server.numbers = BF_API_NUMBERS_NONE;
    return BF_OK;
}

static enum bf_status refuse_probs(const struct bf_api *self, const char *kind, struct bf_err *err)
{
    return bf_fail(
        err, BF_MODEL,
        "'%s' on this server gives no token probabilities of the kind that is asked for (%s); docs/scaling.md says "
        "how servers are started for it",
        self->server.model, kind);
}

/* The kind that is wanted, with what this server offers. */
static enum bf_status find_numbers(struct bf_api *self, const struct bf_api_options *options, struct bf_err *err)
{
    struct bf_api_server *server = &self->server;
    enum bf_api_probs probs = options->probs;
    bool llama = server->kind == BF_API_KIND_LLAMA;
    enum bf_api_numbers first = BF_API_NUMBERS_MODEL;
    if (probs == BF_API_PROBS_NONE)
        first = BF_API_NUMBERS_NONE;
    else if (llama && (probs == BF_API_PROBS_AUTO || probs == BF_API_PROBS_SAMPLING))
        first = BF_API_NUMBERS_POST;
    enum bf_status status = find_mode(self, options, first, err);
    if (status == BF_OK && llama && probs == BF_API_PROBS_AUTO && server->numbers == BF_API_NUMBERS_NONE)
        status = find_mode(self, options, BF_API_NUMBERS_MODEL, err); /* an old one */
    if (status == BF_OK && !llama && server->numbers == BF_API_NUMBERS_MODEL)
        status = find_meaning(self, err);
    if (status != BF_OK || probs == BF_API_PROBS_NONE || probs == BF_API_PROBS_AUTO)
        return status;
    bool sampling = server->numbers == BF_API_NUMBERS_POST || server->numbers == BF_API_NUMBERS_SAMPLING;
    if (probs == BF_API_PROBS_SAMPLING)
        return sampling ? BF_OK : refuse_probs(self, "after sampling", err);
    if (server->numbers != BF_API_NUMBERS_MODEL)
        return refuse_probs(self, "the model's own", err);
    if (probs == BF_API_PROBS_MODEL)
        return BF_OK;
    struct sounding s;
    bool refused = false;
    server->numbers = BF_API_NUMBERS_TOP;
    server->n_top = options->top_k > 0 ? options->top_k : DEFAULT_TOP_K;
    status = sound(self, 1.0, &s, &refused, err);
    if (status == BF_OK)
        bf_api_answer_release(&s.answer);
    return status == BF_OK || !refused ? status : refuse_probs(self, "of that many alternatives", err);
}

/* ---- the rest ---- */

static enum bf_status read_echo(void *user, const char *data, size_t n, struct bf_err *err)
{
    float *logp = NULL;
    int32_t n_logp = 0;
    (void)user;
    enum bf_status status = bf_api_parse_echo(data, n, &logp, &n_logp, err);
    free(logp);
    if (status == BF_OK && n_logp < 2)
        status = bf_fail(err, BF_MODEL, "it echoes too little");
    return status;
}

struct vectors {
    size_t n_texts;
    int32_t *n_embd;
    float *out; /* [n_texts, n_embd], NULL = only learn n_embd */
};

static enum bf_status read_vectors(void *user, const char *data, size_t n, struct bf_err *err)
{
    struct vectors *v = user;
    return bf_api_parse_embeddings(data, n, v->n_texts, v->n_embd, v->out, err);
}

static enum bf_status read_count(void *user, const char *data, size_t n, struct bf_err *err)
{
    int32_t count = 0;
    (void)user;
    enum bf_status status = bf_api_parse_tokens(data, n, NULL, 0, &count, err);
    return status == BF_OK && count == 0 ? bf_fail(err, BF_MODEL, "it has no tokens") : status;
}

struct version {
    char text[64];
};

static enum bf_status read_version(void *user, const char *data, size_t n, struct bf_err *err)
{
    struct version *v = user;
    (void)err;
    bf_api_parse_version(data, n, v->text, sizeof v->text);
    return BF_OK;
}

/* A question whose answer may be no: *yes. Other failures come back. */
static enum bf_status find_out(struct bf_api *self, struct bf_api_question *q, bool *yes, struct bf_err *err)
{
    struct bf_err reason = BF_ERR_INIT;
    bool refused = false;
    enum bf_status status = bf_api_ask(self, q, &refused, &reason);
    *yes = status == BF_OK;
    if (status == BF_OK || refused)
        return BF_OK;
    if (err)
        *err = reason;
    return status;
}

/* llama-server with separate places for a language model (-np above 1 without --kv-unified) pools only the end of a text that
 * shares a batch with others. Whether texts share one is a matter of moments there, so a llama-server that embeds with the
 * model that writes gets them one at a time, unasked. Of other servers the same text alone and between others tells. */
static enum bf_status find_neighbours(struct bf_api *self, struct bf_err *err)
{
    static const char *const texts[4] = {"Between Mars and Jupiter lies a belt of many thousand small bodies", "Io",
                                         "Between Mars and Jupiter lies a belt of many thousand small bodies", "Sun"};
    struct bf_api_server *server = &self->server;
    if (server->kind == BF_API_KIND_LLAMA && strcmp(server->embed_model, server->model) == 0) {
        server->embed_alone = true;
        return BF_OK;
    }
    int32_t n_embd = self->base.info.n_embd;
    float *rows = bf_array((size_t)n_embd * 4, sizeof *rows);
    enum bf_status status = BF_OK;
    for (size_t first = 0; first < 2 && status == BF_OK;
         first++) { /* row 0: alone; rows 1 to 3: texts 1 to 3 together */
        struct vectors v = {.n_texts = first ? 3 : 1, .n_embd = &n_embd, .out = rows + first * (size_t)n_embd};
        struct bf_api_question q =
            probe_question(BF_API_EMBEDS, "/embeddings", bf_api_body_embed(server, texts + first, v.n_texts));
        bool told = false;
        q.user = &v;
        q.read = read_vectors;
        status = find_out(self, &q, &told, err);
        server->embed_alone = server->embed_alone || !told;
    }
    double dot = 0.0, aa = 0.0, bb = 0.0;
    for (int32_t d = 0; d < n_embd; d++) {
        double a = (double)rows[d], b = (double)rows[2 * n_embd + d];
        dot += a * b;
        aa += a * a;
        bb += b * b;
    }
    if (!(dot > (1.0 - 1e-3) * sqrt(aa * bb)))
        server->embed_alone = true;
    free(rows);
    return status;
}

static enum bf_status find_embeddings(struct bf_api *self, const struct bf_api_options *options, struct bf_err *err)
{
    struct bf_api_server *server = &self->server;
    struct bf_engine_info *info = &self->base.info;
    static const char *const texts[1] = {probe_prompt};
    struct bf_err reason = BF_ERR_INIT;
    bool refused = false;
    snprintf(server->embed_model, sizeof server->embed_model, "%s",
             options->embed_model ? options->embed_model : server->model);
    struct bf_api_question q = probe_question(BF_API_EMBEDS, "/embeddings", bf_api_body_embed(server, texts, 1));
    struct vectors learn = {.n_texts = 1, .n_embd = &info->n_embd};
    q.user = &learn;
    q.read = read_vectors;
    enum bf_status status = bf_api_ask(self, &q, &refused, &reason);
    if (status == BF_OK) {
        info->can_embed = true;
        return find_neighbours(self, err);
    }
    if (refused && !options->embed_model) {
        server->embed_model[0] = 0;
        info->n_embd = 0;
        return BF_OK;
    }
    return bf_fail(err, status, "the model '%s' gives no embeddings: %s; llama-server needs --embeddings",
                   server->embed_model, reason.text);
}

static enum bf_status find_rest(struct bf_api *self, struct bf_err *err)
{
    struct bf_api_server *server = &self->server;
    enum bf_status status = BF_OK;
    if (server->model[0]) {
        struct bf_api_question echo =
            probe_question(BF_API_GENERATES, "/completions", bf_api_body_score(server, probe_prompt));
        echo.read = read_echo;
        status = find_out(self, &echo, &self->base.info.can_score, err);
    }
    if (status == BF_OK) {
        struct bf_api_question q = probe_question(server->model[0] ? BF_API_GENERATES : BF_API_EMBEDS, "/tokenize",
                                                  bf_api_body_tokenize(server, probe_prompt));
        q.call.at_root = true;
        q.read = read_count;
        status = find_out(self, &q, &server->tokenize, err);
    }
    return status;
}

static enum bf_status name_backend(struct bf_api *self, struct bf_err *err)
{
    static const char *const names[] = {"server", "llama-server", "vLLM", "SGLang"};
    struct bf_engine_info *info = &self->base.info;
    struct version version = {{0}};
    enum bf_status status = BF_OK;
    if (self->server.kind == BF_API_KIND_VLLM) {
        struct bf_api_question q = probe_question(BF_API_GENERATES, "/version", NULL);
        bool told = false;
        q.call.at_root = true;
        q.user = &version;
        q.read = read_version;
        status = find_out(self, &q, &told, err);
    } else {
        snprintf(version.text, sizeof version.text, "%.63s", info->backend); /* the fingerprint of an answer */
    }
    snprintf(info->backend, sizeof info->backend, "http %s%s%s", names[self->server.kind], version.text[0] ? " " : "",
             version.text);
    return status;
}

static void fill_info(struct bf_api *self, const struct bf_api_options *options, const struct bf_api_model *m)
{
    const struct bf_api_server *server = &self->server;
    struct bf_engine_info *info = &self->base.info;
    const char *name = server->model[0] ? server->model : server->embed_model;
    struct bf_buf clean;
    bf_buf_init(&clean, sizeof info->model_desc - 1);
    bf_utf8_preview(&clean, name, strlen(name), 30);
    snprintf(info->model_desc, sizeof info->model_desc, "%s",
             strlen(name) < sizeof info->model_desc && bf_utf8_valid(name, strlen(name)) ? name : clean.data);
    bf_buf_release(&clean);
    snprintf(info->architecture, sizeof info->architecture, "unknown");
    snprintf(info->quantisation, sizeof info->quantisation, "%s", m->quantisation[0] ? m->quantisation : "unknown");
    info->n_params = (uint64_t)m->n_params;
    info->model_bytes = (uint64_t)m->n_bytes;
    info->n_vocab = m->n_vocab;
    info->n_ctx_train = m->n_ctx_train;
    info->n_ctx_seq = m->n_ctx > 0 ? m->n_ctx : options->n_ctx_seq;
    info->can_generate = server->model[0] != 0;
    info->has_chat_template = server->chat && info->can_generate;
    snprintf(info->chat, sizeof info->chat, "%s", info->has_chat_template ? "server" : "none");
    info->has_logprobs = server->numbers == BF_API_NUMBERS_MODEL || server->numbers == BF_API_NUMBERS_TOP;
    info->has_sampling_probs = server->numbers == BF_API_NUMBERS_SAMPLING || server->numbers == BF_API_NUMBERS_POST ||
                               server->numbers == BF_API_NUMBERS_TOP;
}

enum bf_status bf_api_probe(struct bf_api *self, const struct bf_api_options *options, struct bf_err *err)
{
    struct offers o = {.models = bf_array(BF_API_MODELS_MAX, sizeof *o.models)};
    bf_buf_init(&o.names, 600);
    enum bf_status status = ask_models(self, options, &o, err);
    if (status == BF_OK)
        status = choose_models(self, options, &o, err);
    if (status == BF_OK && self->server.model[0])
        status = find_numbers(self, options, err);
    if (status == BF_OK)
        status = find_embeddings(self, options, err);
    if (status == BF_OK)
        status = find_rest(self, err);
    if (status == BF_OK)
        status = name_backend(self, err);
    if (status == BF_OK)
        fill_info(self, options, &o.found);
    free(o.models);
    bf_buf_release(&o.names);
    return status;
}
