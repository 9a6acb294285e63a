/* A folder of files that appears complete or not at all: it is written beside its final place and then renamed.
 * Private to export/. */
#ifndef BF_EXPORT_EXPORT_FOLDER_H
#define BF_EXPORT_EXPORT_FOLDER_H
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define BF_EXPORT_MANIFEST "manifest.json"

struct bf_export_file {
    char *name;        /* relative to the folder: "data/fix.jsonl" */
    int64_t n_samples; /* -1: not a file of samples */
};

/* Zeroed: no folder. */
struct bf_export_folder {
    char *path;                   /* its final place, links resolved, without a slash at the end; NULL: not open */
    char *temporary;              /* where the files are until the commit */
    struct bf_export_file *files; /* [n_files] in the order added */
    size_t n_files;
};

/* Begin to write a folder. BF_STORE: `path` is a file, is a folder that holds a file that no export wrote (the sentence
 * names it), or cannot be written. */
BF_MUST_CHECK enum bf_status bf_folder_open(struct bf_export_folder *folder, const char *path, struct bf_err *err);
/* Add the file `name` ("data/fix.jsonl"), which will be in the manifest, and make its folders. *path: where to write
 * it; free(), NULL on failure. BF_STORE. */
BF_MUST_CHECK enum bf_status bf_folder_add(struct bf_export_folder *folder, const char *name, int64_t n_samples,
                                           char **path, struct bf_err *err);
/* The same, and write its content. */
BF_MUST_CHECK enum bf_status bf_folder_put(struct bf_export_folder *folder, const char *name,
                                           const struct bf_buf *content, struct bf_err *err);
/* Move the folder to its place, replacing an earlier export there. Empties the struct in every case. BF_STORE. */
BF_MUST_CHECK enum bf_status bf_folder_commit(struct bf_export_folder *folder, struct bf_err *err);
/* Remove what was written. No-op for an empty struct. */
void bf_folder_abort(struct bf_export_folder *folder);

#endif
