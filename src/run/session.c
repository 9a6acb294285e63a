/* The models of a run, in this process or on a server. */
#include "run/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/url.h"
#include "engine/models.h"
#include "base/banned.h"

void bf_session_release(struct bf_session *s)
{
    bf_store_close(s->store);
    if (s->embedder != s->engine)
        bf_engine_close(s->embedder);
    bf_engine_close(s->engine);
    bf_template_set_release(&s->templates);
    free(s->model_path);
    free(s->embedder_path);
    *s = (struct bf_session){0};
}

enum bf_status bf_session_embedder_path(const char *wanted, char **out, struct bf_err *err)
{
    *out = NULL;
    if (wanted && strcmp(wanted, "model") == 0) {
        *out = bf_strdup("");
        return BF_OK;
    }
    if (wanted)
        return bf_model_path(wanted, out, err);
    struct bf_models models;
    enum bf_status status = bf_models_load(&models, err);
    if (status != BF_OK)
        return status;
    const struct bf_model_entry *entry = bf_models_role(&models, "embedder");
    *out = bf_strdup(entry && entry->installed ? entry->path : "");
    bf_models_release(&models);
    return BF_OK;
}

static enum bf_api_mode mode_of(const char *word)
{
    return strcmp(word, "chat") == 0          ? BF_API_MODE_CHAT
           : strcmp(word, "completions") == 0 ? BF_API_MODE_COMPLETIONS
                                              : BF_API_MODE_AUTO;
}

static enum bf_api_probs probs_of(const char *word)
{
    return strcmp(word, "none") == 0       ? BF_API_PROBS_NONE
           : strcmp(word, "sampling") == 0 ? BF_API_PROBS_SAMPLING
           : strcmp(word, "model") == 0    ? BF_API_PROBS_MODEL
           : strcmp(word, "both") == 0     ? BF_API_PROBS_BOTH
                                           : BF_API_PROBS_AUTO;
}

static enum bf_status open_api(struct bf_session *s, const struct bf_machine_values *machine, int32_t context,
                               struct bf_err *err)
{
    struct bf_api_options options = bf_api_default_options();
    options.endpoints = machine->api;
    options.model = machine->api_model;
    options.embed_model = machine->api_embed_model;
    options.api_key = bf_machine_api_key();
    options.ca_file = machine->api_ca;
    options.mode = mode_of(machine->api_mode);
    options.probs = probs_of(machine->api_probs);
    options.n_parallel = (int32_t)machine->parallel;
    options.n_ctx_seq = context;
    options.timeout_seconds = machine->api_timeout;
    options.give_up_seconds = machine->api_give_up;
    options.extra = machine->api_extra;
    options.greedy = true; /* questions are asked so */
    options.top_k = machine->api_top_k;
    options.notice = bf_machine_notice;
    options.notice_user = s->log;
    s->api = true;
    char *shown = bf_url_shown(machine->api); /* the URL is not checked yet */
    bf_log_info(s->log, "asking %s what it offers", shown);
    free(shown);
    return bf_engine_open_api(&options, &s->engine, err);
}

static enum bf_status open_file(struct bf_session *s, const struct bf_machine_values *machine, int32_t context,
                                struct bf_err *err)
{
    struct bf_engine_options options = bf_engine_default_options();
    options.model_path = s->model_path;
    options.n_parallel = (int32_t)machine->parallel;
    options.n_threads = (int32_t)machine->threads;
    options.gpu_layers = (int32_t)machine->gpu_layers;
    options.n_ctx_seq = machine->context > 0 ? (int32_t)machine->context : context;
    options.template_apart = machine->context == 0; /* an estimate does not include the template */
    options.chat = machine->chat;
    if (options.n_parallel > 256)
        return bf_fail(err, BF_USAGE, "--parallel %lld exceeds the 256 sequences that one context can hold",
                       (long long)machine->parallel);
    bf_log_info(s->log, "loading %s", s->model_path);
    enum bf_status status = bf_engine_open(&options, &s->engine, err);
    return status == BF_OK ? bf_sha256_file(s->model_path, s->model_sha256, err) : status;
}

static enum bf_status open_embedder(struct bf_session *s, const struct bf_machine_values *machine, struct bf_err *err)
{
    const struct bf_engine_info *info = bf_engine_info(s->engine);
    if (s->embedder_path[0] == 0 || machine->api_embed_model) {
        free(s->embedder_path);
        s->embedder_path = bf_strdup("");
        s->embedder = s->engine;
        if (!info->can_embed)
            return bf_fail(
                err, BF_MODEL,
                "'%s' gives no embeddings; give a sentence embedder with --embedder FILE, or the name of the "
                "server's embedding model with --api-embed-model",
                info->model_desc);
        return BF_OK;
    }
    struct bf_engine_options options = bf_engine_default_options();
    options.model_path = s->embedder_path;
    options.n_threads = (int32_t)machine->threads;
    options.embed_only = true;
    enum bf_status status = bf_engine_open(&options, &s->embedder, err);
    return status == BF_OK ? bf_sha256_file(s->embedder_path, s->embedder_sha256, err) : status;
}

