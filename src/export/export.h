/* Hand a forget set to other tools: one file per format, one line per format in the table of export.c. */
#ifndef BF_EXPORT_EXPORT_H
#define BF_EXPORT_EXPORT_H
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* For help and checks. */
extern const char bf_export_format_words[];            /* the same with a '|' before the first */
#define bf_export_formats (bf_export_format_words + 1) /* "jsonl|txt|...": the rows of BF_EXPORT_FORMATS */
extern const char bf_export_variants[];                /* "fix|mi|jailbreak|both" */

struct bf_export_options {
    const char *format;  /* of bf_export_formats */
    const char *variant; /* of bf_export_variants; hf holds all, and this one is its default */
    enum bf_role role;   /* the forget sets or the retain sets of the run; folders hold both: BF_ROLE_FORGET */
    const char *request; /* this request only, as if it were alone; NULL = all, equal texts once */
    bool manifest;       /* with manifest.json in a folder, FILE.manifest.json beside a file; never for "-" */
    bool inside;         /* `path` is a file of a run folder: a link of that name is replaced, not followed */
    int64_t *n_left_out; /* out, nullable: samples that the format has no place for (tofu: what is no QA pair) */
};
/* Is the format a folder of files? false for an unknown one. */
bool bf_export_is_folder(const char *format);

/* Write the kept samples, request by request in commit order, to `path`: a file ("-" = stdout) or, for the formats that
 * are one, a folder. Atomic: a crash leaves the old one or the new one; a file of a single-file format may be left
 * without its manifest, never with that of another content. A folder that is there and not empty is replaced only when
 * all its files are named in the manifest of an earlier export. Equal runs give equal bytes: no clock, no path, no
 * machine. *n_written (nullable): samples of the forget set (of the role, for a file). BF_USAGE: an unknown format,
 * variant or request; a folder format without a name; a set that the format cannot hold (none of its samples is a QA
 * pair; it is empty). BF_STORE: writing fails, or `path` holds what this program did not write. */
BF_MUST_CHECK enum bf_status bf_export(struct bf_store *store, const struct bf_export_options *options,
                                       const char *path, int64_t *n_written, struct bf_err *err);

#endif
