#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/built_for.h"
#include "base/file.h"
#include "base/json.h"
#include "base/print.h"
#include "cmd/cmd.h"
#include "cmd/model_path.h"
#include "engine/engine.h"
#include "unlearn/matmul_kernel.h"
#include "base/banned.h"

struct values {
    const char *model;
    int64_t parallel;
    bool json;
};

/* What llama.cpp's kernels were compiled for, and whether they are right here. */
struct kernels {
    char sets[1024];  /* "AVX AVX2 FMA"; "" when the machine's own llama.cpp does not say */
    char tested[256]; /* "" when they are wrong */
    enum bf_status status;
    struct bf_err err;
};

static struct bf_opt *options(void *target)
{
    struct values *v = target;
    return BF_OPT_TABLE({.name = "model",
                         .letter = 'm',
                         .type = BF_OPT_TEXT,
                         .target = &v->model,
                         .value = "FILE|NAME",
                         .fallback = "none: only the machine",
                         .help = "a model to look at"},
                        {.name = "parallel",
                         .type = BF_OPT_INT,
                         .target = &v->parallel,
                         .min = 0,
                         .max = 256,
                         .value = "N",
                         .fallback = "32, or 64 from 8 cores on",
                         .help = "sequences in the check"},
                        BF_OPT_JSON(&v->json, "what was found"));
}

/* "__AVX2__ __FMA__" -> "AVX2 FMA" */
static void name_sets(const char *macros, char *out, size_t size)
{
    size_t n = 0;
    for (const char *c = macros; *c && n + 1 < size; c++) {
        if (c[0] == '_' && c[1] == '_') {
            c++;
            continue;
        }
        out[n++] = *c;
    }
    out[n] = '\0';
}

static void try_kernels(struct kernels *k)
{
    *k = (struct kernels){.err = BF_ERR_INIT};
    name_sets(BF_LLAMA_MACROS, k->sets, sizeof k->sets);
    k->status = bf_engine_check_kernels(k->tested, sizeof k->tested, &k->err);
}

static void print_kernels(const struct kernels *k)
{
    if (k->sets[0])
        bf_print(stdout, "  instruction sets %s\n", k->sets);
    if (BF_LLAMA_LEFT_OUT[0])
        bf_print(stdout, "  left out %s: %s\n", BF_LLAMA_LEFT_OUT, BF_LLAMA_WHY);
    bf_print(stdout, "  kernels  %s\n", k->status == BF_OK ? k->tested : k->err.text);
}

static json_t *kernels_json(const struct kernels *k)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:s}", "instruction_sets", k->sets, "amx_tiles", BF_LLAMA_TILES,
                     "left_out", BF_LLAMA_LEFT_OUT, "left_out_because", BF_LLAMA_WHY, "right", k->status == BF_OK,
                     "tested", k->status == BF_OK ? k->tested : k->err.text);
}

static enum bf_status look_at_machine(const struct kernels *kernels, struct bf_err *err)
{
    struct bf_buf text;
    bf_buf_init(&text, 1 << 16);
    bf_engine_describe_machine(&text);
    bf_print(stdout, "machine\n");
    for (char *line = text.data; *line;) {
        char *end = strchr(line, '\n');
        int n = end ? (int)(end - line) : (int)strlen(line);
        bf_print(stdout, "  %.*s\n", n, line);
        line += n + (end ? 1 : 0);
    }
    bf_buf_release(&text);
    print_kernels(kernels);
    const struct bf_kernel *kernel = bf_kernel_at(0);
    bf_print(stdout, "  kernels of training: %s%s\n", kernel->name, kernel->tile_bf16 ? ", with BF16 products" : "");
    char *cache = bf_cache_dir();
    if (cache)
        bf_print(stdout, "  cache %s, %.1f GB free on its disk\n", cache, (double)bf_disk_free(cache) / 1e9);
    else
        bf_print(stdout, "  no cache folder: set HOME or BIFORGET_CACHE to use models by name\n");
    free(cache);
    struct bf_manifest manifest;
    enum bf_status status = bf_manifest_load(&manifest, err);
    if (status != BF_OK)
        return status;
    bf_print(stdout, "models\n");
    for (size_t i = 0; i < manifest.n; i++) {
        const struct bf_model_entry *m = &manifest.items[i];
        bool needed = strcmp(m->role, "optional") != 0;
        bf_print(stdout, "  %-30s %s%s\n", m->name,
                 m->installed ? "installed"
                 : m->partial ? "incomplete"
                              : "not installed",
                 !m->installed && needed ? ": scripts/fetch_models in the source folder gets it" : "");
    }
    bf_manifest_release(&manifest);
    return BF_OK;
}

static bool is_fast(const char *type)
{
    return strcmp(type, "Q4_0") == 0;
}

