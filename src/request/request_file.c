/* REQUESTS.jsonl as a whole: its lines, unique names, and the requests that "retain" refers to. */
#include "request/request_file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/opt_internal.h"
#include "request/instance_internal.h"
#include "request/request_line.h"

#include "base/banned.h"

#define LINE_MAX_BYTES ((size_t)1 << 20)

/* The state of reading. */
struct reading {
    struct bf_source source;
    struct bf_record record; /* the current line */
    const char *path;
    char *dir;
    const char *profile; /* for lines that do not name one */
    json_t **retains;    /* "retain" of each line, owned; NULL = none */
    struct bf_request_file *out;
};

/* The folder part of a path; "" when it has none. free(). */
static char *dir_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return bf_strdup("");
    return bf_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static enum bf_status check_name(const struct reading *r, const struct bf_request_line *line, struct bf_err *err)
{
    for (size_t i = 0; i < r->out->n; i++) {
        const struct bf_request_line *other = &r->out->lines[i];
        if (strcmp(other->name, line->name) == 0)
            return bf_source_fail(&r->source, line->line, 0, err,
                                  "the name \"%s\" is taken by line %lld; give this request another \"name\"",
                                  line->name, (long long)other->line);
    }
    return BF_OK;
}

/* Add the object in record->raw as a request. */
static enum bf_status add_line(struct reading *r, const json_t *object, struct bf_err *err)
{
    struct bf_request_file *out = r->out;
    struct bf_request_line line;
    struct bf_err what = BF_ERR_INIT;
    enum bf_status status;

    status = bf_request_line_parse(object, r->dir, r->profile, &line, &what);
    line.line = r->record.line;
    if (status != BF_OK)
        status = bf_source_fail(&r->source, r->record.line, 0, err, "%s", what.text);
    else if (out->n >= BF_REQUEST_LINES_MAX)
        status = bf_source_fail(&r->source, r->record.line, 0, err, "more than %d requests; split the file",
                                BF_REQUEST_LINES_MAX);
    else
        status = check_name(r, &line, err);
    if (status != BF_OK) {
        bf_request_line_release(&line);
        return status;
    }
    if ((out->n & (out->n - 1)) == 0) { /* it is full at 0, 1, 2, 4, 8 ... */
        size_t size = out->n == 0 ? 1 : 2 * out->n;
        out->lines = bf_grow(out->lines, size, sizeof *out->lines);
        r->retains = bf_grow(r->retains, size, sizeof(json_t *));
    }
    out->lines[out->n] = line;
    r->retains[out->n++] = json_incref(json_object_get(object, "retain"));
    return BF_OK;
}

static enum bf_status read_lines(struct reading *r, struct bf_err *err)
{
    for (;;) {
        struct bf_record *record = &r->record;
        bool ended = false;
        json_t *object = NULL;
        enum bf_status status;

        bf_record_start(record, &r->source);
        if (bf_source_line(&r->source, &record->raw, &ended, err) != BF_OK)
            return BF_INPUT;
        if (ended)
            return BF_OK;
        if (!record->raw.overflow && bf_text_is_blank(record->raw.data, record->raw.len))
            continue;
        if (bf_record_readable(record, LINE_MAX_BYTES))
            object = bf_record_json(record);
        if (record->bad)
            status = bf_source_fail(&r->source, record->bad_line, record->bad_column, err, "%s", record->reason);
        else
            status = add_line(r, object, err);
        json_decref(object);
        if (status != BF_OK)
            return status;
    }
}

/* The request that a word of "retain" refers to, by name or by domain; n when there is none. */
static size_t find_line(const struct bf_request_file *file, const char *word)
{
    for (size_t i = 0; i < file->n; i++) {
        if (strcmp(file->lines[i].name, word) == 0)
            return i;
    }
    for (size_t i = 0; i < file->n; i++) {
        if (file->lines[i].role == BF_ROLE_RETAIN && file->lines[i].topic && strcmp(file->lines[i].topic, word) == 0)
            return i;
    }
    return file->n;
}

/* A word that is not a request and not a file: one of them misspelt, or the name of a domain. */
static enum bf_status take_name(const struct reading *r, const struct bf_request_line *line, const char *word,
                                struct bf_retain_ref *ref, struct bf_err *err)
{
    static const char *const endings[] = {".jsonl", ".ndjson", ".json", ".csv", ".txt"};
    const size_t n = strlen(word);
    struct bf_nearest nearest;
    bool is_file = strchr(word, '/') != NULL;

