#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/print.h"
#include "cmd/cmd.h"
#include "cmd/model_path.h"
#include "engine/engine.h"
#include "base/banned.h"

struct values {
    const char *model;
    int64_t parallel;
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
                         .help = "sequences in the check"});
}

static enum bf_status look_at_machine(struct bf_err *err)
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

static enum bf_status run(const struct bf_call *call, struct bf_err *err)
{
    const struct values *v = call->values;
    enum bf_status status = look_at_machine(err);
    if (status == BF_OK && v->model)
        status = look_at_model(v, err);
    return status;
}

const struct bf_command bf_cmd_doctor = {
    .help =
        {
            .name = "doctor",
            .summary = "what is missing, what the machine offers, if a model is stable",
            .synopsis = "biforget doctor [-m MODEL]",
            .examples = "  biforget doctor\n"
                        "  biforget doctor -m my-model.gguf\n",
        },
    .values_size = sizeof(struct values),
    .options = options,
    .run = run,
};
