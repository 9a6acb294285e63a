/* Weights that are not numbers: the file was damaged, or made by a training that failed. */
#include <ggml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/floats.h"
#include "base/mem.h"
#include "engine/gguf_check.h"
#include "engine/gguf_parts.h"
#include "base/banned.h"

enum { CHUNK_VALUES = 1 << 16 };

static enum bf_status check_tensor(const char *path, FILE *file, const struct bf_gguf *gguf,
                                   const struct bf_gguf_tensor *t, unsigned char *bytes, float *values,
                                   struct bf_err *err)
{
    const enum ggml_type type = (enum ggml_type)t->type;
    const ggml_to_float_t to_float = ggml_get_type_traits(type)->to_float;
    const size_t n_block = (size_t)ggml_blck_size(type), n_chunk = CHUNK_VALUES / n_block * n_block;
    if (type != GGML_TYPE_F32 && !to_float)
        return BF_OK; /* whole numbers */
    if (fseeko(file, (off_t)(gguf->data_start + t->offset), SEEK_SET) != 0)
        return bf_fail(err, BF_MODEL, "cannot read '%s'", path);
    for (uint64_t left = t->n[0] * t->n[1] * t->n[2] * t->n[3]; left > 0;) {
        const size_t n = left < n_chunk ? (size_t)left : n_chunk, n_bytes = n / n_block * ggml_type_size(type);
        if (fread(bytes, 1, n_bytes, file) != n_bytes)
            return bf_fail(err, BF_MODEL, "cannot read the tensor '%.*s' of '%s': is the file being changed?",
                           (int)t->name.n, t->name.at, path);
        if (type == GGML_TYPE_F32)
            memcpy(values, bytes, n_bytes);
        else
            to_float(bytes, values, (int64_t)n);
        if (!bf_all_finite(values, n))
            return bf_fail(
                err, BF_MODEL,
                "'%s' is damaged: its tensor '%.*s' holds values that are not numbers (NaN or infinite); fetch it "
                "again, or make it again with the program that made it",
                path, (int)t->name.n, t->name.at);
        left -= n;
    }
    return BF_OK;
}

static enum bf_status check_file(const char *path, struct bf_err *err)
{
    struct bf_gguf gguf;
    FILE *file = NULL;
    unsigned char *bytes = bf_array(CHUNK_VALUES, sizeof(double));
    float *values = bf_array(CHUNK_VALUES, sizeof *values);
    enum bf_status status = bf_gguf_read(path, &gguf, err);
    if (status == BF_OK)
        status = bf_gguf_check_tensors(&gguf, path, err);
    if (status == BF_OK && !(file = fopen(path, "rbe")))
        status = bf_fail(err, BF_MODEL, "cannot open the model '%s'", path);
    for (size_t i = 0; status == BF_OK && i < gguf.n_tensors; i++)
        status = check_tensor(path, file, &gguf, &gguf.tensors[i], bytes, values, err);
    if (file)
        (void)fclose(file);
    bf_gguf_release(&gguf);
    free(bytes);
    free(values);
    return status;
}

enum bf_status bf_engine_check_weights(const char *path, struct bf_err *err)
{
    char **parts = NULL;
    size_t n = 0;
    enum bf_status status = bf_engine_model_parts(path, &parts, &n, err);
    for (size_t i = 0; i < n && status == BF_OK; i++)
        status = check_file(parts[i], err);
    bf_engine_free_parts(parts, n);
    return status;
}