static void advise(const char *path, const struct bf_engine_info *i)
{
    if (i->stable == BF_STABLE_YES)
        bf_print(stdout, "  bytes    stable: the same forget set at any --parallel, and after any interruption\n");
    else
        bf_print(stdout,
                 "  bytes    NOT stable for %s: the same only at one --parallel without interruption; nothing is ever "
                 "lost or doubled\n",
                 i->quantisation);
    if (is_fast(i->quantisation))
        bf_print(stdout, "  speed    Q4_0, the fastest type here\n");
    else
        bf_print(stdout, "  speed    Q4_0 would run faster%s: biforget quantize '%s' NEW.gguf\n",
                 i->stable == BF_STABLE_YES ? "" : " and be stable", path);
}

static enum bf_status look_at_model(const struct values *v, struct bf_err *err)
{
    char *path = NULL;
    struct bf_engine *engine = NULL;
    enum bf_status status = bf_model_path(v->model, &path, err);
    if (status != BF_OK)
        return status;
    struct bf_engine_options o = bf_engine_default_options();
    o.model_path = path;
    o.n_parallel = (int32_t)v->parallel;
    status = bf_engine_open(&o, &engine, err);
    if (status == BF_OK)
        status = bf_engine_check_weights(path, err); /* one that a few tokens do not meet */
    if (status == BF_OK) {
        const struct bf_engine_info *i = bf_engine_info(engine);
        bf_print(stdout, "model\n  file     %s\n  kind     %s, %.0f million parameters, %d layers, context %d\n", path,
                 i->model_desc, (double)i->n_params / 1e6, i->n_layer, i->n_ctx_train);
        bf_print(stdout, "  memory   %.0f MB weights, %.0f MB for %d sequences of %d tokens\n",
                 (double)i->model_bytes / 1e6, (double)i->kv_bytes / 1e6, i->n_parallel, i->n_ctx_seq);
        bf_print(stdout, "  chat     %s\n",
                 strcmp(i->chat, "none") == 0 ? "no template: a base model, prompted with plain text"
                                              : "its own template");
        advise(path, i);
    }
    bf_engine_close(engine);
    free(path);
    return status;
}

/* The same as one JSON object; with a model, its key facts. */
static enum bf_status print_json(const struct values *v, const struct kernels *kernels, struct bf_err *err)
{
    struct bf_manifest manifest;
    struct bf_engine *engine = NULL;
    char *path = NULL;
    enum bf_status status = bf_manifest_load(&manifest, err);
    if (status != BF_OK)
        return status;
    json_t *models = json_array();
    for (size_t i = 0; i < manifest.n; i++)
        json_array_append_new(
            models, json_pack("{s:s, s:b}", "name", manifest.items[i].name, "installed", manifest.items[i].installed));
    bf_manifest_release(&manifest);
    json_t *root = json_pack("{s:o, s:o}", "kernels", kernels_json(kernels), "models", models);
    if (v->model && kernels->status == BF_OK) {
        status = bf_model_path(v->model, &path, err);
        struct bf_engine_options o = bf_engine_default_options();
        o.model_path = path;
        o.n_parallel = (int32_t)v->parallel;
        if (status == BF_OK)
            status = bf_engine_open(&o, &engine, err);
        if (status == BF_OK) {
            const struct bf_engine_info *i = bf_engine_info(engine);
            json_object_set_new(root, "model",
                                json_pack("{s:s, s:s, s:I, s:s, s:b}", "file", path, "kind", i->model_desc,
                                          "parameters", (json_int_t)i->n_params, "type", i->quantisation, "stable",
                                          i->stable == BF_STABLE_YES));
        }
    }
    char *text = bf_json_dump(root);
    if (status == BF_OK)
        bf_print_json(stdout, text);
    free(text);
    free(path);
    json_decref(root);
    bf_engine_close(engine);
    return status;
}

static enum bf_status run(const struct bf_call *call, struct bf_err *err)
{
    const struct values *v = call->values;
    struct kernels kernels;
    try_kernels(&kernels);
    enum bf_status status = v->json ? print_json(v, &kernels, err) : look_at_machine(&kernels, err);
    if (status == BF_OK && kernels.status != BF_OK)
        return bf_fail(err, kernels.status, "%s", kernels.err.text);
    if (status == BF_OK && v->model && !v->json)
        status = look_at_model(v, err);
    return status;
}

const struct bf_command bf_cmd_doctor = {
    .help =
        {
            .name = "doctor",
            .summary = "what is missing, what the machine offers, if a model is stable",
            .synopsis = "biforget doctor [-m MODEL] [--json]",
            .examples = "  biforget doctor\n"
                        "  biforget doctor -m my-model.gguf\n",
        },
    .values_size = sizeof(struct values),
    .options = options,
    .run = run,
};
