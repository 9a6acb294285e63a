/* The whole experiment: its folder, its rows, its tables. */
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
#include "lab/lab_private.h"
#include "lab/world_files.h"
#include "report/lab_compare.h"
#include "report/lab_page.h"
#include "report/lab_table.h"
#include "base/banned.h"

/* ---- the files that it writes ---- */

enum bf_status bf_lab_write_file(const char *dir, const char *name, const char *data, size_t n, struct bf_err *err)
{
    char *path = bf_path_join(dir, name);
    const enum bf_status status = bf_file_write_inside(path, data, n, err);
    free(path);
    return status;
}

static void put_results(const json_t *results, struct bf_buf *out)
{
    char *text = bf_json_dump(results);
    bf_buf_puts(out, text);
    free(text);
}

enum bf_status bf_lab_write(const char *dir, const json_t *results, struct bf_err *err)
{
    static const struct {
        const char *name;
        void (*put)(const json_t *results, struct bf_buf *out);
    } files[] = {{"results.json", put_results},
                 {"results.md", bf_lab_markdown},
                 {"results.csv", bf_lab_csv},
                 {"tradeoff.svg", bf_lab_svg},
                 {"report.html", bf_lab_page}};
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < sizeof files / sizeof *files && status == BF_OK; i++) {
        struct bf_buf text;
        bf_buf_init(&text, SIZE_MAX);
        files[i].put(results, &text);
        if (text.len > 0)
            status = bf_lab_write_file(dir, files[i].name, text.data, text.len, err);
        bf_buf_release(&text);
    }
    return status;
}

/* ---- the experiment ---- */

/* Benign facts outside the invented world, which a model must still know after unlearning. */
static enum bf_status write_facts(const char *dir, struct bf_err *err)
{
    static const char *const parts[] = {"authors", "world", "general"};
    const struct bf_embedded_file *file = NULL;
    json_t *facts = NULL;
    for (size_t i = 0; i < bf_embedded_count; i++)
        if (strcmp(bf_embedded_files[i].name, "lab/facts.json") == 0)
            file = &bf_embedded_files[i];
    enum bf_status status = file ? bf_json_parse(file->data, file->n, file->name, &facts, err)
                                 : bf_fail(err, BF_STORE, "lab/facts.json is not part of this build");
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

static enum bf_status show_results(const struct bf_lab *lab, const json_t *results, bool json, struct bf_err *err)
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

/* Write tables of the rows that are done. Keeps the sentence of the failure, except for an interruption. */
static enum bf_status stopped(const struct bf_lab *lab, const json_t *results, enum bf_status status,
                              struct bf_err *err)
{
    struct bf_err ignored = BF_ERR_INIT;
    const bool tables = results && bf_lab_write(lab->dir, results, &ignored) == BF_OK;
    if (status == BF_INTERRUPTED)
        (void)bf_fail(err, status, "interrupted; finished cells are kept%s: the same command resumes",
                      tables ? ", and the folder has tables of the rows so far" : "");
    return status;
}

/* The folder may come from someone else, and our commands write files in it by name. */
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

enum bf_status bf_lab_experiment(struct bf_lab *lab, bool json, struct bf_err *err)
{
    json_t *results = NULL;
    char *cells = NULL, *world = bf_lab_world_folder(&lab->spec->world);
    bf_lab_remove_temporaries(lab);
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
        status = show_results(lab, results, json, err);
    else
        status = stopped(lab, results, status, err);
    if (status == BF_OK && lab->n_failed > 0)
        status = bf_fail(
            err, lab->failure.status,
            "%zu row%s failed, and the tables have the others; the same command tries again (first failure: %s)",
            lab->n_failed, lab->n_failed == 1 ? "" : "s", lab->failure.text);
    json_decref(results);
    bf_store_close(lab->cells);
    bf_world_free(lab->world);
    free(world);
    free(cells);
    return status;
}
