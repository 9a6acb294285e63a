/* Tensors must have a type that the processor can multiply with and a possible shape, and must lie in the file one
 * after another. */
#include <ggml.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/gguf_check.h"
#include "base/banned.h"

/* Tables of token ids and the like are for looking up, not weights. */
static bool is_table(struct bf_gguf_text name)
{
    return bf_gguf_text_ends_with(name, "tid2eid") || bf_gguf_text_ends_with(name, "tid2eid.weight");
}

/* Weights have a type that can be converted to floats; other types are for integers, or for rows inside a product. This
 * asks ggml itself, since the CPU's table may be in a library that is loaded later (CPU=portable). */
static bool multiplies(uint32_t type)
{
    return type == GGML_TYPE_F32 || ggml_get_type_traits((enum ggml_type)type)->to_float != NULL;
}

static enum bf_status check_type(const struct bf_gguf_tensor *t, const char *path, struct bf_err *err)
{
    const int n = (int)t->name.n;
    if (t->type >= GGML_TYPE_COUNT || ggml_blck_size((enum ggml_type)t->type) == 0)
        return bf_fail(
            err, BF_MODEL,
            "'%s': the tensor '%.*s' is of type %" PRIu32
            ", which the llama.cpp of this program does not have; use a newer biforget, or convert the model again",
            path, n, t->name.at, t->type);
    const char *name = ggml_type_name((enum ggml_type)t->type);
    const bool vector = t->n_dims == 1;
    if (vector && (bf_gguf_text_ends_with(t->name, "norm.weight") || bf_gguf_text_ends_with(t->name, ".bias")) &&
        t->type != GGML_TYPE_F32)
        return bf_fail(
            err, BF_MODEL,
            "'%s': the tensor '%.*s' is of type %s; llama.cpp computes with it in f32 only; convert the model "
            "again",
            path, n, t->name.at, name);
    if (!vector && !multiplies(t->type) && !is_table(t->name))
        return bf_fail(
            err, BF_MODEL,
            "'%s': the tensor '%.*s' is of type %s, which this machine cannot multiply with; convert the model "
            "again, to F16, Q8_0 or Q4_0",
            path, n, t->name.at, name);
    return BF_OK;
}

/* The size of a tensor in bytes, with its values in this type; false when its shape is impossible. */
static bool count_bytes(const struct bf_gguf_tensor *t, enum ggml_type type, uint64_t *out)
{
    const uint64_t block = (uint64_t)ggml_blck_size(type);
    uint64_t n_bytes = ggml_type_size(type);
    if (t->n[0] % block != 0)
        return false;
    for (int i = 0; i < BF_GGUF_DIMS_MAX; i++) {
        const uint64_t n = i == 0 ? t->n[0] / block : t->n[i];
        if (n < 1 || n > (uint64_t)INT64_MAX / n_bytes)
            return false;
        n_bytes *= n;
    }
    *out = n_bytes;
    return true;
}

enum bf_status bf_gguf_check_tensors(const struct bf_gguf *gguf, const char *path, struct bf_err *err)
{
    uint64_t expected = 0, n_bytes = 0;
    for (size_t i = 0; i < gguf->n_tensors; i++) {
        const struct bf_gguf_tensor *t = &gguf->tensors[i];
        const int n = bf_gguf_text_shown(t->name);
        const enum bf_status status = check_type(t, path, err);
        if (status != BF_OK)
            return status;
        if (!count_bytes(t, (enum ggml_type)t->type, &n_bytes))
            return bf_fail(err, BF_MODEL,
                           "'%s': the tensor '%.*s' of %" PRIu64 " x %" PRIu64 " x %" PRIu64 " x %" PRIu64
                           " values of type %s cannot be right; the file is damaged, fetch it again",
                           path, n, t->name.at, t->n[0], t->n[1], t->n[2], t->n[3],
                           ggml_type_name((enum ggml_type)t->type));
        if (t->offset != expected)
            return bf_fail(err, BF_MODEL,
                           "'%s': the tensor '%.*s' is at byte %" PRIu64 " of the data, but %" PRIu64
                           " is expected; the file is damaged, fetch it again",
                           path, n, t->name.at, t->offset, expected);
        if (gguf->data_start > gguf->n_file_bytes || expected > gguf->n_file_bytes - gguf->data_start ||
            n_bytes > gguf->n_file_bytes - gguf->data_start - expected)
            return bf_fail(err, BF_MODEL,
                           "'%s' is cut short: it has %" PRIu64
                           " bytes, but the tensor '%.*s' (number %zu of %zu) ends after "
                           "that; compare its size with its source and fetch it again",
                           path, gguf->n_file_bytes, n, t->name.at, i + 1, gguf->n_tensors);
        expected = (expected + n_bytes + gguf->alignment - 1) / gguf->alignment * gguf->alignment;
    }
    return BF_OK;
}

uint64_t bf_gguf_bytes_in(const struct bf_gguf *gguf, uint32_t type)
{
    uint64_t sum = gguf->data_start, n_bytes = 0;
    for (size_t i = 0; i < gguf->n_tensors; i++) {
        const struct bf_gguf_tensor *t = &gguf->tensors[i];
        /* Vectors stay in F32. A row that is not a whole number of blocks gets the type that llama.cpp falls back on.
         */
        if (count_bytes(t, t->n_dims > 1 ? (enum ggml_type)type : GGML_TYPE_F32, &n_bytes) ||
            count_bytes(t, GGML_TYPE_F16, &n_bytes))
            sum += n_bytes;
    }
    return sum;
}
