/* The dataset card: what a set is and how it was made, for people. The manifest: the same for programs. Private to
 * export/. */
#ifndef BF_EXPORT_EXPORT_CARD_H
#define BF_EXPORT_EXPORT_CARD_H
#include "export/export_format.h"

/* Append the Markdown sections of every card. Head: title and warning. Body: counts, knowledge check, how it was made,
 * provenance. The format's own section (how to use it) goes between the two. */
void bf_card_head(struct bf_buf *out, const struct bf_export_facts *facts);
void bf_card_body(struct bf_buf *out, const struct bf_export_facts *facts);

/* Append the manifest of the files in the job's folder, with their sha256. BF_STORE when a file cannot be read. */
BF_MUST_CHECK enum bf_status bf_manifest_of_folder(const struct bf_export_job *job, struct bf_buf *out,
                                                   struct bf_err *err);
/* The path of the manifest of a single file; free(). */
char *bf_manifest_path(const char *path);
/* Remove the manifest of a file that is about to be replaced, if an export of ours wrote it, so that between the two
 * renames there is no manifest rather than one of other content. */
void bf_manifest_drop(const char *path);
/* Append the manifest of one file, which it names without folder. */
BF_MUST_CHECK enum bf_status bf_manifest_of_file(const struct bf_export_job *job, struct bf_buf *out,
                                                 struct bf_err *err);

#endif
