#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/lab_spec_options.h"
#include "cmd/output_path.h"
#include "engine/models.h"
#include "lab/lab.h"
#include "base/banned.h"

struct lab_values {
    bool quiet;
    bool json, keep_models;
    const char *size, *model, *out;
    int64_t threads;
};

static struct bf_opt *lab_options(void *target)
{
    struct lab_values *v = target;
    return BF_OPT_TABLE(
        BF_CHOICE("size", &v->size, bf_lab_sizes, "a built-in experiment: tiny takes minutes, small hours",
                  .value = "SIZE"),
        BF_TEXT("output", &v->out, "DIR", "the experiment's folder; the same command again resumes it", .letter = 'o',
                .fallback = "lab-NAME"),
        BF_TEXT("model", &v->model, "FILE|NAME", "the base model", .letter = 'm', .fallback = "as the experiment says"),
        BF_WHOLE("threads", &v->threads, 0, 1024, "0: all cores", "threads of every command"),
        BF_FLAG("keep-models", &v->keep_models, "keep the unlearned models (0.3 GB each with the small model)"),
        BF_OPT_JSON(&v->json, "all results"), BF_OPT_QUIET(&v->quiet));
}

static enum bf_status lab_run(const struct bf_call *call, struct bf_err *err)
{
    const struct lab_values *v = call->values;
    struct bf_lab_spec spec = {0};
    char *model = NULL, *dir = NULL;
    int lock = -1;
    enum bf_status status = BF_OK;
    if (v->size && call->n_operands > 0)
        return bf_fail(err, BF_USAGE, "give --size or a SPEC.json, not both");
    if (!v->size && call->n_operands == 0)
        return bf_fail(err, BF_USAGE,
                       "give an experiment: --size tiny (minutes), --size small (hours), or a SPEC.json of your own");
    status = bf_lab_spec_load(v->size ? v->size : call->operands[0], bf_lab_check_options, &spec, err);
    const char *model_name = v->model ? v->model : spec.model;
    if (status == BF_OK)
        status = bf_model_path(model_name, &model, err);
    if (status == BF_OK)
        status = bf_lab_check_settings(&spec, model, err);
    if (status == BF_OK) {
        struct bf_buf name;
        bf_buf_init(&name, 4096);
        bf_buf_printf(&name, "lab-%s", spec.name);
        dir = v->out ? bf_strdup(v->out) : bf_strdup(name.data);
        bf_buf_release(&name);
        status = bf_output_path(dir, BF_OUTPUT_FOLDER, NULL, 0, err);
        if (status == BF_OK)
            status = bf_mkdirs(dir, err);
    }
    bf_interrupt_install();
    if (status == BF_OK) {
        char *path = bf_path_join(dir, "lab.lock");
        status = bf_work_lock(path, dir, call->log, &lock, err);
        free(path);
    }
    if (status == BF_OK) {
        struct bf_lab lab = {.spec = &spec,
                             .dir = dir,
                             .log = call->log,
                             .model = model,
                             .model_name = model_name,
                             .n_threads = v->threads,
                             .keep_models = v->keep_models};
        status = bf_lab_experiment(&lab, v->json, err);
    }
    bf_unlock(lock);
    bf_lab_spec_release(&spec);
    free(model);
    free(dir);
    return status;
}

const struct bf_command bf_cmd_lab = {
    .help =
        {
            .name = "lab",
            .summary = "test forget sets on an invented world whose facts are known",
            .synopsis = "biforget lab (SPEC.json | --size SIZE) [-o DIR] [options]",
            .examples = "  biforget lab --size tiny          a look at how it works, in minutes\n"
                        "  biforget lab --size small         the one in docs/results-lab.md, hours\n"
                        "  biforget lab my.json -o runs/lab  your own; run it again to resume\n",
            .details = "Invents people, places and works, teaches them to a model (the target), and all but one "
                       "circle of them to another (the gold standard, which is what perfect unlearning would give). "
                       "Then each forget set, of the planted originals or written by the target itself, is "
                       "unlearned with each method and seed, and the result compared with the gold standard. Since "
                       "the truth is known, recall and precision of each set are measured, too. Each cell of the "
                       "table is a command of this program: it runs once, is kept in lab.db with its command line, "
                       "and can be repeated by hand.",
        },
    .values_size = sizeof(struct lab_values),
    .max_operands = 1,
    .options = lab_options,
    .run = lab_run,
    .quiet_option = true,
};
