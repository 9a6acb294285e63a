#include "sets/records.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/banned.h"

static const size_t file_max = (size_t)1 << 30;

enum bf_status bf_records_read_file(const char *path, struct bf_buf *data, struct bf_err *err)
{
    bf_buf_init(data, file_max);
    enum bf_status status = bf_file_read(path, data, err);
    const char *what = status == BF_OK ? bf_not_plain_text(data->data, data->len) : NULL;
    if (what)
        status = bf_fail(err, BF_INPUT, "'%s' is %s", path, what);
    if (status != BF_OK)
        bf_buf_release(data);
    return status;
}

void bf_records_release(struct bf_records *records)
{
    for (size_t i = 0; i < records->n; i++)
        json_decref(records->items[i].json);
    free(records->items);
    free(records->name);
    *records = (struct bf_records){0};
}

enum bf_status bf_records_fail(const struct bf_records *records, size_t i, struct bf_err *err, const char *format, ...)
{
    char what[BF_ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return bf_fail(err, BF_INPUT, "%s:%s%lld: %s", records->name, records->is_list ? " element " : "",
                   (long long)records->items[i].line, what);
}

static void add(struct bf_records *records, json_t *item, int64_t line)
{
    if ((records->n & (records->n - 1)) == 0) { /* a power of two, or 0: full */
        const size_t room = records->n ? 2 * records->n : 1;
        records->items = bf_grow(records->items, room, sizeof *records->items);
    }
    records->items[records->n++] = (struct bf_record_json){item, line};
}

static enum bf_status check_object(const struct bf_records *records, struct bf_err *err)
{
    if (json_is_object(records->items[records->n - 1].json))
        return BF_OK;
    return bf_records_fail(records, records->n - 1, err,
                           "not a JSON object; each record is one, like {\"question\": ...}");
}

static enum bf_status parse_list(const char *data, size_t n, struct bf_records *out, struct bf_err *err)
{
    json_t *list = NULL;
    enum bf_status status = bf_json_parse(data, n, out->name, &list, err);
    out->is_list = true;
    for (size_t i = 0; status == BF_OK && i < json_array_size(list); i++) {
        add(out, json_incref(json_array_get(list, i)), (int64_t)i + 1);
        status = check_object(out, err);
    }
    json_decref(list);
    return status;
}

static enum bf_status parse_lines(const char *data, size_t n, struct bf_records *out, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    int64_t line = 1;
    for (size_t i = 0; i < n && status == BF_OK; line++) {
        size_t length = 0; /* no JSON text has a bare line end inside */
        while (i + length < n && data[i + length] != '\n' && data[i + length] != '\r')
            length++;
        size_t blank = 0;
        while (blank < length && strchr(" \t\r", data[i + blank]) && data[i + blank])
            blank++;
        if (blank < length) {
            struct bf_buf what;
            json_t *item = NULL;
            bf_buf_init(&what, 4096);
            bf_buf_printf(&what, "%s:%lld:", out->name, (long long)line);
            status = bf_json_parse(data + i, length, what.data, &item, err);
            bf_buf_release(&what);
            if (status == BF_OK) {
                add(out, item, line);
                status = check_object(out, err);
            }
        }
        i += length;
        i += i + 1 < n && data[i] == '\r' && data[i + 1] == '\n' ? 2 : 1;
    }
    return status;
}

enum bf_status bf_records_parse(const char *data, size_t n, const char *name, struct bf_records *out,
                                struct bf_err *err)
{
    *out = (struct bf_records){.name = bf_strdup(name)};
    if (n >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) {
        data += 3;
        n -= 3;
    }
    size_t first = 0;
    while (first < n && strchr(" \t\r\n", data[first]) && data[first])
        first++;
    enum bf_status status =
        first < n && data[first] == '[' ? parse_list(data, n, out, err) : parse_lines(data, n, out, err);
    if (status == BF_OK && out->n == 0)
        status = bf_fail(err, BF_INPUT, "'%s' has no record; give a JSON list or one JSON object per line", name);
    if (status != BF_OK)
        bf_records_release(out);
    return status;
}

const char *bf_records_kind(const json_t *value)
{
    static const char *const words[] = {
        [JSON_OBJECT] = "an object",    [JSON_ARRAY] = "a list",  [JSON_STRING] = "a text",
        [JSON_INTEGER] = "a number",    [JSON_REAL] = "a number", [JSON_TRUE] = "true or false",
        [JSON_FALSE] = "true or false", [JSON_NULL] = "null"};
    return value ? words[json_typeof(value)] : "missing";
}

char *bf_records_scalar(const json_t *value)
{
    if (json_is_string(value))
        return bf_strdup(json_string_value(value));
    return json_is_number(value) ? bf_json_dump(value) : NULL;
}

static const char white[] = " \t\r\n";

enum bf_status bf_records_verbatim(const struct bf_records *records, size_t i, const char *key, char **out,
                                   struct bf_err *err)
{
    const json_t *value = json_object_get(records->items[i].json, key);
    *out = NULL;
    if (!value)
        return bf_records_fail(records, i, err, "\"%s\" is missing", key);
    char *text = bf_records_scalar(value);
    if (!text)
        return bf_records_fail(records, i, err, "\"%s\" is %s, not a text", key, bf_records_kind(value));
    if (text[strspn(text, white)] == '\0') {
        free(text);
        return bf_records_fail(records, i, err, "\"%s\" is empty", key);
    }
    *out = text;
    return BF_OK;
}

enum bf_status bf_records_text(const struct bf_records *records, size_t i, const char *key, char **out,
                               struct bf_err *err)
{
    char *whole = NULL;
    const enum bf_status status = bf_records_verbatim(records, i, key, &whole, err);
    *out = NULL;
    if (status != BF_OK || !whole)
        return status;
    const char *text = whole + strspn(whole, white);
    size_t n = strlen(text);
    while (n > 0 && strchr(white, text[n - 1]))
        n--;
    *out = bf_strndup(text, n);
    free(whole);
    return BF_OK;
}
