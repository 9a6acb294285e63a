/* The reader of DIR/closed-loop.json for all who act on it; the page of a run only shows a part. The folder may be a
 * stranger's: nothing of the file is used unchecked. Each function names the field that is wrong, and the last one the
 * file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "run/then_state.h"
#include "unlearn/auto_method.h"
#include "base/banned.h"

enum { STATE_MAX = 64 * 1024 * 1024, METRICS_MAX = 1000, NAME_BYTES_MAX = 255 };
#define SECONDS_MAX 1e9

/* A text, or `fallback` (nullable: then the field has to be there). free(). */
static enum bf_status read_text(const json_t *object, const char *place, const char *key, const char *fallback,
                                char **out, struct bf_err *err)
{
    const json_t *value = json_object_get(object, key);
    const char *text = value ? json_string_value(value) : fallback;
    if (!text)
        return bf_fail(err, BF_INPUT, "\"%s\" of %s is not a text", key, place);
    *out = bf_strdup(text);
    return BF_OK;
}

/* A text that may be missing or null: NULL then. free(). */
static enum bf_status read_note(const json_t *object, const char *place, const char *key, char **out,
                                struct bf_err *err)
{
    const json_t *value = json_object_get(object, key);
    return value && !json_is_null(value) ? read_text(object, place, key, NULL, out, err) : BF_OK;
}

static enum bf_status read_bool(const json_t *object, const char *place, const char *key, bool *out, struct bf_err *err)
{
    const json_t *value = json_object_get(object, key);
    if (value && !json_is_boolean(value))
        return bf_fail(err, BF_INPUT, "\"%s\" of %s is not true or false", key, place);
    *out = json_is_true(value);
    return BF_OK;
}

/* A whole number; `fallback` where it is missing or null. */
static enum bf_status read_integer(const json_t *object, const char *place, const char *key, int64_t fallback,
                                   int64_t max, int64_t *out, struct bf_err *err)
{
    const json_t *value = json_object_get(object, key);
    *out = fallback;
    if (!value || json_is_null(value))
        return BF_OK;
    *out = (int64_t)json_integer_value(value);
    if (!json_is_integer(value) || *out < 0 || *out > max)
        return bf_fail(err, BF_INPUT, "\"%s\" of %s is not a whole number from 0 to %lld", key, place, (long long)max);
    return BF_OK;
}

/* A number; NAN where it is missing or null. */
static enum bf_status read_number(const json_t *object, const char *place, const char *key, double *out,
                                  struct bf_err *err)
{
    const json_t *value = json_object_get(object, key);
    if (value && !json_is_null(value) && !json_is_number(value))
        return bf_fail(err, BF_INPUT, "\"%s\" of %s is not a number", key, place);
    *out = json_is_number(value) ? json_number_value(value) : (double)NAN;
    return BF_OK;
}

static enum bf_status read_object(const json_t *parent, const char *key, bool needed, const json_t **out,
                                  struct bf_err *err)
{
    *out = json_object_get(parent, key);
    if ((*out || needed) && !json_is_object(*out))
        return bf_fail(err, BF_INPUT, "\"%s\" is not an object", key);
    return BF_OK;
}

/* *out: NULL where it is missing. */
static enum bf_status read_list(const json_t *parent, const char *key, size_t max, const json_t **out,
                                struct bf_err *err)
{
    *out = json_object_get(parent, key);
    if (*out && (!json_is_array(*out) || json_array_size(*out) > max))
        return bf_fail(err, BF_INPUT, "\"%s\" is not a list of at most %zu", key, max);
    return BF_OK;
}

