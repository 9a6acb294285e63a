/* Hand a forget set to other tools: one function and one row of BF_EXPORT_FORMATS (export_format.h) for each format. */
#ifndef BF_EXPORT_EXPORT_H
#define BF_EXPORT_EXPORT_H
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "request/forms.h"
#include "store/store.h"

/* For help and checks. */
extern const char bf_export_format_words[];            /* the same with a '|' before the first */
#define bf_export_formats (bf_export_format_words + 1) /* "jsonl|txt|...": the rows of BF_EXPORT_FORMATS */
extern const char bf_export_variants[];                /* "fix|mi|jailbreak|both" */

struct bf_export_options {
    const char *format;  /* of bf_export_formats */
    const char *variant; /* of bf_export_variants; hf holds all variants, with this one as its default */
    enum bf_role role; /* the forget sets or the retain sets of the run; BF_ROLE_FORGET for folders, which hold both */
    enum bf_pair_use pairs; /* which pairs and wordings of self-questioning; trainings get BF_PAIRS_TRAIN */
    enum bf_text_use texts; /* which texts, by what self-questioning found; BF_USAGE when the run asked no questions */
    const char *request;    /* only this request, as if it were alone; NULL = all, with equal texts once */
    const struct bf_forms *forms; /* tofu, hf, open-unlearning: what texts are trained on as; NULL: each sample once */
    bool manifest;       /* also write manifest.json into a folder, FILE.manifest.json beside a file; never for "-" */
    bool inside;         /* `path` is a file of a run folder: a link of that name is replaced, not followed */
    int64_t *n_left_out; /* out, nullable: samples that the format cannot hold (tofu: samples without a question) */
    int64_t place;       /* of a sample among those exported; set by export/ while it writes */
};
/* Is the format a folder of files? False for an unknown format. */
bool bf_export_is_folder(const char *format);

/* Write the kept samples, request by request in commit order, to `path`: a file ("-" = stdout) or, for folder formats,
 * a folder. Atomic: a crash leaves the old one or the new one; a file may be left without its manifest, but never with
 * the manifest of other content. A folder that is not empty is replaced only when the manifest of an earlier export
 * names all its files. Equal runs give equal bytes: nothing depends on clock, path or machine. *n_written (nullable):
 * samples of the forget set (for a file: of the role). BF_USAGE: an unknown format, variant or request; a folder format
 * without a name; a set that the format cannot hold (it is empty, or none of its samples is a QA pair). BF_STORE:
 * writing fails, or `path` holds files that this program did not write. */
BF_MUST_CHECK enum bf_status bf_export(struct bf_store *store, const struct bf_export_options *options,
                                       const char *path, int64_t *n_written, struct bf_err *err);

#endif
