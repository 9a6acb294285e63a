/* Private to export/: what a format is, and the loop that the line formats share. */
#ifndef BF_EXPORT_EXPORT_FORMAT_H
#define BF_EXPORT_EXPORT_FORMAT_H
#include <stdint.h>

#include "base/buf.h"
#include "export/export.h"

/* Longest line that a sample can become: its text escaped six-fold, and its provenance. */
#define BF_EXPORT_LINE_MAX_BYTES ((size_t)1 << 31)

/* Write to `path`; *n_written is never NULL here. */
enum bf_status bf_export_jsonl(struct bf_store *store, const struct bf_export_options *options, const char *path,
                               int64_t *n_written, struct bf_err *err);
enum bf_status bf_export_txt(struct bf_store *store, const struct bf_export_options *options, const char *path,
                             int64_t *n_written, struct bf_err *err);

/* Every kept sample of the options, request by request in commit order. */
BF_MUST_CHECK enum bf_status bf_export_each(struct bf_store *store, const struct bf_export_options *options, void *user,
                                            enum bf_status (*each)(void *user, const struct bf_row *row,
                                                                   struct bf_err *err),
                                            struct bf_err *err);
/* One line per sample, written atomically. `line` appends the line without its newline, or nothing: no line. */
BF_MUST_CHECK enum bf_status bf_export_lines(struct bf_store *store, const struct bf_export_options *options,
                                             const char *path,
                                             void (*line)(struct bf_buf *out, const struct bf_row *row,
                                                          const struct bf_export_options *options),
                                             int64_t *n_written, struct bf_err *err);

#endif
