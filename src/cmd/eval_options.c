#include "cmd/eval_options.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/machine_options.h"
#include "eval/eval_task.h"
#include "base/banned.h"

#define COUNTS_SHOTS "knowmem mcq gsm8k"
#define SHOTS COUNTS_SHOTS " robust"
#define WRITES "knowmem verbmem tofu gsm8k robust"
#define TWO_MODELS "privleak tofu"

/* Which tasks take row i of the table below; NULL = each. */
static const char *const takers[BF_EVAL_OPTIONS] = {
    NULL,       NULL,       NULL,         NULL,
    NULL, /* model, lora, lora-scale, output, json */
    TWO_MODELS, TWO_MODELS, "privleak",   "tofu",
    "tofu", /* forget, retain, holdout, authors, world */
    TWO_MODELS, "privleak", "robust",     "tofu",
    "tofu", /* retrained, retrained-auc, original, logs, retain-logs */
    "privleak", SHOTS,      COUNTS_SHOTS, "knowmem",
    WRITES,     NULL,                               /* k, shots, n-shots, trailing-space, max-new-tokens, limit */
    "robust",   "robust",   "robust",     "robust", /* relearn, relearn-set, relearn-steps, relearn-lr */
    "robust",   "robust",   "robust",     "robust",
    "robust", /* suffix, suffix-tokens, suffix-rounds, suffix-candidates, suffix-questions */
    NULL,       NULL,       NULL,         NULL, /* seed, resamples, kv-cache, quiet */
};

static bool takes(size_t row, const char *task)
{
    const size_t n = strlen(task);
    for (const char *at = takers[row]; at; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, task, n) == 0 && (at[n] == ' ' || at[n] == '\0'))
            return true;
    }
    return !takers[row];
}

