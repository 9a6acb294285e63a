/* The dataset card: what a set is and how it came about, for people. And the manifest: the same for programs. Private
 * to export/. */
#ifndef BF_EXPORT_EXPORT_CARD_H
#define BF_EXPORT_EXPORT_CARD_H
#include "export/export_format.h"

/* The Markdown sections of every card: title and warning; counts and knowledge check; how it was made; provenance. The
 * format's own section (how to use it) goes between the first two. */
void bf_card_head(struct bf_buf *out, const struct bf_export_facts *facts);
void bf_card_body(struct bf_buf *out, const struct bf_export_facts *facts);

/* The manifest of the files [n] that lie in `dir` ("" = a file's own path in `names`), with their sha256. */
BF_MUST_CHECK enum bf_status bf_manifest_of_folder(const struct bf_export_job *job, struct bf_buf *out,
                                                   struct bf_err *err);
/* Where the manifest of a single file is; free(). */
char *bf_manifest_path(const char *path);
/* Remove the manifest of a file that is about to be replaced, when an export of ours wrote it: between the two renames
 * there is none, not that of another content. */
void bf_manifest_drop(const char *path);
/* Of one file, named without its folder. */
BF_MUST_CHECK enum bf_status bf_manifest_of_file(const struct bf_export_job *job, struct bf_buf *out,
                                                 struct bf_err *err);

#endif
