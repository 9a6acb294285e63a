#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/print.h"
#include "cmd/shared_options.h"
#include "cmd/then_options.h"
#include "run/then.h"
#include "cmd/cmd.h"
#include "run/report_write.h"
#include "run/start.h"
#include "base/banned.h"

struct resume_values {
    bool quiet;
    bool json;
    const char *model, *embedder;
    struct bf_machine_values machine;
    struct bf_then_values then;
};

static struct bf_opt *resume_options(void *target)
{
    struct resume_values *v = target;
    struct bf_opt *table =
        BF_OPT_TABLE(BF_TEXT("model", &v->model, "FILE", "where the run's model is now, if it has moved", .letter = 'm',
                             .fallback = "the run's"),
                     BF_TEXT("embedder", &v->embedder, "FILE", "where the run's embedder is now, if it has moved",
                             .fallback = "the run's"),
                     BF_TEXT("retain-set", &v->then.retain_file, "FILE", "for --then: texts to keep",
                             .fallback = "the run's retain set"));
    table = bf_then_options(&v->then, table);
    table = bf_machine_options(&v->machine, false, table);
    return BF_OPT_APPEND(table, BF_OPT_JSON(&v->json, "the summary"), BF_OPT_QUIET(&v->quiet));
}

/* What is to come after the run: as given now, or as kept from before. *model: free(), NULL when nothing comes after
 * the run. */
static enum bf_status look_ahead(const struct resume_values *v, struct bf_store *store, char **model,
                                 struct bf_err *err)
{
    const struct bf_run *run = bf_store_run(store);
    const char *dir = bf_store_dir(store);
    struct bf_then_values then = v->then;
    struct bf_then_state state;
    struct bf_then_wish wish = {0};
    then.is_domain = strcmp(run->kind, "instance") != 0;
    enum bf_status status = bf_then_read(dir, bf_then_check_options, &state, err);
    const bool pending = bf_then_pending(dir, &state);
    if (status == BF_OK && (then.then || pending) && run->model_sha256[0] == 0)
        status = bf_fail(err, BF_USAGE, "--then changes the file of the run's model, and '%s' has none", dir);
    else if (status == BF_OK && (then.then || pending))
        *model = bf_strdup(v->model ? v->model : run->model_path);
    if (status == BF_OK)
        status = bf_store_has_role(store, BF_ROLE_RETAIN, &then.run_retains, err);
    /* With another method or other options, the texts to keep stay the same. */
    const char *kept = state.wish.retain_set;
    if (status == BF_OK && then.then && !then.retain_file && kept && kept[0])
        then.retain_file = kept;
    if (status == BF_OK)
        status = bf_then_wish_from(&then, *model, dir, &wish, err);
    if (status == BF_OK && wish.method)
        status = bf_then_begin(dir, &wish, bf_then_check_options, err);
    bf_then_wish_release(&wish);
    bf_then_state_release(&state);
    return status;
}

static enum bf_status check_model(const struct bf_run *run, const char *model, struct bf_err *err)
{
    char sha256[BF_SHA256_HEX];
    struct bf_err why = BF_ERR_INIT;
    if (bf_sha256_file(model, sha256, &why) != BF_OK)
        return bf_fail(err, BF_MODEL, "%s; say with -m where the run's model is now", why.text);
    if (strcmp(sha256, run->model_sha256) != 0)
        return bf_fail(err, BF_MODEL, "'%s' is not the run's model (%s); give the same file with -m", model,
                       run->model_desc);
    return BF_OK;
}

/* The run is finished: print it, unless what comes after it will. */
static enum bf_status finish(const struct resume_values *v, struct bf_session *s, const char *model, struct bf_err *err)
{
    const char *dir = bf_store_dir(s->store);
    if (model) {
        bf_log_info(s->log, "the forget set of '%s' is complete", dir);
        return check_model(bf_store_run(s->store), model, err);
    }
    bf_log_info(s->log, "'%s' is finished; nothing to do", dir);
    struct bf_err report = BF_ERR_INIT;
    enum bf_status status = bf_session_write_sets(s->store, err); /* it may have been killed right before */
    if (status == BF_OK)
        bf_report_at_end(s->store, NULL, true, s->log, &report);
    struct bf_then_state state = {0};
    if (status == BF_OK)
        status = bf_then_read(dir, bf_then_check_options, &state, err);
    if (status == BF_OK && !(state.wish.method && v->json))
        status = bf_session_print(s->store, v->json, 0, err);
    if (status == BF_OK && state.wish.method && !v->json)
        bf_print(stdout, "\n");
    if (status == BF_OK && state.wish.method)
        status = bf_then_show(s->store, &state, v->json, err);
    bf_then_state_release(&state);
    return bf_report_outcome(status, &report, err);
}

static enum bf_status resume_run(const struct bf_call *call, struct bf_err *err)
{
    const struct resume_values *v = call->values;
    struct bf_session s = {.log = call->log};
    struct bf_run_state state;
    char *model = NULL;
    if (call->n_operands != 1)
        return bf_fail(err, BF_USAGE, "give the run folder: biforget resume runs/harry-potter");
    const char *dir = call->operands[0];
    enum bf_status status = bf_store_open(dir, BF_STORE_WRITE, &s.store, err);
    if (status == BF_OK)
        status = bf_store_state(s.store, &state, err);
    if (status == BF_OK)
        status = look_ahead(v, s.store, &model, err);
    if (status != BF_OK)
        goto out;
    if (state.finished) {
        status = finish(v, &s, model, err);
    } else {
        status = bf_continue(&s, &v->machine, v->model, v->embedder, err);
        if (status == BF_OK)
            status = bf_session_work(&s, err);
        if (status == BF_OK && !(model && v->json))
            status = bf_session_print(s.store, v->json, 5, err);
        if (status == BF_OK && model && !v->json)
            bf_print(stdout, "\n");
    }
    const struct bf_err report = s.report;
    bf_session_release(&s);
    if (status == BF_OK && model) {
        const struct bf_then_job job = {
            dir, model, v->machine.threads, v->machine.gpu_layers, call->log, bf_then_check_options};
        status = bf_then_conclude(&job, v->json, err);
    } else {
        status = bf_report_outcome(status, &report, err);
    }
out:
    bf_session_release(&s);
    free(model);
    return status;
}

const struct bf_command bf_cmd_resume = {
    .help =
        {
            .name = "resume",
            .summary = "resume an interrupted run",
            .synopsis = "biforget resume DIR [options]",
            .examples = "  biforget resume runs/harry-potter\n"
                        "  biforget resume runs/harry-potter -m /new/place/model.gguf --parallel 16\n"
                        "  biforget resume runs/harry-potter --retain-set keep.txt --then npo --eval\n",
            .details = "Continues after the last committed sample with the run's own settings. The result is\n"
                       "byte-identical to that of a run that was never interrupted, if 'biforget doctor' calls the\n"
                       "model stable; --parallel and --threads may differ from before.\n"
                       "Also resumes --then of 'biforget domain', or unlearns a finished run with --then.",
        },
    .values_size = sizeof(struct resume_values),
    .max_operands = 1,
    .options = resume_options,
    .run = resume_run,
    .quiet_option = true,
};
