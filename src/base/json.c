/* JSON: reading, writing, and strings from untrusted bytes. */
#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/banned.h"

enum bf_status bf_json_parse(const char *data, size_t n, const char *what, json_t **out, struct bf_err *err)
{
    json_error_t error;
    json_t *value = json_loadb(data, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    *out = value;
    if (value)
        return BF_OK;
    if (n == 0)
        return bf_fail(err, BF_INPUT, "%s is empty; give JSON", what);
    return bf_fail(err, BF_INPUT, "%s is not valid JSON at line %d, column %d: %s", what, error.line, error.column,
                   error.text);
}

json_t *bf_json_text(const char *s, size_t n)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    struct bf_buf clean;
    json_t *value;

    bf_buf_init(&clean, SIZE_MAX);
    for (size_t i = 0; i < n;) {
        uint32_t cp = 0;
        size_t length = bf_utf8_decode(s + i, n - i, &cp);
        /* A NUL is valid UTF-8, but bf_json_parse refuses it, and we must be able to read what we write. */
        if (length == 0 || cp == 0)
            bf_buf_puts(&clean, replacement);
        else
            bf_buf_put(&clean, s + i, length);
        i += length == 0 ? 1 : length;
    }
    value = json_stringn(clean.data, clean.len);
    bf_buf_release(&clean);
    if (!value)
        bf_out_of_memory();
    return value;
}

/* ---- writing ----
 *
 * Not by jansson, since these bytes are hashed and must be stable: jansson's releases differ in the text of real
 * numbers (0.6 or 0.59999999999999998). This writer uses the fewest of 15, 16 or 17 digits that are read back as the
 * same double. The program stays in the C locale, so the decimal point is a point. */

static void put_value(struct bf_buf *out, const json_t *value, int depth);

static void put_string(struct bf_buf *out, const char *s, size_t n)
{
    size_t start = 0;

    bf_buf_putc(out, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        const char *escape = NULL;

        switch (c) {
        case '"':
            escape = "\\\"";
            break;
        case '\\':
            escape = "\\\\";
            break;
        case '\b':
            escape = "\\b";
            break;
        case '\f':
            escape = "\\f";
            break;
        case '\n':
            escape = "\\n";
            break;
        case '\r':
            escape = "\\r";
            break;
        case '\t':
            escape = "\\t";
            break;
        default:
            if (c >= 0x20 && c != 0x7F)
                continue;
        }
        bf_buf_put(out, s + start, i - start);
        start = i + 1;
        if (escape)
            bf_buf_puts(out, escape);
        else
            bf_buf_printf(out, "\\u%04x", c);
    }
    bf_buf_put(out, s + start, n - start);
    bf_buf_putc(out, '"');
}

static void put_real(struct bf_buf *out, double x)
{
    char text[40];

    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x)
            break;
    }
    bf_buf_puts(out, text);
    if (!strpbrk(text, ".e"))
        bf_buf_puts(out, ".0"); /* it must be read back as a real, not as an integer */
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What separates the elements of a list or object, with a line of its own for each when depth >= 0. */
static void put_separator(struct bf_buf *out, bool first, int depth)
{
    if (!first)
        bf_buf_putc(out, ',');
    if (depth >= 0)
        bf_buf_putc(out, '\n');
    for (int i = 0; i < depth; i++)
        bf_buf_puts(out, "  ");
}

/* depth: the level of the value in a text of many lines; COMPACT: all on one line. */
enum { COMPACT = -1 };

static int inner(int depth)
{
    return depth == COMPACT ? COMPACT : depth + 1;
}

static void put_object(struct bf_buf *out, const json_t *object, int depth)
{
    size_t n = json_object_size(object);
    const char **keys = bf_array(n, sizeof *keys);
    json_t *walked = (json_t *)(uintptr_t)object; /* jansson's iterator takes no const, but changes nothing */
    size_t i = 0;

    for (void *at = json_object_iter(walked); at && i < n; at = json_object_iter_next(walked, at))
        keys[i++] = json_object_iter_key(at);
    qsort(keys, n, sizeof *keys, compare_keys);
    bf_buf_putc(out, '{');
    for (i = 0; i < n; i++) {
        put_separator(out, i == 0, inner(depth));
        put_string(out, keys[i], strlen(keys[i]));
        bf_buf_puts(out, depth == COMPACT ? ":" : ": ");
        put_value(out, json_object_get(object, keys[i]), inner(depth));
    }
    if (n > 0)
        put_separator(out, true, depth);
    bf_buf_putc(out, '}');
    free(keys);
}

static void put_array(struct bf_buf *out, const json_t *array, int depth)
{
    const size_t n = json_array_size(array);
    const json_t *first = json_array_get(array, 0);

    if (!json_is_object(first) && !json_is_array(first)) /* a list of numbers or words takes one line */
        depth = COMPACT;
    bf_buf_putc(out, '[');
    for (size_t i = 0; i < n; i++) {
        put_separator(out, i == 0, inner(depth));
        put_value(out, json_array_get(array, i), inner(depth));
    }
    put_separator(out, true, depth);
    bf_buf_putc(out, ']');
}

static void put_value(struct bf_buf *out, const json_t *value, int depth)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        put_object(out, value, depth);
        break;
    case JSON_ARRAY:
        put_array(out, value, depth);
        break;
    case JSON_STRING:
        put_string(out, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        bf_buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        put_real(out, json_real_value(value));
        break;
    case JSON_TRUE:
        bf_buf_puts(out, "true");
        break;
    case JSON_FALSE:
        bf_buf_puts(out, "false");
        break;
    case JSON_NULL:
        bf_buf_puts(out, "null");
        break;
    }
}

static void put_root(struct bf_buf *out, const json_t *value, int depth)
{
    bf_buf_init(out, SIZE_MAX);
    if (value)
        put_value(out, value, depth);
    else
        bf_buf_puts(out, "null");
}

char *bf_json_dump(const json_t *value)
{
    struct bf_buf out;

    put_root(&out, value, COMPACT);
    return bf_buf_take(&out);
}

char *bf_json_dump_lines(const json_t *value)
{
    struct bf_buf out;

    put_root(&out, value, 0);
    bf_buf_putc(&out, '\n');
    return bf_buf_take(&out);
}

enum bf_status bf_json_write(const char *path, const json_t *value, struct bf_err *err)
{
    struct bf_buf out;

    put_root(&out, value, COMPACT);
    bf_buf_putc(&out, '\n');
    const enum bf_status status = bf_file_write_inside(path, out.data, out.len, err);
    bf_buf_release(&out);
    return status;
}

const char *bf_json_string(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}