struct bf_opt *bf_eval_options(struct bf_eval_values *v)
{
    struct bf_eval_request *r = &v->request;
    r->lora_scale = 1.0;
    r->retrained_auc = 0.5;
    r->k = (struct bf_doubles){{5, 10, 20, 30, 40, 50, 60}, 7};
    r->n_shots = 5;
    r->seed = 3407;
    r->resamples = 2000;
    r->kv_cache = "auto";
    const struct bf_opt table[] = {
        BF_TEXT("model", &r->model, "FILE|NAME", "the model to evaluate", .letter = 'm',
                .fallback = "the default model"),
        BF_TEXT("lora", &r->lora, "FILE", "a LoRA adapter (GGUF) over the model"),
        BF_REAL("lora-scale", &r->lora_scale, 0.000001, 1000, "1", "what the adapter counts", .rare = true),
        BF_TEXT("output", &r->out, "FILE", "results by question, a JSON object a line", .letter = 'o',
                .fallback = "none"),
        BF_OPT_JSON(&v->json, "all figures"),
        BF_TEXT("forget", &r->forget, "SET", "privleak, tofu: what was to be forgotten"),
        BF_TEXT("retain", &r->retain, "SET", "privleak, tofu: what was to be kept"),
        BF_TEXT("holdout", &r->holdout, "SET", "privleak: like texts that it never saw"),
        BF_TEXT("authors", &r->authors, "FILE", "tofu: real authors"),
        BF_TEXT("world", &r->world, "FILE", "tofu: world facts"),
        BF_TEXT("retrained", &r->retrained, "FILE|NAME", "privleak, tofu: trained without forget"),
        BF_REAL("retrained-auc", &r->retrained_auc, 0.000001, 1, "0.5", "privleak: its AUC, in place of the model",
                .rare = true),
        BF_TEXT("original", &r->original, "FILE|NAME", "robust: the model before unlearning"),
        BF_TEXT("logs", &r->logs, "DIR", "tofu: result files in place of -m"),
        BF_TEXT("retain-logs", &r->retain_logs, "DIR", "tofu: those of the retrained model"),
        BF_REALS("k", &r->k, 0.1, 100, "5,10,20,30,40,50,60", "privleak: shares of least likely tokens",
                 .value = "K,...", .unit = "per cent", .rare = true),
        BF_TEXT("shots", &r->shots, "FILE", "solved questions that go first", .fallback = "none"),
        BF_WHOLE("n-shots", &r->n_shots, 0, 100, "5", "at most so many of them", .rare = true),
        BF_FLAG("trailing-space", &r->trailing_space, "knowmem: 'Answer: ' with a space, MUSE's prompt",
                .fallback = "off", .rare = true),
        BF_WHOLE("max-new-tokens", &r->max_new_tokens, 1, 8192, "by benchmark", "longest answer, in tokens"),
        BF_WHOLE("limit", &r->limit, 0, 1000000000, "0: all", "only the first N of each set or file"),
        BF_REAL("relearn", &r->relearn, 0.000001, 1, "off", "robust: also after training on a part", .value = "SHARE"),
        BF_TEXT("relearn-set", &r->relearn_set, "FILE", "robust: pairs that the part is drawn from",
                .fallback = "the questions asked", .rare = true),
        BF_WHOLE("relearn-steps", &r->relearn_steps, 1, 100000, "20", "robust: steps of that training", .rare = true),
        BF_REAL("relearn-lr", &r->relearn_lr, 1e-12, 1, "1e-5, an adapter 2e-4", "robust: its learning rate",
                .rare = true),
        BF_FLAG("suffix", &r->suffix, "robust: also search words to put behind", .fallback = "off"),
        BF_WHOLE("suffix-tokens", &r->suffix_tokens, 1, 64, "8", "robust: their length, in tokens", .rare = true),
        BF_WHOLE("suffix-rounds", &r->suffix_rounds, 1, 10000, "12", "robust: rounds of the search", .rare = true),
        BF_WHOLE("suffix-candidates", &r->suffix_candidates, 1, 4096, "32", "robust: suffixes tried in a round",
                 .rare = true),
        BF_WHOLE("suffix-questions", &r->suffix_questions, 1, 64, "4", "robust: questions to search with; at most half",
                 .rare = true),
        BF_SEED("seed", &r->seed, "3407", "of intervals; robust: of the attacks, too", .rare = true),
        BF_WHOLE("resamples", &r->resamples, 100, 100000, "2000", "resamples of the bootstrap", .rare = true),
        BF_CHOICE("kv-cache", &r->kv_cache, "auto|f32|f16", "precision of keys and values: auto, f32, f16",
                  .fallback = "auto: f32 where memory allows", .rare = true),
        BF_OPT_QUIET(&v->quiet),
    };
    _Static_assert(sizeof table / sizeof *table == BF_EVAL_OPTIONS, "takers and table have one row each");
    struct bf_opt *all = bf_opt_append(NULL, table, BF_EVAL_OPTIONS);
    for (size_t i = 0; i < BF_EVAL_OPTIONS; i++)
        all[i].given = &v->given[i];
    all = bf_machine_options(&r->machine, true, all);
    for (size_t i = BF_EVAL_OPTIONS; all[i].name; i++)
        if (strcmp(all[i].name, "chat") == 0) {
            all[i].given = &v->request.chat_given;
            all[i].fallback = "by benchmark";
        }
    return all;
}

void bf_eval_options_narrow(struct bf_opt *table, const char *word)
{
    size_t task = 0;
    struct bf_opt *to = table;
    if (!bf_eval_task_find(word, &task))
        return;
    for (size_t i = 0; table[i].name; i++)
        if (i >= BF_EVAL_OPTIONS || takes(i, word))
            *to++ = table[i];
    to->name = NULL;
}

enum bf_status bf_eval_options_fit(const struct bf_eval_values *v, size_t task, struct bf_err *err)
{
    const char *name = bf_eval_tasks[task].name;
    struct bf_eval_values scratch = {0};
    struct bf_opt *table = bf_eval_options(&scratch);
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < BF_EVAL_OPTIONS && status == BF_OK; i++) {
        if (!v->given[i] || takes(i, name))
            continue;
        struct bf_buf names;
        bf_buf_init(&names, SIZE_MAX);
        for (const char *at = takers[i]; *at; at++)
            bf_buf_puts(&names, *at == ' ' ? ", " : (const char[]){*at, '\0'});
        status = bf_fail(err, BF_USAGE, "--%s is an option of %s, not of %s", table[i].name, names.data, name);
        bf_buf_release(&names);
    }
    free(table);
    return status;
}
