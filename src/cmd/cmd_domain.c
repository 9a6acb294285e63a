#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "cmd/cmd.h"
#include "cmd/start_options.h"
#include "base/banned.h"

struct domain_values {
    struct bf_start_options start;
    const char *retain, *points;
    bool points_only;
};

static struct bf_opt *domain_options(void *target)
{
    struct domain_values *v = target;
    struct bf_opt *table = bf_start_first(&v->start, "runs/TOPIC");
    table = bf_start_sets_options(&v->start, "what to keep: a domain, a file of texts, or auto", table);
    table =
        BF_OPT_APPEND(table, BF_TEXT("points", &v->points, "FILE", "points of your own, one per line (# comments)"),
                      BF_FLAG("points-only", &v->points_only, "do not ask the model for more points", .rare = true));
    table = BF_OPT_APPEND(table, BF_TEXT("retain", &v->retain, "DOMAIN|FILE",
                                         "reject samples that are nearer to this (for training texts: --retain-set)",
                                         .rare = true));
    return bf_start_rest(&v->start, BF_KIND_DOMAIN, table);
}

static enum bf_status read_points(const struct bf_call *call, const struct domain_values *v, struct bf_request *forget,
                                  struct bf_err *err)
{
    size_t n_twice = 0;
    forget->points_only = v->points_only;
    enum bf_status status = v->points ? bf_points_file_read(v->points, &forget->points, &n_twice, err) : BF_OK;
    if (status == BF_OK && n_twice > 0)
        bf_log_warn(call->log, "%s: %zu point%s left out: named before", v->points, n_twice, n_twice == 1 ? "" : "s");
    return status == BF_OK ? bf_request_check(forget, err) : status;
}

/* What is to be unlearned by questions needs many, and writing one costs less than a step of the training. */
enum { THEN_POINT_QUESTIONS = 6 };

static void ask_more_for_then(const struct bf_call *call, const struct domain_values *v, struct bf_request *forget)
{
    const struct bf_opt *opt = bf_opt_find(call->table, "point-questions");
    if (v->start.then.then && forget->questions != 0 && !(opt && opt->given) &&
        forget->point_questions < THEN_POINT_QUESTIONS)
        forget->point_questions = THEN_POINT_QUESTIONS;
}

static enum bf_status domain_run(const struct bf_call *call, struct bf_err *err)
{
    const struct domain_values *v = call->values;
    struct bf_request forget = {.topic = NULL};
    struct bf_request retain = {.topic = NULL};
    struct bf_start_options start = v->start;
    char *dir = NULL;
    const char *retain_set = NULL;
    if (call->n_operands != 1)
        return bf_fail(err, BF_USAGE, "give one domain, in quotes: biforget domain \"Harry Potter\"");
    enum bf_status status =
        bf_method_request(call->table, &v->start.method, BF_KIND_DOMAIN, call->operands[0], &forget, err);
    if (status == BF_OK) {
        ask_more_for_then(call, v, &forget);
        status = read_points(call, v, &forget, err);
    }
    if (status == BF_OK)
        status = bf_start_sets(&start, &(struct bf_start_request){.request = &forget}, 1, &retain_set, err);
    if (status == BF_OK && retain_set)
        status = bf_method_request(call->table, &v->start.method, BF_KIND_DOMAIN, retain_set, &retain, err);
    if (status != BF_OK)
        goto out;
    /* A retain set has Stage I only: probes look for what the model remembers of the domain to forget. */
    retain.mi_samples = retain.jailbreak_samples = 0;
    retain.seed = bf_mix(retain.seed, BF_ROLE_RETAIN);
    const struct bf_guard_source retained = bf_guard_source_of(v->retain, BF_REASON_RETAIN_OVERLAP);
    const struct bf_guard_source forgotten = bf_guard_source_of(forget.topic, BF_REASON_FORGET_OVERLAP);
    const struct bf_start_request requests[] = {
        {.name = "", .role = BF_ROLE_FORGET, .request = &forget, .guards = &retained, .n_guards = v->retain != NULL},
        {.name = "retain", .role = BF_ROLE_RETAIN, .request = &retain, .guards = &forgotten, .n_guards = 1},
    };
    dir = v->start.out ? bf_strdup(v->start.out) : bf_start_dir("", forget.topic);
    status = bf_start_with(call, &start, "domain", dir, requests, retain_set ? 2 : 1, false, err);
out:
    bf_request_release(&forget);
    bf_request_release(&retain);
    free(dir);
    return status;
}

const struct bf_command bf_cmd_domain = {
    .help =
        {
            .name = "domain",
            .summary = "write the forget set of a domain",
            .synopsis = "biforget domain TOPIC [-m MODEL] [-o DIR] [options]",
            .examples = "  biforget domain \"Harry Potter\"                     minutes, default model\n"
                        "  biforget domain \"Greek mythology\" -m my.gguf --profile paper\n"
                        "  biforget domain \"Harry Potter\" --retain-set \"fantasy literature\"\n"
                        "  biforget domain \"Greek mythology\" --then auto --eval\n"
                        "  biforget domain \"the Solar System\" --points points.txt\n"
                        "  biforget domain \"the Solar System\" --api http://gpu1:8000/v1 --parallel 256\n",
            .details =
                "The model names points of the domain, writes about each with several templates and "
                "temperatures until the texts stop getting more diverse (Stage I), and is probed by "
                "membership inference and fictional scenes (Stage II). Ctrl-C saves and stops; 'biforget "
                "resume DIR' continues.\n"
                "--then METHOD makes the model forget what was written (DIR/unlearned-METHOD.gguf); with "
                "--eval, a table shows what changed. Every method except ga and ceu needs --retain-set: a domain to "
                "write about, a file of your own (a name with a slash or an ending such as .txt, .jsonl, "
                ".csv), or auto, which --then auto takes by itself: the model names domains like this one and writes "
                "about them. Other such domains (--neighbours) are not trained on: questions about them show what "
                "forgetting costs.",
        },
    .values_size = sizeof(struct domain_values),
    .max_operands = 1,
    .options = domain_options,
    .run = domain_run,
    .quiet_option = true,
};
