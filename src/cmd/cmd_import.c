#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/version.h"
#include "cmd/cmd.h"
#include "cmd/shared_options.h"
#include "cmd/output_path.h"
#include "run/report_write.h"
#include "run/session.h"
#include "run/start.h"
#include "sets/official_folder.h"
#include "base/banned.h"

struct import_values {
    bool quiet;
    bool json;
    const char *name, *out, *topic;
    struct bf_instance_values instances;
};

static struct bf_opt *import_options(void *target)
{
    struct import_values *v = target;
    struct bf_opt *table = BF_OPT_TABLE(
        BF_TEXT("name", &v->name, "NAME", "name of the set in comparisons", .fallback = "the file's name"),
        BF_TEXT("output", &v->out, "DIR", "the run folder to create", .letter = 'o', .fallback = "runs/NAME"),
        BF_TEXT("topic", &v->topic, "TOPIC", "which set to read, when a folder of the BiForget scripts has several"));
    table = bf_instance_options(&v->instances, table);
    return BF_OPT_APPEND(table, BF_OPT_JSON(&v->json, "the summary"), BF_OPT_QUIET(&v->quiet));
}

struct import {
    const char *path; /* of the file that is read */
    struct bf_instance_options options;
    const struct bf_official_set *set; /* NULL for a file */
    enum bf_official_variant variant;
    struct bf_log *log;
};

static struct bf_sample sample_of(const struct import *i, const struct bf_instance *instance, int64_t *n)
{
    enum bf_stage stage = BF_STAGE_IMPORT;
    if (i->set) {
        stage = bf_official_stage(i->set, i->variant, instance->record);
        stage = stage == BF_STAGE_COUNT ? BF_STAGE_IMPORT : stage;
    }
    return (struct bf_sample){
        .stage = stage,
        .index = n[stage]++,
        .text = instance->text,
        .question = instance->question,
        .answer = instance->answer,
        .point = -1,
        .template_index = -1,
        .instance = -1,
        .temperature = (double)NAN,
        .finish = BF_FINISH_STOP,
        .min_k_sampling = (double)NAN,
        .min_k_model = (double)NAN,
        .mean_logp = (double)NAN,
        .diversity = (double)NAN,
        .domain_similarity = (double)NAN,
        .edit_distance = (double)NAN,
    };
}

static enum bf_status fill(void *user, struct bf_store *store, struct bf_err *err)
{
    const struct import *i = user;
    struct bf_instance_file *file = NULL;
    int64_t n[BF_STAGE_COUNT] = {0};
    enum bf_status status = bf_instance_file_open(i->path, &i->options, &file, err);
    for (bool more = true; status == BF_OK && more;) {
        struct bf_instance instance;
        status = bf_instance_file_next(file, &instance, &more, err);
        if (status != BF_OK || !more)
            break;
        const struct bf_sample sample = sample_of(i, &instance, n);
        status = bf_store_add_sample(store, &sample, err);
    }
    if (status == BF_OK) {
        const struct bf_instance_stats *stats = bf_instance_file_stats(file);
        bf_log_info(i->log, "%s: %lld texts, %lld of them with question and answer", i->path, (long long)stats->n_good,
                    (long long)stats->n_pairs);
        if (stats->n_bad > 0)
            bf_log_warn(i->log, "%lld bad record%s left out; the first: %s", (long long)stats->n_bad,
                        stats->n_bad == 1 ? "" : "s", stats->first_bad);
        const struct bf_run_state state = {.finished = true, .stop = BF_STOP_EXHAUSTED};
        status = bf_store_set_state(store, &state, err);
    }
    bf_instance_file_close(file);
    return status;
}

static enum bf_status create(const struct import_values *v, const char *name, const char *dir, struct import *import,
                             struct bf_store **out, struct bf_err *err)
{
    struct bf_request request;
    struct bf_template_set templates;
    enum bf_status status = bf_request_of_kind(BF_KIND_IMPORT, "quick", &request, err);
    if (status != BF_OK)
        return status;
    (void)v;
    status = bf_request_set_topic(&request, name, err);
    if (status == BF_OK)
        status = bf_template_set_load("default", &templates, err);
    if (status != BF_OK) {
        bf_request_release(&request);
        return status;
    }
    json_t *json = bf_request_to_json(&request);
    char *request_json = bf_json_dump(json);
    char *templates_json = bf_json_dump(templates.json);
    const struct bf_run run = {
        .kind = "import",
        .request_name = "",
        .request_json = request_json,
        .templates_json = templates_json,
        .templates_sha256 = templates.sha256,
        .model_path = "",
        .model_sha256 = "",
        .model_desc = "",
        .embedder_path = "",
        .embedder_sha256 = "",
        .engine_json = "{}",
        .program_version = BF_VERSION,
    };
    status = bf_store_create_filled(dir, &run, &templates, import, fill, out, err);
    free(request_json);
    free(templates_json);
    json_decref(json);
    bf_template_set_release(&templates);
    bf_request_release(&request);
    return status;
}

