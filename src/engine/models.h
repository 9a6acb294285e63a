/* Models by name: the list that is compiled in (models/manifest.json), and the cache folder. */
#ifndef BF_ENGINE_MODELS_H
#define BF_ENGINE_MODELS_H
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"

struct bf_model_entry {
    const char *name, *title, *licence, *role, *about, *sha256; /* owned by struct bf_models */
    int64_t bytes;
    char *path;     /* where it is, or where it would be installed; NULL without a cache folder */
    bool installed; /* present with its full size */
    bool partial;   /* present with another size */
};

struct bf_models {
    json_t *json;
    struct bf_model_entry *items;
    size_t n;
};
/* The list of known models, and which of them are in the cache folder; release with bf_models_release. BF_MODEL or
 * BF_INPUT: the compiled-in list is missing or broken. */
BF_MUST_CHECK enum bf_status bf_models_load(struct bf_models *out, struct bf_err *err);
void bf_models_release(struct bf_models *models);
/* By name, and the first with this role ("default", "embedder"); NULL when there is none. Borrowed. */
const struct bf_model_entry *bf_models_find(const struct bf_models *models, const char *name);
const struct bf_model_entry *bf_models_role(const struct bf_models *models, const char *role);

/* The file that -m means: a path as it is, or the file of the model with this name; NULL is the default model. *out:
 * free(). BF_MODEL when the model is not installed; the sentence says how to fetch it. */
BF_MUST_CHECK enum bf_status bf_model_path(const char *model, char **out, struct bf_err *err);

#endif
