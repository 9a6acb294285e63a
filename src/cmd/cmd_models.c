#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/print.h"
#include "cmd/cmd.h"
#include "engine/models.h"
#include "base/banned.h"

struct models_values {
    bool json;
    const char *path;
};

static struct bf_opt *models_options(void *target)
{
    struct models_values *v = target;
    return BF_OPT_TABLE(BF_TEXT("path", &v->path, "NAME", "print only the file of this model"),
                        BF_OPT_JSON(&v->json, "the list"));
}

static const char *state_of(const struct bf_model_entry *m)
{
    return m->installed ? "installed" : m->partial ? "incomplete" : "not installed";
}

static void print_json(const struct bf_models *models)
{
    json_t *list = json_array();
    for (size_t i = 0; i < models->n; i++) {
        const struct bf_model_entry *m = &models->items[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s?}", "name", m->name, "title", m->title,
                                        "licence", m->licence, "role", m->role, "bytes", (json_int_t)m->bytes, "sha256",
                                        m->sha256, "state", state_of(m), "path", m->path));
    }
    json_t *root = json_pack("{s:o}", "models", list);
    char *text = bf_json_dump(root);
    bf_print_json(stdout, text);
    free(text);
    json_decref(root);
}

static enum bf_status models_run(const struct bf_call *call, struct bf_err *err)
{
    const struct models_values *v = call->values;
    struct bf_models models;
    if (v->path) {
        char *path = NULL;
        enum bf_status found = bf_model_path(v->path, &path, err);
        if (found == BF_OK)
            bf_print(stdout, "%s\n", path);
        free(path);
        return found;
    }
    enum bf_status status = bf_models_load(&models, err);
    if (status != BF_OK)
        return status;
    if (v->json) {
        print_json(&models);
    } else {
        bf_print(stdout, "%-30s %-11s %8s  %-13s %s\n", "name", "licence", "size", "state", "role");
        for (size_t i = 0; i < models.n; i++) {
            const struct bf_model_entry *m = &models.items[i];
            bf_print(stdout, "%-30s %-11s %5.0f MB  %-13s %s\n", m->name, m->licence, (double)m->bytes / 1e6,
                     state_of(m), m->role);
            if (m->about[0])
                bf_print(stdout, "    %s\n", m->about);
        }
        bf_print(
            stdout, "%s\n",
            "\nGive a name or any GGUF file with -m. Fetch one with 'scripts/fetch_models NAME' in the source folder.");
    }
    bf_models_release(&models);
    return BF_OK;
}

const struct bf_command bf_cmd_models = {
    .help =
        {
            .name = "models",
            .summary = "models known by name: licence, size, state",
            .synopsis = "biforget models [--path NAME] [--json]",
            .examples = "  biforget models\n"
                        "  biforget doctor -m \"$(biforget models --path smollm2-135m-instruct)\"\n",
        },
    .values_size = sizeof(struct models_values),
    .options = models_options,
    .run = models_run,
};
