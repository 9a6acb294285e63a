/* Models by name: the manifest that is compiled in, and the cache folder. */
#ifndef BF_ENGINE_MODELS_H
#define BF_ENGINE_MODELS_H
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"

struct bf_model_entry {
    const char *name, *title, *licence, *role, *about, *sha256; /* owned by the manifest */
    int64_t bytes;
    char *path;                /* where it is or would be; NULL without a cache folder */
    bool installed;            /* present with its full size */
    bool partial;              /* present with another size */
};

struct bf_manifest {
    json_t *json;
    struct bf_model_entry *items;
    size_t n;
};
BF_MUST_CHECK enum bf_status bf_manifest_load(struct bf_manifest *out, struct bf_err *err);
void bf_manifest_release(struct bf_manifest *manifest);
const struct bf_model_entry *bf_manifest_find(const struct bf_manifest *manifest, const char *name);
const struct bf_model_entry *bf_manifest_role(const struct bf_manifest *manifest, const char *role);

/* The file for -m: a path as it is, a name from the manifest, or with NULL the default model. *out: free(). BF_MODEL when the
 * named model is not installed, with how to get it. */
BF_MUST_CHECK enum bf_status bf_model_path(const char *model, char **out, struct bf_err *err);

#endif
