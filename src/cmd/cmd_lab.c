#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/print.h"
#include "cmd/cmd.h"
#include "base/interrupt.h"
#include "lab/lab_private.h"
#include "engine/models.h"
#include "cmd/output_path.h"
#include "base/work_lock.h"
#include "lab/world_files.h"
#include "report/lab_compare.h"
#include "report/lab_table.h"

#include "base/banned.h"

struct values {
    bool quiet;
    bool json, keep_models;
    const char *size, *model, *out;
    int64_t threads;
};

static struct bf_opt *options(void *target)
{
    struct values *v = target;
    return BF_OPT_TABLE({.name = "size",
                         .type = BF_OPT_CHOICE,
                         .target = &v->size,
                         .choices = bf_lab_sizes,
                         .value = "SIZE",
                         .help = "a built-in experiment: tiny takes minutes, small hours"},
                        {.name = "output",
                         .letter = 'o',
                         .type = BF_OPT_TEXT,
                         .target = &v->out,
                         .value = "DIR",
                         .fallback = "lab-NAME",
                         .help = "the experiment's folder; the same again goes on where it stood"},
                        {.name = "model",
                         .letter = 'm',
                         .type = BF_OPT_TEXT,
                         .target = &v->model,
                         .value = "FILE|NAME",
                         .fallback = "as the experiment says",
                         .help = "another base model"},
                        {.name = "threads",
                         .type = BF_OPT_INT,
                         .target = &v->threads,
                         .min = 0,
                         .max = 1024,
                         .value = "N",
                         .fallback = "0: all cores",
                         .help = "threads of every command"},
                        {.name = "keep-models",
                         .type = BF_OPT_FLAG,
                         .target = &v->keep_models,
                         .help = "keep the unlearned models (0.3 GB each with the small model)"},
                        BF_OPT_JSON(&v->json, "all results"), BF_OPT_QUIET(&v->quiet));
}

/* Benign facts that are not of the invented world: what else a model must still know after unlearning. */
static enum bf_status write_facts(const char *dir, struct bf_err *err)
{
    static const char *const parts[] = {"authors", "world", "general"};
    const struct bf_embedded_file *file = NULL;
    json_t *facts = NULL;
    for (size_t i = 0; i < bf_embedded_count; i++)
        if (strcmp(bf_embedded_files[i].name, "lab/facts.json") == 0)
            file = &bf_embedded_files[i];
    enum bf_status status = file ? bf_json_parse(file->data, file->n, file->name, &facts, err)
                                 : bf_fail(err, BF_STORE, "lab/facts.json was not compiled in");
    for (size_t p = 0; p < sizeof parts / sizeof *parts && status == BF_OK; p++) {
        const json_t *list = json_object_get(facts, parts[p]);
        char name[32];
        struct bf_buf text;
        bf_buf_init(&text, 1 << 20);
        for (size_t i = 0; i < json_array_size(list); i++) {
            char *line = bf_json_dump(json_array_get(list, i));
            bf_buf_printf(&text, "%s\n", line);
            free(line);
        }
        snprintf(name, sizeof name, "%s.jsonl", parts[p]);
        status = bf_lab_write_file(dir, name, text.data, text.len, err);
        bf_buf_release(&text);
    }
    json_decref(facts);
    return status;
}

static enum bf_status make_folders(const struct bf_lab *lab, struct bf_err *err)
{
    const char *const names[] = {lab->world_folder, "models", "sets"};
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names && status == BF_OK; i++) {
        char *path = bf_path_join(lab->dir, names[i]);
        status = bf_mkdirs(path, err);
        if (status == BF_OK && i == 0)
            status = bf_world_write(lab->world, path, err);
        if (status == BF_OK && i == 0)
            status = write_facts(path, err);
        free(path);
    }
    return status;
}

static enum bf_status show(const struct bf_lab *lab, const json_t *results, bool json, struct bf_err *err)
{
    struct bf_buf table;
    const enum bf_status status = bf_lab_write(lab->dir, results, err);
    bf_buf_init(&table, SIZE_MAX);
    bf_lab_markdown(results, &table);
    if (status == BF_OK && json) {
        char *text = bf_json_dump(results);
        bf_print_json(stdout, text);
        free(text);
    } else if (status == BF_OK) {
        bf_print(stdout,
                 "%s\nmeans over seeds, with the smallest and the largest in brackets\n\n%s/report.html   "
                 "the page\n%s/results.md, results.csv, results.json, tradeoff.svg\n%s/lab.db   every cell with the "
                 "command that made it\n",
                 table.data, lab->dir, lab->dir, lab->dir);
    }
    bf_buf_release(&table);
    return status;
}

/* Tables of what there is; the sentence of the failure stays, but for an interruption. */
static enum bf_status stopped(const struct bf_lab *lab, const json_t *results, enum bf_status status,
                              struct bf_err *err)
{
    struct bf_err ignored = BF_ERR_INIT;
    const bool tables = results && bf_lab_write(lab->dir, results, &ignored) == BF_OK;
    if (status == BF_INTERRUPTED)
        (void)bf_fail(err, status, "interrupted; what is done is kept%s: the same command goes on",
                      tables ? ", and tables of what there is so far are in the folder" : "");
    return status;
}

