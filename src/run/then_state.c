/* The state behind --then: its memory, and the one writer of DIR/closed-loop.json. then_state_read.c reads it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "run/then_state.h"
#include "base/banned.h"

const char bf_then_file_name[] = "closed-loop.json";

static const char *const step_names[BF_THEN_STEPS] = {
    [BF_THEN_FORGET_BEFORE] = "forget before",
    [BF_THEN_RETAIN_BEFORE] = "retain before",
    [BF_THEN_UNLEARN] = "unlearn",
    [BF_THEN_FORGET_AFTER] = "forget after",
    [BF_THEN_RETAIN_AFTER] = "retain after",
    [BF_THEN_QUESTIONS] = "questions",
    [BF_THEN_FLUENCY] = "fluency",
};

const char *bf_then_step_name(size_t id)
{
    return step_names[id];
}

/* ---- the writer ---- */

static json_t *json_text(const char *text)
{
    return text ? bf_json_text(text, strlen(text)) : json_null();
}

static json_t *json_number(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *wish_json(const struct bf_then_wish *wish)
{
    json_t *options = json_array();
    for (size_t i = 0; i < wish->n_options; i++)
        json_array_append_new(options, json_text(wish->options[i]));
    return json_pack("{s:o, s:o, s:I, s:I, s:b, s:I, s:o}", "method", json_text(wish->method), "options", options,
                     "rounds", (json_int_t)wish->rounds, "answers", (json_int_t)wish->answers, "eval", wish->eval,
                     "eval_limit", (json_int_t)wish->eval_limit, "retain_set", json_text(wish->retain_set));
}

static json_t *step_json(const struct bf_then_step *s)
{
    json_t *one = json_pack("{s:o, s:f}", "command", json_text(s->command), "seconds", s->seconds);
    json_object_set_new(one, s->why ? "why" : "result", s->why ? json_text(s->why) : json_incref(s->result));
    if (s->why)
        json_object_set_new(one, "exit_code", json_integer(s->ended));
    return one;
}

static json_t *steps_json(const struct bf_then_step *steps)
{
    json_t *all = json_object();
    for (size_t i = 0; i < BF_THEN_STEPS; i++)
        if (steps[i].command)
            json_object_set_new(all, step_names[i], step_json(&steps[i]));
    return all;
}

static json_t *rounds_json(const struct bf_then_state *state)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < state->n_rounds; i++) {
        const struct bf_then_round *r = &state->rounds[i];
        json_t *row = json_pack("{s:I}", "added", (json_int_t)r->added);
        if (r->probe.command)
            json_object_set_new(row, "probe", step_json(&r->probe));
        if (r->unlearn.command)
            json_object_set_new(row, "unlearn", step_json(&r->unlearn));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *metrics_json(const struct bf_then_state *state)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < state->n_metrics; i++) {
        const struct bf_then_metric *m = &state->metrics[i];
        json_t *row = json_pack("{s:o, s:o, s:o, s:o, s:o}", "set", json_text(m->set), "figure", json_text(m->name),
                                "before", json_number(m->before), "after", json_number(m->after), "n",
                                m->n < 0 ? json_null() : json_integer((json_int_t)m->n));
        if (m->note)
            json_object_set_new(row, "note", json_text(m->note));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *answers_json(const struct bf_then_state *state)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < state->n_answers; i++) {
        const struct bf_then_answer *a = &state->answers[i];
        json_array_append_new(rows, json_pack("{s:o, s:o, s:o}", "prompt", json_text(a->prompt), "before",
                                              json_text(a->before), "after", json_text(a->after)));
    }
    return rows;
}