static enum bf_status read_options(const json_t *json, bf_then_check_fn *check, struct bf_then_wish *wish,
                                   struct bf_err *err)
{
    const json_t *list;
    enum bf_status status = read_list(json, "options", BF_THEN_WORDS_MAX, &list, err);
    if (status == BF_OK && !list)
        status = bf_fail(err, BF_INPUT, "\"wish\" has no \"options\"");
    if (status != BF_OK)
        return status;
    wish->options = bf_array(json_array_size(list) + 1, sizeof *wish->options);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *word = json_string_value(json_array_get(list, i));
        if (!word)
            return bf_fail(err, BF_INPUT, "\"options\" of \"wish\" is not a list of words");
        wish->options[wish->n_options++] = bf_strdup(word);
    }
    return check ? check((const char *const *)wish->options, wish->n_options, err) : BF_OK;
}

/* Names of files are made of the method, and the options become words of a command line. */
static enum bf_status read_wish(const json_t *state, bf_then_check_fn *check, struct bf_then_wish *wish,
                                struct bf_err *err)
{
    static const char place[] = "\"wish\"";
    const json_t *json;
    enum bf_status status = read_object(state, "wish", true, &json, err);
    if (status == BF_OK)
        status = read_text(json, place, "method", NULL, &wish->method, err);
    if (status == BF_OK && !bf_method_find(wish->method) && strcmp(wish->method, BF_METHOD_AUTO) != 0)
        status = bf_fail(err, BF_INPUT, "\"method\" of \"wish\" is '%.32s', which is not a method", wish->method);
    if (status == BF_OK)
        status = read_options(json, check, wish, err);
    if (status == BF_OK)
        status = read_integer(json, place, "rounds", 0, BF_THEN_ROUNDS_MAX, &wish->rounds, err);
    if (status == BF_OK)
        status = read_integer(json, place, "answers", 0, BF_THEN_ANSWERS_MAX, &wish->answers, err);
    if (status == BF_OK)
        status = read_bool(json, place, "eval", &wish->eval, err);
    if (status == BF_OK)
        status = read_integer(json, place, "eval_limit", 0, BF_THEN_LIMIT_MAX, &wish->eval_limit, err);
    if (status == BF_OK)
        status = read_text(json, place, "retain_set", "", &wish->retain_set, err);
    /* It becomes an operand of a command: a relative one could look like an option. */
    if (status == BF_OK && wish->retain_set[0] && wish->retain_set[0] != '/')
        status = bf_fail(err, BF_INPUT, "\"retain_set\" of \"wish\" is not an absolute path");
    return status;
}

static enum bf_status read_ended(const json_t *json, const char *place, enum bf_status *out, struct bf_err *err)
{
    int64_t code = 0;
    const enum bf_status status = read_integer(json, place, "exit_code", BF_INPUT, BF_INTERRUPTED, &code, err);
    *out = (enum bf_status)code;
    if (status == BF_OK && !bf_then_keeps_reason(*out, false))
        return bf_fail(err, BF_INPUT, "\"exit_code\" of %s is %lld, after which a step is tried again", place,
                       (long long)code);
    return status;
}

static enum bf_status read_step(const json_t *json, const char *name, struct bf_then_step *step, struct bf_err *err)
{
    char place[64];
    snprintf(place, sizeof place, "step \"%s\"", name);
    if (!json_is_object(json))
        return bf_fail(err, BF_INPUT, "%s is not an object", place);
    const json_t *result = json_object_get(json, "result");
    enum bf_status status = read_text(json, place, "command", NULL, &step->command, err);
    if (status == BF_OK)
        status = read_number(json, place, "seconds", &step->seconds, err);
    if (status == BF_OK && !(step->seconds >= 0 && step->seconds <= SECONDS_MAX))
        status = bf_fail(err, BF_INPUT, "\"seconds\" of %s is not a number from 0 to %.0f", place, SECONDS_MAX);
    if (status == BF_OK)
        status = read_note(json, place, "why", &step->why, err);
    if (status == BF_OK && (step->why != NULL) == (result != NULL))
        status = bf_fail(err, BF_INPUT, "%s needs either \"result\" or \"why\"", place);
    if (status == BF_OK && step->why)
        status = read_ended(json, place, &step->ended, err);
    if (status == BF_OK && result && !json_is_object(result))
        status = bf_fail(err, BF_INPUT, "\"result\" of %s is not an object", place);
    if (status == BF_OK && result)
        step->result = json_incref((json_t *)(uintptr_t)result);
    return status;
}

