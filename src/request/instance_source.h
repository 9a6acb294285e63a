/* Lines of a file or a pipe whose every byte has a place in it: what the readers of instances and of official folders
 * take their input from. */
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
    size_t at, n;         /* chunk[at..n) is not taken yet */
    int64_t line, column; /* 1-based, of chunk[at]; column in bytes */
    int64_t n_bytes;      /* read from fd */
    bool ended;           /* read() returned 0 */
    bool after_return;    /* the last byte taken was a carriage return: a line feed now belongs to it */
};

#define BF_SOURCE_CHUNK ((size_t)64 << 10)
/* "-" is standard input. BF_INPUT for a folder or what cannot be opened; then there is nothing to release. */
BF_MUST_CHECK enum bf_status bf_source_open(struct bf_source *source, const char *path, struct bf_err *err);
/* From an open file, which stays the caller's, in chunks of `size` bytes (of BF_KIND_BYTES when that is more). */
void bf_source_from_fd(struct bf_source *source, int fd, const char *name, size_t size);
void bf_source_release(struct bf_source *source);
/* The bytes at hand, *n = 0 at the end of the stream. Valid until the next call. */
BF_MUST_CHECK enum bf_status bf_source_peek(struct bf_source *source, const char **data, size_t *n, struct bf_err *err);
/* Go on by n bytes, at most those at hand. */
void bf_source_take(struct bf_source *source, size_t n);
/* Take a line feed that belongs to the carriage return before it. */
BF_MUST_CHECK enum bf_status bf_source_end_line(struct bf_source *source, struct bf_err *err);
/* Append the rest of the line to `raw`, without LF, CR LF or CR at its end, which is taken. *ended: there was no byte
 * left. */
BF_MUST_CHECK enum bf_status bf_source_line(struct bf_source *source, struct bf_buf *raw, bool *ended,
                                            struct bf_err *err);

bool bf_text_is_blank(const char *s, size_t n); /* nothing but white space */

#endif
