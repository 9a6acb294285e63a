/* Opens and closes a graph; what it needs, what it has, its parameters. */
#include <ggml.h>
#include <gguf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/memory_available.h"
#include "base/print.h"
#include "base/workers.h"
#include "engine/engine.h"
#include "graph/graph.h"
#include "graph/graph_internal.h"
#include "base/banned.h"

enum { TOKENS_MAX = 1 << 20, THREADS_MAX = 64 };

struct bf_graph_params bf_graph_params_default(void)
{
    return (struct bf_graph_params){
        .n_tokens = 1024,
        .lora_rank = 16,
        .lora_alpha = 32,
        .lora_last = -1,
        .state_layer = -1,
        .max_logit_bytes = (size_t)96 << 20,
    };
}

static const char **copy_list(const char *const *list, size_t n)
{
    if (!list)
        return NULL;
    const char **copy = bf_array(n + 1, sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = bf_strdup(list[i]);
    return copy;
}

static void free_list(const char *const *list, size_t n)
{
    if (!list)
        return;
    for (size_t i = 0; i < n; i++)
        free((void *)(uintptr_t)list[i]);
    free((void *)(uintptr_t)list);
}

/* gguf reports errors to ggml's log: the first is caught here while a file is opened. */
static void catch_error(enum ggml_log_level level, const char *text, void *user)
{
    char *first = user;
    if (level == GGML_LOG_LEVEL_ERROR && text && !first[0]) {
        const char *colon = strstr(text, ": ");
        snprintf(first, 256, "%s", colon ? colon + 2 : text);
        first[strcspn(first, "\n")] = 0;
    }
}

static enum bf_status open_file(struct bf_graph *g, struct bf_err *err)
{
    enum bf_status status = bf_engine_check_model(g->path, NULL, BF_MODEL_WEIGHTS, NULL, err);
    if (status != BF_OK)
        return status;
    char **parts = NULL;
    size_t n_parts = 0;
    status = bf_engine_model_parts(g->path, &parts, &n_parts, err);
    bf_engine_free_parts(parts, n_parts);
    if (status != BF_OK)
        return status;
    if (n_parts > 1)
        return bf_fail(
            err, BF_MODEL,
            "'%s' is the first of %zu parts of a model, and training reads one file; join them first: biforget "
            "quantize %s WHOLE.gguf --type f16",
            g->path, n_parts, BF_SHELL_WORD(g->path));
    g->file = fopen(g->path, "rb");
    if (!g->file)
        return bf_fail(err, BF_MODEL, "cannot open the model '%s'; give a GGUF file", g->path);
    char why[256] = "";
    ggml_log_callback old = NULL;
    void *old_user = NULL;
    ggml_log_get(&old, &old_user);
    ggml_log_set(catch_error, why);
    g->gguf = gguf_init_from_file_ptr(g->file, (struct gguf_init_params){.no_alloc = true});
    ggml_log_set(old, old_user);
    if (!g->gguf)
        return bf_fail(err, BF_MODEL, "'%s' is not a GGUF file that can be read%s%s", g->path, why[0] ? ": " : "", why);
    return BF_OK;
}

/* What an optimiser changes, in the order of the file. */
static void add_parameter(struct bf_graph *g, const char *name, int64_t n_out, int64_t n_in, float *data,
                          float *gradient, bool decay)
{
    const bool vector = n_out == 1;
    g->parameters[g->n_parameters++] = (struct bf_graph_parameter){
        .name = name,
        .n = (size_t)(n_out * n_in),
        .n_dims = vector ? 1 : 2,
        .shape = {vector ? n_in : n_out, vector ? 1 : n_in},
        .data = data,
        .gradient = gradient,
        .decay = decay,
    };
}

static void list_parameters(struct bf_graph *g)
{
    g->parameters = bf_array(2 * g->n_weights, sizeof *g->parameters);
    for (size_t i = 0; i < g->n_weights; i++) {
        const struct bf_weight *w = &g->weights[i];
        if (w->gradient)
            add_parameter(g, w->name, w->n_out, w->n_in, w->data, w->gradient, w->n_dims == 2);
        if (!w->lora)
            continue;
        add_parameter(g, w->lora->name_a, g->params.lora_rank, w->n_in, w->lora->a, w->lora->gradient_a, true);
        add_parameter(g, w->lora->name_b, w->n_out, g->params.lora_rank, w->lora->b, w->lora->gradient_b, true);
    }
}

static size_t choose_threads(int32_t wanted)
{
    const long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
    const long n = wanted > 0 ? wanted : n_cores > 0 ? n_cores : 1;
    return n > THREADS_MAX ? THREADS_MAX : (size_t)n;
}

static enum bf_status open_graph(struct bf_graph *g, bool dry, struct bf_err *err)
{
    const struct bf_graph_params *p = &g->params;
    enum bf_status status = open_file(g, err);
    if (status == BF_OK)
        status = bf_graph_config_read(g->gguf, g->path, &g->config, err);
    if (status != BF_OK)
        return status;
    if (p->n_tokens < 1 || p->n_tokens > TOKENS_MAX)
        return bf_fail(err, BF_INPUT, "a batch of %d tokens; give 1 to %d", p->n_tokens, TOKENS_MAX);
    if (p->state_layer >= g->config.n_layer)
        return bf_fail(err, BF_INPUT, "there is no block %d in '%s'; its blocks are 0 to %d", p->state_layer, g->path,
                       g->config.n_layer - 1);
    g->kernel = bf_kernel_at(0);
    if (p->bf16_products && !g->kernel->tile_bf16)
        return bf_fail(err, BF_INPUT,
                       "BF16 products need AVX512_BF16, which this processor does not have or this program was not "
                       "built for; train in F32");
    g->n_layer_used = p->state_layer < 0 ? g->config.n_layer : p->state_layer + 1;
    g->blocks = bf_array((size_t)g->n_layer_used, sizeof *g->blocks);
    g->n_threads = choose_threads(p->n_threads);
    status = bf_graph_weights_bind(g, err);
    if (status == BF_OK)
        status = bf_graph_weights_load(g, dry, err);
    if (status == BF_OK)
        status = bf_graph_activations_new(g, dry, err);
    if (status != BF_OK || dry)
        return status;
    list_parameters(g);
    g->workers = bf_workers_new(g->n_threads);
    g->matmul = bf_matmul_new(g->kernel, g->workers, g->n_threads);
    return BF_OK;
}

static struct bf_graph *new_graph(const struct bf_graph_params *params)
{
    struct bf_graph *g = bf_alloc(sizeof *g);
    g->params = *params;
    g->path = bf_strdup(params->model_path);
    g->params.model_path = g->path;
    g->params.lora_targets = copy_list(params->lora_targets, params->n_lora_targets);
    g->params.tensors = copy_list(params->tensors, params->n_tensors);
    return g;
}

enum bf_status bf_graph_open(const struct bf_graph_params *params, struct bf_graph **out, struct bf_err *err)
{
    struct bf_graph *g = new_graph(params);
    const enum bf_status status = open_graph(g, false, err);
    *out = status == BF_OK ? g : NULL;
    if (status != BF_OK)
        bf_graph_close(g);
    return status;
}

enum bf_status bf_graph_estimate(const struct bf_graph_params *params, struct bf_graph_info *out, struct bf_err *err)
{
    struct bf_graph *g = new_graph(params);
    const enum bf_status status = open_graph(g, true, err);
    if (status == BF_OK) {
        bf_graph_get_info(g, out);
        /* The graph's own string goes with it. */
        out->architecture = strcmp(g->config.architecture, "llama") == 0 ? "llama" : "qwen2";
    }
    bf_graph_close(g);
    return status;
}

void bf_graph_close(struct bf_graph *g)
{
    if (!g)
        return;
    bf_graph_activations_free(g);
    bf_graph_weights_release(g);
    bf_matmul_free(g->matmul);
    bf_workers_free(g->workers);
    free(g->blocks);
    free(g->parameters);
    if (g->gguf)
        gguf_free(g->gguf);
    if (g->file)
        (void)fclose(g->file);
    free_list(g->params.lora_targets, g->params.n_lora_targets);
    free_list(g->params.tensors, g->params.n_tensors);
    free(g->path);
    free(g);
}

void bf_graph_get_info(const struct bf_graph *g, struct bf_graph_info *out)
{
    *out = (struct bf_graph_info){
        .architecture = g->config.architecture,
        .n_vocab = g->n_vocab,
        .n_embd = g->config.n_embd,
        .n_layer = g->config.n_layer,
        .n_ff = g->config.n_ff,
        .n_head = g->config.n_head,
        .n_head_kv = g->config.n_head_kv,
        .n_context = g->config.n_context,
        .n_layer_used = g->n_layer_used,
        .n_weights = g->n_elements,
        .n_trained = g->n_trained,
        .n_dequantised = g->n_dequantised,
        .source_type = ggml_type_name((enum ggml_type)g->source_type),
        .products = g->kernel->name,
        .n_threads = (int32_t)g->n_threads,
        .n_bytes_weights = g->n_bytes_weights,
        .n_bytes_gradients = g->n_bytes_gradients,
        .n_bytes_activations = g->n_activation_bytes,
    };
}

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

/* ---- parameters ---- */

size_t bf_graph_n_parameters(const struct bf_graph *g)
{
    return g->n_parameters;
}

struct bf_graph_parameter bf_graph_get_parameter(const struct bf_graph *g, size_t i)
{
    return g->parameters[i];
}

void bf_graph_zero_gradients(struct bf_graph *g)
{
    for (size_t i = 0; i < g->n_parameters; i++)
        memset(g->parameters[i].gradient, 0, g->parameters[i].n * sizeof *g->parameters[i].gradient);
}