static enum bf_status read_steps(const json_t *state, struct bf_then_step *steps, struct bf_err *err)
{
    const json_t *json;
    enum bf_status status = read_object(state, "steps", false, &json, err);
    for (size_t i = 0; i < BF_THEN_STEPS && status == BF_OK; i++) {
        const json_t *one = json_object_get(json, bf_then_step_name(i));
        if (one)
            status = read_step(one, bf_then_step_name(i), &steps[i], err);
    }
    return status;
}

static enum bf_status read_round(const json_t *json, size_t i, struct bf_then_round *round, struct bf_err *err)
{
    char place[64], name[64];
    snprintf(place, sizeof place, "row %zu of \"rounds\"", i + 1);
    if (!json_is_object(json))
        return bf_fail(err, BF_INPUT, "%s is not an object", place);
    enum bf_status status = read_integer(json, place, "added", 0, INT64_MAX, &round->added, err);
    const json_t *probe = json_object_get(json, "probe"), *unlearn = json_object_get(json, "unlearn");
    snprintf(name, sizeof name, "probe of round %zu", i + 1);
    if (status == BF_OK && probe)
        status = read_step(probe, name, &round->probe, err);
    snprintf(name, sizeof name, "unlearn of round %zu", i + 1);
    return status == BF_OK && unlearn ? read_step(unlearn, name, &round->unlearn, err) : status;
}

static enum bf_status read_rounds(const json_t *json, struct bf_then_state *out, struct bf_err *err)
{
    const json_t *rounds;
    enum bf_status status = read_list(json, "rounds", BF_THEN_ROUNDS_MAX, &rounds, err);
    for (size_t i = 0; i < json_array_size(rounds) && status == BF_OK; i++)
        status = read_round(json_array_get(rounds, i), i, &out->rounds[out->n_rounds++], err);
    return status;
}

static enum bf_status read_metric(const json_t *json, size_t i, struct bf_then_metric *m, struct bf_err *err)
{
    char place[64];
    snprintf(place, sizeof place, "row %zu of \"figures\"", i + 1);
    enum bf_status status = read_text(json, place, "set", NULL, &m->set, err);
    if (status == BF_OK)
        status = read_text(json, place, "figure", NULL, &m->name, err);
    if (status == BF_OK)
        status = read_number(json, place, "before", &m->before, err);
    if (status == BF_OK)
        status = read_number(json, place, "after", &m->after, err);
    if (status == BF_OK)
        status = read_integer(json, place, "n", -1, INT64_MAX, &m->n, err);
    return status == BF_OK ? read_note(json, place, "note", &m->note, err) : status;
}

static enum bf_status read_answer(const json_t *json, size_t i, struct bf_then_answer *a, struct bf_err *err)
{
    char place[64];
    snprintf(place, sizeof place, "row %zu of \"answers\"", i + 1);
    enum bf_status status = read_text(json, place, "prompt", NULL, &a->prompt, err);
    if (status == BF_OK)
        status = read_text(json, place, "before", NULL, &a->before, err);
    return status == BF_OK ? read_text(json, place, "after", NULL, &a->after, err) : status;
}