/* Which set of the folder, and its file. */
static enum bf_status choose_set(const struct import_values *v, const struct bf_official_folder *folder,
                                 struct import *import, struct bf_err *err)
{
    struct bf_buf topics;
    if (folder->n == 1 && !v->topic)
        import->set = &folder->sets[0];
    bf_buf_init(&topics, 4096);
    for (size_t i = 0; i < folder->n; i++) {
        if (v->topic && strcmp(folder->sets[i].topic, v->topic) == 0)
            import->set = &folder->sets[i];
        bf_buf_printf(&topics, "%s\"%s\"", i ? ", " : "", folder->sets[i].topic);
    }
    if (!import->set)
        bf_fail(err, BF_USAGE, "the folder has sets of %s; say which with --topic", topics.data);
    bf_buf_release(&topics);
    if (!import->set)
        return BF_USAGE;
    import->variant = bf_official_largest(import->set);
    import->path = import->set->paths[import->variant];
    import->options.format = BF_INSTANCES_TXT;
    return BF_OK;
}

static enum bf_status import_run(const struct bf_call *call, struct bf_err *err)
{
    const struct import_values *v = call->values;
    struct bf_official_folder folder = {.sets = NULL};
    struct bf_store *store = NULL;
    char *dir = NULL;
    char *name = NULL;
    if (call->n_operands != 1)
        return bf_fail(err, BF_USAGE, "give one file or folder: biforget import corpus.jsonl --name wmdp");
    struct import import = {
        .path = call->operands[0], .options = bf_instance_file_options(&v->instances, true), .log = call->log};
    enum bf_status status = BF_OK;
    struct bf_err report = BF_ERR_INIT;
    if (bf_is_dir(import.path)) {
        status = bf_official_folder_read(import.path, &folder, err);
        if (status == BF_OK)
            status = choose_set(v, &folder, &import, err);
    }
    if (status == BF_OK)
        status = bf_output_path(v->out, BF_OUTPUT_FOLDER, NULL, 0, err);
    if (status == BF_OK)
        status = bf_instance_file_check(import.path, &import.options, NULL, err);
    if (status == BF_OK) {
        name = v->name      ? bf_strdup(v->name)
               : import.set ? bf_strdup(import.set->topic)
                            : bf_instance_name(call->operands[0]);
        dir = v->out ? bf_strdup(v->out) : bf_start_dir("", name);
        status = create(v, name, dir, &import, &store, err);
    }
    if (status == BF_OK)
        status = bf_session_write_sets(store, err);
    if (status == BF_OK)
        bf_report_at_end(store, NULL, false, call->log, &report);
    if (status == BF_OK)
        status = bf_session_print(store, v->json, 0, err);
    status = bf_report_outcome(status, &report, err);
    bf_store_close(store);
    bf_official_folder_release(&folder);
    free(name);
    free(dir);
    return status;
}

const struct bf_command bf_cmd_import = {
    .help =
        {
            .name = "import",
            .summary = "import a set from a file or folder, to compare it",
            .synopsis = "biforget import FILE|DIR [--name NAME] [-o DIR] [options]",
            .examples = "  biforget import corpus.jsonl --name outside\n"
                        "  biforget import book.txt --paragraphs --name book\n"
                        "  biforget import output/          a folder of the BiForget scripts\n",
            .details =
                "Makes a run folder out of texts that were not written by this program, so that 'show', "
                "'export' and all comparisons can read them. Texts are neither judged nor filtered; --skip-bad leaves "
                "out records that cannot be read.",
        },
    .values_size = sizeof(struct import_values),
    .max_operands = 1,
    .options = import_options,
    .run = import_run,
    .quiet_option = true,
};
