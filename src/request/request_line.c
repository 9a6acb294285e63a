/* One line of REQUESTS.jsonl: an object that has only known keys. */
#include "request/request_line.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/opt_internal.h"
#include "request/request_fields.h"

#include "base/banned.h"

/* The keys that give the kind of a request and its subject. */
static const struct {
    const char *key;
    enum bf_kind kind;
} kinds[] = {{"domain", BF_KIND_DOMAIN}, {"instances", BF_KIND_INSTANCE}, {"textbook", BF_KIND_TEXTBOOK}};
#define N_KINDS (sizeof kinds / sizeof *kinds)

/* The other keys, apart from parameters. */
static const char *const other_keys[] = {"name",     "role",         "retain",     "profile",   "format",
                                         "text_key", "question_key", "answer_key", "paragraphs"};
#define N_OTHER_KEYS (sizeof other_keys / sizeof *other_keys)

char *bf_line_path(const char *dir, const char *name)
{
    return name[0] == '/' ? bf_strdup(name) : bf_path_join(dir, name);
}

/* Parameters that have their own keys: kind, topic and profile. */
static bool is_parameter(const struct bf_field *field)
{
    return strcmp(field->key, "kind") != 0 && strcmp(field->key, "topic") != 0 && strcmp(field->key, "profile") != 0;
}

static bool is_kind(const char *key)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        if (strcmp(kinds[i].key, key) == 0)
            return true;
    }
    return false;
}

static bool is_other(const char *key)
{
    for (size_t i = 0; i < N_OTHER_KEYS; i++) {
        if (strcmp(other_keys[i], key) == 0)
            return true;
    }
    return false;
}

static const struct bf_field *parameter_of(const char *key)
{
    for (size_t i = 0; i < bf_n_fields; i++) {
        if (is_parameter(&bf_fields[i]) && strcmp(bf_fields[i].key, key) == 0)
            return &bf_fields[i];
    }
    return NULL;
}

static enum bf_status unknown_key(const char *key, struct bf_err *err)
{
    struct bf_nearest nearest;

    bf_nearest_init(&nearest, key, strlen(key));
    for (size_t i = 0; i < N_KINDS; i++)
        bf_nearest_offer(&nearest, kinds[i].key, strlen(kinds[i].key));
    for (size_t i = 0; i < N_OTHER_KEYS; i++)
        bf_nearest_offer(&nearest, other_keys[i], strlen(other_keys[i]));
    for (size_t i = 0; i < bf_n_fields; i++) {
        if (is_parameter(&bf_fields[i]))
            bf_nearest_offer(&nearest, bf_fields[i].key, strlen(bf_fields[i].key));
    }
    if (nearest.best)
        return bf_fail(err, BF_INPUT, "the key \"%.80s\" is unknown; did you mean \"%s\"?", key, nearest.best);
    return bf_fail(err, BF_INPUT, "the key \"%.80s\" is unknown; leave it out, or see the list of keys in the manual",
                   key);
}

static enum bf_status check_keys(const json_t *object, struct bf_err *err)
{
    json_t *walked = (json_t *)(uintptr_t)object; /* jansson's iterator takes no const, but changes nothing */

    for (void *at = json_object_iter(walked); at; at = json_object_iter_next(walked, at)) {
        const char *key = json_object_iter_key(at);
        if (!is_kind(key) && !is_other(key) && !parameter_of(key))
            return unknown_key(key, err);
    }
    return BF_OK;
}

/* The string of a key; NULL when the key is missing. */
static enum bf_status get_string(const json_t *object, const char *key, const char **out, struct bf_err *err)
{
    const json_t *value = json_object_get(object, key);

    *out = NULL;
    if (!value)
        return BF_OK;
    *out = json_string_value(value);
    if (!*out || (*out)[0] == '\0')
        return bf_fail(err, BF_INPUT, "\"%s\" is %s; give a text between quotation marks", key,
                       *out ? "empty" : "not a string");
    return BF_OK;
}

/* "Harry Potter" -> "harry-potter"; a text without ASCII letters gets its name from its hash. */
static char *name_from(const char *text, size_t n)
{
    struct bf_buf name;

    bf_buf_init(&name, BF_REQUEST_NAME_MAX);
    for (size_t i = 0; i < n && name.len < 64; i++) {
        if (isalnum((unsigned char)text[i]))
            bf_buf_putc(&name, (char)tolower((unsigned char)text[i]));
        else if (name.len > 0 && name.data[name.len - 1] != '-')
            bf_buf_putc(&name, '-');
    }
    while (name.len > 0 && name.data[name.len - 1] == '-')
        name.data[--name.len] = '\0';
    if (name.len == 0)
        bf_buf_printf(&name, "topic-%08x", (unsigned)(bf_hash64(text, n) & 0xFFFFFFFFU));
    return bf_buf_take(&name);
}