    bf_nearest_init(&nearest, word, strlen(word));
    for (size_t i = 0; i < r->out->n; i++) {
        if (r->out->lines[i].role == BF_ROLE_RETAIN)
            bf_nearest_offer(&nearest, r->out->lines[i].name, strlen(r->out->lines[i].name));
    }
    if (nearest.best)
        return bf_source_fail(
            &r->source, line->line, 0, err,
            "\"retain\" names '%s', which is not a request of this file and not a file; did you mean '%s'?", word,
            nearest.best);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        is_file = is_file || (n > strlen(endings[i]) && strcasecmp(word + n - strlen(endings[i]), endings[i]) == 0);
    if (is_file || n == 0 || n > BF_TOPIC_MAX_BYTES)
        return bf_source_fail(
            &r->source, line->line, 0, err,
            "\"retain\" names '%.200s', which is not a request of this file and not a file; add a line with the "
            "role \"retain\", or the file",
            word);
    ref->name = bf_strdup(word);
    return BF_OK;
}

/* Find what a word of a line's "retain" refers to. */
static enum bf_status resolve(const struct reading *r, const struct bf_request_line *line, const char *word,
                              struct bf_retain_ref *ref, struct bf_err *err)
{
    size_t found = find_line(r->out, word);
    char *path;

    *ref = (struct bf_retain_ref){.line = found};
    if (found < r->out->n && r->out->lines[found].role == BF_ROLE_FORGET)
        return bf_source_fail(
            &r->source, line->line, 0, err,
            "\"retain\" names '%s', which line %lld wants to forget; give one of the two another name or "
            "role",
            word, (long long)r->out->lines[found].line);
    if (found < r->out->n)
        return BF_OK;
    path = bf_line_path(r->dir, word);
    if (!bf_file_exists(path) || bf_is_dir(path)) {
        free(path);
        return take_name(r, line, word, ref, err);
    }
    ref->path = path;
    return BF_OK;
}

/* After all lines have been read, since a line may refer to a later one. */
static enum bf_status resolve_all(const struct reading *r, struct bf_err *err)
{
    for (size_t i = 0; i < r->out->n; i++) {
        struct bf_request_line *line = &r->out->lines[i];
        const json_t *value = r->retains[i];
        size_t n = json_is_array(value) ? json_array_size(value) : value != NULL;

        line->retain = bf_array(n, sizeof *line->retain);
        for (; line->n_retain < n; line->n_retain++) {
            const json_t *item = json_is_array(value) ? json_array_get(value, line->n_retain) : value;
            if (resolve(r, line, json_string_value(item), &line->retain[line->n_retain], err) != BF_OK)
                return BF_INPUT;
        }
    }
    return BF_OK;
}

enum bf_status bf_request_file_read(const char *path, const char *profile, struct bf_request_file *out,
                                    struct bf_err *err)
{
    struct reading r = {.path = path, .profile = profile, .out = out};
    struct bf_request unused; /* checks the profile, so that no line is blamed for it */
    enum bf_status status;

    *out = (struct bf_request_file){.n = 0};
    status = bf_request_from_profile(profile, &unused, err);
    bf_request_release(&unused);
    if (status != BF_OK)
        return status;
    if (bf_source_open(&r.source, path, err) != BF_OK)
        return BF_INPUT;
    r.dir = dir_of(path);
    bf_buf_init(&r.record.raw, LINE_MAX_BYTES);
    bf_buf_init(&r.record.text, 0);
    bf_buf_init(&r.record.question, 0);
    bf_buf_init(&r.record.answer, 0);
    status = read_lines(&r, err);
    if (status == BF_OK && out->n == 0)
        status = bf_fail(err, BF_INPUT, "no requests in '%s'; write one per line, as {\"domain\": \"Greek mythology\"}",
                         path);
    if (status == BF_OK)
        status = resolve_all(&r, err);
    for (size_t i = 0; i < out->n; i++)
        json_decref(r.retains[i]);
    free(r.retains);
    free(r.dir);
    bf_buf_release(&r.record.raw);
    bf_source_release(&r.source);
    return status;
}

void bf_request_file_release(struct bf_request_file *file)
{
    for (size_t i = 0; i < file->n; i++)
        bf_request_line_release(&file->lines[i]);
    free(file->lines);
    *file = (struct bf_request_file){.n = 0};
}
