#include "sets/sets.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/print.h"
#include "sets/official_folder.h"
#include "base/banned.h"

static const char *const variants[BF_OFFICIAL_COUNT] = {"fix", "mi", "jailbreak", "both"};

void bf_set_runs_close(struct bf_set_runs *runs)
{
    for (size_t i = 0; i < runs->n; i++)
        bf_store_close(runs->items[i].store);
    free(runs->items);
    *runs = (struct bf_set_runs){0};
}

void bf_set_release(struct bf_set *set)
{
    free(set->name);
    free(set->path);
    free(set->file);
    *set = (struct bf_set){0};
}

void bf_set_split(const char *operand, char **name, char **set)
{
    const char *equals = strchr(operand, '=');
    const char *slash = strchr(operand, '/');
    const bool named =
        equals && equals > operand && equals[1] && (!slash || equals < slash) && !bf_file_exists(operand);
    *name = named ? bf_strndup(operand, (size_t)(equals - operand)) : NULL;
    *set = bf_strdup(named ? equals + 1 : operand);
}

/* ---- what it is ---- */

static bool has_file(const char *dir, const char *name)
{
    char *path = bf_path_join(dir, name);
    const bool there = bf_file_exists(path);
    free(path);
    return there;
}

/* "DIR:fix" -> DIR and "fix", unless a folder has the whole name. */
static char *split_variant(const char *given, const char **variant)
{
    const char *colon = strrchr(given, ':');
    *variant = NULL;
    if (colon && !bf_file_exists(given))
        for (size_t i = 0; i < BF_OFFICIAL_COUNT; i++)
            if (strcmp(colon + 1, variants[i]) == 0)
                *variant = variants[i];
    char *path = bf_strndup(given, *variant ? (size_t)(colon - given) : strlen(given));
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
        path[n - 1] = '\0';
    return path;
}

static char *name_of(const char *path, const char *variant)
{
    const char *slash = strrchr(path, '/');
    const char *last = slash && slash[1] ? slash + 1 : path;
    if (!variant)
        return bf_instance_name(path);
    struct bf_buf name;
    bf_buf_init(&name, SIZE_MAX);
    bf_buf_printf(&name, "%s:%s", last, variant);
    return bf_buf_take(&name);
}

static enum bf_status open_run(struct bf_set *set, struct bf_set_runs *runs, struct bf_err *err)
{
    struct bf_err why = BF_ERR_INIT;
    enum bf_status status = BF_STORE;
    for (size_t i = 0; i < runs->n; i++)
        if (strcmp(bf_store_dir(runs->items[i].store), set->path) == 0) {
            set->store = runs->items[i].store;
            return BF_OK;
        }
    if (!runs->read_only)
        status = bf_store_open(set->path, BF_STORE_WRITE, &set->store, &why);
    if (status != BF_OK) {
        status = bf_store_open(set->path, BF_STORE_READ, &set->store, err);
        if (status == BF_OK && !runs->read_only)
            bf_log_warn(runs->log, "vectors are not kept in '%s': %s", set->path, why.text);
    }
    if (status != BF_OK)
        return status;
    runs->items = bf_grow(runs->items, runs->n + 1, sizeof *runs->items);
    runs->items[runs->n++].store = set->store;
    return BF_OK;
}

/* The one folder in DIR/data/biforget with a forget.jsonl. free(); NULL when there is none. */
static char *find_open_unlearning(const char *dir)
{
    char *data = bf_path_join(dir, "data/biforget");
    char *found = NULL;
    DIR *folder = opendir(data);
    const struct dirent *entry;
    while (folder && !found && (entry = readdir(folder))) {
        char *one = bf_path_join(data, entry->d_name);
        if (entry->d_name[0] != '.' && has_file(one, "forget.jsonl"))
            found = bf_path_join(one, "forget.jsonl");
        free(one);
    }
    if (folder)
        closedir(folder);
    free(data);
    return found;
}

static enum bf_status open_official(struct bf_set *set, const char *variant, const char *domain, struct bf_err *err)
{
    struct bf_official_folder folder;
    const struct bf_official_set *chosen = NULL;
    enum bf_status status = bf_official_folder_read(set->path, &folder, err);
    if (status != BF_OK) {
        bf_official_folder_release(&folder);
        return bf_fail(err, BF_INPUT,
                       "'%s' is not a set: not a run (run.db), an export (data/, forget.json) or a folder of the "
                       "official scripts; name one of these or a file (.jsonl, .json, .csv, .txt)",
                       set->path);
    }
    for (size_t i = 0; i < folder.n; i++)
        if (folder.n == 1 || (domain && strcmp(folder.sets[i].topic, domain) == 0))
            chosen = &folder.sets[i];
    if (!chosen) {
        status = bf_fail(err, BF_INPUT, "'%s' has %zu sets, but none of this domain; give the file itself", set->path,
                         folder.n);
        bf_official_folder_release(&folder);
        return status;
    }
    enum bf_official_variant which = bf_official_largest(chosen);
    for (int i = 0; variant && i < BF_OFFICIAL_COUNT; i++)
        which = strcmp(variants[i], variant) == 0 ? (enum bf_official_variant)i : which;
    if (!chosen->paths[which]) {
        status = bf_fail(err, BF_INPUT, "'%s' has no variant '%s'; leave the variant out, or give the file itself",
                         set->path, variants[which]);
    } else {
        set->kind = "official";
        set->variant = variants[which];
        set->file = bf_strdup(chosen->paths[which]);
        set->options.format = BF_INSTANCES_TXT;
    }
    bf_official_folder_release(&folder);
    return status;
}

