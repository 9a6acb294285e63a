#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/built_for.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/print.h"
#include "cmd/cmd.h"
#include "engine/models.h"
#include "engine/engine.h"
#include "graph/matmul_kernel.h"
#include "base/banned.h"

struct doctor_values {
    const char *model;
    int64_t parallel;
    bool json;
};

/* What was found; text and JSON are printed from this. */
struct machine {
    struct bf_buf text; /* as the engine describes it, in lines */
    /* What llama.cpp's kernels were compiled for, and whether they are right here. */
    char sets[1024];  /* "AVX AVX2 FMA"; "" when the machine's own llama.cpp does not say */
    char tested[256]; /* "" when they are wrong */
    enum bf_status kernels;
    struct bf_err kernels_err;
    const struct bf_kernel *training;
    char *cache; /* NULL: none */
    struct bf_models models;
};

struct model {
    char *path;
    struct bf_engine *engine;
};

static struct bf_opt *doctor_options(void *target)
{
    struct doctor_values *v = target;
    return BF_OPT_TABLE(
        BF_TEXT("model", &v->model, "FILE|NAME", "a model to check", .letter = 'm',
                .fallback = "none: only the machine"),
        BF_WHOLE("parallel", &v->parallel, 0, 256, "32, or 64 from 8 cores on", "sequences in the check"),
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

static enum bf_status look_at_machine(struct machine *m, struct bf_err *err)
{
    *m = (struct machine){.kernels_err = BF_ERR_INIT, .training = bf_kernel_at(0), .cache = bf_cache_dir()};
    bf_buf_init(&m->text, 1 << 16);
    bf_engine_describe_machine(&m->text);
    name_sets(BF_LLAMA_MACROS, m->sets, sizeof m->sets);
    m->kernels = bf_engine_check_kernels(m->tested, sizeof m->tested, &m->kernels_err);
    return bf_models_load(&m->models, err);
}

static void machine_release(struct machine *m)
{
    bf_buf_release(&m->text);
    bf_models_release(&m->models);
    free(m->cache);
}

static enum bf_status look_at_model(const struct doctor_values *v, struct model *model, struct bf_err *err)
{
    enum bf_status status = bf_model_path(v->model, &model->path, err);
    if (status != BF_OK)
        return status;
    struct bf_engine_options o = bf_engine_default_options();
    o.model_path = model->path;
    o.n_parallel = (int32_t)v->parallel;
    status = bf_engine_open(&o, &model->engine, err);
    return status == BF_OK ? bf_engine_check_weights(model->path, err)
                           : status; /* weights that a few tokens do not reach */
}

static void model_release(struct model *model)
{
    bf_engine_close(model->engine);
    free(model->path);
}

/* ---- for people ---- */

static const char *state_of(const struct bf_model_entry *m)
{
    return m->installed ? "installed" : m->partial ? "incomplete" : "not installed";
}

static void print_machine(const struct machine *m)
{
    bf_print(stdout, "machine\n");
    for (const char *line = m->text.data; *line;) {
        const size_t n = strcspn(line, "\n");
        bf_print(stdout, "  %.*s\n", (int)n, line);
        line += n + (line[n] ? 1 : 0);
    }
    if (m->sets[0])
        bf_print(stdout, "  instruction sets %s\n", m->sets);
    if (BF_LLAMA_LEFT_OUT[0])
        bf_print(stdout, "  left out %s: %s\n", BF_LLAMA_LEFT_OUT, BF_LLAMA_WHY);
    bf_print(stdout, "  kernels  %s\n", m->kernels == BF_OK ? m->tested : m->kernels_err.text);
    bf_print(stdout, "  kernels of training: %s%s\n", m->training->name,
             m->training->tile_bf16 ? ", with BF16 products" : "");
    if (m->cache)
        bf_print(stdout, "  cache %s, %.1f GB free on its disk\n", m->cache, (double)bf_disk_free(m->cache) / 1e9);
    else
        bf_print(stdout, "  no cache folder: set HOME or BIFORGET_CACHE to use models by name\n");
    bf_print(stdout, "models\n");
    for (size_t i = 0; i < m->models.n; i++) {
        const struct bf_model_entry *entry = &m->models.items[i];
        const bool needed = strcmp(entry->role, "optional") != 0;
        bf_print(stdout, "  %-30s %s%s\n", entry->name, state_of(entry),
                 !entry->installed && needed ? ": scripts/fetch_models in the source folder gets it" : "");
    }
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
        bf_print(stdout, "  speed    Q4_0 would run faster%s: biforget quantize %s NEW.gguf\n",
                 i->stable == BF_STABLE_YES ? "" : " and be stable", BF_SHELL_WORD(path));
}

static void print_model(const struct model *model)
{
    const struct bf_engine_info *i = bf_engine_info(model->engine);
    bf_print(stdout, "model\n  file     %s\n  kind     %s, %.0f million parameters, %d layers, context %d\n",
             model->path, i->model_desc, (double)i->n_params / 1e6, i->n_layer, i->n_ctx_train);
    bf_print(stdout, "  memory   %.0f MB weights, %.0f MB for %d sequences of %d tokens\n",
             (double)i->model_bytes / 1e6, (double)i->kv_bytes / 1e6, i->n_parallel, i->n_ctx_seq);
    bf_print(stdout, "  chat     %s\n",
             strcmp(i->chat, "none") == 0 ? "no template: a base model, prompted with plain text" : "its own template");
    advise(model->path, i);
}

/* ---- for programs ---- */

static json_t *text_json(const char *text)
{
    return bf_json_text(text, strlen(text)); /* a path, or words out of a model file, may be any bytes */
}

static json_t *machine_json(const struct machine *m)
{
    json_t *lines = json_array(), *models = json_array();
    for (const char *line = m->text.data; *line;) {
        const size_t n = strcspn(line, "\n");
        json_array_append_new(lines, bf_json_text(line, n));
        line += n + (line[n] ? 1 : 0);
    }
    for (size_t i = 0; i < m->models.n; i++)
        json_array_append_new(models, json_pack("{s:s, s:b, s:s}", "name", m->models.items[i].name, "installed",
                                                m->models.items[i].installed, "state", state_of(&m->models.items[i])));
    json_t *kernels =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:s}", "instruction_sets", m->sets, "amx_tiles", BF_LLAMA_TILES,
                  "left_out", BF_LLAMA_LEFT_OUT, "left_out_because", BF_LLAMA_WHY, "right", m->kernels == BF_OK,
                  "tested", m->kernels == BF_OK ? m->tested : m->kernels_err.text);
    json_t *training =
        json_pack("{s:s, s:b}", "name", m->training->name, "bf16_products", m->training->tile_bf16 != NULL);
    json_t *cache = m->cache ? json_pack("{s:o, s:I}", "folder", text_json(m->cache), "free_bytes",
                                         (json_int_t)bf_disk_free(m->cache))
                             : json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "machine", lines, "kernels", kernels, "training_kernels", training,
                     "cache", cache, "models", models);
}

