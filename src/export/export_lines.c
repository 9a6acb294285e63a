/* What the formats share: walk the samples, request by request; write each as a line; make the file appear whole or not at
 * all. */
#include "base/file.h"
#include "export/export_format.h"

#include "base/banned.h"

static enum bf_status each_of_request(struct bf_store *store, const struct bf_query *query, void *user,
                                      enum bf_status (*each)(void *user, const struct bf_row *row, struct bf_err *err),
                                      struct bf_err *err)
{
    struct bf_cursor *cursor = NULL;
    enum bf_status status = bf_store_query(store, query, &cursor, err);
    for (bool more = status == BF_OK; more && status == BF_OK;) {
        struct bf_row row;
        status = bf_cursor_next(cursor, &row, &more, err);
        if (status == BF_OK && more)
            status = each(user, &row, err);
    }
    bf_cursor_close(cursor);
    return status;
}

enum bf_status bf_export_each(struct bf_store *store, const struct bf_export_options *options, void *user,
                              enum bf_status (*each)(void *user, const struct bf_row *row, struct bf_err *err),
                              struct bf_err *err)
{
    const struct bf_query query = {.variant = options->variant,
                                   .by_role = !options->request,
                                   .role = options->role,
                                   .distinct = !options->request};
    struct bf_request_entry entry = {.id = 0};
    int64_t only = 0;
    enum bf_status status = BF_OK;
    if (options->request)
        status = bf_store_find_request(store, options->request, &only, err);
    if (status == BF_OK && options->request && only == 0)
        return bf_fail(err, BF_USAGE, "'%s' has no request named '%s'; 'biforget status %s' lists them",
                       bf_store_dir(store), options->request, bf_store_dir(store));
    while (status == BF_OK) {
        status = bf_store_request(store, entry.id + 1, &entry, NULL, err);
        if (status != BF_OK || entry.id == 0)
            break;
        if (only > 0 && entry.id != only)
            continue;
        bf_store_select(store, entry.id);
        status = each_of_request(store, &query, user, each, err);
    }
    bf_store_select(store, 0);
    return status;
}

struct lines {
    struct bf_atomic file;
    struct bf_buf text;
    struct bf_store *store;
    const struct bf_export_options *options;
    const char *path;
    void (*line)(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options);
    int64_t n;
};

static enum bf_status put_line(void *user, const struct bf_row *row, struct bf_err *err)
{
    struct lines *l = user;
    bf_buf_clear(&l->text);
    l->line(&l->text, row, l->options);
    if (l->text.len == 0 && !l->text.overflow)
        return BF_OK;
    bf_buf_putc(&l->text, '\n');
    if (l->text.overflow)
        return bf_fail(err, BF_STORE, "cannot write '%s': sample %lld of '%s' is too long for a line", l->path,
                       (long long)row->id, bf_store_dir(l->store));
    l->n++;
    fwrite(l->text.data, 1, l->text.len, l->file.stream); /* commit says what went wrong */
    return BF_OK;
}

enum bf_status bf_export_lines(struct bf_store *store, const struct bf_export_options *options, const char *path,
                               void (*line)(struct bf_buf *out, const struct bf_row *row,
                                            const struct bf_export_options *options),
                               int64_t *n_written, struct bf_err *err)
{
    struct lines lines = {.store = store, .options = options, .path = path, .line = line};
    *n_written = 0;
    bf_buf_init(&lines.text, BF_EXPORT_LINE_MAX_BYTES);
    enum bf_status status = bf_atomic_open(&lines.file, path, err);
    if (status == BF_OK)
        status = bf_export_each(store, options, &lines, put_line, err);
    if (status == BF_OK)
        status = bf_atomic_commit(&lines.file, err);
    if (status == BF_OK)
        *n_written = lines.n;
    bf_atomic_abort(&lines.file);
    bf_buf_release(&lines.text);
    return status;
}
