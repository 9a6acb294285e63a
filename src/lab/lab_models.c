/* The two trained models of an experiment. A model file is large and its cell's command can make it again, so it is
 * made when it is missing, and its cell keeps the record of the training. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "lab/lab_private.h"
#include "unlearn/unlearn.h"

#include "base/banned.h"

void bf_lab_common_options(const struct bf_lab *lab, struct bf_command_line *line)
{
    char text[32];
    if (lab->n_threads > 0) {
        snprintf(text, sizeof text, "%lld", (long long)lab->n_threads);
        bf_command_line_add(line, "--threads");
        bf_command_line_add(line, text);
    }
    bf_command_line_add(line, "--json");
    bf_command_line_add(line, "--quiet");
}

void bf_lab_add_options(const struct bf_lab_options *options, struct bf_command_line *line)
{
    for (size_t i = 0; i < options->n; i++)
        bf_command_line_add(line, options->words[i]);
}

/* An experiment says in which form a set is trained on; those of earlier programs do not, and mean theirs. */
void bf_lab_add_training(const struct bf_lab_options *options, struct bf_command_line *line)
{
    static const char data[] = "--data";
    bool named = false;
    for (size_t i = 0; i < options->n; i++)
        named |= strncmp(options->words[i], data, strlen(data)) == 0;
    if (!named) {
        bf_command_line_add(line, data);
        bf_command_line_add(line, "auto");
    }
    bf_lab_add_options(options, line);
}

json_t *bf_lab_options_json(const struct bf_lab_options *options)
{
    json_t *list = json_array();
    for (size_t i = 0; i < options->n; i++)
        json_array_append_new(list, json_string(options->words[i]));
    return list;
}

json_t *bf_lab_model_inputs(const struct bf_lab *lab, const char *name)
{
    const struct bf_lab_spec *s = lab->spec;
    return json_pack("{s:s, s:s, s:o, s:[I, i, i]}", "base", lab->model_sha256, "data", name, "options",
                     bf_lab_options_json(&s->train), "world", (json_int_t)s->world.seed, s->world.n_circles,
                     s->world.n_people);
}

char *bf_lab_model_path(const struct bf_lab *lab, const char *name)
{
    json_t *inputs = bf_lab_model_inputs(lab, name);
    char *path = bf_lab_artefact(lab, "models", name, "train", inputs, ".gguf");
    json_decref(inputs);
    return path;
}

static const char *title_of(const char *name)
{
    return strcmp(name, "gold") == 0 ? "train the gold standard, which never sees the domain to forget"
                                     : "train the target, which is taught everything";
}

static void training_command(const struct bf_lab *lab, const char *name, const char *path, struct bf_command_line *line)
{
    char file[64];
    snprintf(file, sizeof file, "%s.jsonl", name);
    char *data = bf_lab_path(lab, lab->world_folder, file);
    static const char *const words[] = {"unlearn", "--method", "finetune", "--full", "--answers", "0", "--restart"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        bf_command_line_add(line, words[i]);
    const char *const pairs[] = {"-m", lab->model, "--forget", data, "-o", path};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        bf_command_line_add(line, pairs[i]);
    bf_lab_add_training(&lab->spec->train, line);
    bf_lab_common_options(lab, line);
    free(data);
}

/* The command that trains it now; it resumes an interrupted training. */
static void next_command(const struct bf_lab *lab, const char *name, const char *path, struct bf_command_line *line)
{
    struct bf_buf work;
    bf_buf_init(&work, SIZE_MAX);
    bf_buf_printf(&work, "%s.training", path);
    if (bf_unlearn_can_resume(work.data)) {
        const char *const words[] = {"unlearn", "--resume", path, "--answers", "0"};
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            bf_command_line_add(line, words[i]);
        bf_lab_common_options(lab, line);
    } else {
        training_command(lab, name, path, line);
    }
    bf_buf_release(&work);
}

/* A repeated training gives the same bytes. */
enum bf_status bf_lab_need_model(struct bf_lab *lab, const char *name, struct bf_err *err)
{
    struct bf_command_line line = {0};
    json_t *again = NULL;
    enum bf_status status = BF_OK;
    char *path = bf_lab_model_path(lab, name);
    if (!bf_file_exists(path)) {
        next_command(lab, name, path, &line);
        bf_log_info(lab->log, "%s (again: '%s' is missing)", title_of(name), path);
        status = bf_lab_run(lab, &line, &again, err);
    }
    json_decref(again);
    bf_command_line_release(&line);
    free(path);
    return status;
}

enum bf_status bf_lab_train(struct bf_lab *lab, const char *name, char **path, struct bf_err *err)
{
    struct bf_command_line whole = {0}, line = {0};
    json_t *result = NULL;
    *path = bf_lab_model_path(lab, name);
    training_command(lab, name, *path, &whole);
    next_command(lab, name, *path, &line);
    char *text = bf_command_line_text(&whole);
    struct bf_lab_step step = {.kind = "train",
                               .title = title_of(name),
                               .inputs = bf_lab_model_inputs(lab, name),
                               .command = &line,
                               .command_text = text};
    const enum bf_status status = bf_lab_do(lab, &step, &result, err);
    json_decref(result);
    free(text);
    bf_command_line_release(&whole);
    bf_command_line_release(&line);
    if (status != BF_OK) {
        free(*path);
        *path = NULL;
    }
    return status;
}
