#include "engine/gguf_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "engine/gguf_check.h"
#include "base/banned.h"

static enum bf_status read_number(const struct bf_gguf *gguf, const char *path, const char *name, int64_t fallback,
                                  int64_t max, int64_t *out, struct bf_err *err)
{
    const struct bf_gguf_key *key = bf_gguf_find(gguf, name);
    *out = fallback;
    if (key && (key->is_array || !bf_gguf_whole(key, 0, out) || *out < 0 || *out > max))
        return bf_fail(err, BF_MODEL, "'%s': the key '%s' is not a number from 0 to %" PRId64 "; fetch the file again",
                       path, name, max);
    return BF_OK;
}

enum bf_status bf_gguf_count_parts(const struct bf_gguf *gguf, const char *path, size_t *n, struct bf_err *err)
{
    int64_t count = 0;
    const enum bf_status status = read_number(gguf, path, "split.count", 1, BF_GGUF_PARTS_MAX, &count, err);
    *n = count > 1 ? (size_t)count : 1;
    return status;
}

enum bf_status bf_gguf_part_path(const char *path, size_t i, size_t n, char **out, struct bf_err *err)
{
    struct bf_buf text;
    char ending[48];
    const int n_ending = snprintf(ending, sizeof ending, "-00001-of-%05zu.gguf", n);
    const size_t n_path = strlen(path);
    *out = NULL;
    if (n_path <= (size_t)n_ending || strcmp(path + n_path - (size_t)n_ending, ending) != 0)
        return bf_fail(
            err, BF_MODEL,
            "'%s' is one of %zu parts of a model; give the first, which must be named ...%s, with the others "
            "beside it",
            path, n, ending);
    bf_buf_init(&text, SIZE_MAX);
    bf_buf_put(&text, path, n_path - (size_t)n_ending);
    bf_buf_printf(&text, "-%05zu-of-%05zu.gguf", i + 1, n);
    *out = bf_buf_take(&text);
    return BF_OK;
}

static enum bf_status check_part(const char *path, size_t i, size_t n, size_t *n_tensors, struct bf_err *err)
{
    struct bf_gguf part;
    size_t count = 0;
    int64_t number = 0;
    enum bf_status status = bf_gguf_read(path, &part, err);
    if (status != BF_OK)
        return status;
    status = bf_gguf_count_parts(&part, path, &count, err);
    if (status == BF_OK)
        status = read_number(&part, path, "split.no", -1, BF_GGUF_PARTS_MAX, &number, err);
    if (status == BF_OK && (count != n || number != (int64_t)i))
        status = bf_fail(err, BF_MODEL,
                         "'%s' is part %" PRId64
                         " of %zu according to its keys, but %zu of %zu according to its name; fetch the parts again",
                         path, number + 1, count, i + 1, n);
    if (status == BF_OK)
        status = bf_gguf_check_tensors(&part, path, err);
    *n_tensors += part.n_tensors;
    bf_gguf_release(&part);
    return status;
}

enum bf_status bf_gguf_check_parts(const struct bf_gguf *gguf, const char *path, struct bf_err *err)
{
    size_t n = 1, n_tensors = gguf->n_tensors;
    int64_t announced = 0, number = 0;
    enum bf_status status = bf_gguf_count_parts(gguf, path, &n, err);
    if (status != BF_OK || n == 1)
        return status;
    status = read_number(gguf, path, "split.tensors.count", -1, BF_GGUF_TENSORS_MAX, &announced, err);
    if (status == BF_OK)
        status = read_number(gguf, path, "split.no", 0, BF_GGUF_PARTS_MAX, &number, err);
    if (status == BF_OK && number != 0)
        return bf_fail(err, BF_MODEL,
                       "'%s' is part %" PRId64 " of %zu parts of a model; give the first, ...-00001-of-%05zu.gguf",
                       path, number + 1, n, n);
    for (size_t i = 1; i < n && status == BF_OK; i++) {
        char *part = NULL;
        status = bf_gguf_part_path(path, i, n, &part, err);
        if (status == BF_OK)
            status = check_part(part, i, n, &n_tensors, err);
        free(part);
    }
    if (status == BF_OK && announced >= 0 && (uint64_t)announced != n_tensors)
        status = bf_fail(err, BF_MODEL,
                         "the parts of '%s' have %zu tensors together, but %" PRId64 " are announced; fetch them again",
                         path, n_tensors, announced);
    return status;
}

enum bf_status bf_engine_model_parts(const char *path, char ***parts, size_t *n, struct bf_err *err)
{
    struct bf_gguf gguf;
    size_t n_parts = 0;
    *parts = NULL;
    *n = 0;
    enum bf_status status = bf_gguf_read(path, &gguf, err);
    if (status == BF_OK)
        status = bf_gguf_count_parts(&gguf, path, &n_parts, err);
    bf_gguf_release(&gguf);
    if (status != BF_OK)
        return status;
    *parts = bf_array(n_parts, sizeof **parts);
    (*parts)[0] = bf_strdup(path);
    for (*n = 1; *n < n_parts && status == BF_OK;) {
        status = bf_gguf_part_path(path, *n, n_parts, &(*parts)[*n], err);
        *n += status == BF_OK;
    }
    if (status != BF_OK) {
        bf_engine_free_parts(*parts, *n);
        *parts = NULL;
        *n = 0;
    }
    return status;
}

void bf_engine_free_parts(char **parts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(parts[i]);
    free(parts);
}
