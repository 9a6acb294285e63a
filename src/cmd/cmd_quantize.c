#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/output_path.h"
#include "engine/engine.h"
#include "base/banned.h"

struct quantize_values {
    bool quiet;
    const char *type;
    int64_t threads;
};

static struct bf_opt *quantize_options(void *target)
{
    struct quantize_values *v = target;
    v->type = "q4_0";
    return BF_OPT_TABLE(
        BF_CHOICE("type", &v->type, "q4_0|q8_0|f16|bf16|f32", "type of every weight matrix", .fallback = "q4_0"),
        BF_WHOLE("threads", &v->threads, 0, 1024, "all cores", "threads", .letter = 't'), BF_OPT_QUIET(&v->quiet));
}

static enum bf_status quantize_run(const struct bf_call *call, struct bf_err *err)
{
    const struct quantize_values *v = call->values;
    if (call->n_operands != 2)
        return bf_fail(err, BF_USAGE, "give a model and the file to write: biforget quantize IN.gguf OUT.gguf");
    const char *in = call->operands[0];
    const char *out = call->operands[1];
    char *lock_path = NULL;
    int lock = -1;
    enum bf_status status = bf_output_path(out, BF_OUTPUT_FILE, &in, 1, err);
    if (status == BF_OK)
        status = bf_output_lock(out, &lock_path, &lock, err);
    if (status != BF_OK)
        return status;
    bf_log_info(call->log, "converting %s (%.0f MB) to %s", in, (double)bf_file_size(in) / 1e6, v->type);
    status = bf_engine_quantize(in, out, v->type, (int32_t)v->threads, err);
    if (status == BF_OK)
        bf_log_info(call->log, "wrote %s (%.0f MB)", out, (double)bf_file_size(out) / 1e6);
    bf_output_unlock(lock_path, lock);
    return status;
}

const struct bf_command bf_cmd_quantize = {
    .help =
        {
            .name = "quantize",
            .summary = "convert a GGUF file, to Q4_0 for speed and stable bytes",
            .synopsis = "biforget quantize IN.gguf OUT.gguf [--type q4_0]",
            .examples = "  biforget quantize model-Q4_K_M.gguf model-q4_0.gguf\n"
                        "  biforget quantize model-f32.gguf model-q8_0.gguf --type q8_0\n",
            .details = "Q4_0 and Q8_0 rows get the same bits in any batch on a CPU; K-quants and BF16 do not. "
                       "Convert from the least quantised file you have: converting twice loses twice.",
        },
    .values_size = sizeof(struct quantize_values),
    .max_operands = 2,
    .options = quantize_options,
    .run = quantize_run,
    .quiet_option = true,
};
