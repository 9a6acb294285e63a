/* Guards: domains and texts that a request's samples must stay away from, as vectors in the store. */
#ifndef BF_RUN_GUARD_VECTORS_H
#define BF_RUN_GUARD_VECTORS_H
#include "engine/engine.h"
#include "request/instance_file.h"
#include "store/store.h"

struct bf_guard_source {
    const char *name; /* a domain's name; for a file its name for people */
    const char *path; /* a file of instances; NULL = the name itself is embedded */
    enum bf_reason reason;
    const struct bf_instance_options *options; /* for reading the file; NULL: by its name and contents */
};
/* The source that a word of the command line names: a file when it looks like one (it has a slash, or an ending of
 * bf_instance_file_open), else a domain. NULL gives an empty source. The strings are the caller's. */
struct bf_guard_source bf_guard_source_of(const char *word, enum bf_reason reason);
/* Embed the sources and add them as guards of the selected request; to be called while the store is being filled. A
 * file gives the centroid of at most 512 texts, spread over it. BF_INPUT, BF_MODEL, BF_STORE. */
BF_MUST_CHECK enum bf_status bf_add_guards(struct bf_store *store, struct bf_engine *embedder,
                                           const struct bf_guard_source *sources, size_t n, struct bf_err *err);

#endif
