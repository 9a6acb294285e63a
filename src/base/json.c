/* Reading JSON, and JSON strings from untrusted bytes. Writing is json_dump.c. */
#include "base/json.h"

#include <string.h>

#include "base/buf.h"
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
        /* A NUL is valid UTF-8, but bf_json_parse refuses it: what we write we must be able to read. */
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
