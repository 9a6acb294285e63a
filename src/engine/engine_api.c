/* The remote engine: OpenAI-compatible servers instead of a model in this process. This file opens and closes it. From
 * the network upwards:
 *
 *     api_backoff    when to ask again                     api_parse, api_parse_lists   what servers answer
 *     api_endpoints  addresses and the key                 api_body                     request bodies
 *     api_attempt    one attempt at a request              api_probe                    what servers offer
 *     api_net        all requests of a run
 *     api_probe_text how they write                         api_ask, api_list             one question, lists of them
 *     api_generate, api_vectors, api_tokens, api_continuations          the functions of the table */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/api_private.h"
#include "base/banned.h"

enum { DEFAULT_PARALLEL = 32 };

struct bf_api_options bf_api_default_options(void)
{
    return (struct bf_api_options){0};
}

static void api_close(struct bf_engine *engine)
{
    struct bf_api *self = bf_api_of(engine);
    bf_api_net_release(&self->net);
    json_decref(self->server.extra);
    free(self);
}

static const struct bf_engine_ops ops = {
    .close = api_close,
    .generate = bf_api_generate,
    .embed = bf_api_embed,
    .tokenize = bf_api_tokenize,
    .score_continuations = bf_api_score_continuations,
};

static enum bf_status check_options(const struct bf_api_options *o, struct bf_err *err)
{
    if (!o->endpoints || o->endpoints[0] == 0)
        return bf_fail(err, BF_USAGE, "no server given; use --api http://host:8080/v1");
    if (o->n_parallel < 0 || o->n_parallel > BF_API_PARALLEL_MAX)
        return bf_fail(err, BF_USAGE, "--parallel %d is more than the %d requests that may be in flight", o->n_parallel,
                       (int)BF_API_PARALLEL_MAX);
    if ((o->model && strlen(o->model) >= BF_API_NAME_MAX) ||
        (o->embed_model && strlen(o->embed_model) >= BF_API_NAME_MAX))
        return bf_fail(err, BF_USAGE, "the model's name is longer than %d bytes", (int)BF_API_NAME_MAX - 1);
    return BF_OK;
}

/* The fields that the user adds. */
static enum bf_status read_extra(struct bf_api_server *server, const char *text, struct bf_err *err)
{
    struct bf_err reason = BF_ERR_INIT;
    const char *key = NULL;
    json_t *value = NULL;
    if (!text || !text[0])
        return BF_OK;
    if (bf_json_parse(text, strlen(text), "--api-extra", &server->extra, &reason) != BF_OK)
        return bf_fail(err, BF_USAGE, "%s; give a JSON object like '{\"priority\": 5}'", reason.text);
    if (!json_is_object(server->extra))
        return bf_fail(err, BF_USAGE, "--api-extra takes a JSON object like '{\"priority\": 5}'");
    json_object_foreach(server->extra, key, value) if (bf_api_is_ours(key)) return bf_fail(
        err, BF_USAGE,
        "--api-extra may not set '%s', which biforget sets itself; there are options "
        "for what can be chosen (--temperatures, --top-p, --seed ...)",
        key);
    return BF_OK;
}

enum bf_status bf_engine_open_api(const struct bf_api_options *options, struct bf_engine **out, struct bf_err *err)
{
    struct bf_api_options o = *options;
    *out = NULL;
    if (o.model && o.model[0] == 0)
        o.model = NULL;
    if (o.embed_model && o.embed_model[0] == 0)
        o.embed_model = NULL;
    enum bf_status status = check_options(&o, err);
    if (status != BF_OK)
        return status;
    struct bf_api *self = bf_alloc(sizeof *self);
    self->base.ops = &ops;
    self->base.info.stable = BF_STABLE_UNKNOWN;
    self->base.info.n_parallel = o.n_parallel > 0 ? o.n_parallel : DEFAULT_PARALLEL;
    self->give_up_seconds = o.give_up_seconds > 0 ? o.give_up_seconds : 300.0;
    status = bf_api_net_init(&self->net, &o, err);
    if (status == BF_OK)
        status = read_extra(&self->server, o.extra, err);
    if (status == BF_OK)
        status = bf_api_probe(self, &o, err);
    if (status != BF_OK)
        api_close(&self->base);
    else
        *out = &self->base;
    return status;
}
