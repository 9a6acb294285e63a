#include "engine/models.h"

#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/banned.h"

static const char *model_text(const json_t *entry, const char *key)
{
    const char *s = json_string_value(json_object_get(entry, key));
    return s ? s : "";
}

enum bf_status bf_models_load(struct bf_models *out, struct bf_err *err)
{
    *out = (struct bf_models){0};
    const struct bf_embedded_file *file = NULL;
    for (size_t i = 0; i < bf_embedded_count; i++)
        if (strcmp(bf_embedded_files[i].name, "models/manifest.json") == 0)
            file = &bf_embedded_files[i];
    if (!file)
        return bf_fail(err, BF_MODEL, "this build has no list of models; give a GGUF file with -m");
    enum bf_status status = bf_json_parse(file->data, file->n, "the list of models", &out->json, err);
    if (status != BF_OK)
        return status;
    char *cache = bf_cache_dir();
    const json_t *models = json_object_get(out->json, "models");
    out->n = json_array_size(models);
    out->items = bf_array(out->n + 1, sizeof *out->items);
    for (size_t i = 0; i < out->n; i++) {
        const json_t *entry = json_array_get(models, i);
        struct bf_model_entry *m = &out->items[i];
        *m = (struct bf_model_entry){
            .name = model_text(entry, "name"),
            .title = model_text(entry, "title"),
            .licence = model_text(entry, "licence"),
            .role = model_text(entry, "role"),
            .about = model_text(entry, "about"),
            .sha256 = model_text(entry, "sha256"),
            .bytes = json_integer_value(json_object_get(entry, "bytes")),
        };
        if (cache) {
            char *folder = bf_path_join(cache, "models");
            m->path = bf_path_join(folder, model_text(entry, "file"));
            int64_t size = bf_file_size(m->path);
            m->installed = size >= 0 && size == m->bytes;
            m->partial = size >= 0 && size != m->bytes;
            free(folder);
        }
    }
    free(cache);
    return BF_OK;
}

void bf_models_release(struct bf_models *models)
{
    for (size_t i = 0; i < models->n; i++)
        free(models->items[i].path);
    free(models->items);
    json_decref(models->json);
    *models = (struct bf_models){0};
}

const struct bf_model_entry *bf_models_find(const struct bf_models *models, const char *name)
{
    for (size_t i = 0; i < models->n; i++)
        if (strcmp(models->items[i].name, name) == 0)
            return &models->items[i];
    return NULL;
}

const struct bf_model_entry *bf_models_role(const struct bf_models *models, const char *role)
{
    for (size_t i = 0; i < models->n; i++)
        if (strcmp(models->items[i].role, role) == 0)
            return &models->items[i];
    return NULL;
}

enum bf_status bf_model_path(const char *model, char **out, struct bf_err *err)
{
    *out = NULL;
    bool is_path = model && (strchr(model, '/') || bf_file_exists(model));
    if (is_path) {
        *out = bf_strdup(model);
        return BF_OK;
    }
    struct bf_models models;
    enum bf_status status = bf_models_load(&models, err);
    if (status != BF_OK)
        return status;
    const struct bf_model_entry *entry = model ? bf_models_find(&models, model) : bf_models_role(&models, "default");
    if (!entry)
        status = bf_fail(err, BF_MODEL,
                         "cannot open the model '%s': no such file, and no model of that name; give a GGUF file with "
                         "-m or a name from 'biforget models'",
                         model ? model : "default");
    else if (!entry->path)
        status =
            bf_fail(err, BF_MODEL,
                    "there is no folder for the model '%s': set HOME or BIFORGET_CACHE, or give a GGUF file with -m",
                    entry->name);
    else if (entry->partial)
        status = bf_fail(err, BF_MODEL,
                         "the model '%s' is not complete ('%s' has %lld bytes, not %lld); fetch it again with "
                         "'scripts/fetch_models %s' in the source folder",
                         entry->name, entry->path, (long long)bf_file_size(entry->path), (long long)entry->bytes,
                         entry->name);
    else if (!entry->installed)
        status = bf_fail(err, BF_MODEL,
                         "the model '%s' is not installed; fetch it with 'scripts/fetch_models %s' in the source "
                         "folder, or give a GGUF file with -m",
                         entry->name, entry->name);
    else
        *out = bf_strdup(entry->path);
    bf_models_release(&models);
    return status;
}