static enum bf_status read_table(const json_t *json, struct bf_then_state *out, struct bf_err *err)
{
    const json_t *metrics, *answers = NULL;
    enum bf_status status = read_list(json, "figures", METRICS_MAX, &metrics, err);
    if (status == BF_OK)
        status = read_list(json, "answers", BF_THEN_ANSWERS_MAX, &answers, err);
    if (status == BF_OK && metrics)
        out->metrics = bf_array(json_array_size(metrics) + 1, sizeof *out->metrics);
    for (size_t i = 0; i < json_array_size(metrics) && status == BF_OK; i++)
        status = read_metric(json_array_get(metrics, i), i, &out->metrics[out->n_metrics++], err);
    if (status == BF_OK && answers)
        out->answers = bf_array(json_array_size(answers) + 1, sizeof *out->answers);
    for (size_t i = 0; i < json_array_size(answers) && status == BF_OK; i++)
        status = read_answer(json_array_get(answers, i), i, &out->answers[out->n_answers++], err);
    return status;
}

/* The name of a file in the run folder, and of nothing elsewhere. */
static enum bf_status read_output(const json_t *json, char **out, struct bf_err *err)
{
    enum bf_status status = read_note(json, "the state", "output", out, err);
    if (status == BF_OK && *out &&
        (!**out || **out == '.' || **out == '-' || strchr(*out, '/') || strlen(*out) > NAME_BYTES_MAX))
        status = bf_fail(err, BF_INPUT, "\"output\" is not the name of a file in the folder");
    return status;
}

static enum bf_status read_sha256(const json_t *json, const char *key, char out[BF_SHA256_HEX], struct bf_err *err)
{
    const json_t *value = json_object_get(json, key);
    const char *text = json_string_value(value);
    if (!value)
        return BF_OK;
    if (!text || strlen(text) != BF_SHA256_HEX - 1 || strspn(text, "0123456789abcdef") != BF_SHA256_HEX - 1)
        return bf_fail(err, BF_INPUT, "\"%s\" is not a SHA-256 of 64 hexadecimal digits", key);
    memcpy(out, text, BF_SHA256_HEX);
    return BF_OK;
}

static enum bf_status read_state(const json_t *json, bf_then_check_fn *check, struct bf_then_state *out,
                                 struct bf_err *err)
{
    if (!json_is_object(json))
        return bf_fail(err, BF_INPUT, "it is not an object");
    enum bf_status status = read_wish(json, check, &out->wish, err);
    if (status == BF_OK)
        status = read_bool(json, "the state", "finished", &out->finished, err);
    if (status == BF_OK)
        status = read_steps(json, out->steps, err);
    if (status == BF_OK)
        status = read_rounds(json, out, err);
    if (status == BF_OK)
        status = read_table(json, out, err);
    if (status == BF_OK)
        status = read_output(json, &out->output, err);
    if (status == BF_OK)
        status = read_sha256(json, "forget_sha256", out->forget_sha256, err);
    return status == BF_OK ? read_sha256(json, "retain_sha256", out->retain_sha256, err) : status;
}

enum bf_status bf_then_state_parse(const char *data, size_t n, const char *path, bf_then_check_fn *check,
                                   struct bf_then_state *out, struct bf_err *err)
{
    struct bf_err why = BF_ERR_INIT;
    json_t *json = NULL;
    *out = (struct bf_then_state){0};
    enum bf_status status = bf_json_parse(data, n, path, &json, err);
    if (status == BF_OK && read_state(json, check, out, &why) != BF_OK)
        status = bf_fail(err, BF_INPUT, "cannot resume '%s': %s; delete it to start over", path, why.text);
    if (status != BF_OK)
        bf_then_state_release(out);
    json_decref(json);
    return status;
}

enum bf_status bf_then_read(const char *dir, bf_then_check_fn *check, struct bf_then_state *out, struct bf_err *err)
{
    struct bf_buf text;
    char *path = bf_path_join(dir, bf_then_file_name);
    enum bf_status status = BF_OK;
    *out = (struct bf_then_state){0};
    bf_buf_init(&text, STATE_MAX);
    if (bf_file_exists(path)) {
        status = bf_file_read(path, &text, err);
        if (status == BF_OK)
            status = bf_then_state_parse(text.data, text.len, path, check, out, err);
    }
    bf_buf_release(&text);
    free(path);
    return status;
}
