/* The two trained models of an experiment. A model file is half a gigabyte and can be made again from its cell's command, so it is made
 * when it is missing, and its cell keeps the record of the training. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "cmd/lab_private.h"

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

json_t *bf_lab_options_json(const struct bf_lab_options *options)
{
    json_t *list = json_array();
    for (size_t i = 0; i < options->n; i++)
        json_array_append_new(list, json_string(options->words[i]));
    return list;
}

char *bf_lab_path(const struct bf_lab *lab, const char *folder, const char *name)
{
    char *dir = bf_path_join(lab->dir, folder);
    char *path = bf_path_join(dir, name);
    free(dir);
    return path;
}

json_t *bf_lab_model_inputs(const struct bf_lab *lab, const char *name)
{
    const struct bf_lab_spec *s = lab->spec;
    return json_pack("{s:s, s:s, s:o, s:[I, i, i]}", "base", lab->model_sha256, "data", name, "options",
                     bf_lab_options_json(&s->train), "world", (json_int_t)s->world.seed, s->world.n_circles,
                     s->world.n_people);
}

enum bf_status bf_lab_train(struct bf_lab *lab, const char *name, char **path, struct bf_err *err)
{
    char file[64], title[128];
    struct bf_command_line line = {0};
    json_t *result = NULL, *inputs = bf_lab_model_inputs(lab, name);
    bool has = false;
    snprintf(file, sizeof file, "%s.jsonl", name);
    char *data = bf_lab_path(lab, "world", file);
    snprintf(file, sizeof file, "%s.gguf", name);
    *path = bf_lab_path(lab, "models", file);
    snprintf(title, sizeof title,
             strcmp(name, "gold") == 0 ? "train the gold standard, which never sees the domain to forget"
                                       : "train the target, which is taught everything");
    static const char *const words[] = {"unlearn", "--method", "finetune", "--full", "--answers", "0", "--restart"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        bf_command_line_add(&line, words[i]);
    const char *const pairs[] = {"-m", lab->model, "--forget", data, "-o", *path};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        bf_command_line_add(&line, pairs[i]);
    bf_lab_add_options(&lab->spec->train, &line);
    bf_lab_common_options(lab, &line);
    enum bf_status status = bf_lab_has(lab, "train", inputs, &has, err);
    if (status == BF_OK && has &&
        !bf_file_exists(*path)) { /* the model was taken away: its training is repeated bit by bit */
        json_t *again = NULL;
        bf_log_info(lab->log, "%s (again: '%s' is gone)", title, *path);
        status = bf_lab_run(lab, &line, &again, err);
        json_decref(again);
    }
    struct bf_lab_step step = {.kind = "train", .title = title, .inputs = inputs, .command = &line};
    if (status == BF_OK)
        status = bf_lab_do(lab, &step, &result, err);
    else
        json_decref(inputs);
    json_decref(result);
    bf_command_line_release(&line);
    free(data);
    if (status != BF_OK) {
        free(*path);
        *path = NULL;
    }
    return status;
}
