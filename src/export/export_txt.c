/* One sample per line. A line break inside a sample becomes a space: also those that only some readers break at
 * (U+0085, U+2028, U+2029, vertical tab, form feed), or the file would have more lines than samples. */
#include <string.h>

#include "base/utf8.h"
#include "export/export_format.h"

#include "base/banned.h"

static bool is_break(uint32_t cp)
{
    return (cp >= 0x0a && cp <= 0x0d) || (cp >= 0x1c && cp <= 0x1e) || cp == 0x85 || cp == 0x2028 || cp == 0x2029;
}

static void line(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    const char *text = row->sample.text;
    const size_t n = strlen(text);
    (void)options;
    bool pending = false; /* a break was met and not written yet: a run of them is one space, none at either end */

    for (size_t i = 0; i < n;) {
        uint32_t cp;
        const size_t size = bf_utf8_decode(text + i, n - i, &cp);

        if (size > 0 && is_break(cp)) {
            pending = true;
        } else if (pending && (text[i] == ' ' || text[i] == '\t')) {
            /* indentation behind a break goes with it */
        } else {
            if (pending && out->len > 0 && out->data[out->len - 1] != ' ')
                bf_buf_putc(out, ' ');
            pending = false;
            if (size > 0)
                bf_buf_put(out, text + i, size);
            else
                bf_buf_puts(out, "\xef\xbf\xbd");
        }
        i += size > 0 ? size : 1;
    }
}

enum bf_status bf_export_txt(struct bf_store *store, const struct bf_export_options *options, const char *path, int64_t *n_written,
                             struct bf_err *err)
{
    return bf_export_lines(store, options, path, line, n_written, err);
}
