/* A file or a pipe as bytes and lines with positions: the input of the readers of instances and of official folders. */
#ifndef BF_REQUEST_INSTANCE_SOURCE_H
#define BF_REQUEST_INSTANCE_SOURCE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* A stream of bytes that knows its position. A byte order mark at the start is skipped. */
struct bf_source {
    int fd;
    bool owns_fd;
    const char *name; /* in errors; borrowed */
    char *chunk;
    size_t size;          /* bytes of chunk */
    size_t at, n;         /* chunk [at, n) has not been taken yet */
    int64_t line, column; /* of chunk[at], from 1; column in bytes */
    int64_t n_bytes;      /* read from fd */
    bool ended;           /* read() returned 0 */
    bool after_return;    /* the last byte taken was a carriage return; a line feed would belong to it */
};

#define BF_SOURCE_CHUNK ((size_t)64 << 10)
/* Open a file; "-" is standard input. BF_INPUT for a folder or a file that cannot be opened; nothing needs to be
 * released then. */
BF_MUST_CHECK enum bf_status bf_source_open(struct bf_source *source, const char *path, struct bf_err *err);
/* Read from an open file, which the caller keeps, in chunks of `size` bytes, at least BF_KIND_BYTES. */
void bf_source_from_fd(struct bf_source *source, int fd, const char *name, size_t size);
void bf_source_release(struct bf_source *source);
/* The next bytes; *n is 0 at the end of the stream. Valid until the next call. */
BF_MUST_CHECK enum bf_status bf_source_peek(struct bf_source *source, const char **data, size_t *n, struct bf_err *err);
/* Take n of these bytes. */
void bf_source_take(struct bf_source *source, size_t n);
/* Take a line feed that belongs to the carriage return before it, if there is one. */
BF_MUST_CHECK enum bf_status bf_source_end_line(struct bf_source *source, struct bf_err *err);
/* Append the rest of the line to `raw`, and take its LF, CR LF or CR without appending that. *ended: no bytes were
 * left. */
BF_MUST_CHECK enum bf_status bf_source_line(struct bf_source *source, struct bf_buf *raw, bool *ended,
                                            struct bf_err *err);

bool bf_text_is_blank(const char *s, size_t n); /* is it empty, or only white space? */

#endif
