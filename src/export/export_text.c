#include "export/export_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#include "base/banned.h"

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

void bf_put_json_key(struct bf_buf *out, const char *key)
{
    bf_buf_printf(out, "%s\"%s\":", out->len == 0 ? "{" : ",", key);
}

void bf_put_json_text(struct bf_buf *out, const char *text)
{
    json_t *value = text ? bf_json_text(text, strlen(text)) : json_null();
    char *dump = bf_json_dump(value);

    bf_buf_puts(out, dump);
    free(dump);
    json_decref(value);
}

void bf_put_json_number(struct bf_buf *out, double value)
{
    const size_t start = out->len;

    if (!isfinite(value)) {
        bf_buf_puts(out, "null");
        return;
    }
    bf_buf_printf(out, "%.6g", value == 0 ? 0.0 : value); /* one zero, without a sign */
    for (size_t i = start; i < out->len; i++)
        if (out->data[i] == ',')
            out->data[i] = '.';
}

static void put_scalar(struct bf_buf *out, const json_t *value)
{
    char *dump = bf_json_dump(value);

    bf_buf_puts(out, dump);
    free(dump);
}

static void put_line_begin(struct bf_buf *out, bool first, int depth)
{
    bf_buf_puts(out, first ? "\n" : ",\n");
    for (int i = 0; i < depth; i++)
        bf_buf_puts(out, "  ");
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_pretty(struct bf_buf *out, const json_t *value, int depth);

static void put_object(struct bf_buf *out, const json_t *object, int depth)
{
    json_t *walked = (json_t *)(uintptr_t)object; /* jansson's iterator wants it without const; it changes nothing */
    const size_t n = json_object_size(object);
    const char **keys = bf_array(n, sizeof *keys);
    size_t i = 0;

    for (void *at = json_object_iter(walked); at && i < n; at = json_object_iter_next(walked, at))
        keys[i++] = json_object_iter_key(at);
    qsort(keys, n, sizeof *keys, compare_keys);
    bf_buf_putc(out, '{');
    for (i = 0; i < n; i++) {
        put_line_begin(out, i == 0, depth + 1);
        bf_put_json_text(out, keys[i]);
        bf_buf_puts(out, ": ");
        put_pretty(out, json_object_get(object, keys[i]), depth + 1);
    }
    if (n > 0) {
        put_line_begin(out, true, depth);
    }
    bf_buf_putc(out, '}');
    free(keys);
}

static void put_array(struct bf_buf *out, const json_t *array, int depth)
{
    const size_t n = json_array_size(array);
    const json_t *first = json_array_get(array, 0);

    if (n == 0 || !(json_is_object(first) || json_is_array(first))) { /* an array of numbers takes one line */
        put_scalar(out, array);
        return;
    }
    bf_buf_putc(out, '[');
    for (size_t i = 0; i < n; i++) {
        put_line_begin(out, i == 0, depth + 1);
        put_pretty(out, json_array_get(array, i), depth + 1);
    }
    put_line_begin(out, true, depth);
    bf_buf_putc(out, ']');
}

static void put_pretty(struct bf_buf *out, const json_t *value, int depth)
{
    if (json_is_object(value))
        put_object(out, value, depth);
    else if (json_is_array(value))
        put_array(out, value, depth);
    else
        put_scalar(out, value);
}

void bf_put_json_pretty(struct bf_buf *out, const json_t *value)
{
    put_pretty(out, value, 0);
    bf_buf_putc(out, '\n');
}

/* What a YAML stream may hold as it is, and no reader takes for a line break, a byte order mark or an invisible
 * space. */
static bool is_plain_yaml(uint32_t cp)
{
    if (cp < 0x20 || (cp >= 0x7F && cp <= 0xA0) || cp == 0x2028 || cp == 0x2029 || cp == 0xFEFF)
        return false;
    return (cp & 0xFFFE) != 0xFFFE;
}

void bf_put_yaml_text(struct bf_buf *out, const char *text)
{
    const size_t n = strlen(text);

    bf_buf_putc(out, '"');
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        const size_t size = bf_utf8_decode(text + i, n - i, &cp);

        if (size == 0)
            bf_buf_puts(out, replacement);
        else if (cp == '"' || cp == '\\')
            bf_buf_printf(out, "\\%c", (char)cp);
        else if (cp == '\n')
            bf_buf_puts(out, "\\n");
        else if (is_plain_yaml(cp))
            bf_buf_put(out, text + i, size);
        else
            bf_buf_printf(out, cp > 0xFFFF ? "\\U%08x" : "\\u%04x", (unsigned)cp);
        i += size > 0 ? size : 1;
    }
    bf_buf_putc(out, '"');
}

void bf_put_markdown(struct bf_buf *out, const char *text, size_t max_cp)
{
    struct bf_buf line;

    bf_buf_init(&line, SIZE_MAX);
    bf_utf8_preview(&line, text, strlen(text), max_cp);
    for (size_t i = 0; i < line.len; i++) {
        if (strchr("\\`*_{}[]<>#|~$&!", line.data[i]))
            bf_buf_putc(out, '\\');
        bf_buf_putc(out, line.data[i]);
    }
    bf_buf_release(&line);
}

static bool is_break(uint32_t cp)
{
    return (cp >= 0x0a && cp <= 0x0d) || (cp >= 0x1c && cp <= 0x1e) || cp == 0x85 || cp == 0x2028 || cp == 0x2029;
}

void bf_put_one_line(struct bf_buf *out, const char *text)
{
    const size_t n = strlen(text), start = out->len;
    bool pending = false; /* a break was met and not written yet: a run of them is one space, none at either end */

    for (size_t i = 0; i < n;) {
        uint32_t cp;
        const size_t size = bf_utf8_decode(text + i, n - i, &cp);

        if (size > 0 && is_break(cp)) {
            pending = true;
        } else if (pending && (text[i] == ' ' || text[i] == '\t')) {
            /* indentation after a break goes with it */
        } else {
            if (pending && out->len > start && out->data[out->len - 1] != ' ')
                bf_buf_putc(out, ' ');
            pending = false;
            if (size > 0)
                bf_buf_put(out, text + i, size);
            else
                bf_buf_puts(out, replacement);
        }
        i += size > 0 ? size : 1;
    }
}
