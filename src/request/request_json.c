/* A request as JSON, and back. The store keeps this text, and its hash identifies a run, so reading is strict: every
 * key must exist with the right type and range, and unknown keys are refused. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "request/request_fields.h"

#include "base/banned.h"

/* jansson's constructors fail when memory is out, and for text that is not UTF-8, which a checked request does not
 * contain. */
static json_t *made(json_t *value)
{
    if (!value)
        bf_out_of_memory();
    return value;
}

static json_t *text_json(const char *text)
{
    return text ? bf_json_text(text, strlen(text)) : made(json_null());
}

static json_t *real_json(double x)
{
    json_t *value = json_real(x);

    return value ? value : made(json_null()); /* not finite: the request fails its check when it is read */
}

static json_t *field_json(const struct bf_field *field, const void *at)
{
    char digits[24];
    json_t *value;
    unsigned word;
    unsigned n = 0;

    switch (field->kind) {
    case BF_FIELD_TEXT:
        return text_json(*(char *const *)at);
    case BF_FIELD_SEED:
        (void)snprintf(digits, sizeof digits, "%" PRIu64, *(const uint64_t *)at);
        return text_json(digits);
    case BF_FIELD_INT:
        return made(json_integer(*(const int32_t *)at));
    case BF_FIELD_DOUBLE:
        if (field->words && isnan(*(const double *)at))
            return text_json(field->words[0]);
        return real_json(*(const double *)at);
    case BF_FIELD_DOUBLES:
        value = made(json_array());
        for (size_t i = 0; i < ((const struct bf_doubles *)at)->n; i++) {
            if (json_array_append_new(value, real_json(((const struct bf_doubles *)at)->values[i])) != 0)
                bf_out_of_memory();
        }
        return value;
    case BF_FIELD_BOOL:
        return made(json_boolean(*(const bool *)at));
    case BF_FIELD_LINES:
        value = made(json_array());
        for (size_t i = 0; i < ((const struct bf_lines *)at)->n; i++) {
            if (json_array_append_new(value, text_json(((const struct bf_lines *)at)->items[i])) != 0)
                bf_out_of_memory();
        }
        return value;
    case BF_FIELD_WORD:
        word = *(const unsigned *)at;
        while (n < word && field->words[n])
            n++;
        return text_json(field->words[n]);
    }
    return made(json_null());
}

json_t *bf_request_to_json(const struct bf_request *request)
{
    json_t *object = made(json_object());

    for (size_t i = 0; i < bf_n_fields; i++) {
        const struct bf_field *field = &bf_fields[i];
        if (json_object_set_new(object, field->key, field_json(field, (const char *)request + field->offset)) != 0)
            bf_out_of_memory();
    }
    return object;
}

static enum bf_status wrong_type(const struct bf_field *field, const char *wanted, struct bf_err *err)
{
    return bf_fail(err, BF_INPUT, "the request's key '%s' is not %s", field->key, wanted);
}

static enum bf_status read_seed(const struct bf_field *field, const json_t *value, uint64_t *out, struct bf_err *err)
{
    const char *text = json_string_value(value);
    char *end = NULL;
    unsigned long long seed;

    if (!text || text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
        return wrong_type(field, "a string of digits", err);
    errno = 0;
    seed = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return wrong_type(field, "a number below 2^64", err);
    *out = seed;
    return BF_OK;
}

static enum bf_status read_doubles(const struct bf_field *field, const json_t *value, struct bf_doubles *out,
                                   struct bf_err *err)
{
    if (!json_is_array(value) || json_array_size(value) > BF_DOUBLES_MAX)
        return wrong_type(field, "a list of at most 16 numbers", err);
    out->n = 0; /* replaces the list that was there */
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        if (!json_is_number(item))
            return wrong_type(field, "a list of numbers", err);
        out->values[out->n++] = json_number_value(item);
    }
    return BF_OK;
}

/* A line that repeats an earlier one is left out. */
static enum bf_status read_lines(const struct bf_field *field, const json_t *value, struct bf_lines *out,
                                 struct bf_err *err)
{
    if (!json_is_array(value))
        return wrong_type(field, "a list of strings", err);
    bf_lines_release(out);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *line = json_string_value(json_array_get(value, i));
        if (!line)
            return wrong_type(field, "a list of strings", err);
        if (!bf_lines_have(out, line))
            bf_lines_add(out, line, strlen(line));
    }
    return BF_OK;
}

