/* The bytes of a file or pipe and their position, in one chunk of memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "request/instance_internal.h"

#include "base/banned.h"

enum bf_status bf_source_fail(const struct bf_source *source, int64_t line, int64_t column, struct bf_err *err,
                              const char *format, ...)
{
    enum bf_status status;
    struct bf_buf text;
    va_list args;
    char sentence[BF_ERR_TEXT_MAX];

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    bf_buf_init(&text, SIZE_MAX);
    bf_buf_printf(&text, "%s:%lld", source->name, (long long)line);
    if (column > 0)
        bf_buf_printf(&text, ":%lld", (long long)column);
    status = bf_fail(err, BF_INPUT, "%s: %s", text.data, sentence);
    bf_buf_release(&text);
    return status;
}

void bf_source_from_fd(struct bf_source *source, int fd, const char *name, size_t size)
{
    if (size < BF_KIND_BYTES) /* begin() examines as many */
        size = BF_KIND_BYTES;
    *source = (struct bf_source){.fd = fd, .name = name, .size = size, .line = 1, .column = 1};
    source->chunk = bf_alloc(size);
}

enum bf_status bf_source_open(struct bf_source *source, const char *path, struct bf_err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    struct stat info;
    int fd;

    *source = (struct bf_source){.fd = -1};
    fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return bf_fail(err, BF_INPUT, "cannot open '%s': %s; check the name", path, bf_errno_text(errno));
    if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
        if (!is_stdin)
            (void)close(fd);
        return bf_fail(err, BF_INPUT, "cannot read '%s': it is a folder; give a file", path);
    }
    if (bf_is_endless(fd)) {
        if (!is_stdin)
            (void)close(fd);
        return bf_fail(err, BF_INPUT, "cannot read '%s': it is a device, which may never end; give a file", path);
    }
    bf_source_from_fd(source, fd, is_stdin ? "standard input" : path, BF_SOURCE_CHUNK);
    source->owns_fd = !is_stdin;
    return BF_OK;
}

void bf_source_release(struct bf_source *source)
{
    if (source->owns_fd)
        (void)close(source->fd);
    free(source->chunk);
    *source = (struct bf_source){.fd = -1};
}

/* Read more bytes into the chunk, after those that are there. */
static enum bf_status fill(struct bf_source *source, struct bf_err *err)
{
    ssize_t n;

    do
        n = read(source->fd, source->chunk + source->n, source->size - source->n);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return bf_fail(err, BF_INPUT, "cannot read '%s': %s; check the file", source->name, bf_errno_text(errno));
    if (n == 0)
        source->ended = true;
    source->n += (size_t)n;
    source->n_bytes += n;
    return BF_OK;
}

/* Which encoding do the first bytes show? */
static enum bf_status begin(struct bf_source *source, struct bf_err *err)
{
    const char *what;

    while (source->n < BF_KIND_BYTES && !source->ended) { /* a mark may arrive in pieces */
        if (fill(source, err) != BF_OK)
            return BF_INPUT;
    }
    if (source->n >= 3 && memcmp(source->chunk, "\xEF\xBB\xBF", 3) == 0)
        source->at = 3;
    what = bf_not_plain_text(source->chunk, source->n);
    return what ? bf_source_fail(source, 1, 1, err, "this is %s", what) : BF_OK;
}

enum bf_status bf_source_peek(struct bf_source *source, const char **data, size_t *n, struct bf_err *err)
{
    enum bf_status status = BF_OK;

    if (source->n_bytes == 0 && !source->ended)
        status = begin(source, err);
    if (status == BF_OK && source->at == source->n && !source->ended) {
        source->at = source->n = 0;
        status = fill(source, err);
    }
    *data = source->chunk + source->at;
    *n = source->n - source->at;
    return status;
}

void bf_source_take(struct bf_source *source, size_t n)
{
    const char *from = source->chunk + source->at;

    source->at += n;
    for (const char *end = from + n; from < end; from++) {
        const bool pair = *from == '\n' && source->after_return;

        source->after_return = *from == '\r';
        if (*from != '\n' && *from != '\r') {
            source->column++;
        } else if (!pair) {
            source->line++;
            source->column = 1;
        }
    }
}

enum bf_status bf_source_end_line(struct bf_source *source, struct bf_err *err)
{
    const char *data;
    size_t n;

    if (!source->after_return)
        return BF_OK;
    if (bf_source_peek(source, &data, &n, err) != BF_OK)
        return BF_INPUT;
    if (n > 0 && *data == '\n')
        bf_source_take(source, 1);
    source->after_return = false;
    return BF_OK;
}

enum bf_status bf_source_line(struct bf_source *source, struct bf_buf *raw, bool *ended, struct bf_err *err)
{
    *ended = true;
    if (bf_source_end_line(source, err) != BF_OK)
        return BF_INPUT;
    for (;;) {
        const char *data;
        size_t n, i = 0;

        if (bf_source_peek(source, &data, &n, err) != BF_OK)
            return BF_INPUT;
        if (n == 0)
            return BF_OK;
        *ended = false;
        while (i < n && data[i] != '\n' && data[i] != '\r')
            i++;
        bf_buf_put(raw, data, i);
        bf_source_take(source, i < n ? i + 1 : i);
        if (i < n)
            return BF_OK;
    }
}
