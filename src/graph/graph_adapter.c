/* An adapter as GGUF, the way llama.cpp loads it (src/llama-adapter.cpp). */
#include <ggml.h>
#include <gguf.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/floats.h"
#include "graph/graph_save.h"
#include "base/banned.h"

static void add_matrix(struct gguf_context *out, struct ggml_context *tensors, const char *name, int64_t n_out,
                       int64_t n_in)
{
    struct ggml_tensor *tensor = ggml_new_tensor_2d(tensors, GGML_TYPE_F32, n_in, n_out);
    ggml_set_name(tensor, name);
    gguf_add_tensor(out, tensor);
}

static void write_matrix(const struct gguf_context *out, FILE *stream, const float *values, size_t n)
{
    (void)fwrite(values, sizeof *values, n, stream);
    bf_save_pad(out, stream, n * sizeof *values);
}

static enum bf_status write_adapter(const struct bf_graph *g, const struct gguf_context *out, FILE *stream,
                                    const char *path, struct bf_err *err)
{
    const size_t rank = (size_t)g->params.lora_rank;
    const enum bf_status status = bf_save_header(out, stream, path, err);
    if (status != BF_OK)
        return status;
    for (size_t i = 0; i < g->n_weights; i++) {
        const struct bf_weight *w = &g->weights[i];
        if (!w->lora)
            continue;
        if (!bf_all_finite(w->lora->a, rank * (size_t)w->n_in) || !bf_all_finite(w->lora->b, rank * (size_t)w->n_out))
            return bf_fail(err, BF_MODEL, "the adapter of '%s' holds a value that is not a number: nothing is saved",
                           w->name);
        write_matrix(out, stream, w->lora->a, rank * (size_t)w->n_in);
        write_matrix(out, stream, w->lora->b, rank * (size_t)w->n_out);
    }
    return BF_OK;
}

enum bf_status bf_graph_save_adapter(struct bf_graph *g, const char *path, const struct bf_graph_kv *kv, size_t n_kv,
                                     struct bf_err *err)
{
    if (g->params.train != BF_TRAIN_LORA)
        return bf_fail(err, BF_INPUT, "there is no adapter to save: the model is not trained with LoRA");
    struct bf_atomic file = {0};
    struct gguf_context *out = NULL;
    struct ggml_context *tensors = NULL;
    enum bf_status status = bf_save_room(path, g->n_trained * (int64_t)sizeof(float) + 65536, err);
    if (status != BF_OK)
        goto out;
    tensors = ggml_init(
        (struct ggml_init_params){.mem_size = (2 * g->n_weights + 1) * ggml_tensor_overhead(), .no_alloc = true});
    out = gguf_init_empty();
    if (!tensors || !out) {
        status = bf_fail(err, BF_INPUT, "memory is short for saving '%s'", path);
        goto out;
    }
    gguf_set_val_str(out, "general.type", "adapter");
    gguf_set_val_str(out, "general.architecture", g->config.architecture);
    gguf_set_val_str(out, "adapter.type", "lora");
    gguf_set_val_f32(out, "adapter.lora.alpha", g->params.lora_alpha);
    bf_save_kv(out, kv, n_kv);
    for (size_t i = 0; i < g->n_weights; i++) {
        const struct bf_weight *w = &g->weights[i];
        if (!w->lora)
            continue;
        add_matrix(out, tensors, w->lora->name_a, g->params.lora_rank, w->n_in);
        add_matrix(out, tensors, w->lora->name_b, w->n_out, g->params.lora_rank);
    }
    status = bf_atomic_open(&file, path, err);
    if (status == BF_OK)
        status = write_adapter(g, out, file.stream, path, err);
    if (status == BF_OK)
        status = bf_save_commit(&file, path, err);
out:
    bf_atomic_abort(&file);
    if (out)
        gguf_free(out);
    ggml_free(tensors);
    return status;
}
