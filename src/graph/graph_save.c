/* A model as GGUF: the source's metadata, the caller's key-values, the current weights. */
#include <ggml.h>
#include <gguf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/floats.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "graph/graph_save.h"
#include "base/banned.h"

/* ---- one tensor ---- */

/* One tensor's values on their way into a file: as they are, or with the adapter merged in, in any type. */

static const int ggml_types[] = {
    [BF_SAVE_F32] = GGML_TYPE_F32,
    [BF_SAVE_F16] = GGML_TYPE_F16,
    [BF_SAVE_BF16] = GGML_TYPE_BF16,
    [BF_SAVE_Q8_0] = GGML_TYPE_Q8_0,
};

static bool changed_by_training(const struct bf_weight *w)
{
    return w->trained || w->lora;
}

static int type_in_file(const struct bf_weight *w, enum bf_graph_save_type type, bool convert_all)
{
    if (!changed_by_training(w) && (!convert_all || w->n_dims == 1))
        return w->type;
    if (w->n_dims == 1)
        return GGML_TYPE_F32;
    int wanted = type == BF_SAVE_SOURCE ? w->type : ggml_types[type];
    /* Types of one or two bits cannot be made without statistics of activations. */
    if (ggml_quantize_requires_imatrix((enum ggml_type)wanted))
        wanted = GGML_TYPE_Q8_0;
    return w->n_in % ggml_blck_size((enum ggml_type)wanted) == 0 ? wanted : GGML_TYPE_F16;
}

struct tensor_rows {
    const struct bf_graph *g;
    const struct bf_weight *w;
    const char *bytes; /* in the type of the file, or NULL: w->data or w->raw */
    float *values;     /* [n, n_in] */
    char *out;         /* [n] rows of `type` */
    int type;
    int64_t first; /* row of the tensor */
    bool *finite;  /* [n] */
};

static void fill_row(const struct tensor_rows *r, int64_t i)
{
    const struct bf_weight *w = r->w;
    const int64_t row = r->first + i;
    float *values = r->values + i * w->n_in;
    if (w->data)
        memcpy(values, w->data + row * w->n_in, (size_t)w->n_in * sizeof *values);
    else
        bf_graph_to_float(w->type, r->bytes + (size_t)row * ggml_row_size((enum ggml_type)w->type, w->n_in), values,
                          w->n_in);
    if (w->lora) {
        const int64_t rank = r->g->params.lora_rank;
        for (int64_t k = 0; k < rank; k++) {
            const float factor = bf_graph_lora_scale(r->g) * w->lora->b[row * rank + k];
            const float *a = w->lora->a + k * w->n_in;
            for (int64_t j = 0; j < w->n_in; j++)
                values[j] += factor * a[j];
        }
    }
    r->finite[i] = bf_all_finite(values, (size_t)w->n_in);
}

static void convert_rows(void *user, int64_t first, int64_t end)
{
    const struct tensor_rows *r = user;
    const size_t n_row_bytes = ggml_row_size((enum ggml_type)r->type, r->w->n_in);
    for (int64_t i = first; i < end; i++) {
        fill_row(r, i);
        if (r->finite[i])
            (void)ggml_quantize_chunk((enum ggml_type)r->type, r->values + i * r->w->n_in,
                                      r->out + (size_t)i * n_row_bytes, 0, 1, r->w->n_in, NULL);
    }
}

static enum bf_status write_converted(struct bf_graph *g, const struct bf_weight *w, const char *bytes, int type,
                                      FILE *stream, struct bf_err *err)
{
    const size_t n_row_bytes = ggml_row_size((enum ggml_type)type, w->n_in);
    const int64_t n_fit = (INT64_C(4) << 20) / w->n_in, n_rows = n_fit < 1 ? 1 : n_fit > w->n_out ? w->n_out : n_fit;
    struct tensor_rows r = {.g = g, .w = w, .bytes = bytes, .type = type};
    r.values = bf_array((size_t)(n_rows * w->n_in), sizeof(float));
    r.out = bf_array((size_t)n_rows, n_row_bytes);
    r.finite = bf_array((size_t)n_rows, sizeof(bool));
    enum bf_status status = BF_OK;
    ggml_quantize_init((enum ggml_type)type);
    for (; status == BF_OK && r.first < w->n_out; r.first += n_rows) {
        const int64_t n = w->n_out - r.first < n_rows ? w->n_out - r.first : n_rows;
        bf_graph_rows(g, n, 8, convert_rows, &r);
        for (int64_t i = 0; status == BF_OK && i < n; i++)
            if (!r.finite[i])
                status = bf_fail(err, BF_MODEL, "the tensor '%s' holds a value that is not a number: nothing is saved",
                                 w->name);
        if (status == BF_OK)
            (void)fwrite(r.out, n_row_bytes, (size_t)n, stream);
    }
    free(r.values);
    free(r.out);
    free(r.finite);
    return status;
}

static enum bf_status write_tensor(struct bf_graph *g, const struct bf_weight *w, int type, FILE *stream,
                                   struct bf_err *err)
{
    const bool as_is = !changed_by_training(w) && type == w->type;
    char *bytes = NULL;
    if (as_is || (!w->data && !w->raw)) {
        bytes = bf_try_array(w->n_bytes, 1);
        if (!bytes)
            return bf_fail(err, BF_INPUT, "memory is short for the tensor '%s'", w->name);
        const enum bf_status status = bf_graph_weights_read(g, w, bytes, err);
        if (status != BF_OK) {
            free(bytes);
            return status;
        }
    }
    enum bf_status status = BF_OK;
    if (as_is)
        (void)fwrite(bytes, 1, w->n_bytes, stream);
    else
        status = write_converted(g, w, bytes ? bytes : w->raw, type, stream, err);
    free(bytes);
    return status;
}

/* ---- a model, and what an adapter shares with it ---- */

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
        n += (int64_t)ggml_row_size((enum ggml_type)type_in_file(w, type, convert_all), w->n_in) * w->n_out + 64;
    }
    return n;
}

/* The header's list of tensors, in the order of the source. */
static void add_tensors(const struct bf_graph *g, struct gguf_context *out, struct ggml_context *tensors,
                        enum bf_graph_save_type type, bool convert_all)
{
    for (size_t i = 0; i < g->n_weights; i++) {
        const struct bf_weight *w = &g->weights[i];
        const enum ggml_type saved = (enum ggml_type)type_in_file(w, type, convert_all);
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
        status = write_tensor(g, w, type_in_file(w, type, convert_all), stream, err);
        bf_save_pad(out, stream, gguf_get_tensor_size(out, (int64_t)i));
    }
    return status;
}

/* The type that holds most weights of the source. Of a source that says what it was itself trained from, that: weights
 * that come from a coarse type and moved little are rounded back to where they were when they are converted to it
 * again. */
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