static enum bf_status read_word(const struct bf_field *field, const json_t *value, unsigned *out, struct bf_err *err)
{
    const char *word = json_string_value(value);
    enum bf_status status;
    struct bf_buf words;

    for (unsigned i = 0; word && field->words[i]; i++) {
        if (strcmp(word, field->words[i]) == 0) {
            *out = i;
            return BF_OK;
        }
    }
    bf_buf_init(&words, 200);
    bf_field_words(field, "'", &words);
    status = wrong_type(field, words.data, err);
    bf_buf_release(&words);
    return status;
}

static enum bf_status read_field(const struct bf_field *field, const json_t *value, void *at, struct bf_err *err)
{
    switch (field->kind) {
    case BF_FIELD_TEXT:
        if (!json_is_string(value))
            return wrong_type(field, "a string", err);
        free(*(char **)at);
        *(char **)at = bf_strdup(json_string_value(value));
        return BF_OK;
    case BF_FIELD_SEED:
        return read_seed(field, value, at, err);
    case BF_FIELD_INT:
        if (!json_is_integer(value))
            return wrong_type(field, "a whole number", err);
        if (json_integer_value(value) < INT32_MIN || json_integer_value(value) > INT32_MAX)
            return wrong_type(field, "a number of 32 bits", err);
        *(int32_t *)at = (int32_t)json_integer_value(value);
        return BF_OK;
    case BF_FIELD_DOUBLE:
        if (field->words && json_is_string(value) && strcmp(json_string_value(value), field->words[0]) == 0) {
            *(double *)at = (double)NAN;
            return BF_OK;
        }
        if (!json_is_number(value))
            return wrong_type(field, field->words ? "a number or \"auto\"" : "a number", err);
        *(double *)at = json_number_value(value);
        return BF_OK;
    case BF_FIELD_DOUBLES:
        return read_doubles(field, value, at, err);
    case BF_FIELD_BOOL:
        if (!json_is_boolean(value))
            return wrong_type(field, "true or false", err);
        *(bool *)at = json_is_true(value);
        return BF_OK;
    case BF_FIELD_LINES:
        return read_lines(field, value, at, err);
    case BF_FIELD_WORD:
        return read_word(field, value, at, err);
    }
    return wrong_type(field, "of a known kind", err);
}

enum bf_status bf_request_set_field(struct bf_request *request, const struct bf_field *field, const json_t *value,
                                    struct bf_err *err)
{
    char digits[24];
    json_t *text = NULL;
    enum bf_status status;

    if (field->kind == BF_FIELD_SEED && json_is_integer(value) && json_integer_value(value) >= 0) {
        (void)snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(value));
        text = text_json(digits);
    }
    status = read_field(field, text ? text : value, (char *)request + field->offset, err);
    json_decref(text);
    return status;
}

static bool is_known(const char *key)
{
    for (size_t i = 0; i < bf_n_fields; i++) {
        if (strcmp(bf_fields[i].key, key) == 0)
            return true;
    }
    return false;
}

enum bf_status bf_request_from_json(const json_t *json, struct bf_request *out, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    json_t *walked = (json_t *)(uintptr_t)json; /* jansson's iterator takes no const, but changes nothing */

    *out = bf_request_defaults();
    if (!json_is_object(json))
        return bf_fail(err, BF_INPUT, "the request is not a JSON object; the request was damaged or edited");
    for (size_t i = 0; i < bf_n_fields && status == BF_OK; i++) {
        const struct bf_field *field = &bf_fields[i];
        const json_t *value = json_object_get(json, field->key);

        if (value) {
            struct bf_err what = BF_ERR_INIT;
            status = read_field(field, value, (char *)out + field->offset, &what);
            if (status != BF_OK)
                status = bf_fail(err, BF_INPUT, "%s; the request was damaged or edited", what.text);
        } else if (!field->optional) {
            status =
                bf_fail(err, BF_INPUT, "the request has no key '%s'; the request was damaged or edited", field->key);
        }
    }
    for (void *at = json_object_iter(walked); at && status == BF_OK; at = json_object_iter_next(walked, at)) {
        if (!is_known(json_object_iter_key(at)))
            status = bf_fail(err, BF_INPUT, "the request's key '%s' is unknown; a newer biforget may have written it",
                             json_object_iter_key(at));
    }
    if (status == BF_OK && bf_request_check(out, err) != BF_OK) {
        status = BF_INPUT;
        if (err)
            err->status = BF_INPUT;
    }
    if (status != BF_OK)
        bf_request_release(out);
    return status;
}
