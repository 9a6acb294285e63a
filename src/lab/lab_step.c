/* A cell is computed once, by commands of this program, and kept. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/interrupt.h"
#include "lab/lab_private.h"

#include "base/banned.h"

enum { ANSWER_MAX = 64 * 1024 * 1024, PLAIN_LIVE_SECONDS = 30 };

static enum bf_status look_up(struct bf_lab *lab, const char *kind, const json_t *inputs, json_t **out,
                              struct bf_err *err)
{
    char key[BF_SHA256_HEX];
    struct bf_cell cell;
    bool found;
    *out = NULL;
    bf_lab_key(kind, inputs, key);
    enum bf_status status = bf_store_get_cell(lab->cells, key, &cell, &found, err);
    if (status == BF_OK && found)
        status = bf_json_parse(cell.result, strlen(cell.result), "a result in lab.db", out, err);
    return status;
}

enum bf_status bf_lab_has(struct bf_lab *lab, const char *kind, const json_t *inputs, bool *has, struct bf_err *err)
{
    json_t *result;
    const enum bf_status status = look_up(lab, kind, inputs, &result, err);
    *has = result != NULL;
    json_decref(result);
    return status;
}

static void say(struct bf_lab *lab, const char *title)
{
    if (lab->n_computed == 0) {
        bf_log_info(lab->log, "[%zu/%zu] %s", lab->n_done + 1, lab->n_all, title);
        return;
    }
    const double each = lab->cell_seconds / (double)lab->n_computed;
    char left[BF_TIME_LEFT_MAX];
    bf_time_left(each * (double)(lab->n_all - lab->n_done), left);
    bf_log_info(lab->log, "[%zu/%zu] %s  (about %s)", lab->n_done + 1, lab->n_all, title, left);
}

/* Show the live line of the cell's command below the cell's title. Off a terminal only now and then, so that a log
 * stays readable. */
static void show_live(void *user, const char *line)
{
    struct bf_lab *lab = user;
    const double now = bf_seconds();
    if (lab->log->quiet || now - lab->shown_seconds < (lab->log->tty ? 0.0 : PLAIN_LIVE_SECONDS))
        return;
    lab->shown_seconds = now;
    struct bf_buf text;
    bf_buf_init(&text, 4096);
    bf_buf_printf(&text, "    %s", line);
    bf_log_live(lab->log, text.data);
    bf_buf_release(&text);
}

enum bf_status bf_lab_run(struct bf_lab *lab, const struct bf_command_line *command, json_t **answer,
                          struct bf_err *err)
{
    struct bf_buf text;
    char *log_path = bf_path_join(lab->dir, "log.txt");
    *answer = NULL;
    bf_buf_init(&text, ANSWER_MAX);
    enum bf_status status = bf_interrupted() ? bf_fail(err, BF_INTERRUPTED, "interrupted") : BF_OK;
    if (status == BF_OK)
        status = bf_child_run(command, log_path, &(struct bf_child_live){lab, show_live}, &text, err);
    if (status == BF_OK)
        status = bf_json_parse(text.data, text.len, command->words[0], answer, err);
    bf_buf_release(&text);
    free(log_path);
    return status;
}

static enum bf_status keep(struct bf_lab *lab, const struct bf_lab_step *step, const json_t *result, double seconds,
                           struct bf_err *err)
{
    char key[BF_SHA256_HEX];
    char *text = bf_json_dump(result), *line = step->command ? bf_command_line_text(step->command) : NULL;
    const char *command = step->command_text ? step->command_text : line ? line : step->title;
    const struct bf_cell cell = {key, step->kind, command, text, seconds};
    bf_lab_key(step->kind, step->inputs, key);
    const enum bf_status status = bf_store_put_cell(lab->cells, &cell, err);
    free(text);
    free(line);
    return status;
}

static enum bf_status compute(struct bf_lab *lab, struct bf_lab_step *step, json_t **result, struct bf_err *err)
{
    json_t *answer = NULL;
    const double begin = bf_seconds();
    lab->shown_seconds = begin;
    say(lab, step->title);
    enum bf_status status = step->command ? bf_lab_run(lab, step->command, &answer, err) : BF_OK;
    if (status == BF_OK && step->finish)
        status = step->finish(step->user, answer, result, err);
    else if (status == BF_OK)
        *result = json_incref(answer);
    const double seconds = bf_seconds() - begin;
    if (status == BF_OK)
        status = keep(lab, step, *result, seconds, err);
    if (strcmp(step->kind, "evaluate") == 0) { /* the estimate is for cells of this kind; trainings take longer */
        lab->cell_seconds += seconds;
        lab->n_computed++;
    }
    json_decref(answer);
    return status;
}

enum bf_status bf_lab_do(struct bf_lab *lab, struct bf_lab_step *step, json_t **result, struct bf_err *err)
{
    enum bf_status status = look_up(lab, step->kind, step->inputs, result, err);
    if (status == BF_OK && !*result && !lab->only_known)
        status = compute(lab, step, result, err);
    if (status != BF_OK) {
        json_decref(*result);
        *result = NULL;
    }
    lab->n_done++;
    json_decref(step->inputs);
    step->inputs = NULL;
    return status;
}

bool bf_lab_may_go_on(enum bf_status status)
{
    return status == BF_USAGE || status == BF_INPUT || status == BF_MODEL;
}

char *bf_lab_reason(const struct bf_err *err)
{
    const char *command = strstr(err->text, " (from '"); /* as bf_child_run appends it */
    return command ? bf_strndup(err->text, (size_t)(command - err->text)) : bf_strdup(err->text);
}
