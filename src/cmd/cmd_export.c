#include <string.h>

#include "cmd/cmd.h"
#include "cmd/output_path.h"
#include "store/store.h"
#include "export/export.h"
#include "request/forms.h"
#include "base/banned.h"

struct export_values {
    bool quiet;
    bool manifest, held_out;
    const char *format, *variant, *out, *role, *request, *texts, *forms;
};

static struct bf_opt *export_options(void *target)
{
    struct export_values *v = target;
    v->format = "jsonl";
    v->variant = "both";
    v->forms = BF_FORMS_DEFAULT;
    v->role = "forget";
    v->texts = "all";
    v->manifest = true;
    return BF_OPT_TABLE(
        BF_CHOICE("format", &v->format, bf_export_formats,
                  "jsonl: with provenance; txt: one sample a line; wmdp: {\"text\"} lines; tofu: QA pairs; "
                  "muse, hf, open-unlearning: folders for these projects",
                  .letter = 'f', .value = "FORMAT", .fallback = "jsonl"),
        BF_CHOICE("variant", &v->variant, bf_export_variants, "fix: Stage I; mi, jailbreak: with that probe; both: all",
                  .fallback = "both"),
        BF_CHOICE("role", &v->role, "forget|retain", "which sets of the run to export; folders contain both",
                  .fallback = "forget"),
        BF_CHOICE("texts", &v->texts, "all|not-refuted|verified",
                  "verified: only texts whose answer the model gave again when it was asked without the text; "
                  "not-refuted: all but those it answered otherwise",
                  .value = "WHICH", .fallback = "all"),
        BF_FLAG("held-out", &v->held_out,
                "only the questions for probing, which other exports leave out (hf has both)"),
        BF_TEXT("request", &v->request, "NAME", "export only this request of a run",
                .fallback = "all, each distinct text once"),
        BF_TEXT(
            "forms", &v->forms, "SHARES",
            "tofu, hf, open-unlearning: examples of each text as an answer and as raw text; plain: each sample once",
            .fallback = BF_FORMS_DEFAULT),
        BF_TEXT("output", &v->out, "FILE|DIR", "the file or folder to write, replaced whole", .letter = 'o',
                .fallback = "standard output"),
        BF_FLAG(
            "manifest", &v->manifest,
            "settings, seeds, counts and sha256, in FILE.manifest.json or DIR/manifest.json; --no-manifest writes none",
            .fallback = "on"),
        BF_OPT_QUIET(&v->quiet));
}

static enum bf_status export_run(const struct bf_call *call, struct bf_err *err)
{
    const struct export_values *v = call->values;
    const char *path = v->out ? v->out : "-";
    struct bf_store *store = NULL;
    int64_t n = 0, n_left_out = 0;
    struct bf_forms forms = {0};
    const bool plain = strcmp(v->forms, "plain") == 0;
    enum bf_status status = plain ? BF_OK : bf_forms_parse(v->forms, &forms, err);
    if (status != BF_OK)
        return status;
    const struct bf_export_options options = {
        .forms = plain ? NULL : &forms,
        .format = v->format,
        .variant = v->variant,
        .role = bf_role_of(v->role),
        .pairs = v->held_out ? BF_PAIRS_HELD_OUT : BF_PAIRS_TRAIN,
        .texts = strcmp(v->texts, "verified") == 0      ? BF_TEXTS_VERIFIED
                 : strcmp(v->texts, "not-refuted") == 0 ? BF_TEXTS_NOT_REFUTED
                                                        : BF_TEXTS_ALL,
        .request = v->request,
        .manifest = v->manifest,
        .n_left_out = &n_left_out,
    };
    status = bf_open_run(call, "biforget export runs/harry-potter --format txt -o forget.txt", &store, err);
    struct bf_run_state state;
    if (status == BF_OK && v->held_out && bf_export_is_folder(v->format))
        status = bf_fail(err, BF_USAGE,
                         "--held-out is for formats of one file, and %s is a folder; give --format jsonl or tofu (hf "
                         "has them as its configuration 'probes')",
                         v->format);
    if (status == BF_OK && !bf_export_is_folder(v->format))
        status = bf_output_path(v->out, BF_OUTPUT_STREAM, call->operands, call->n_operands, err);
    if (status == BF_OK)
        status = bf_store_state(store, &state, err);
    if (status == BF_OK)
        status = bf_export(store, &options, path, &n, err);
    if (status == BF_OK) {
        if (!state.finished)
            bf_log_warn(call->log, "the run is not finished: only what it has so far is exported");
        if (n_left_out > 0)
            bf_log_warn(call->log, "%lld of %lld samples %s and were left out", (long long)n_left_out,
                        (long long)(n + n_left_out), plain ? "are not QA pairs" : "give no question with an answer");
        if (strcmp(path, "-") != 0)
            bf_log_info(call->log, "%lld samples (variant %s) written to '%s'", (long long)n, v->variant, path);
        if (strcmp(v->format, "open-unlearning") == 0)
            bf_log_info(call->log, "%s/README.md has the commands that start it", path);
    }
    bf_store_close(store);
    return status;
}

const struct bf_command bf_cmd_export = {
    .help =
        {
            .name = "export",
            .summary = "export the forget set for other tools",
            .synopsis = "biforget export DIR [--format F] [--variant V] [-o FILE|DIR]",
            .examples = "  biforget export runs/harry-potter -o forget.jsonl\n"
                        "  biforget export runs/harry-potter --format txt --variant fix -o forget.txt\n"
                        "  biforget export runs/harry-potter --texts verified -o sure.jsonl\n"
                        "  biforget export runs/harry-potter --format hf -o hf/harry-potter\n"
                        "  biforget export runs/harry-potter --format open-unlearning -o ou\n",
            .details =
                "Files: jsonl has each sample with its provenance; txt one sample a line; wmdp {\"text\"} "
                "lines; tofu {\"question\", \"answer\"} lines: QA pairs, and texts as answers to questions about their "
                "points.\n"
                "Folders: muse has forget.json (a list of texts) and forget.txt; hf opens with "
                "datasets.load_dataset, one configuration per variant, and one per form; open-unlearning is to "
                "be copied into "
                "a checkout of that project: data, dataset configurations, an experiment, and the commands "
                "in README.md. Folders also contain the retain sets.\n"
                "A folder that is not empty is replaced only when an earlier export wrote every file in it.",
        },
    .values_size = sizeof(struct export_values),
    .max_operands = 1,
    .options = export_options,
    .run = export_run,
    .quiet_option = true,
};
