#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/session.h"
#include "request/template.h"
#include "base/banned.h"

struct values {
    bool quiet;
    bool json;
    const char *model, *embedder;
    struct bf_machine_values machine;
};

static struct bf_opt *options(void *target)
{
    struct values *v = target;
    const struct bf_opt own[] = {
        {.name = "model",
         .letter = 'm',
         .type = BF_OPT_TEXT,
         .target = &v->model,
         .value = "FILE",
         .fallback = "the run's",
         .help = "where the run's model is now, if it has moved"},
        {.name = "embedder",
         .type = BF_OPT_TEXT,
         .target = &v->embedder,
         .value = "FILE",
         .fallback = "the run's",
         .help = "where the run's embedder is now, if it has moved"},
        BF_OPT_JSON(&v->json, "the summary"),
        BF_OPT_QUIET(&v->quiet),
    };
    size_t n_own = sizeof own / sizeof *own;
    struct bf_opt *table = bf_array(n_own + bf_machine_option_count(false) + 1, sizeof *table);
    memcpy(table, own, sizeof own);
    bf_machine_options(&v->machine, false, table + n_own);
    return table;
}

/* The request, the prompts, and what of the engine decides about bytes, as the run began with them. */
static enum bf_status restore(struct bf_session *s, const struct bf_run *run, struct bf_machine_values *machine,
                              char **chat, struct bf_err *err)
{
    json_t *json = NULL;
    enum bf_status status =
        bf_json_parse(run->request_json, strlen(run->request_json), "the run's request", &json, err);
    if (status == BF_OK)
        status = bf_request_from_json(json, &s->request, err);
    json_decref(json);
    if (status == BF_OK)
        status = bf_template_set_parse(run->templates_json, strlen(run->templates_json), "the run's templates",
                                       &s->templates, err);
    json_t *engine = NULL;
    if (status == BF_OK)
        status = bf_json_parse(run->engine_json, strlen(run->engine_json), "the run's engine", &engine, err);
    if (status == BF_OK) {
        const char *name = json_string_value(json_object_get(engine, "chat"));
        *chat = bf_strdup(name ? name : "auto");
        machine->chat = *chat;
        if (machine->context == 0)
            machine->context = json_integer_value(json_object_get(engine, "n_ctx_seq"));
    }
    json_decref(engine);
    return status;
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
    if (bf_engine_info(s->engine)->stable == BF_STABLE_YES && strstr(run->engine_json, "\"stable\":\"yes\""))
        return;
    bf_log_warn(s->log, "this model's bytes depend on what runs beside them: no sample is lost or doubled, but the "
                        "texts from here on differ from an uninterrupted run's");
}

static enum bf_status run(const struct bf_call *call, struct bf_err *err)
{
    const struct values *v = call->values;
    struct bf_session s = {.log = call->log};
    struct bf_machine_values machine = v->machine;
    char *chat = NULL;
    if (call->n_operands != 1)
        return bf_fail(err, BF_USAGE, "give the run folder: biforget resume runs/harry-potter");
    enum bf_status status = bf_store_open(call->operands[0], BF_STORE_WRITE, &s.store, err);
    if (status != BF_OK)
        goto out;
    const struct bf_run *record = bf_store_run(s.store);
    struct bf_run_state state;
    status = bf_store_state(s.store, &state, err);
    if (status != BF_OK)
        goto out;
    char *forget = bf_path_join(call->operands[0], "forget.jsonl");
    bool complete = state.finished && bf_file_exists(forget);
    free(forget);
    if (complete) {
        bf_log_info(call->log, "'%s' is finished; nothing to do", call->operands[0]);
        status = bf_session_print(s.store, v->json, 0, err);
        goto out;
    }
    status = restore(&s, record, &machine, &chat, err);
    if (status != BF_OK)
        goto out;
    s.model_path = bf_strdup(v->model ? v->model : record->model_path);
    s.embedder_path = bf_strdup(record->embedder_path[0] == 0 ? "" : v->embedder ? v->embedder : record->embedder_path);
    status = bf_session_open_models(&s, &machine, err);
    if (status == BF_OK)
        status = check_model(&s, record, err);
    if (status != BF_OK)
        goto out;
    warn_if_not_repeatable(&s, record);
    status = bf_session_work(&s, true, v->json, err);
out:
    bf_session_release(&s);
    free(chat);
    return status;
}

const struct bf_command bf_cmd_resume = {
    .help =
        {
            .name = "resume",
            .summary = "go on with an interrupted run",
            .synopsis = "biforget resume DIR [options]",
            .examples = "  biforget resume runs/harry-potter\n"
                        "  biforget resume runs/harry-potter -m /new/place/model.gguf --parallel 16\n",
            .details = "Continues after the last committed sample with the run's own settings. The result has\n"
                       "the bytes of a run that was never interrupted, when 'biforget doctor' calls the model\n"
                       "stable; --parallel and --threads may differ from before.",
        },
    .values_size = sizeof(struct values),
    .max_operands = 1,
    .options = options,
    .run = run,
    .quiet_option = true,
};
