#include <stdlib.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/report_write.h"
#include "cmd/start.h"
#include "base/banned.h"

struct values {
    bool quiet;
    bool json;
    const char *model, *embedder;
    struct bf_machine_values machine;
};

static struct bf_opt *options(void *target)
{
    struct values *v = target;
    const struct bf_opt own[] = {
        {.name = "model",
         .letter = 'm',
         .type = BF_OPT_TEXT,
         .target = &v->model,
         .value = "FILE",
         .fallback = "the run's",
         .help = "where the run's model is now, if it has moved"},
        {.name = "embedder",
         .type = BF_OPT_TEXT,
         .target = &v->embedder,
         .value = "FILE",
         .fallback = "the run's",
         .help = "where the run's embedder is now, if it has moved"},
        BF_OPT_JSON(&v->json, "the summary"),
        BF_OPT_QUIET(&v->quiet),
    };
    size_t n_own = sizeof own / sizeof *own;
    struct bf_opt *table = bf_array(n_own + bf_machine_option_count(false) + 1, sizeof *table);
    for (size_t i = 0; i < 2; i++)
        table[i] = own[i];
    bf_machine_options(&v->machine, false, table + 2);
    for (size_t i = 2; i < n_own; i++)
        table[bf_machine_option_count(false) + i] = own[i];
    return table;
}

static enum bf_status run(const struct bf_call *call, struct bf_err *err)
{
    const struct values *v = call->values;
    struct bf_session s = {.log = call->log};
    if (call->n_operands != 1)
        return bf_fail(err, BF_USAGE, "give the run folder: biforget resume runs/harry-potter");
    const char *dir = call->operands[0];
    enum bf_status status = bf_store_open(dir, BF_STORE_WRITE, &s.store, err);
    struct bf_run_state state;
    if (status == BF_OK)
        status = bf_store_state(s.store, &state, err);
    if (status != BF_OK)
        goto out;
    if (state.finished) {
        bf_log_info(call->log, "'%s' is finished; nothing to do", dir);
        status = bf_session_write_sets(s.store, err); /* it may have been killed right before */
        if (status == BF_OK)
            bf_report_at_end(s.store, NULL, true, call->log);
        if (status == BF_OK)
            status = bf_session_print(s.store, v->json, 0, err);
        goto out;
    }
    status = bf_continue(&s, &v->machine, v->model, v->embedder, err);
    if (status == BF_OK)
        status = bf_session_work(&s, v->json, err);
out:
    bf_session_release(&s);
    return status;
}

const struct bf_command bf_cmd_resume = {
    .help =
        {
            .name = "resume",
            .summary = "go on with an interrupted run",
            .synopsis = "biforget resume DIR [options]",
            .examples = "  biforget resume runs/harry-potter\n"
                        "  biforget resume runs/harry-potter -m /new/place/model.gguf --parallel 16\n",
            .details = "Continues after the last committed sample with the run's own settings. The result has\n"
                       "the bytes of a run that was never interrupted, when 'biforget doctor' calls the model\n"
                       "stable; --parallel and --threads may differ from before.",
        },
    .values_size = sizeof(struct values),
    .max_operands = 1,
    .options = options,
    .run = run,
    .quiet_option = true,
};
