/* Forget sets of an experiment: the planted originals, and what the target itself writes. Since every planted fact is
 * known, recall and precision of each set are counted. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/print.h"
#include "lab/lab_private.h"
#include "sets/sets.h"

#include "base/banned.h"

void bf_lab_made_set_release(struct bf_lab_made_set *made)
{
    free(made->path);
    free(made->why);
    json_decref(made->figures);
    *made = (struct bf_lab_made_set){0};
}

enum { FILE_MAX = 1 << 30 };

static size_t whole_of(const struct bf_lab_spec *spec, size_t i)
{
    if (!spec->sets[i].of)
        return i;
    for (size_t j = 0; j < i; j++)
        if (strcmp(spec->sets[j].name, spec->sets[i].of) == 0)
            return j;
    return i;
}

json_t *bf_lab_set_inputs(const struct bf_lab *lab, size_t i)
{
    const struct bf_lab_set *set = &lab->spec->sets[i], *whole = &lab->spec->sets[whole_of(lab->spec, i)];
    json_t *inputs = json_pack("{s:s, s:o, s:s}", "kind", whole->kind, "options", bf_lab_options_json(&whole->options),
                               "variant", set->variant ? set->variant : "");
    json_object_set_new(inputs, "target", bf_lab_model_inputs(lab, "target"));
    if (set->file)
        json_object_set_new(inputs, "sha256", json_string(set->file_sha256));
    return inputs;
}

static bool is_written(const struct bf_lab_set *set)
{
    return strcmp(set->kind, "domain") == 0 || strcmp(set->kind, "textbook") == 0;
}

/* The inputs of a whole set. Its name is not among them: sets of equal kind and options share one cell and one folder.
 */
static char *place_of(const struct bf_lab *lab, size_t whole)
{
    const struct bf_lab_set *set = &lab->spec->sets[whole];
    if (strcmp(set->kind, "planted") == 0)
        return bf_lab_path(lab, lab->world_folder, "planted.jsonl");
    const char *slash = set->file ? strrchr(set->file, '/') : NULL;
    const char *ending = set->file ? strrchr(slash ? slash : set->file, '.') : NULL; /* it decides the format */
    json_t *inputs = bf_lab_set_inputs(lab, whole);
    char *path = bf_lab_artefact(lab, "sets", set->kind, "forget set", inputs, ending ? ending : "");
    json_decref(inputs);
    return path;
}

/* The operand of --forget. */
static char *path_of(const struct bf_lab *lab, size_t i)
{
    struct bf_buf path;
    char *place = place_of(lab, whole_of(lab->spec, i));
    if (!lab->spec->sets[i].of)
        return place;
    bf_buf_init(&path, SIZE_MAX);
    bf_buf_printf(&path, "%s:%s", place, lab->spec->sets[i].variant);
    free(place);
    return bf_buf_take(&path);
}

static enum bf_status read_text(void *user, const struct bf_set_text *text, struct bf_err *err)
{
    (void)err;
    bf_world_reader_add(user, text->text, strlen(text->text));
    return BF_OK;
}

/* A run that was cut short is not a set yet. */
static enum bf_status check_finished(struct bf_store *store, struct bf_err *err)
{
    struct bf_request_entry entry = {.id = 0};
    enum bf_status status = BF_OK;
    while (bf_store_next_request(store, &entry, &status, err)) {
        if (!entry.finished)
            status = bf_fail(err, BF_STORE, "the run '%s' is not finished; resume it with: biforget resume %s",
                             bf_store_dir(store), BF_SHELL_WORD(bf_store_dir(store)));
    }
    return status;
}

static json_t *claims_json(const struct bf_world_reader *reader)
{
    const struct bf_world_claims c = bf_world_reader_claims(reader);
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "n", (json_int_t)c.n_texts, "facts", (json_int_t)c.n_facts,
                     "covered", (json_int_t)c.n_covered, "claims", (json_int_t)c.n_claims, "true", (json_int_t)c.n_true,
                     "on_topic", (json_int_t)c.n_on_topic);
}

/* {"n", "facts", "covered", "claims", "true", "on_topic"}. A finished run without a text is a result, too. */
static enum bf_status count_facts(const struct bf_lab *lab, const char *path, json_t **out, struct bf_err *err)
{
    struct bf_set_runs runs = {.read_only = true, .log = lab->log};
    struct bf_set set = {0};
    struct bf_world_reader *reader = NULL;
    struct bf_err why = BF_ERR_INIT;
    *out = NULL;
    enum bf_status status = bf_world_read(lab->world, 0, &reader, err);
    if (status == BF_OK)
        status = bf_set_open(path, NULL, NULL, false, &runs, &set, err);
    if (status == BF_OK && set.store)
        status = check_finished(set.store, err);
    if (status == BF_OK) {
        set.options.hints = BF_HINTS_NONE;
        status = bf_set_each(&set, reader, read_text, &why);
        if (status == BF_INPUT && set.store && bf_world_reader_claims(reader).n_texts == 0)
            status = BF_OK;
        else if (status != BF_OK)
            (void)bf_fail(err, status, "%s", why.text);
    }
    if (status == BF_OK)
        *out = claims_json(reader);
    bf_world_reader_free(reader);
    bf_set_release(&set);
    bf_set_runs_close(&runs);
    return status;
}

struct making {
    const struct bf_lab *lab;
    const char *path;
};

static enum bf_status counted(void *user, const json_t *answer, json_t **result, struct bf_err *err)
{
    const struct making *m = user;
    const enum bf_status status = count_facts(m->lab, m->path, result, err);
    if (status == BF_OK && answer)
        for (const char *const *key =
                 (const char *const[]){"generated_tokens", "generate_seconds", "wall_seconds", "stop_reason", NULL};
             *key; key++)
            if (json_object_get(answer, *key))
                json_object_set((json_t *)*result, *key, json_object_get(answer, *key));
    return status;
}