json_t *bf_then_state_json(const struct bf_then_state *state)
{
    json_t *json = json_pack("{s:o, s:b, s:o}", "wish", wish_json(&state->wish), "finished", state->finished, "steps",
                             steps_json(state->steps));
    if (state->n_rounds > 0)
        json_object_set_new(json, "rounds", rounds_json(state));
    if (state->metrics)
        json_object_set_new(json, "figures", metrics_json(state));
    if (state->answers)
        json_object_set_new(json, "answers", answers_json(state));
    if (state->output)
        json_object_set_new(json, "output", json_text(state->output));
    if (state->forget_sha256[0])
        json_object_set_new(json, "forget_sha256", json_string(state->forget_sha256));
    if (state->retain_sha256[0])
        json_object_set_new(json, "retain_sha256", json_string(state->retain_sha256));
    return json;
}

/* ---- the file ---- */

enum bf_status bf_then_write(const char *dir, const struct bf_then_state *state, struct bf_err *err)
{
    char *path = bf_path_join(dir, bf_then_file_name);
    json_t *json = bf_then_state_json(state);
    const enum bf_status status = bf_json_write(path, json, err);
    json_decref(json);
    free(path);
    return status;
}

/* ---- wishes, and what owns memory ---- */

bool bf_then_wish_equal(const struct bf_then_wish *a, const struct bf_then_wish *b)
{
    if (!a->method || !b->method)
        return a->method == b->method;
    if (strcmp(a->method, b->method) != 0 || strcmp(a->retain_set, b->retain_set) != 0 || a->answers != b->answers ||
        a->eval != b->eval || a->rounds != b->rounds || a->eval_limit != b->eval_limit || a->n_options != b->n_options)
        return false;
    for (size_t i = 0; i < a->n_options; i++)
        if (strcmp(a->options[i], b->options[i]) != 0)
            return false;
    return true;
}

void bf_then_wish_release(struct bf_then_wish *wish)
{
    for (size_t i = 0; i < wish->n_options; i++)
        free(wish->options[i]);
    free(wish->options);
    free(wish->method);
    free(wish->retain_set);
    *wish = (struct bf_then_wish){0};
}

void bf_then_step_release(struct bf_then_step *step)
{
    free(step->command);
    free(step->why);
    json_decref(step->result);
    *step = (struct bf_then_step){0};
}

bool bf_then_keeps_reason(enum bf_status ended, bool needed)
{
    return ended == BF_LIMIT || (!needed && (ended == BF_INPUT || ended == BF_MODEL));
}

void bf_then_state_clear_table(struct bf_then_state *state)
{
    for (size_t i = 0; i < state->n_metrics; i++) {
        free(state->metrics[i].set);
        free(state->metrics[i].name);
        free(state->metrics[i].note);
    }
    for (size_t i = 0; i < state->n_answers; i++) {
        free(state->answers[i].prompt);
        free(state->answers[i].before);
        free(state->answers[i].after);
    }
    free(state->metrics);
    free(state->answers);
    state->metrics = NULL;
    state->answers = NULL;
    state->n_metrics = state->n_answers = 0;
}

void bf_then_state_clear_rounds(struct bf_then_state *state)
{
    for (size_t i = 0; i < BF_THEN_ROUNDS_MAX; i++) {
        bf_then_step_release(&state->rounds[i].probe);
        bf_then_step_release(&state->rounds[i].unlearn);
        state->rounds[i].added = 0;
    }
    state->n_rounds = 0;
}

void bf_then_round_output(const struct bf_then_wish *wish, size_t r, char out[BF_THEN_NAME_MAX])
{
    (void)snprintf(out, BF_THEN_NAME_MAX, "unlearned-%.32s-round-%zu.gguf", wish->method, r + 2);
}

void bf_then_state_release(struct bf_then_state *state)
{
    bf_then_state_clear_rounds(state);
    bf_then_state_clear_table(state);
    for (size_t i = 0; i < BF_THEN_STEPS; i++)
        bf_then_step_release(&state->steps[i]);
    bf_then_wish_release(&state->wish);
    free(state->output);
    *state = (struct bf_then_state){0};
}
