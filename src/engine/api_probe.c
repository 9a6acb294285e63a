/* Find out what the servers offer, by requests in this order: which models they have; how the model writes
 * (api_probe_text.c); whether they echo prompts, embed texts and tokenise. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "engine/api_private.h"
#include "base/banned.h"

static const char probe_text[] = "Write one word about the sky";

/* ---- models ---- */

struct offers {
    struct bf_api_model *models; /* [BF_API_MODELS_MAX] of one endpoint */
    size_t n;
    struct bf_api_model found; /* the generation model */
    struct bf_buf names;       /* models that the endpoints list, for the error sentence */
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

/* Which of the listed models are the ones to use, and so what the endpoint serves. */
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

static struct bf_api_question ask_for_models(const struct bf_api *self, int32_t endpoint, struct offers *o)
{
    struct bf_api_question q = bf_api_probe_question(BF_API_GENERATES, "/models", NULL);
    q.call.endpoint = endpoint;
    q.what = "a list of models";
    q.errors_refuse = 5;
    q.give_up_seconds = self->net.n_endpoints > 1 ? 60.0 : 0.0; /* another endpoint may be up */
    q.user = o;
    q.read = read_models;
    o->n = 0;
    return q;
}

/* Does the address lack a /v1? */
static enum bf_status check_version(struct bf_api *self, int32_t endpoint, struct offers *o, struct bf_err *err)
{
    const struct bf_api_endpoint *e = &self->net.endpoints[endpoint];
    struct bf_api_question q = ask_for_models(self, endpoint, o);
    bool yes = false;
    if (e->base[e->base_root] != 0)
        return BF_OK;
    q.call.path = "/v1/models";
    enum bf_status status = bf_api_find_out(self, &q, &yes, err);
    o->n = 0;
    if (status != BF_OK || !yes)
        return status;
    return bf_fail(err, BF_MODEL, "%s lists no models, but %s/v1 does: give --api %s/v1", e->base, e->base, e->base);
}

/* An endpoint that lists no models is assumed to have those that the caller names; one that does not answer may come
 * back. */
static enum bf_status ask_models(struct bf_api *self, const struct bf_api_options *options, struct offers *o,
                                 struct bf_err *err)
{
    bool any = false;
    for (int32_t i = 0; i < self->net.n_endpoints; i++) {
        struct bf_api_endpoint *e = &self->net.endpoints[i];
        const struct bf_api_question q = ask_for_models(self, i, o);
        long refused = 0;
        enum bf_status status = bf_api_ask(self, &q, &refused, err);
        if (status != BF_OK && !refused && !self->net.gave_up)
            return status; /* a refused key or an unknown certificate: not temporary */
        if (status != BF_OK && refused) {
            const enum bf_status version = check_version(self, i, o, err);
            if (version != BF_OK)
                return version;
        }
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
            "no server answers (%s); make sure that one runs and that --api is its address, like http://host:8080/v1",
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
                       "the servers are of different kinds, which need different requests: give --api only "
                       "addresses of one kind (llama-server, vLLM, SGLang)");
    const char *name = options->model ? options->model : o->found.name;
    snprintf(server->model, sizeof server->model, "%s", name);
    server->kind = kind_of(o->found.owner);
    return BF_OK;
}

/* ---- the rest ---- */

static enum bf_status read_echo(void *user, const char *data, size_t n, struct bf_err *err)
{
    struct bf_api_scores scores;
    (void)user;
    enum bf_status status = bf_api_parse_echo(data, n, probe_text, &scores, err);
    if (status == BF_OK && scores.n < 2)
        status = bf_fail(err, BF_MODEL, "it echoes too little");
    bf_api_scores_release(&scores);
    return status;
}

/* The tokens of probe_text, for the requests about them. */
struct known_tokens {
    struct bf_tokens tokens;
    int32_t ids[64];
};

static enum bf_status read_prompt_numbers(void *user, const char *data, size_t n, struct bf_err *err)
{
    const struct known_tokens *k = user;
    struct bf_api_scores scores;
    const enum bf_status status = bf_api_parse_prompt_numbers(data, n, &k->tokens, 1, &scores, err);
    bf_api_scores_release(&scores);
    return status;
}

static enum bf_status read_chosen(void *user, const char *data, size_t n, struct bf_err *err)
{
    const struct known_tokens *k = user;
    float logp[64];
    return bf_api_parse_chosen(data, n, &k->tokens, logp, err);
}

struct vectors {
    size_t n_texts;
    int32_t *n_embd;
    float *out; /* [n_texts, n_embd]; NULL = only find n_embd */
};

static enum bf_status read_vectors(void *user, const char *data, size_t n, struct bf_err *err)
{
    struct vectors *v = user;
    return bf_api_parse_embeddings(data, n, v->n_texts, v->n_embd, v->out, err);
}

static enum bf_status read_count(void *user, const char *data, size_t n, struct bf_err *err)
{
    struct known_tokens *k = user;
    const int32_t max = sizeof k->ids / sizeof *k->ids;
    enum bf_status status = bf_api_parse_tokens(data, n, k->ids, max, &k->tokens.n, err);
    k->tokens.ids = k->ids;
    return status == BF_OK && (k->tokens.n == 0 || k->tokens.n > max) ? bf_fail(err, BF_MODEL, "it has no such tokens")
                                                                      : status;
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

/* Must texts be embedded one at a time? llama-server with separate slots for a language model (-np above 1 without
 * --kv-unified) pools only the end of a text that shares a batch with others. There it depends on timing whether texts
 * share one, so a llama-server that embeds with the model that writes always gets them one at a time. Other servers are
 * tested: the same text alone and among others. */
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
            bf_api_probe_question(BF_API_EMBEDS, "/embeddings", bf_api_body_embed(server, texts + first, v.n_texts));
        bool told = false;
        q.user = &v;
        q.read = read_vectors;
        status = bf_api_find_out(self, &q, &told, err);
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
    static const char *const texts[1] = {probe_text};
    struct bf_err reason = BF_ERR_INIT;
    long refused = 0;
    snprintf(server->embed_model, sizeof server->embed_model, "%s",
             options->embed_model ? options->embed_model : server->model);
    struct bf_api_question q = bf_api_probe_question(BF_API_EMBEDS, "/embeddings", bf_api_body_embed(server, texts, 1));
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

/* Can it score more than whole texts, as vLLM can? */
static enum bf_status find_scores_of_tokens(struct bf_api *self, struct known_tokens *k, struct bf_err *err)
{
    struct bf_api_server *server = &self->server;
    struct bf_api_question prompt =
        bf_api_probe_question(BF_API_GENERATES, "/completions", bf_api_body_score_tokens(server, &k->tokens));
    prompt.user = k;
    prompt.read = read_prompt_numbers;
    enum bf_status status = bf_api_find_out(self, &prompt, &server->prompt_numbers, err);
    if (status != BF_OK)
        return status;
    k->tokens.n = k->tokens.n < 3 ? k->tokens.n : 3;
    struct bf_api_question chosen =
        bf_api_probe_question(BF_API_GENERATES, "/completions", bf_api_body_choose(server, probe_text, &k->tokens));
    chosen.user = k;
    chosen.read = read_chosen;
    return bf_api_find_out(self, &chosen, &server->chosen_numbers, err);
}

static enum bf_status find_rest(struct bf_api *self, struct bf_err *err)
{
    struct bf_api_server *server = &self->server;
    struct known_tokens known = {.tokens = {.n = 0}};
    enum bf_status status = BF_OK;
    if (server->model[0]) {
        struct bf_api_question echo =
            bf_api_probe_question(BF_API_GENERATES, "/completions", bf_api_body_score(server, probe_text));
        echo.read = read_echo;
        status = bf_api_find_out(self, &echo, &server->echo, err);
    }
    if (status == BF_OK) {
        struct bf_api_question q = bf_api_probe_question(server->model[0] ? BF_API_GENERATES : BF_API_EMBEDS,
                                                         "/tokenize", bf_api_body_tokenize(server, probe_text, false));
        q.call.at_root = true;
        q.user = &known;
        q.read = read_count;
        status = bf_api_find_out(self, &q, &server->tokenize, err);
    }
    if (status == BF_OK && server->model[0] && server->tokenize && server->kind == BF_API_KIND_VLLM)
        status = find_scores_of_tokens(self, &known, err);
    self->base.info.can_score = server->echo || server->prompt_numbers || server->chosen_numbers;
    return status;
}

static enum bf_status name_backend(struct bf_api *self, struct bf_err *err)
{
    static const char *const names[] = {"server", "llama-server", "vLLM", "SGLang"};
    struct bf_engine_info *info = &self->base.info;
    struct version version = {{0}};
    enum bf_status status = BF_OK;
    if (self->server.kind == BF_API_KIND_VLLM) {
        struct bf_api_question q = bf_api_probe_question(BF_API_GENERATES, "/version", NULL);
        bool told = false;
        q.call.at_root = true;
        q.user = &version;
        q.read = read_version;
        status = bf_api_find_out(self, &q, &told, err);
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
        status = bf_api_probe_text(self, options, err);
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
