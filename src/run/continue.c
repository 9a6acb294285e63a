/* Resuming a run: open the models with the options of its record, and check that they are the run's. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/print.h"
#include "base/url.h"
#include "run/start.h"
#include "request/template.h"
#include "base/banned.h"

/* Restore every setting that the bytes depend on, as at the run's start. *texts owns the strings. */
static enum bf_status restore_machine(const struct bf_run *run, struct bf_machine_values *machine, json_t **texts,
                                      struct bf_err *err)
{
    enum bf_status status = bf_json_parse(run->engine_json, strlen(run->engine_json), "the run's engine", texts, err);
    if (status != BF_OK)
        return status;
    const json_t *json = *texts;
    const char *chat = json_string_value(json_object_get(json, "chat"));
    const char *api = json_string_value(json_object_get(json, "api"));
    machine->chat = chat ? chat : "auto";
    if (machine->api && !api)
        return bf_fail(err, BF_USAGE, "the run's model is a file (%s), not a server; leave --api out", run->model_path);
    if (api && !machine->api && bf_machine_api_key()) {
        /* The address is from whoever made the folder; only the user decides where the user's key goes. */
        char *shown = bf_url_shown(api);
        status =
            bf_fail(err, BF_USAGE,
                    "the run's record names the server %s, and BIFORGET_API_KEY is set; to send the key there, give "
                    "--api %s (or unset BIFORGET_API_KEY)",
                    shown, BF_SHELL_WORD(shown));
        free(shown);
        return status;
    }
    if (api) {
        const char *probs = json_string_value(json_object_get(json, "api_probs"));
        machine->api = machine->api ? machine->api : api;
        machine->api_model = run->model_desc;
        /* The mode that was found at the start stays: a run has one form of prompts. */
        machine->api_mode = strcmp(machine->chat, "none") == 0 ? "completions" : "chat";
        machine->api_probs = probs ? probs : "auto";
        machine->api_embed_model = json_string_value(json_object_get(json, "api_embed_model"));
        if (!machine->api_extra)
            machine->api_extra = json_string_value(json_object_get(json, "api_extra"));
        const int32_t top_k = (int32_t)json_integer_value(json_object_get(json, "api_top_k"));
        machine->api_top_k = machine->api_top_k > top_k ? machine->api_top_k : top_k;
    }
    if (machine->parallel == 0)
        machine->parallel = json_integer_value(json_object_get(json, "n_parallel"));
    const int64_t context = json_integer_value(json_object_get(json, "n_ctx_seq"));
    if (machine->context < context)
        machine->context = context;
    return BF_OK;
}

static enum bf_status check_model(const struct bf_session *s, const struct bf_run *run, struct bf_err *err)
{
    if (strcmp(s->model_sha256, run->model_sha256) != 0)
        return bf_fail(
            err, BF_MODEL,
            "'%s' is not the run's model (%s, sha256 %.12s...; this one is %.12s...); give the same file with -m",
            s->model_path, run->model_desc, run->model_sha256, s->model_sha256);
    if (strcmp(s->embedder_sha256, run->embedder_sha256) != 0)
        return bf_fail(err, BF_MODEL,
                       "'%s' is not the run's embedder (sha256 %.12s...); give the same file with --embedder",
                       s->embedder_path, run->embedder_sha256);
    return BF_OK;
}

static void warn_if_not_repeatable(const struct bf_session *s, const struct bf_run *run)
{
    if (s->api ||
        (bf_engine_info(s->engine)->stable == BF_STABLE_YES && strstr(run->engine_json, "\"stable\":\"yes\"")))
        return;
    bf_log_warn(s->log,
                "this model's bytes depend on what else is in the batch: no sample is lost or written twice, but "
                "the texts from here on differ from those of an uninterrupted run");
}

enum bf_status bf_continue(struct bf_session *s, const struct bf_machine_values *given, const char *model,
                           const char *embedder, struct bf_err *err)
{
    const struct bf_run *run = bf_store_run(s->store);
    struct bf_machine_values machine = *given;
    json_t *texts = NULL;
    enum bf_status status = BF_OK;
    if (!s->templates.json)
        status = bf_template_set_parse(run->templates_json, strlen(run->templates_json), "the run's templates",
                                       &s->templates, err);
    if (status == BF_OK)
        status = restore_machine(run, &machine, &texts, err);
    if (status == BF_OK && machine.api && model)
        status = bf_fail(err, BF_USAGE, "the run's model is on a server (%s); leave -m out, or give --api URL",
                         run->model_path);
    if (status != BF_OK)
        goto out;
    s->model_path = bf_strdup(machine.api ? machine.api : model ? model : run->model_path);
    s->embedder_path = bf_strdup(run->embedder_path[0] == 0 ? "" : embedder ? embedder : run->embedder_path);
    status = bf_session_open_models(s, &machine, (int32_t)machine.context, err);
    if (status == BF_OK)
        status = check_model(s, run, err);
    if (status == BF_OK)
        warn_if_not_repeatable(s, run);
out:
    json_decref(texts);
    return status;
}
