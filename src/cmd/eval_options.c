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
    v->request.lora_scale = 1.0;
    v->request.retrained_auc = 0.5;
    v->request.k = (struct bf_doubles){{5, 10, 20, 30, 40, 50, 60}, 7};
    v->request.n_shots = 5;
    v->request.seed = 3407;
    v->request.resamples = 2000;
    v->request.kv_cache = "auto";
    const struct bf_opt table[] = {
        {.name = "model",
         .letter = 'm',
         .type = BF_OPT_TEXT,
         .target = &v->request.model,
         .value = "FILE|NAME",
         .fallback = "the default model",
         .help = "the model to evaluate"},
        {.name = "lora",
         .type = BF_OPT_TEXT,
         .target = &v->request.lora,
         .value = "FILE",
         .help = "a LoRA adapter (GGUF) over the model"},
        {.name = "lora-scale",
         .type = BF_OPT_DOUBLE,
         .target = &v->request.lora_scale,
         .min = 0.000001,
         .max = 1000,
         .value = "X",
         .fallback = "1",
         .help = "what the adapter counts",
         .rare = true},
        {.name = "output",
         .letter = 'o',
         .type = BF_OPT_TEXT,
         .target = &v->request.out,
         .value = "FILE",
         .fallback = "none",
         .help = "results by question, a JSON object a line"},
        BF_OPT_JSON(&v->json, "all figures"),
        {.name = "forget",
         .type = BF_OPT_TEXT,
         .target = &v->request.forget,
         .value = "SET",
         .help = "privleak, tofu: what was to be forgotten"},
        {.name = "retain",
         .type = BF_OPT_TEXT,
         .target = &v->request.retain,
         .value = "SET",
         .help = "privleak, tofu: what was to be kept"},
        {.name = "holdout",
         .type = BF_OPT_TEXT,
         .target = &v->request.holdout,
         .value = "SET",
         .help = "privleak: like texts that it never saw"},
        {.name = "authors",
         .type = BF_OPT_TEXT,
         .target = &v->request.authors,
         .value = "FILE",
         .help = "tofu: real authors"},
        {.name = "world",
         .type = BF_OPT_TEXT,
         .target = &v->request.world,
         .value = "FILE",
         .help = "tofu: world facts"},
        {.name = "retrained",
         .type = BF_OPT_TEXT,
         .target = &v->request.retrained,
         .value = "FILE|NAME",
         .help = "privleak, tofu: trained without forget"},
        {.name = "retrained-auc",
         .type = BF_OPT_DOUBLE,
         .target = &v->request.retrained_auc,
         .min = 0.000001,
         .max = 1,
         .value = "X",
         .fallback = "0.5",
         .help = "privleak: its AUC, in place of the model",
         .rare = true},
        {.name = "original",
         .type = BF_OPT_TEXT,
         .target = &v->request.original,
         .value = "FILE|NAME",
         .help = "robust: the model before unlearning"},
        {.name = "logs",
         .type = BF_OPT_TEXT,
         .target = &v->request.logs,
         .value = "DIR",
         .help = "tofu: result files in place of -m"},
        {.name = "retain-logs",
         .type = BF_OPT_TEXT,
         .target = &v->request.retain_logs,
         .value = "DIR",
         .help = "tofu: those of the retrained model"},
        {.name = "k",
         .type = BF_OPT_DOUBLES,
         .target = &v->request.k,
         .min = 0.1,
         .max = 100,
         .value = "K,...",
         .fallback = "5,10,20,30,40,50,60",
         .unit = "per cent",
         .help = "privleak: shares of least likely tokens",
         .rare = true},
        {.name = "shots",
         .type = BF_OPT_TEXT,
         .target = &v->request.shots,
         .value = "FILE",
         .fallback = "none",
         .help = "solved questions that go first"},
        {.name = "n-shots",
         .type = BF_OPT_INT,
         .target = &v->request.n_shots,
         .min = 0,
         .max = 100,
         .value = "N",
         .fallback = "5",
         .help = "at most so many of them",
         .rare = true},
        {.name = "trailing-space",
         .type = BF_OPT_FLAG,
         .target = &v->request.trailing_space,
         .fallback = "off",
         .help = "knowmem: 'Answer: ' with a space, MUSE's prompt",
         .rare = true},
        {.name = "max-new-tokens",
         .type = BF_OPT_INT,
         .target = &v->request.max_new_tokens,
         .min = 1,
         .max = 8192,
         .value = "N",
         .fallback = "by benchmark",
         .help = "longest answer, in tokens"},
        {.name = "limit",
         .type = BF_OPT_INT,
         .target = &v->request.limit,
         .min = 0,
         .max = 1000000000,
         .value = "N",
         .fallback = "0: all",
         .help = "only the first N of each set or file"},
        {.name = "relearn",
         .type = BF_OPT_DOUBLE,
         .target = &v->request.relearn,
         .min = 0.000001,
         .max = 1,
         .value = "SHARE",
         .fallback = "off",
         .help = "robust: also after training on a part"},
        {.name = "relearn-set",
         .type = BF_OPT_TEXT,
         .target = &v->request.relearn_set,
         .value = "FILE",
         .fallback = "the questions asked",
         .help = "robust: pairs that the part is drawn from",
         .rare = true},
        {.name = "relearn-steps",
         .type = BF_OPT_INT,
         .target = &v->request.relearn_steps,
         .min = 1,
         .max = 100000,
         .value = "N",
         .fallback = "20",
         .help = "robust: steps of that training",
         .rare = true},
        {.name = "relearn-lr",
         .type = BF_OPT_DOUBLE,
         .target = &v->request.relearn_lr,
         .min = 1e-12,
         .max = 1,
         .value = "X",
         .fallback = "1e-5, an adapter 2e-4",
         .help = "robust: its learning rate",
         .rare = true},
        {.name = "suffix",
         .type = BF_OPT_FLAG,
         .target = &v->request.suffix,
         .fallback = "off",
         .help = "robust: also search words to put behind"},
        {.name = "suffix-tokens",
         .type = BF_OPT_INT,
         .target = &v->request.suffix_tokens,
         .min = 1,
         .max = 64,
         .value = "N",
         .fallback = "8",
         .help = "robust: their length, in tokens",
         .rare = true},
        {.name = "suffix-rounds",
         .type = BF_OPT_INT,
         .target = &v->request.suffix_rounds,
         .min = 1,
         .max = 10000,
         .value = "N",
         .fallback = "12",
         .help = "robust: rounds of the search",
         .rare = true},
        {.name = "suffix-candidates",
         .type = BF_OPT_INT,
         .target = &v->request.suffix_candidates,
         .min = 1,
         .max = 4096,
         .value = "N",
         .fallback = "32",
         .help = "robust: suffixes tried in a round",
         .rare = true},
        {.name = "suffix-questions",
         .type = BF_OPT_INT,
         .target = &v->request.suffix_questions,
         .min = 1,
         .max = 64,
         .value = "N",
         .fallback = "4",
         .help = "robust: questions to search with; at most half",
         .rare = true},
        {.name = "seed",
         .type = BF_OPT_SEED,
         .target = &v->request.seed,
         .value = "N",
         .fallback = "3407",
         .help = "of intervals; robust: of the attacks, too",
         .rare = true},
        {.name = "resamples",
         .type = BF_OPT_INT,
         .target = &v->request.resamples,
         .min = 100,
         .max = 100000,
         .value = "N",
         .fallback = "2000",
         .help = "resamples of the bootstrap",
         .rare = true},
        {.name = "kv-cache",
         .type = BF_OPT_CHOICE,
         .target = &v->request.kv_cache,
         .choices = "auto|f32|f16",
         .fallback = "auto: f32 where memory allows",
         .help = "precision of keys and values: auto, f32, f16",
         .rare = true},
        BF_OPT_QUIET(&v->quiet),
    };
    _Static_assert(sizeof table / sizeof *table == BF_EVAL_OPTIONS, "takers and table have one row each");
    const size_t n_machine = bf_machine_option_count(true);
    struct bf_opt *all = bf_array(BF_EVAL_OPTIONS + n_machine + 1, sizeof *all);
    memcpy(all, table, sizeof table);
    for (size_t i = 0; i < BF_EVAL_OPTIONS; i++)
        all[i].given = &v->given[i];
    bf_machine_options(&v->request.machine, true, all + BF_EVAL_OPTIONS);
    for (size_t i = BF_EVAL_OPTIONS; i < BF_EVAL_OPTIONS + n_machine; i++)
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
