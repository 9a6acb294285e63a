#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/version.h"
#include "cmd/cmd.h"
#include "cmd/method_options.h"
#include "cmd/model_path.h"
#include "cmd/session.h"
#include "base/banned.h"

struct values {
    bool quiet;
    bool json;
    const char *model, *out, *embedder;
    struct bf_method_values method;
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
         .value = "FILE|NAME",
         .fallback = "the default of 'biforget models'",
         .help = "the target model, a GGUF file"},
        {.name = "output",
         .letter = 'o',
         .type = BF_OPT_TEXT,
         .target = &v->out,
         .value = "DIR",
         .fallback = "runs/TOPIC",
         .help = "the run folder, made by this command"},
        {.name = "embedder",
         .type = BF_OPT_TEXT,
         .target = &v->embedder,
         .value = "FILE|NAME|model",
         .fallback = "all-minilm-l6-v2 if installed, else model",
         .help = "measures diversity; 'model' = the target itself"},
        BF_OPT_JSON(&v->json, "the summary"),
        BF_OPT_QUIET(&v->quiet),
    };
    size_t n_own = sizeof own / sizeof *own;
    size_t n = 0;
    struct bf_opt *table =
        bf_array(n_own + bf_method_option_count() + bf_machine_option_count(true) + 1, sizeof *table);
    memcpy(table, own, 2 * sizeof *own);
    n = 2;
    bf_method_options(&v->method, table + n);
    n += bf_method_option_count();
    bf_machine_options(&v->machine, true, table + n);
    n += bf_machine_option_count(true);
    memcpy(table + n, own + 2, (n_own - 2) * sizeof *own);
    return table;
}

/* "Harry Potter" -> "runs/harry-potter"; a topic without ASCII letters gets a name from its hash. */
static char *default_dir(const char *topic)
{
    struct bf_buf name;
    bf_buf_init(&name, 80);
    bf_buf_puts(&name, "runs/");
    size_t start = name.len;
    for (const char *p = topic; *p && name.len < 64; p++) {
        if (isalnum((unsigned char)*p))
            bf_buf_putc(&name, (char)tolower((unsigned char)*p));
        else if (name.len > start && name.data[name.len - 1] != '-')
            bf_buf_putc(&name, '-');
    }
    while (name.len > start && name.data[name.len - 1] == '-')
        name.data[--name.len] = 0;
    if (name.len == start)
        bf_buf_printf(&name, "topic-%08x", (unsigned)bf_hash64(topic, strlen(topic)));
    return bf_buf_take(&name);
}

/* Which file embeds; "" = the model itself. */
static enum bf_status choose_embedder(struct bf_session *s, const char *wanted, struct bf_err *err)
{
    if (wanted && strcmp(wanted, "model") == 0) {
        s->embedder_path = bf_strdup("");
        return BF_OK;
    }
    if (wanted)
        return bf_model_path(wanted, &s->embedder_path, err);
    struct bf_manifest manifest;
    enum bf_status status = bf_manifest_load(&manifest, err);
    if (status != BF_OK)
        return status;
    const struct bf_model_entry *entry = bf_manifest_role(&manifest, "embedder");
    s->embedder_path = bf_strdup(entry && entry->installed ? entry->path : "");
    bf_manifest_release(&manifest);
    return BF_OK;
}

static enum bf_status create_store(struct bf_session *s, const char *dir, struct bf_err *err)
{
    json_t *request_json = bf_request_to_json(&s->request);
    char *request = bf_json_dump(request_json);
    char *templates = bf_json_dump(s->templates.json);
    char *engine = bf_session_engine_json(s);
    struct bf_run run = {
        .kind = "domain",
        .request_json = request,
        .templates_json = templates,
        .templates_sha256 = s->templates.sha256,
        .model_path = s->model_path,
        .model_sha256 = s->model_sha256,
        .model_desc = bf_engine_info(s->engine)->model_desc,
        .embedder_path = s->embedder_path,
        .embedder_sha256 = s->embedder_sha256,
        .engine_json = engine,
        .program_version = BF_VERSION,
    };
    enum bf_status status = bf_store_create(dir, &run, &s->templates, &s->store, err);
    json_decref(request_json);
    free(request);
    free(templates);
    free(engine);
    return status;
}

static enum bf_status run(const struct bf_call *call, struct bf_err *err)
{
    const struct values *v = call->values;
    struct bf_session s = {.log = call->log};
    char *dir = NULL;
    if (call->n_operands != 1)
        return bf_fail(err, BF_USAGE, "give one domain, in quotes: biforget domain \"Harry Potter\"");
    enum bf_status status = bf_method_request(&v->method, call->operands[0], &s.request, err);
    if (status != BF_OK)
        goto out;
    dir = v->out ? bf_strdup(v->out) : default_dir(s.request.topic);
    char *database = bf_path_join(dir, "run.db");
    bool taken = bf_file_exists(database);
    free(database);
    if (taken) {
        status = bf_fail(err, BF_STORE,
                         "'%s' already holds a run; go on with 'biforget resume %s', or choose another folder with -o",
                         dir, dir);
        goto out;
    }
    status = bf_template_set_load(s.request.templates, &s.templates, err);
    if (status == BF_OK)
        status = bf_model_path(v->model, &s.model_path, err);
    if (status == BF_OK)
        status = choose_embedder(&s, v->embedder, err);
    if (status != BF_OK)
        goto out;
    s.request.model_embedder = s.embedder_path[0] == 0;
    status = bf_session_open_models(&s, &v->machine, err);
    if (status == BF_OK)
        status = create_store(&s, dir, err);
    if (status == BF_OK)
        status = bf_session_work(&s, false, v->json, err);
out:
    free(dir);
    bf_session_release(&s);
    return status;
}

const struct bf_command bf_cmd_domain = {
    .help =
        {
            .name = "domain",
            .summary = "write the forget set of a domain",
            .synopsis = "biforget domain TOPIC [-m MODEL] [-o DIR] [options]",
            .examples = "  biforget domain \"Harry Potter\"                     minutes, default model\n"
                        "  biforget domain \"Greek mythology\" -m my.gguf --profile paper\n"
                        "  biforget domain \"the Solar System\" --rounds 3 --seed 7 -o runs/sun\n",
            .details = "The model names points of the domain, writes about each with several templates and "
                       "temperatures until the texts stop getting more diverse (Stage I), and is probed by "
                       "membership inference and fictional scenes (Stage II). Ctrl-C saves and stops; "
                       "'biforget resume DIR' goes on.",
        },
    .values_size = sizeof(struct values),
    .max_operands = 1,
    .options = options,
    .run = run,
    .quiet_option = true,
};
