/* What a request's samples must stay away from, as vectors in the store. */
#ifndef BF_RUN_GUARD_VECTORS_H
#define BF_RUN_GUARD_VECTORS_H
#include "engine/engine.h"
#include "store/store.h"

struct bf_guard_source {
    const char *name; /* a domain's name; of a file what people call it */
    const char *path; /* a file of instances; NULL = the name itself is embedded */
    enum bf_reason reason;
};
/* A word that people give: a file when it looks like one (a slash, or an ending of bf_instance_file_open), else a
 * domain's name. NULL gives an empty source. */
struct bf_guard_source bf_guard_source_of(const char *word, enum bf_reason reason);
/* Inside fill: embed the sources and add them as guards of the selected request. Of a file the centroid of at most 512
 * texts, spread over it. */
BF_MUST_CHECK enum bf_status bf_add_guards(struct bf_store *store, struct bf_engine *embedder,
                                           const struct bf_guard_source *sources, size_t n, struct bf_err *err);

#endif
