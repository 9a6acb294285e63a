#include "base/memory_available.h"
#include "graph/graph.h"

#include "base/banned.h"

enum bf_status bf_graph_check_memory(const struct bf_graph_params *params, bool moments, struct bf_err *err)
{
    struct bf_graph_info info;
    const enum bf_status status = bf_graph_estimate(params, &info, err);
    if (status != BF_OK)
        return status;
    const uint64_t needed = (uint64_t)info.n_bytes_weights + (uint64_t)info.n_bytes_gradients +
                            (uint64_t)info.n_bytes_activations + (moments ? 8 * (uint64_t)info.n_trained : 0);
    const uint64_t there = bf_memory_available();
    if (needed > there)
        return bf_fail(err, BF_INPUT,
                       "'%s' needs about %.1f GB of memory for gradients, and %.1f GB are free; free some, or take a "
                       "smaller model",
                       params->model_path, (double)needed / 1e9, (double)there / 1e9);
    return BF_OK;
}
