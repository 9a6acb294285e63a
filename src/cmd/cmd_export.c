#include <string.h>

#include "cmd/cmd.h"
#include "cmd/run_folder.h"
#include "export/export.h"
#include "base/banned.h"

struct values {
    bool quiet;
    const char *format, *variant, *out, *role, *request;
};

static struct bf_opt *options(void *target)
{
    struct values *v = target;
    v->format = "jsonl";
    v->variant = "both";
    v->role = "forget";
    return BF_OPT_TABLE({.name = "format",
                         .letter = 'f',
                         .type = BF_OPT_CHOICE,
                         .target = &v->format,
                         .choices = bf_export_formats,
                         .fallback = "jsonl",
                         .help = "jsonl: with provenance; txt: one sample a line"},
                        {.name = "variant",
                         .type = BF_OPT_CHOICE,
                         .target = &v->variant,
                         .choices = bf_export_variants,
                         .fallback = "both",
                         .help = "fix: Stage I; mi, jailbreak: with that probe; both: all"},
                        {.name = "role",
                         .type = BF_OPT_CHOICE,
                         .target = &v->role,
                         .choices = "forget|retain",
                         .fallback = "forget",
                         .help = "the forget sets or the retain sets of the run"},
                        {.name = "request",
                         .type = BF_OPT_TEXT,
                         .target = &v->request,
                         .value = "NAME",
                         .fallback = "all, equal texts once",
                         .help = "one request of a run of many"},
                        {.name = "output",
                         .letter = 'o',
                         .type = BF_OPT_TEXT,
                         .target = &v->out,
                         .value = "FILE",
                         .fallback = "standard output",
                         .help = "the file to write, replaced whole"},
                        BF_OPT_QUIET(&v->quiet));
}

static enum bf_status run(const struct bf_call *call, struct bf_err *err)
{
    const struct values *v = call->values;
    const char *path = v->out ? v->out : "-";
    struct bf_store *store = NULL;
    const struct bf_export_options options = {v->format, v->variant, bf_role_of(v->role), v->request};
    int64_t n = 0;
    enum bf_status status =
        bf_open_run(call, "biforget export runs/harry-potter --format txt -o forget.txt", &store, err);
    struct bf_run_state state;
    if (status == BF_OK)
        status = bf_store_state(store, &state, err);
    if (status == BF_OK)
        status = bf_export(store, &options, path, &n, err);
    if (status == BF_OK) {
        if (!state.finished)
            bf_log_warn(call->log, "the run is not finished: this is what it holds so far");
        if (strcmp(path, "-") != 0)
            bf_log_info(call->log, "%lld samples (variant %s) written to '%s'", (long long)n, v->variant, path);
    }
    bf_store_close(store);
    return status;
}

const struct bf_command bf_cmd_export = {
    .help =
        {
            .name = "export",
            .summary = "hand the forget set to other tools",
            .synopsis = "biforget export DIR [--format F] [--variant V] [-o FILE]",
            .examples = "  biforget export runs/harry-potter -o forget.jsonl\n"
                        "  biforget export runs/harry-potter --format txt --variant fix -o forget.txt\n"
                        "  biforget export runs/harry-potter --format txt | wc -l\n",
        },
    .values_size = sizeof(struct values),
    .max_operands = 1,
    .options = options,
    .run = run,
    .quiet_option = true,
};
