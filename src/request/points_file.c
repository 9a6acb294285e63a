/* Points that the user names: the file of --points, and lists of lines in general. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/letter_case.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "request/instance_source.h"
#include "request/request_fields.h"
#include "base/banned.h"

enum { LINE_BYTES_MAX = 1 << 16 };

void bf_lines_release(struct bf_lines *lines)
{
    for (size_t i = 0; i < lines->n; i++)
        free(lines->items[i]);
    free(lines->items);
    *lines = (struct bf_lines){.n = 0};
}

void bf_lines_add(struct bf_lines *lines, const char *line, size_t n_bytes)
{
    lines->items = bf_grow(lines->items, lines->n + 1, sizeof *lines->items);
    lines->items[lines->n++] = bf_strndup(line, n_bytes);
}

enum bf_status bf_point_line_check(const char *line, size_t n, const char *what, struct bf_err *err)
{
    if (!bf_utf8_valid(line, n))
        return bf_fail(err, BF_INPUT, "%s is not UTF-8; convert it", what);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < ' ')
            return bf_fail(err, BF_INPUT, "%s has a control character; write a plain name", what);
    if (n < 2 || n > BF_POINT_MAX_BYTES)
        return bf_fail(err, BF_INPUT, "%s is %zu bytes long; name each point in 2 to %d bytes", what, n,
                       BF_POINT_MAX_BYTES);
    return BF_OK;
}

bool bf_lines_have(const struct bf_lines *lines, const char *line)
{
    struct bf_buf a, b;
    bool found = false;
    bf_buf_init(&a, SIZE_MAX);
    bf_buf_init(&b, SIZE_MAX);
    bf_letter_fold(&a, line, strlen(line));
    for (size_t i = 0; i < lines->n && !found; i++) {
        bf_buf_clear(&b);
        bf_letter_fold(&b, lines->items[i], strlen(lines->items[i]));
        found = strcmp(a.data, b.data) == 0;
    }
    bf_buf_release(&a);
    bf_buf_release(&b);
    return found;
}

/* Add the point in a line of the file; blank lines and comments have none. */
static enum bf_status take_line(const char *path, int64_t number, const struct bf_buf *raw, struct bf_lines *out,
                                size_t *n_twice, struct bf_err *err)
{
    const char *s = raw->data;
    size_t n = raw->len;
    char what[200];
    while (n > 0 && (*s == ' ' || *s == '\t')) {
        s++;
        n--;
    }
    while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
        n--;
    if (n == 0 || *s == '#')
        return BF_OK;
    (void)snprintf(what, sizeof what, "'%.120s': line %lld", path, (long long)number);
    if (raw->overflow)
        return bf_fail(err, BF_INPUT, "%s is longer than %d bytes; name each point in 2 to %d bytes", what,
                       LINE_BYTES_MAX, BF_POINT_MAX_BYTES);
    enum bf_status status = bf_point_line_check(s, n, what, err);
    if (status == BF_OK && out->n == BF_GIVEN_POINTS_MAX)
        status = bf_fail(err, BF_INPUT, "'%s' names more than %d points; split the domain into several", path,
                         BF_GIVEN_POINTS_MAX);
    if (status != BF_OK)
        return status;
    char *line = bf_strndup(s, n);
    if (bf_lines_have(out, line))
        (*n_twice)++;
    else
        bf_lines_add(out, line, n);
    free(line);
    return BF_OK;
}

enum bf_status bf_points_file_read(const char *path, struct bf_lines *out, size_t *n_twice, struct bf_err *err)
{
    struct bf_source source;
    struct bf_buf raw;
    int64_t number = 0;
    bool ended = false;
    *n_twice = 0;
    bf_lines_release(out);
    enum bf_status status = bf_source_open(&source, path, err);
    if (status != BF_OK)
        return status;
    bf_buf_init(&raw, LINE_BYTES_MAX);
    while (status == BF_OK) {
        bf_buf_clear(&raw);
        status = bf_source_line(&source, &raw, &ended, err);
        if (ended)
            break;
        if (status == BF_OK)
            status = take_line(path, ++number, &raw, out, n_twice, err);
    }
    if (status == BF_OK && out->n == 0)
        status =
            bf_fail(err, BF_INPUT, "'%s' names no point; write one name per line, for example \"Mount Olympus\"", path);
    bf_buf_release(&raw);
    bf_source_release(&source);
    if (status != BF_OK)
        bf_lines_release(out);
    return status;
}