static enum bf_status open_folder(struct bf_set *set, const char *variant, const char *domain, struct bf_set_runs *runs,
                                  struct bf_err *err)
{
    const char *wanted = variant ? variant : "both";
    if (has_file(set->path, "run.db")) {
        set->kind = "run";
        set->variant = wanted;
        return open_run(set, runs, err);
    }
    struct bf_buf hf;
    bf_buf_init(&hf, SIZE_MAX);
    bf_buf_printf(&hf, "data/%s.jsonl", wanted);
    char *open_unlearning = find_open_unlearning(set->path);
    enum bf_status status = BF_OK;
    if (has_file(set->path, hf.data)) {
        set->kind = "hf";
        set->variant = wanted;
        set->file = bf_path_join(set->path, hf.data);
    } else if (has_file(set->path, "forget.json")) {
        set->kind = "muse";
        set->file = bf_path_join(set->path, "forget.json");
    } else if (open_unlearning) {
        set->kind = "open-unlearning";
        set->file = bf_strdup(open_unlearning);
    } else {
        status = open_official(set, variant, domain, err);
    }
    if (status == BF_OK && variant && !set->variant)
        status = bf_fail(err, BF_INPUT, "'%s' holds one set without variants; leave ':%s' out", set->path, variant);
    bf_buf_release(&hf);
    free(open_unlearning);
    return status;
}

enum bf_status bf_set_open(const char *given, const char *name, const char *domain, bool skip_bad,
                           struct bf_set_runs *runs, struct bf_set *out, struct bf_err *err)
{
    const char *variant;
    enum bf_status status = BF_OK;
    *out = (struct bf_set){
        .kind = "file", .options = {.skip_bad = skip_bad, .hints = BF_HINTS_SKIP_BAD, .max_text = BF_IMPORT_TEXT_MAX}};
    out->path = split_variant(given, &variant);
    out->name = name ? bf_strdup(name) : name_of(out->path, variant);
    if (bf_is_dir(out->path))
        status = open_folder(out, variant, domain, runs, err);
    else if (!bf_file_exists(out->path))
        status = bf_fail(err, BF_INPUT, "cannot read the set '%s': no such file or folder; check the name", given);
    else if (variant)
        status = bf_fail(err, BF_INPUT, "'%s' is a file and has no variants; leave ':%s' out", out->path, variant);
    else
        out->file = bf_strdup(out->path);
    if (status != BF_OK)
        bf_set_release(out);
    return status;
}

/* ---- its texts ---- */

typedef enum bf_status each_text(void *user, const struct bf_set_text *text, struct bf_err *err);

static enum bf_status each_of_run(const struct bf_set *set, void *user, each_text *each, struct bf_err *err)
{
    const struct bf_query query = {.variant = set->variant,
                                   .by_role = true,
                                   .role = set->role,
                                   .pairs = set->pairs ? BF_PAIRS_TRAIN : BF_PAIRS_NONE,
                                   .distinct = true};
    struct bf_cursor *cursor = NULL;
    int64_t n = 0;
    bf_store_select(set->store, 0);
    enum bf_status status = bf_store_query(set->store, &query, &cursor, err);
    for (bool more = true; status == BF_OK && more;) {
        struct bf_row row;
        status = bf_cursor_next(cursor, &row, &more, err);
        if (status != BF_OK || !more)
            break;
        const struct bf_set_text text = {.number = ++n,
                                         .id = row.id,
                                         .text = row.sample.text,
                                         .question = row.sample.question,
                                         .answer = row.sample.answer,
                                         .stage = bf_stage_word(row.sample.stage),
                                         .point = row.point_text,
                                         .template_name = row.template_name,
                                         .topic = row.topic,
                                         .asked = row.asked};
        status = each(user, &text, err);
    }
    bf_cursor_close(cursor);
    if (status == BF_OK && n == 0)
        status =
            bf_fail(err, BF_INPUT, "the run '%s' has no kept text of the variant '%s' yet; see: biforget status %s",
                    set->path, set->variant, BF_SHELL_WORD(set->path));
    return status;
}

enum bf_status bf_set_each(const struct bf_set *set, void *user, each_text *each, struct bf_err *err)
{
    if (set->store)
        return each_of_run(set, user, each, err);
    struct bf_instance_file *file = NULL;
    enum bf_status status = bf_instance_file_open(set->file, &set->options, &file, err);
    for (bool more = true; status == BF_OK && more;) {
        struct bf_instance instance;
        status = bf_instance_file_next(file, &instance, &more, err);
        if (status != BF_OK || !more)
            break;
        const struct bf_set_text text = {.number = instance.index + 1,
                                         .text = instance.text,
                                         .question = instance.question,
                                         .answer = instance.answer,
                                         .point = instance.point,
                                         .topic = instance.point};
        status = each(user, &text, err);
    }
    bf_instance_file_close(file);
    return status;
}

/* ---- its points ---- */

struct points {
    size_t n, covered;
};

static void count_point(void *user, const struct bf_point *point, int64_t n_kept, int64_t n_committed)
{
    struct points *points = user;
    (void)point, (void)n_committed;
    points->n++;
    points->covered += n_kept > 0 ? 1 : 0;
}

enum bf_status bf_set_points(const struct bf_set *set, size_t *n_points, size_t *n_covered, struct bf_err *err)
{
    struct points points = {0};
    struct bf_request_entry entry = {.id = 0};
    enum bf_status status = BF_OK;
    while (set->store && bf_store_next_request(set->store, &entry, &status, err)) {
        if (entry.role != BF_ROLE_FORGET)
            continue;
        bf_store_select(set->store, entry.id);
        status = bf_store_each_point(set->store, &points, count_point, err);
    }
    if (set->store)
        bf_store_select(set->store, 0);
    *n_points = points.n;
    *n_covered = points.covered;
    return status;
}
