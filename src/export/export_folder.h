/* A folder of files that appears whole or not at all: it is written beside its place and renamed. Private to
 * export/. */
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

/* Zero-initialised: none. */
struct bf_export_folder {
    char *path;                   /* its place, links resolved, no slash at the end; NULL: not open */
    char *temporary;              /* where the files are until commit */
    struct bf_export_file *files; /* [n_files] in the order added */
    size_t n_files;
};

/* BF_STORE: `path` is a file, is a folder that holds what no export wrote (the sentence names it), or cannot be
 * written. */
BF_MUST_CHECK enum bf_status bf_folder_open(struct bf_export_folder *folder, const char *path, struct bf_err *err);
/* *path (free(); NULL on failure): where the file `name` ("data/fix.jsonl") is to be written, its folders made. It will
 * be in the manifest. */
BF_MUST_CHECK enum bf_status bf_folder_add(struct bf_export_folder *folder, const char *name, int64_t n_samples,
                                           char **path, struct bf_err *err);
/* The same with its content. */
BF_MUST_CHECK enum bf_status bf_folder_put(struct bf_export_folder *folder, const char *name,
                                           const struct bf_buf *content, struct bf_err *err);
/* Put it in its place; an export that was there is gone after. The struct is empty after, with either result. */
BF_MUST_CHECK enum bf_status bf_folder_commit(struct bf_export_folder *folder, struct bf_err *err);
/* Remove what was written. An empty struct is fine. */
void bf_folder_abort(struct bf_export_folder *folder);

#endif
