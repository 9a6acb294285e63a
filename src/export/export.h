/* Hand a forget set to other tools: one file per format, one line per format in the table of export.c. */
#ifndef BF_EXPORT_EXPORT_H
#define BF_EXPORT_EXPORT_H
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* "jsonl|txt": for help and checks. */
extern const char bf_export_formats[];
extern const char bf_export_variants[];    /* "fix|mi|jailbreak|both" */

struct bf_export_options {
    const char *format;        /* of bf_export_formats */
    const char *variant;       /* of bf_export_variants */
    enum bf_role role;         /* the forget sets or the retain sets of the run */
    const char *request;       /* this request only, as if it were alone; NULL = all, equal texts once */
};
/* Write the kept samples, request by request in commit order, to `path` ("-" = stdout, for formats of one file), atomically.
 * *n_written (nullable). BF_USAGE for an unknown format, variant or request, BF_STORE when writing fails. */
BF_MUST_CHECK enum bf_status bf_export(struct bf_store *store, const struct bf_export_options *options,
                                       const char *path, int64_t *n_written, struct bf_err *err);

#endif
