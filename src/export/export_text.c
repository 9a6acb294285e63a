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

void bf_put_json_pretty(struct bf_buf *out, const json_t *value)
{
    char *dump = bf_json_dump_lines(value);

    bf_buf_puts(out, dump);
    free(dump);
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
