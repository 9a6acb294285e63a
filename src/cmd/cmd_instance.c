#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/shared_options.h"
#include "cmd/start_options.h"
#include "base/banned.h"

struct instance_values {
    struct bf_start_options start;
    struct bf_instance_values instances;
    const char *retain;
};

static struct bf_opt *instance_options(void *target)
{
    struct instance_values *v = target;
    struct bf_opt *table = bf_start_first(&v->start, "runs/NAME of the file");
    table = bf_instance_options(&v->instances, table);
    table = bf_start_sets_options(&v->start, "what to keep: a file of texts, or auto", table);
    table =
        BF_OPT_APPEND(table, BF_TEXT("retain", &v->retain, "DOMAIN|FILE",
                                     "reject variants that are nearer to this (not a set for training)", .rare = true));
    return bf_start_rest(&v->start, BF_KIND_INSTANCE, table);
}

static enum bf_status instance_run(const struct bf_call *call, struct bf_err *err)
{
    const struct instance_values *v = call->values;
    struct bf_start_options start = v->start;
    struct bf_request request = {.topic = NULL};
    char *dir = NULL;
    char *name = NULL;
    if (call->n_operands != 1)
        return bf_fail(err, BF_USAGE,
                       "give one file of sentences or question-answer pairs: biforget instance facts.jsonl");
    name = bf_instance_name(call->operands[0]);
    enum bf_status status = bf_method_request(call->table, &v->start.method, BF_KIND_INSTANCE, name, &request, err);
    if (status != BF_OK)
        goto out;
    const struct bf_guard_source retained = bf_guard_source_of(v->retain, BF_REASON_RETAIN_OVERLAP);
    const struct bf_start_request first = {
        .name = "",
        .role = BF_ROLE_FORGET,
        .request = &request,
        .instances_path = call->operands[0],
        .options = bf_instance_file_options(&v->instances, false),
        .guards = &retained,
        .n_guards = v->retain != NULL,
    };
    status = bf_start_sets(&start, &first, 1, NULL, err);
    if (status != BF_OK)
        goto out;
    dir = v->start.out ? bf_strdup(v->start.out) : bf_start_dir("", name);
    status = bf_start_with(call, &start, "instance", dir, &first, 1, false, err);
out:
    bf_request_release(&request);
    free(name);
    free(dir);
    return status;
}

const struct bf_command bf_cmd_instance = {
    .help =
        {
            .name = "instance",
            .summary = "rewrite sentences or question-answer pairs into a forget set",
            .synopsis = "biforget instance FILE [-m MODEL] [-o DIR] [options]",
            .examples = "  biforget instance facts.txt                   one sentence a line\n"
                        "  biforget instance forget10.jsonl -m my.gguf   question and answer a line\n"
                        "  biforget instance book.csv --text-key sentence --skip-bad\n"
                        "  biforget instance facts.jsonl --then auto --eval\n",
            .details =
                "Each original is kept, and rewritten from another perspective, in another structure, style "
                "and register, at each temperature. A variant that loses or invents a name, number or date, "
                "or drifts in meaning, is rejected, and the reason is kept. Pairs stay pairs: export them "
                "with --format tofu.\n"
                "--then METHOD makes the model forget them (DIR/unlearned-METHOD.gguf). --retain-set auto, "
                "which --then auto takes by itself, has the model name subjects like those of the originals and write "
                "about them, and --neighbours asks about others, to show what forgetting costs.",
        },
    .values_size = sizeof(struct instance_values),
    .max_operands = 1,
    .options = instance_options,
    .run = instance_run,
    .quiet_option = true,
};