static json_t *model_json(const struct model *model)
{
    const struct bf_engine_info *i = bf_engine_info(model->engine);
    return json_pack("{s:o, s:o, s:I, s:i, s:i, s:s, s:b, s:I, s:I, s:i, s:i, s:b}", "file", text_json(model->path),
                     "kind", text_json(i->model_desc), "parameters", (json_int_t)i->n_params, "layers", (int)i->n_layer,
                     "context", (int)i->n_ctx_train, "type", i->quantisation, "stable", i->stable == BF_STABLE_YES,
                     "weight_bytes", (json_int_t)i->model_bytes, "sequence_bytes", (json_int_t)i->kv_bytes, "sequences",
                     (int)i->n_parallel, "sequence_tokens", (int)i->n_ctx_seq, "has_template",
                     strcmp(i->chat, "none") != 0);
}

static void print_json(const struct machine *m, const struct model *model)
{
    json_t *root = machine_json(m);
    if (model->engine && json_object_set_new(root, "model", model_json(model)) != 0)
        bf_out_of_memory();
    char *text = bf_json_dump(root);
    bf_print_json(stdout, text);
    free(text);
    json_decref(root);
}

static enum bf_status doctor_run(const struct bf_call *call, struct bf_err *err)
{
    const struct doctor_values *v = call->values;
    struct machine machine;
    struct model model = {NULL, NULL};
    enum bf_status status = look_at_machine(&machine, err);
    if (status == BF_OK && !v->json)
        print_machine(&machine);
    if (status == BF_OK && v->model && machine.kernels == BF_OK)
        status = look_at_model(v, &model, err);
    if (status == BF_OK && v->json)
        print_json(&machine, &model);
    else if (status == BF_OK && model.engine)
        print_model(&model);
    if (status == BF_OK && machine.kernels != BF_OK)
        status = bf_fail(err, machine.kernels, "%s", machine.kernels_err.text);
    model_release(&model);
    machine_release(&machine);
    return status;
}

const struct bf_command bf_cmd_doctor = {
    .help =
        {
            .name = "doctor",
            .summary = "check the installation, the machine, and if a model is stable",
            .synopsis = "biforget doctor [-m MODEL] [--json]",
            .examples = "  biforget doctor\n"
                        "  biforget doctor -m my-model.gguf\n",
        },
    .values_size = sizeof(struct doctor_values),
    .options = doctor_options,
    .run = doctor_run,
};
