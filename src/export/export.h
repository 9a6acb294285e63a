/* Hand a forget set to other tools: one file per format, one line per format in the table of export.c. */
#ifndef BF_EXPORT_EXPORT_H
#define BF_EXPORT_EXPORT_H
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* "jsonl|txt": for help and checks. */
extern const char bf_export_formats[];
extern const char bf_export_variants[];    /* "fix|mi|jailbreak|both" */

/* Write the kept samples of `variant` in commit order to `path` ("-" = stdout), atomically. *n_written (nullable).
 * BF_USAGE for an unknown format, BF_STORE when writing fails. */
BF_MUST_CHECK enum bf_status bf_export(struct bf_store *store, const char *format, const char *variant,
                                       const char *path, int64_t *n_written, struct bf_err *err);

#endif
