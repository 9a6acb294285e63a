/* Conversion of weights, and a description of this build and machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "engine/gguf_check.h"
#include "engine/gguf_parts.h"
#include "engine/llama_private.h"
#include "base/banned.h"

static const struct {
    const char *name;
    enum llama_ftype ftype;
    enum ggml_type type;
} types[] = {
    {"q4_0", LLAMA_FTYPE_MOSTLY_Q4_0, GGML_TYPE_Q4_0}, {"q8_0", LLAMA_FTYPE_MOSTLY_Q8_0, GGML_TYPE_Q8_0},
    {"f32", LLAMA_FTYPE_ALL_F32, GGML_TYPE_F32},       {"f16", LLAMA_FTYPE_MOSTLY_F16, GGML_TYPE_F16},
    {"bf16", LLAMA_FTYPE_MOSTLY_BF16, GGML_TYPE_BF16},
};

/* By name, since the library opens the file itself. */
static enum bf_status convert(const char *in, const char *temporary, size_t t, int32_t n_threads, struct bf_err *err)
{
    struct llama_model_quantize_params params = llama_model_quantize_default_params();
    params.nthread = n_threads;
    params.ftype = types[t].ftype;
    /* Every matrix, even the tied output: a single K-quant would cost row invariance and speed. */
    params.pure = true;
    params.output_tensor_type = types[t].type;
    params.token_embedding_type = types[t].type;
    params.allow_requantize = true;
    struct bf_llama_log log;
    bf_llama_log_begin(&log);
    const enum bf_status status = bf_engine_start_llama(err);
    const uint32_t code = status == BF_OK ? llama_model_quantize(in, temporary, &params) : 0;
    llama_backend_free();
    bf_llama_log_end(&log);
    if (status != BF_OK)
        return status;
    if (code != 0)
        return bf_fail(err, BF_MODEL, "cannot convert '%s' to %s: %s", in, types[t].name, log.first);
    return BF_OK;
}

enum bf_status bf_engine_check_written(const char *path, const char *shown, struct bf_err *err)
{
    struct bf_gguf gguf;
    struct bf_err why = BF_ERR_INIT;
    enum bf_status status = bf_gguf_read(path, &gguf, &why);
    if (status == BF_OK)
        status = bf_gguf_check_tensors(&gguf, path, &why);
    if (status == BF_OK && gguf.n_tensors == 0)
        status = bf_fail(&why, BF_MODEL, "it has no tensors");
    bf_gguf_release(&gguf);
    return status == BF_OK ? BF_OK
                           : bf_fail(err, BF_STORE,
                                     "'%s' was not written: the file on the disk is not a complete model (%s); is the "
                                     "disk full?",
                                     shown, why.text);
}

static enum bf_status check_room(const char *in, const char *out, size_t t, struct bf_err *err)
{
    char **parts = NULL;
    size_t n = 0;
    uint64_t need = 0;
    const int64_t have = bf_disk_free(out);
    enum bf_status status = bf_engine_model_parts(in, &parts, &n, err);
    for (size_t i = 0; i < n && status == BF_OK; i++) {
        struct bf_gguf gguf;
        status = bf_gguf_read(parts[i], &gguf, err);
        if (status == BF_OK)
            need += bf_gguf_bytes_in(&gguf, types[t].type);
        bf_gguf_release(&gguf);
    }
    bf_engine_free_parts(parts, n);
    if (status == BF_OK && have >= 0 && (uint64_t)have < need)
        status = bf_fail(err, BF_STORE, "'%s' takes about %.1f GB as %s, but %.1f GB are free on its disk", out,
                         (double)need / 1e9, types[t].name, (double)have / 1e9);
    return status;
}

enum bf_status bf_engine_quantize(const char *in, const char *out, const char *type, int32_t n_threads,
                                  struct bf_err *err)
{
    size_t t = 0;
    while (t < sizeof types / sizeof *types && strcmp(types[t].name, type) != 0)
        t++;
    if (t == sizeof types / sizeof *types)
        return bf_fail(err, BF_USAGE, "type '%s' is not known; use q4_0, q8_0, f16, bf16 or f32", type);
    enum bf_status status = bf_engine_check_model(in, NULL, BF_MODEL_WEIGHTS, NULL, err);
    if (status == BF_OK)
        status = check_room(in, out, t, err);
    if (status != BF_OK)
        return status;
    struct bf_atomic file = {0};
    status = bf_atomic_open(&file, out, err);
    if (status != BF_OK)
        return status;
    if (!file.temporary) { /* llama.cpp writes the header last, at the beginning of the file */
        bf_atomic_abort(&file);
        return bf_fail(err, BF_STORE, "cannot write '%s': a model is written to a file, not to a pipe or device", out);
    }
    status = convert(in, file.temporary, t, n_threads, err);
    if (status == BF_OK)
        status = bf_atomic_flush(&file, err);
    if (status == BF_OK)
        status = bf_engine_check_written(file.temporary, out, err);
    if (status == BF_OK)
        status = bf_atomic_commit(&file, err);
    bf_atomic_abort(&file);
    return status;
}

void bf_engine_describe_machine(struct bf_buf *out)
{
    struct bf_llama_log log;
    struct bf_err err = BF_ERR_INIT;
    char variant[64];
    bf_llama_log_begin(&log);
    enum bf_status status = bf_engine_start_llama(&err);
    bf_llama_log_end(&log);
    for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
        ggml_backend_dev_t device = ggml_backend_dev_get(i);
        size_t n_free = 0;
        size_t n_total = 0;
        ggml_backend_dev_memory(device, &n_free, &n_total);
        bf_buf_printf(out, "%s: %s, %.1f GB\n", ggml_backend_dev_name(device), ggml_backend_dev_description(device),
                      (double)n_total / 1e9);
    }
    bf_buf_printf(out, "llama.cpp %s: %s\n", llama_version(), llama_print_system_info());
    bf_llama_cpu_variant(variant, sizeof variant);
    if (status != BF_OK)
        bf_buf_printf(out, "kernels of llama.cpp: none: %s\n", err.text);
    else if (variant[0])
        bf_buf_printf(out, "kernels of llama.cpp: %s, chosen for this processor\n", variant);
    else
        bf_buf_printf(out, "kernels of llama.cpp: for the processor that this program was built on\n");
    llama_backend_free();
}
