/* What the two attacks that take gradients share. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/memory_available.h"
#include "base/rng.h"
#include "cmd/eval_robust.h"
#include "base/banned.h"

enum bf_status bf_robust_local(const struct bf_robust *r, const char *option, struct bf_err *err)
{
    const struct bf_eval_values *v = r->task->values;
    if (v->machine.api)
        return bf_fail(err, BF_USAGE,
                       "--%s takes gradients, which no server gives: give the model as a GGUF file with -m, without "
                       "--api",
                       option);
    if (v->lora)
        return bf_fail(err, BF_USAGE,
                       "--%s takes gradients of the model file alone, without the adapter over it: merge '%s' into the "
                       "model (llama-export-lora of llama.cpp does) and give that with -m, without --lora",
                       option, v->lora);
    return BF_OK;
}

size_t *bf_robust_draw(size_t n, size_t n_wanted, uint64_t seed)
{
    size_t *all = bf_array(n, sizeof *all);
    struct bf_rng rng;
    bf_rng_init(&rng, seed);
    for (size_t i = 0; i < n; i++)
        all[i] = i;
    for (size_t i = 0; i < n_wanted; i++) {
        const size_t j = i + (size_t)bf_rng_below(&rng, n - i), kept = all[i];
        all[i] = all[j];
        all[j] = kept;
    }
    return all;
}

enum bf_status bf_robust_make_room(struct bf_robust *r, const char *option, const struct bf_graph_params *params,
                                   bool moments, struct bf_err *err)
{
    struct bf_graph_info info;
    bf_engine_close(r->task->model.engine);
    r->task->model.engine = NULL;
    const enum bf_status status = bf_graph_estimate(params, &info, err);
    if (status != BF_OK)
        return status;
    const uint64_t needed = (uint64_t)info.n_bytes_weights + (uint64_t)info.n_bytes_gradients +
                            (uint64_t)info.n_bytes_activations + (moments ? 8 * (uint64_t)info.n_trained : 0);
    const uint64_t there = bf_memory_available();
    if (needed > there)
        return bf_fail(err, BF_INPUT,
                       "--%s needs about %.1f GB of memory for this model, and %.1f GB are free; free some, or leave it "
                       "out",
                       option, (double)needed / 1e9, (double)there / 1e9);
    return BF_OK;
}
