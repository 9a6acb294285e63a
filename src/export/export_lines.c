/* What the line formats share: walk the samples, write each as a line, make the file appear whole or not at all. */
#include "base/file.h"
#include "export/export_format.h"

#include "base/banned.h"

enum bf_status bf_export_lines(struct bf_store *store, const char *variant, const char *path,
                               void (*line)(struct bf_buf *out, const struct bf_row *row), int64_t *n_written,
                               struct bf_err *err)
{
    const struct bf_query query = {.variant = variant};
    struct bf_atomic file = {0};
    struct bf_cursor *cursor = NULL;
    struct bf_buf text;
    struct bf_row row;
    bool more;
    enum bf_status status;

    *n_written = 0;
    bf_buf_init(&text, BF_EXPORT_LINE_MAX_BYTES);
    status = bf_store_query(store, &query, &cursor, err);
    if (status != BF_OK)
        goto out;
    status = bf_atomic_open(&file, path, err);
    if (status != BF_OK)
        goto out;
    for (;;) {
        status = bf_cursor_next(cursor, &row, &more, err);
        if (status != BF_OK || !more)
            break;
        bf_buf_clear(&text);
        line(&text, &row);
        bf_buf_putc(&text, '\n');
        if (text.overflow) {
            status = bf_fail(err, BF_STORE, "cannot write '%s': sample %lld of '%s' is too long for a line", path,
                             (long long)row.id, bf_store_dir(store));
            break;
        }
        if (fwrite(text.data, 1, text.len, file.stream) != text.len)
            break; /* commit says what went wrong */
        ++*n_written;
    }
    if (status == BF_OK)
        status = bf_atomic_commit(&file, err);
out:
    bf_atomic_abort(&file);
    bf_cursor_close(cursor);
    bf_buf_release(&text);
    return status;
}
