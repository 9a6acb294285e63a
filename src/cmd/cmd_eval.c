#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/print.h"
#include "cmd/cmd.h"
#include "cmd/eval_options.h"
#include "eval/eval_task.h"
#include "cmd/output_path.h"
#include "base/banned.h"

static struct bf_opt *eval_options(void *target)
{
    return bf_eval_options(target);
}

static void print_result(const struct bf_eval_values *v, const json_t *result)
{
    if (!v->json) {
        bf_eval_text(result, stdout);
        return;
    }
    char *text = bf_json_dump(result);
    bf_print_json(stdout, text);
    free(text);
}

static enum bf_status check_output(const struct bf_eval_values *v, const struct bf_call *call, struct bf_err *err)
{
    const struct bf_eval_request *r = &v->request;
    const char *const named[] = {r->model,       r->lora,      r->forget,     r->retain,   r->holdout,     r->authors,
                                 r->world,       r->retrained, r->original,   r->logs,     r->retain_logs, r->shots,
                                 r->relearn_set, r->prompts,   r->neighbours, r->reference};
    enum { N_NAMED = sizeof named / sizeof *named };
    const char *inputs[N_NAMED + BF_OPERANDS_MAX];
    memcpy(inputs, named, sizeof named);
    for (size_t i = 1; i < call->n_operands; i++)
        inputs[N_NAMED + i - 1] = call->operands[i];
    return bf_output_path(v->request.out, BF_OUTPUT_STREAM, inputs, N_NAMED + call->n_operands - 1, err);
}

static enum bf_status find_task(const struct bf_call *call, size_t *task, struct bf_err *err)
{
    struct bf_buf names;
    enum bf_status status = BF_OK;
    bf_buf_init(&names, SIZE_MAX);
    bf_eval_task_names(&names);
    if (call->n_operands == 0)
        status = bf_fail(err, BF_USAGE, "give a task: %s; see 'biforget eval --help'", names.data);
    else if (!bf_eval_task_find(call->operands[0], task))
        status = bf_fail(err, BF_USAGE, "'%s' is not a task of eval; give %s", call->operands[0], names.data);
    bf_buf_release(&names);
    return status;
}

static enum bf_status eval_run(const struct bf_call *call, struct bf_err *err)
{
    const struct bf_eval_values *v = call->values;
    size_t i_task = 0;
    struct bf_atomic items = {0};
    json_t *result = NULL;
    enum bf_status status = find_task(call, &i_task, err);
    if (status == BF_OK)
        status = bf_eval_options_fit(call->table, i_task, err);
    if (status == BF_OK && v->request.out)
        status = check_output(v, call, err);
    if (status == BF_OK && v->request.out)
        status = bf_atomic_open(&items, v->request.out, err);
    if (status != BF_OK)
        return status;
    struct bf_eval_task task = {
        .request = &v->request,
        .log = call->log,
        .files = call->operands + 1,
        .n_files = call->n_operands - 1,
        .eval = {.bootstrap = {.n_resamples = (size_t)v->request.resamples, .seed = v->request.seed},
                 .items = items.stream},
    };
    bf_interrupt_install();
    status = bf_eval_tasks[i_task].run(&task, &result, err);
    if (status == BF_INTERRUPTED)
        status = bf_fail(err, BF_INTERRUPTED,
                         "interrupted: no results were kept; run the command again (--limit makes it shorter)");
    if (status == BF_OK && items.stream)
        status = bf_atomic_commit(&items, err);
    if (status == BF_OK) {
        if (task.model.request)
            bf_eval_put(result, "model", bf_eval_model_json(&task.model));
        bf_eval_put(result, "seed", json_integer((json_int_t)v->request.seed));
        bf_log_live_end(call->log);
        print_result(v, result);
    }
    bf_atomic_abort(&items);
    json_decref(result);
    bf_eval_model_release(&task.model);
    return status;
}

const struct bf_command bf_cmd_eval = {
    .help =
        {
            .name = "eval",
            .summary = "measure what a model has forgotten, and what it can still do",
            .synopsis = "biforget eval NAME [FILE...] [-m MODEL] [options]",
            .examples = "  biforget eval privleak -m new.gguf --forget f.json --holdout h.json\n"
                        "  biforget eval privleak --forget f.json --holdout h.json --attacks all\n"
                        "  biforget eval knowmem forget_qa.json --shots icl.json -m new.gguf\n"
                        "  biforget eval tofu -m new.gguf --forget f.json --retrained gold.gguf\n"
                        "  biforget eval tofu --logs saves/npo --retain-logs saves/retain90\n"
                        "  biforget eval mcq mmlu_test.jsonl --shots mmlu_dev.jsonl -m new.gguf\n"
                        "  biforget eval robust forget_qa.jsonl -m new.gguf --original old.gguf\n"
                        "  biforget eval robust probes.jsonl --neighbours neighbours.jsonl -m new.gguf\n"
                        "  biforget eval fluency forget_qa.jsonl -m new.gguf --original old.gguf\n",
            .details = "privleak, knowmem and verbmem are MUSE's; memorization is extraction strength and exact "
                       "memorization; mcq is for MMLU and WMDP; robust tests whether the knowledge comes back; "
                       "fluency, whether the model still writes whole, varied sentences. For "
                       "privleak, verbmem and memorization, a SET is anything that 'biforget quality' reads; tofu "
                       "also takes --authors and --world. Solved examples of mcq go before questions on the same "
                       "subject: for a csv file, that is its name without _test or _dev; for jsonl, its "
                       "\"subject\". --limit applies to each file. Means are shown with their 95 % bootstrap "
                       "interval. An interrupted evaluation keeps nothing. docs/evaluation.md explains each metric "
                       "and lists the files that each benchmark reads.",
            .operands = "NAME is privleak, knowmem, verbmem, memorization, tofu, mcq, gsm8k, robust or fluency;\n"
                        "'biforget eval NAME --help' shows the options of one",
        },
    .values_size = sizeof(struct bf_eval_values),
    .max_operands = BF_OPERANDS_MAX,
    .options = eval_options,
    .run = eval_run,
    .quiet_option = true,
    .narrow = bf_eval_options_narrow,
};