enum bf_status bf_session_open_models(struct bf_session *s, const struct bf_machine_values *machine, int32_t context,
                                      struct bf_err *err)
{
    double start = bf_seconds();
    enum bf_status status = machine->api ? open_api(s, machine, context, err) : open_file(s, machine, context, err);
    if (status == BF_OK)
        status = open_embedder(s, machine, err);
    if (status != BF_OK)
        return status;
    const struct bf_engine_info *info = bf_engine_info(s->engine);
    const char *embedder = s->embedder == s->engine ? "the model itself" : bf_engine_info(s->embedder)->model_desc;
    if (s->api)
        bf_log_info(s->log, "%s on %s: %d requests in flight, %s, %s, embedder %s, ready in %.1f s", info->model_desc,
                    info->backend, info->n_parallel, info->chat,
                    info->has_sampling_probs ? "with probabilities"
                    : info->has_logprobs     ? "with the model's own probabilities"
                                             : "without probabilities",
                    embedder, bf_seconds() - start);
    else
        bf_log_info(s->log, "%s: %d sequences of %d tokens, %d threads, chat template %s, embedder %s, ready in %.1f s",
                    info->model_desc, info->n_parallel, info->n_ctx_seq, info->n_threads, info->chat, embedder,
                    bf_seconds() - start);
    if (info->stable == BF_STABLE_NO)
        bf_log_warn(s->log, "this model's bytes depend on --parallel; 'biforget doctor -m' explains, and 'biforget "
                            "quantize' makes a Q4_0 whose bytes do not");
    return BF_OK;
}

enum bf_status bf_session_serves(const struct bf_session *s, const struct bf_request *request, struct bf_err *err)
{
    const struct bf_engine_info *info = bf_engine_info(s->engine);
    const bool enough = request->mi_model_distribution ? info->has_logprobs : info->has_sampling_probs;
    if (request->mi_samples == 0 || enough)
        return BF_OK;
    char vllm[160];
    snprintf(vllm, sizeof vllm,
             ": vLLM with --logprobs-mode processed_logprobs, or with --max-logprobs %lld and --api-probs both here",
             (long long)request->top_k);
    if (info->has_logprobs)
        return bf_fail(
            err, BF_MODEL,
            "'%s' reports only the model's own probabilities; membership inference needs those of the sampling "
            "distribution: give --mi-model-distribution to decide by the model's own, switch membership inference off "
            "with --mi-samples 0, or configure the server to report them%s",
            info->model_desc, strstr(info->backend, "vLLM") ? vllm : " (docs/scaling.md says how)");
    return bf_fail(err, BF_MODEL,
                   "'%s' reports no token probabilities, which membership inference needs; switch it off with "
                   "--mi-samples 0, or use a server that has logprobs",
                   info->model_desc);
}

char *bf_session_engine_json(const struct bf_session *s, const struct bf_machine_values *machine)
{
    const struct bf_engine_info *i = bf_engine_info(s->engine);
    const char *stable = i->stable == BF_STABLE_YES ? "yes" : i->stable == BF_STABLE_NO ? "no" : "unknown";
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:b, s:s, s:s, s:s}", "backend", i->backend, "architecture",
                  i->architecture, "quantisation", i->quantisation, "n_parallel", i->n_parallel, "n_ctx_seq",
                  i->n_ctx_seq, "n_threads", i->n_threads, "gpu_layers", i->gpu_layers, "flash_attention",
                  (int)i->flash_attention, "chat", i->chat, "stable", stable, "embedder",
                  s->embedder == s->engine ? "model" : bf_engine_info(s->embedder)->model_desc);
    if (machine->api) {
        json_object_set_new(json, "api", json_string(machine->api));
        json_object_set_new(json, "api_mode", json_string(machine->api_mode));
        json_object_set_new(json, "api_probs", json_string(machine->api_probs));
        if (machine->api_top_k > 0)
            json_object_set_new(json, "api_top_k", json_integer(machine->api_top_k));
        if (machine->api_extra)
            json_object_set_new(json, "api_extra", json_string(machine->api_extra));
        if (machine->api_embed_model)
            json_object_set_new(json, "api_embed_model", json_string(machine->api_embed_model));
    }
    char *text = bf_json_dump(json);
    json_decref(json);
    return text;
}
