/* Models by name: the list that is compiled in (models/manifest.json), and the cache folder. */
#ifndef BF_ENGINE_MODELS_H
#define BF_ENGINE_MODELS_H
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"

struct bf_model_entry {
    const char *name, *title, *licence, *role, *about, *sha256; /* owned by the models */
    int64_t bytes;
    char *path;     /* where it is or would be; NULL without a cache folder */
    bool installed; /* present with its full size */
    bool partial;   /* present with another size */
};

struct bf_models {
    json_t *json;
    struct bf_model_entry *items;
    size_t n;
};
BF_MUST_CHECK enum bf_status bf_models_load(struct bf_models *out, struct bf_err *err);
void bf_models_release(struct bf_models *models);
const struct bf_model_entry *bf_models_find(const struct bf_models *models, const char *name);
const struct bf_model_entry *bf_models_role(const struct bf_models *models, const char *role);

/* The file for -m: a path as it is, a name of the list, or with NULL the default model. *out: free(). BF_MODEL when the
 * named model is not installed, with how to get it. */
BF_MUST_CHECK enum bf_status bf_model_path(const char *model, char **out, struct bf_err *err);

#endif