static enum bf_status read_name(const json_t *object, struct bf_request_line *out, struct bf_err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const char *name = NULL;

    if (get_string(object, "name", &name, err) != BF_OK)
        return BF_INPUT;
    if (name) {
        size_t n = strlen(name);
        if (name[strspn(name, letters)] != '\0' || name[0] == '.' || name[0] == '-' || n > BF_REQUEST_NAME_MAX)
            return bf_fail(
                err, BF_INPUT,
                "the name \"%.100s\" cannot be used; give 1 to %d letters, digits, dots, underscores and dashes, a "
                "letter, digit or underscore first",
                name, BF_REQUEST_NAME_MAX);
        out->name = bf_strdup(name);
    } else if (out->instances_path) {
        const char *slash = strrchr(out->instances_path, '/');
        const char *file = slash ? slash + 1 : out->instances_path;
        const char *dot = strrchr(file, '.');
        out->name = name_from(file, dot && dot != file ? (size_t)(dot - file) : strlen(file));
    } else {
        out->name = name_from(out->topic, strlen(out->topic));
    }
    return BF_OK;
}

/* The kind of the request, and its subject in *value. */
static enum bf_status read_kind(const json_t *object, enum bf_kind *kind, const char **value, struct bf_err *err)
{
    size_t n = 0;

    for (size_t i = 0; i < N_KINDS; i++) {
        const char *text = NULL;
        if (get_string(object, kinds[i].key, &text, err) != BF_OK)
            return BF_INPUT;
        if (!text)
            continue;
        *kind = kinds[i].kind;
        *value = text;
        n++;
    }
    if (n != 1)
        return bf_fail(
            err, BF_INPUT,
            "%s of \"domain\", \"instances\" and \"textbook\"; a line is one request and has exactly one of them",
            n == 0 ? "none" : "several");
    return BF_OK;
}

/* Set the parameters of its kind and profile, and the topic or the file. */
static enum bf_status start(const json_t *object, const char *dir, const char *profile, struct bf_request_line *out,
                            struct bf_err *err)
{
    const char *own_profile = NULL, *value = "";

    if (read_kind(object, &out->kind, &value, err) != BF_OK ||
        get_string(object, "profile", &own_profile, err) != BF_OK ||
        bf_request_of_kind(out->kind, own_profile ? own_profile : profile, &out->request, err) != BF_OK)
        return BF_INPUT;
    if (out->kind == BF_KIND_INSTANCE) {
        out->instances_path = bf_line_path(dir, value);
        if (!bf_file_exists(out->instances_path) || bf_is_dir(out->instances_path))
            return bf_fail(err, BF_INPUT, "no file '%s'; names are relative to the folder of this file",
                           out->instances_path);
        return BF_OK;
    }
    if (bf_request_set_topic(&out->request, value, err) != BF_OK)
        return BF_INPUT;
    out->topic = bf_strdup(out->request.topic);
    return BF_OK;
}

static enum bf_status read_role(const json_t *object, struct bf_request_line *out, struct bf_err *err)
{
    const char *role = NULL;

    if (get_string(object, "role", &role, err) != BF_OK)
        return BF_INPUT;
    out->role = role ? bf_role_of(role) : BF_ROLE_FORGET;
    if (out->role == BF_ROLE_COUNT)
        return bf_fail(err, BF_INPUT, "\"role\" is \"%.80s\"; give \"forget\", \"retain\" or \"neighbour\"", role);
    return BF_OK;
}

/* Copy the string of an optional key. */
static enum bf_status copy_key(const json_t *object, const char *key, const char **out, struct bf_err *err)
{
    const char *text = NULL;

    if (get_string(object, key, &text, err) != BF_OK)
        return BF_INPUT;
    *out = text ? bf_strdup(text) : NULL;
    return BF_OK;
}

