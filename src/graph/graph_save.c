/* A model as GGUF: the source's metadata, the caller's key-values, the current weights. */
#include <ggml.h>
#include <gguf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "graph/graph_save.h"
#include "base/banned.h"

/* What llama.cpp calls a file of that type (enum llama_ftype). */
static const uint32_t file_types[] = {[BF_SAVE_F32] = 0, [BF_SAVE_F16] = 1, [BF_SAVE_BF16] = 32, [BF_SAVE_Q8_0] = 7};

void bf_save_kv(struct gguf_context *out, const struct bf_graph_kv *kv, size_t n_kv)
{
    for (size_t i = 0; i < n_kv; i++) {
        (void)gguf_remove_key(out, kv[i].key);
        switch (kv[i].kind) {
        case BF_KV_STRING:
            gguf_set_val_str(out, kv[i].key, kv[i].value.string);
            break;
        case BF_KV_INTEGER:
            gguf_set_val_i64(out, kv[i].key, kv[i].value.integer);
            break;
        case BF_KV_REAL:
            gguf_set_val_f64(out, kv[i].key, kv[i].value.real);
            break;
        case BF_KV_BOOL:
            gguf_set_val_bool(out, kv[i].key, kv[i].value.boolean);
            break;
        }
    }
}

enum bf_status bf_save_header(const struct gguf_context *out, FILE *stream, const char *path, struct bf_err *err)
{
    const size_t n = gguf_get_meta_size(out);
    char *header = bf_try_array(n, 1);
    if (!header)
        return bf_fail(err, BF_INPUT, "memory is short for the header of '%s'", path);
    gguf_get_meta_data(out, header);
    (void)fwrite(header, 1, n, stream);
    free(header);
    return BF_OK;
}

void bf_save_pad(const struct gguf_context *out, FILE *stream, size_t n_bytes)
{
    const size_t alignment = gguf_get_alignment(out);
    for (size_t n = n_bytes; n % alignment != 0; n++)
        (void)fputc(0, stream);
}

enum bf_status bf_save_room(const char *path, int64_t n_bytes, struct bf_err *err)
{
    const int64_t have = bf_disk_free(path);
    if (have >= 0 && have < n_bytes)
        return bf_fail(err, BF_STORE,
                       "'%s' takes %.2f GB, but %.2f GB are free on its disk; make room or save in a smaller type",
                       path, (double)n_bytes / 1e9, (double)have / 1e9);
    return BF_OK;
}

enum bf_status bf_save_commit(struct bf_atomic *file, const char *path, struct bf_err *err)
{
    enum bf_status status = bf_atomic_flush(file, err);
    if (status == BF_OK && file->temporary)
        status = bf_engine_check_written(file->temporary, path, err);
    if (status == BF_OK)
        status = bf_atomic_commit(file, err);
    return status;
}

int64_t bf_graph_save_bytes(const struct bf_graph *g, enum bf_graph_save_type type, bool convert_all)
{
    int64_t n = (int64_t)gguf_get_data_offset(g->gguf) + 65536;
    for (size_t i = 0; i < g->n_weights; i++) {
        const struct bf_weight *w = &g->weights[i];
        n += (int64_t)ggml_row_size((enum ggml_type)bf_save_type_of(g, w, type, convert_all), w->n_in) * w->n_out + 64;
    }
    return n;
}

/* The header's list of tensors, in the order of the source. */
static void add_tensors(const struct bf_graph *g, struct gguf_context *out, struct ggml_context *tensors,
                        enum bf_graph_save_type type, bool convert_all)
{
    for (size_t i = 0; i < g->n_weights; i++) {
        const struct bf_weight *w = &g->weights[i];
        const enum ggml_type saved = (enum ggml_type)bf_save_type_of(g, w, type, convert_all);
        struct ggml_tensor *tensor = w->n_dims == 1 ? ggml_new_tensor_1d(tensors, saved, w->n_in)
                                                    : ggml_new_tensor_2d(tensors, saved, w->n_in, w->n_out);
        ggml_set_name(tensor, w->name);
        gguf_add_tensor(out, tensor);
    }
}

static enum bf_status write_tensors(struct bf_graph *g, const struct gguf_context *out, FILE *stream,
                                    enum bf_graph_save_type type, bool convert_all, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    for (size_t i = 0; status == BF_OK && i < g->n_weights; i++) {
        const struct bf_weight *w = &g->weights[i];
        status = bf_save_tensor(g, w, bf_save_type_of(g, w, type, convert_all), stream, err);
        bf_save_pad(out, stream, gguf_get_tensor_size(out, (int64_t)i));
    }
    return status;
}

/* The type that holds most weights of the source. Of a source that says what it was itself trained from, that: weights that come from a coarse
 * type and moved little are rounded back to where they were when they are converted to it again. */
static void note_base_type(const struct bf_graph *g, struct gguf_context *out)
{
    int64_t n[GGML_TYPE_COUNT] = {0};
    int most = GGML_TYPE_F32;
    if (gguf_find_key(out, BF_ENGINE_BASE_TYPE_KEY) >= 0)
        return;
    for (size_t i = 0; i < g->n_weights; i++)
        n[g->weights[i].type] += (int64_t)g->weights[i].n_in * g->weights[i].n_out;
    for (int t = 0; t < GGML_TYPE_COUNT; t++)
        most = n[t] > n[most] ? t : most;
    char name[32];
    snprintf(name, sizeof name, "%s", ggml_type_name((enum ggml_type)most));
    for (char *c = name; *c; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    gguf_set_val_str(out, BF_ENGINE_BASE_TYPE_KEY, name);
}

enum bf_status bf_graph_save_model(struct bf_graph *g, const char *path, enum bf_graph_save_type type, bool convert_all,
                                   const struct bf_graph_kv *kv, size_t n_kv, struct bf_err *err)
{
    struct bf_atomic file = {0};
    struct gguf_context *out = NULL;
    struct ggml_context *tensors = NULL;
    enum bf_status status = bf_save_room(path, bf_graph_save_bytes(g, type, convert_all), err);
    if (status != BF_OK)
        goto out;
    tensors =
        ggml_init((struct ggml_init_params){.mem_size = (g->n_weights + 1) * ggml_tensor_overhead(), .no_alloc = true});
    out = gguf_init_empty();
    if (!tensors || !out) {
        status = bf_fail(err, BF_INPUT, "memory is short for saving '%s'", path);
        goto out;
    }
    gguf_set_kv(out, g->gguf);
    if (type != BF_SAVE_SOURCE && (convert_all || g->params.train == BF_TRAIN_FULL))
        gguf_set_val_u32(out, "general.file_type", file_types[type]);
    bf_save_kv(out, kv, n_kv);
    note_base_type(g, out);
    add_tensors(g, out, tensors, type, convert_all);
    status = bf_atomic_open(&file, path, err);
    if (status == BF_OK)
        status = bf_save_header(out, file.stream, path, err);
    if (status == BF_OK)
        status = write_tensors(g, out, file.stream, type, convert_all, err);
    if (status == BF_OK)
        status = bf_save_commit(&file, path, err);
out:
    bf_atomic_abort(&file);
    if (out)
        gguf_free(out);
    ggml_free(tensors);
    return status;
}