/* The folder may be a stranger's, and commands of ours write into it by name. */
static enum bf_status check_links(const char *path, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    DIR *dir = opendir(path);
    const struct dirent *entry;
    if (!dir && errno != ENOENT)
        return bf_fail(err, BF_STORE, "cannot open the folder '%s': %s; choose another with -o", path,
                       bf_errno_text(errno));
    while (status == BF_OK && dir && (entry = readdir(dir))) {
        char *name = bf_path_join(path, entry->d_name);
        if (bf_is_link(name))
            status = bf_link_error(name, err);
        free(name);
    }
    if (dir)
        (void)closedir(dir);
    return status;
}

static enum bf_status check_all_links(const struct bf_lab *lab, struct bf_err *err)
{
    const char *const names[] = {"", lab->world_folder, "models", "sets"};
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names && status == BF_OK; i++) {
        char *path = names[i][0] ? bf_path_join(lab->dir, names[i]) : bf_strdup(lab->dir);
        status = check_links(path, err);
        free(path);
    }
    return status;
}

static enum bf_status experiment(struct bf_lab *lab, bool json, struct bf_err *err)
{
    json_t *results = NULL;
    char *cells = NULL, *world = bf_lab_world_folder(&lab->spec->world);
    lab->world_folder = world;
    enum bf_status status = bf_world_new(&lab->spec->world, &lab->world, err);
    if (status == BF_OK)
        status = bf_mkdirs(lab->dir, err);
    if (status == BF_OK)
        status = check_all_links(lab, err);
    if (status == BF_OK)
        status = make_folders(lab, err);
    if (status == BF_OK)
        status = bf_sha256_file(lab->model, lab->model_sha256, err);
    if (status == BF_OK) {
        cells = bf_path_join(lab->dir, "lab.db");
        status = bf_store_open_cells(cells, &lab->cells, err);
    }
    if (status == BF_OK)
        status = bf_lab_rows(lab, &results, err);
    if (results)
        json_object_set_new(results, "comparison", bf_lab_compare(results));
    if (status == BF_OK)
        status = show(lab, results, json, err);
    else
        status = stopped(lab, results, status, err);
    if (status == BF_OK && lab->n_failed > 0)
        status = bf_fail(err, lab->failure.status,
                         "%zu row%s failed, the tables have the others; the same command tries again (the first: %s)",
                         lab->n_failed, lab->n_failed == 1 ? "" : "s", lab->failure.text);
    json_decref(results);
    bf_store_close(lab->cells);
    bf_world_free(lab->world);
    free(world);
    free(cells);
    return status;
}

static enum bf_status run(const struct bf_call *call, struct bf_err *err)
{
    const struct values *v = call->values;
    struct bf_lab_spec spec = {0};
    char *model = NULL, *dir = NULL;
    int lock = -1;
    enum bf_status status = BF_OK;
    if (v->size && call->n_operands > 0)
        return bf_fail(err, BF_USAGE, "give --size or a SPEC.json, not both");
    if (!v->size && call->n_operands == 0)
        return bf_fail(err, BF_USAGE,
                       "give an experiment: --size tiny (minutes), --size small (hours), or a SPEC.json of your own");
    status = bf_lab_spec_load(v->size ? v->size : call->operands[0], &spec, err);
    const char *model_name = v->model ? v->model : spec.model;
    if (status == BF_OK)
        status = bf_model_path(model_name, &model, err);
    if (status == BF_OK)
        status = bf_lab_spec_check_settings(&spec, model, err);
    if (status == BF_OK) {
        struct bf_buf name;
        bf_buf_init(&name, 4096);
        bf_buf_printf(&name, "lab-%s", spec.name);
        dir = v->out ? bf_strdup(v->out) : bf_strdup(name.data);
        bf_buf_release(&name);
        status = bf_output_path(dir, BF_OUTPUT_FOLDER, NULL, 0, err);
        if (status == BF_OK)
            status = bf_mkdirs(dir, err);
    }
    bf_interrupt_install();
    if (status == BF_OK) {
        char *path = bf_path_join(dir, "lab.lock");
        status = bf_work_lock(path, dir, call->log, &lock, err);
        free(path);
    }
    if (status == BF_OK) {
        struct bf_lab lab = {.spec = &spec,
                             .dir = dir,
                             .log = call->log,
                             .model = model,
                             .model_name = model_name,
                             .n_threads = v->threads,
                             .keep_models = v->keep_models};
        bf_lab_remove_temporaries(&lab);
        status = experiment(&lab, v->json, err);
    }
    bf_unlock(lock);
    bf_lab_spec_release(&spec);
    free(model);
    free(dir);
    return status;
}

const struct bf_command bf_cmd_lab = {
    .help =
        {
            .name = "lab",
            .summary = "prove forget sets on an invented world whose facts are known",
            .synopsis = "biforget lab (SPEC.json | --size SIZE) [-o DIR] [options]",
            .examples = "  biforget lab --size tiny          a look at how it works, in minutes\n"
                        "  biforget lab --size small         that of docs/results-lab.md, hours\n"
                        "  biforget lab my.json -o runs/lab  your own; again goes on after Ctrl-C\n",
            .details =
                "Invents people, places and works, teaches them to a model (the target), and all but one circle of "
                "them to "
                "another (the gold standard, which is what perfect unlearning would give). Then each forget set, of "
                "the planted originals or written by the target itself, is unlearned with each method and seed, and "
                "the result compared with the gold standard. Since the truth is known, recall and precision of each "
                "set "
                "are counted, too. Every cell is a command of this program; it is computed once, kept in lab.db with "
                "its "
                "command line, and can be repeated by hand.",
        },
    .values_size = sizeof(struct values),
    .max_operands = 1,
    .options = options,
    .run = run,
    .quiet_option = true,
};