static enum bf_status read_options(const json_t *object, struct bf_request_line *out, struct bf_err *err)
{
    static const char *const own[] = {"format", "text_key", "question_key", "answer_key", "paragraphs"};
    const char *format = NULL;
    const json_t *paragraphs = json_object_get(object, "paragraphs");

    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (out->kind != BF_KIND_INSTANCE && json_object_get(object, own[i]))
            return bf_fail(err, BF_INPUT, "\"%s\" is for \"instances\"; leave it out", own[i]);
    }
    if (copy_key(object, "text_key", &out->options.text_key, err) != BF_OK ||
        copy_key(object, "question_key", &out->options.question_key, err) != BF_OK ||
        copy_key(object, "answer_key", &out->options.answer_key, err) != BF_OK ||
        get_string(object, "format", &format, err) != BF_OK)
        return BF_INPUT;
    if (format && !bf_instance_format_of(format, &out->options.format))
        return bf_fail(err, BF_INPUT, "\"format\" is \"%.80s\"; give one of %s", format, bf_instance_format_choices);
    if (paragraphs && !json_is_boolean(paragraphs))
        return bf_fail(err, BF_INPUT, "\"paragraphs\" is not true or false; give one of them");
    out->options.paragraphs = json_is_true(paragraphs);
    return BF_OK;
}

static enum bf_status check_retain(const json_t *object, const struct bf_request_line *line, struct bf_err *err)
{
    const json_t *value = json_object_get(object, "retain");
    bool sound = !value || json_is_string(value) || json_is_array(value);

    for (size_t i = 0; i < json_array_size(value); i++)
        sound = sound && json_is_string(json_array_get(value, i));
    if (!sound)
        return bf_fail(err, BF_INPUT, "\"retain\" is not a list of strings; give names of retain requests, or files");
    if (value && line->role != BF_ROLE_FORGET)
        return bf_fail(err, BF_INPUT, "a request with the role \"%s\" cannot have a \"retain\" itself; leave it out",
                       bf_role_word(line->role));
    return BF_OK;
}

/* As in bf_template_set_load. */
static bool is_file_name(const char *templates)
{
    size_t n = strlen(templates);

    return strchr(templates, '/') || (n >= 5 && strcmp(templates + n - 5, ".json") == 0);
}

static enum bf_status read_parameters(const json_t *object, const char *dir, struct bf_request *request,
                                      struct bf_err *err)
{
    for (size_t i = 0; i < bf_n_fields; i++) {
        const struct bf_field *field = &bf_fields[i];
        const json_t *value = is_parameter(field) ? json_object_get(object, field->key) : NULL;

        if (value && field->kind == BF_FIELD_LINES && json_is_string(value)) {
            char *path = bf_line_path(dir, json_string_value(value));
            size_t n_twice = 0;
            const enum bf_status status =
                bf_points_file_read(path, (struct bf_lines *)(void *)((char *)request + field->offset), &n_twice, err);
            free(path);
            if (status != BF_OK)
                return status;
        } else if (value && bf_request_set_field(request, field, value, err) != BF_OK)
            return BF_INPUT;
    }
    if (json_object_get(object, "templates") && is_file_name(request->templates)) {
        char *path = bf_line_path(dir, request->templates);
        free(request->templates);
        request->templates = path;
    }
    return BF_OK;
}

static enum bf_status parse(const json_t *object, const char *dir, const char *profile, struct bf_request_line *out,
                            struct bf_err *err)
{
    enum bf_status status = check_keys(object, err);

    if (status == BF_OK)
        status = start(object, dir, profile, out, err);
    if (status == BF_OK)
        status = read_role(object, out, err);
    if (status == BF_OK)
        status = read_name(object, out, err);
    if (status == BF_OK)
        status = read_options(object, out, err);
    if (status == BF_OK)
        status = check_retain(object, out, err);
    if (status == BF_OK)
        status = read_parameters(object, dir, &out->request, err);
    if (status == BF_OK && out->kind == BF_KIND_INSTANCE)
        out->request.topic = bf_strdup(out->name);
    return status == BF_OK ? bf_request_check(&out->request, err) : status;
}

enum bf_status bf_request_line_parse(const json_t *object, const char *dir, const char *profile,
                                     struct bf_request_line *out, struct bf_err *err)
{
    struct bf_err what = BF_ERR_INIT;

    *out = (struct bf_request_line){.line = 0};
    if (!json_is_object(object))
        return bf_fail(err, BF_INPUT, "not an object; write a request as {\"domain\": \"...\"}");
    if (parse(object, dir, profile, out, &what) != BF_OK)
        return bf_fail(err, BF_INPUT, "%s", what.text); /* checks shared with the command line give BF_USAGE */
    return BF_OK;
}

void bf_request_line_release(struct bf_request_line *line)
{
    free(line->name);
    free(line->topic);
    free(line->instances_path);
    free((void *)(uintptr_t)line->options.text_key);
    free((void *)(uintptr_t)line->options.question_key);
    free((void *)(uintptr_t)line->options.answer_key);
    for (size_t i = 0; i < line->n_retain; i++) {
        free(line->retain[i].path);
        free(line->retain[i].name);
    }
    free(line->retain);
    bf_request_release(&line->request);
    *line = (struct bf_request_line){.line = 0};
}
