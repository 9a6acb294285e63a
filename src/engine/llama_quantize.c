/* Conversion of weights, and what this build and machine offer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "engine/llama_private.h"
#include "base/banned.h"

static const struct {
    const char *name;
    enum llama_ftype ftype;
    enum ggml_type type;
} types[] = {
    {"q4_0", LLAMA_FTYPE_MOSTLY_Q4_0, GGML_TYPE_Q4_0},
    {"q8_0", LLAMA_FTYPE_MOSTLY_Q8_0, GGML_TYPE_Q8_0},
    {"f16", LLAMA_FTYPE_MOSTLY_F16, GGML_TYPE_F16},
    {"bf16", LLAMA_FTYPE_MOSTLY_BF16, GGML_TYPE_BF16},
};

enum bf_status bf_engine_quantize(const char *in, const char *out, const char *type, int32_t n_threads,
                                  struct bf_err *err)
{
    size_t t = 0;
    while (t < sizeof types / sizeof *types && strcmp(types[t].name, type) != 0)
        t++;
    if (t == sizeof types / sizeof *types)
        return bf_fail(err, BF_USAGE, "type '%s' is not known; use q4_0, q8_0, f16 or bf16", type);
    if (!bf_file_exists(in))
        return bf_fail(err, BF_MODEL, "cannot open the model '%s'; give a GGUF file", in);
    int64_t need = bf_file_size(in);
    int64_t have = bf_disk_free(out);
    if (have >= 0 && need > 0 && have < need)
        return bf_fail(err, BF_STORE, "'%s' may take %.1f GB, but %.1f GB are free on its disk", out,
                       (double)need / 1e9, (double)have / 1e9);

    struct bf_buf temporary;
    bf_buf_init(&temporary, 4096);
    bf_buf_printf(&temporary, "%s.%ld.part", out, (long)getpid());
    struct llama_model_quantize_params params = llama_model_quantize_default_params();
    params.nthread = n_threads;
    params.ftype = types[t].ftype;
    /* Every matrix, the tied output too: a single K-quant left in it would cost row invariance and speed. */
    params.pure = true;
    params.output_tensor_type = types[t].type;
    params.token_embedding_type = types[t].type;
    params.allow_requantize = true;
    struct bf_llama_log log;
    bf_llama_log_begin(&log);
    llama_backend_init();
    uint32_t code = llama_model_quantize(in, temporary.data, &params);
    llama_backend_free();
    bf_llama_log_end(&log);
    enum bf_status status = BF_OK;
    if (code != 0) {
        status = bf_fail(err, BF_MODEL, "cannot convert '%s' to %s: %s", in, type, log.last);
    } else if (rename(temporary.data, out) != 0) {
        status = bf_fail(err, BF_STORE, "cannot name the converted model '%s'; is the folder writable?", out);
    }
    if (status != BF_OK)
        unlink(temporary.data);
    bf_buf_release(&temporary);
    return status;
}

void bf_engine_describe_machine(struct bf_buf *out)
{
    struct bf_llama_log log;
    bf_llama_log_begin(&log);
    llama_backend_init();
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
    llama_backend_free();
}
