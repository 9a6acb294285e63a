/* The table of formats. A new format is one file and one line here. */
#include "export/export.h"

#include <string.h>

#include "export/export_format.h"

#include "base/banned.h"

const char bf_export_formats[] = "jsonl|txt";
const char bf_export_variants[] = "fix|mi|jailbreak|both";

static const struct {
    const char *name;
    enum bf_status (*write)(struct bf_store *store, const struct bf_export_options *options, const char *path,
                            int64_t *n_written, struct bf_err *err);
} formats[] = {
    {"jsonl", bf_export_jsonl},
    {"txt", bf_export_txt},
};

enum bf_status bf_export(struct bf_store *store, const struct bf_export_options *options, const char *path,
                         int64_t *n_written, struct bf_err *err)
{
    int64_t n = 0;

    if (n_written)
        *n_written = 0;
    if (!bf_variant_has(options->variant, BF_STAGE_SYNTHESIS))
        return bf_fail(err, BF_USAGE, "unknown variant '%s'; it is one of %s", options->variant,
                       bf_export_variants);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(formats[i].name, options->format) != 0)
            continue;
        const enum bf_status status = formats[i].write(store, options, path, &n, err);
        if (n_written && status == BF_OK)
            *n_written = n;
        return status;
    }
    return bf_fail(err, BF_USAGE, "unknown format '%s'; it is one of %s", options->format, bf_export_formats);
}
