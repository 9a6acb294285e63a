/* Forget sets of an experiment: the planted originals, and what the target itself writes. Since every planted fact is known, recall and
 * precision of each set are counted. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cmd/lab_private.h"
#include "cmd/quality_set.h"

#include "base/banned.h"

void bf_lab_made_set_release(struct bf_lab_made_set *made)
{
    free(made->path);
    json_decref(made->figures);
    *made = (struct bf_lab_made_set){0};
}

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
    return inputs;
}

/* "BiForget, no MI" -> "biforget-no-mi" */
static char *slug(const char *name)
{
    struct bf_buf out;
    bf_buf_init(&out, 256);
    for (; *name; name++) {
        const char c = *name;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            bf_buf_putc(&out, c);
        else if (c >= 'A' && c <= 'Z')
            bf_buf_putc(&out, (char)(c - 'A' + 'a'));
        else if (out.len > 0 && out.data[out.len - 1] != '-')
            bf_buf_putc(&out, '-');
    }
    return bf_buf_take(&out);
}

static enum bf_status read_text(void *user, const struct bf_quality_text *text, struct bf_err *err)
{
    (void)err;
    bf_world_reader_add(user, text->text, strlen(text->text));
    return BF_OK;
}

/* {"n", "facts", "covered", "claims", "true", "on_topic"}; an empty set is a result, too. */
static enum bf_status count_facts(const struct bf_lab *lab, const char *path, json_t **out, struct bf_err *err)
{
    struct bf_quality_runs runs = {.read_only = true, .log = lab->log};
    struct bf_quality_set set = {0};
    struct bf_world_reader *reader = NULL;
    struct bf_err why = BF_ERR_INIT;
    *out = NULL;
    enum bf_status status = bf_world_read(lab->world, 0, &reader, err);
    if (status == BF_OK)
        status = bf_quality_set_open(path, NULL, NULL, false, &runs, &set, &why);
    if (status == BF_OK)
        status = bf_quality_set_each(&set, reader, read_text, &why);
    if (status == BF_INPUT) /* no text in it */
        status = BF_OK;
    else if (status != BF_OK)
        bf_fail(err, status, "%s", why.text);
    if (status == BF_OK) {
        const struct bf_world_claims c = bf_world_reader_claims(reader);
        *out = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "n", (json_int_t)c.n_texts, "facts", (json_int_t)c.n_facts,
                         "covered", (json_int_t)c.n_covered, "claims", (json_int_t)c.n_claims, "true",
                         (json_int_t)c.n_true, "on_topic", (json_int_t)c.n_on_topic);
    }
    bf_world_reader_free(reader);
    bf_quality_set_release(&set);
    bf_quality_runs_close(&runs);
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

/* A folder that an interrupted lab left half done goes on; a finished one of a cell that is gone is counted again. */
static void writing_command(const struct bf_lab *lab, const struct bf_lab_set *set, const char *target,
                            const char *path, struct bf_command_line *line)
{
    char *db = bf_path_join(path, "run.db");
    if (bf_file_exists(db)) {
        bf_command_line_add(line, "resume");
        bf_command_line_add(line, path);
    } else {
        bf_command_line_add(line, set->kind);
        bf_command_line_add(line, bf_world_circle(lab->world, 0));
        bf_command_line_add(line, "-m");
        bf_command_line_add(line, target);
        bf_command_line_add(line, "-o");
        bf_command_line_add(line, path);
        bf_lab_add_options(&set->options, line);
    }
    bf_lab_common_options(lab, line);
    free(db);
}

static enum bf_status make_one(struct bf_lab *lab, size_t i, const char *target, struct bf_lab_made_set *made,
                               struct bf_err *err)
{
    const struct bf_lab_set *set = &lab->spec->sets[i];
    const bool written = strcmp(set->kind, "domain") == 0 || strcmp(set->kind, "textbook") == 0;
    struct bf_command_line line = {0};
    struct bf_buf title;
    char *name = slug(set->name);
    bf_buf_init(&title, 1024);
    bf_buf_printf(&title, "forget set: %s", set->name);
    if (set->of) {
        struct bf_buf path;
        char *whole = slug(set->of), *folder = bf_lab_path(lab, "sets", whole);
        bf_buf_init(&path, SIZE_MAX);
        bf_buf_printf(&path, "%s:%s", folder, set->variant);
        made->path = bf_buf_take(&path);
        free(whole);
        free(folder);
    } else {
        made->path = written ? bf_lab_path(lab, "sets", name) : bf_lab_path(lab, "world", "planted.jsonl");
    }
    if (written)
        writing_command(lab, set, target, made->path, &line);
    struct making making = {lab, made->path};
    struct bf_lab_step step = {.kind = "forget set",
                               .title = title.data,
                               .inputs = bf_lab_set_inputs(lab, i),
                               .command = written ? &line : NULL,
                               .finish = counted,
                               .user = &making};
    const enum bf_status status = bf_lab_do(lab, &step, &made->figures, err);
    bf_command_line_release(&line);
    bf_buf_release(&title);
    free(name);
    return status;
}

enum bf_status bf_lab_make_sets(struct bf_lab *lab, const char *target, struct bf_lab_made_set *made,
                                struct bf_err *err)
{
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < lab->spec->n_sets && status == BF_OK; i++)
        status = make_one(lab, i, target, &made[i], err);
    return status;
}