/* A run that an interrupted lab left unfinished is resumed; a finished one without a cell is counted again. */
static void writing_command(const struct bf_lab *lab, size_t whole, struct bf_command_line *line)
{
    const struct bf_lab_set *set = &lab->spec->sets[whole];
    char *path = place_of(lab, whole), *db = bf_path_join(path, "run.db"), *target = bf_lab_model_path(lab, "target");
    const bool begun = bf_file_exists(db);
    const char *const begin[] = {set->kind, bf_world_circle(lab->world, 0), "-o", path, "-m", target};
    const char *const go_on[] = {"resume", path, "-m", target};
    for (size_t i = 0; i < (begun ? sizeof go_on : sizeof begin) / sizeof *begin; i++)
        bf_command_line_add(line, begun ? go_on[i] : begin[i]);
    if (!begun)
        bf_lab_add_options(&set->options, line);
    bf_lab_common_options(lab, line);
    free(target);
    free(db);
    free(path);
}

/* Does the run exist, and is it finished? */
static bool is_finished(const char *path)
{
    struct bf_store *store = NULL;
    struct bf_err ignored = BF_ERR_INIT;
    const bool finished =
        bf_store_open(path, BF_STORE_READ, &store, &ignored) == BF_OK && check_finished(store, &ignored) == BF_OK;
    bf_store_close(store);
    return finished;
}

/* The user's file may change during the experiment. */
static enum bf_status copy_file(const struct bf_lab_set *set, const char *path, struct bf_err *err)
{
    struct bf_buf text;
    char sha256[BF_SHA256_HEX];
    bf_buf_init(&text, FILE_MAX);
    enum bf_status status = bf_file_read(set->file, &text, err);
    if (status == BF_OK) {
        bf_sha256_hex(text.data, text.len, sha256);
        if (strcmp(sha256, set->file_sha256) != 0)
            status =
                bf_fail(err, BF_INPUT, "'%s' was changed during the experiment; start the command again", set->file);
    }
    if (status == BF_OK)
        status = bf_file_write_inside(path, text.data, text.len, err);
    bf_buf_release(&text);
    return status;
}

enum bf_status bf_lab_need_set(struct bf_lab *lab, size_t i, struct bf_err *err)
{
    const size_t whole = whole_of(lab->spec, i);
    struct bf_command_line line = {0};
    json_t *again = NULL;
    enum bf_status status = BF_OK;
    char *path = place_of(lab, whole);
    if (lab->spec->sets[whole].file && !bf_file_exists(path))
        status = copy_file(&lab->spec->sets[whole], path, err);
    if (is_written(&lab->spec->sets[whole]) && !is_finished(path)) {
        status = bf_lab_need_model(lab, "target", err);
        if (status == BF_OK) {
            writing_command(lab, whole, &line);
            bf_log_info(lab->log, "forget set: %s (again: '%s' is missing or incomplete)", lab->spec->sets[whole].name,
                        path);
            status = bf_lab_run(lab, &line, &again, err);
        }
    }
    json_decref(again);
    bf_command_line_release(&line);
    free(path);
    return status;
}

static enum bf_status make_one(struct bf_lab *lab, size_t i, struct bf_lab_made_set *made, struct bf_err *err)
{
    const struct bf_lab_set *set = &lab->spec->sets[i];
    struct bf_command_line line = {0};
    struct bf_buf title;
    bool has = false;
    json_t *inputs = bf_lab_set_inputs(lab, i);
    bf_buf_init(&title, 1024);
    bf_buf_printf(&title, "forget set: %s", set->name);
    made->path = path_of(lab, i);
    if (is_written(set))
        writing_command(lab, i, &line);
    struct making making = {lab, made->path};
    struct bf_lab_step step = {.kind = "forget set",
                               .title = title.data,
                               .inputs = inputs,
                               .command = is_written(set) ? &line : NULL,
                               .finish = counted,
                               .user = &making};
    enum bf_status status = bf_lab_has(lab, step.kind, inputs, &has, err);
    if (status == BF_OK && !has && is_written(set))
        status = bf_lab_need_model(lab, "target", err);
    if (status == BF_OK && !has && (set->of || set->file))
        status = bf_lab_need_set(lab, i, err);
    if (status == BF_OK)
        status = bf_lab_do(lab, &step, &made->figures, err);
    else
        json_decref(inputs);
    bf_command_line_release(&line);
    bf_buf_release(&title);
    return status;
}

/* A part fails when its whole set does. */
static enum bf_status make_or_say_why(struct bf_lab *lab, size_t i, struct bf_lab_made_set *all, struct bf_err *err)
{
    struct bf_err why = BF_ERR_INIT;
    struct bf_lab_made_set *made = &all[i];
    const struct bf_lab_made_set *whole = &all[whole_of(lab->spec, i)];
    if (whole->why) {
        made->why = bf_strdup(whole->why);
        made->failure = whole->failure;
        lab->n_done++;
        return BF_OK;
    }
    const enum bf_status status = make_one(lab, i, made, &why);
    if (status == BF_OK || !bf_lab_may_go_on(status))
        return status == BF_OK ? status : bf_fail(err, status, "%s", why.text);
    bf_log_warn(lab->log, "%s", why.text);
    made->why = bf_lab_reason(&why);
    made->failure = status;
    return BF_OK;
}

enum bf_status bf_lab_make_sets(struct bf_lab *lab, struct bf_lab_made_set *made, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < lab->spec->n_sets && status == BF_OK; i++)
        status = make_or_say_why(lab, i, made, err);
    return status;
}
