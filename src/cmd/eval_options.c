#include "cmd/eval_options.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/shared_options.h"
#include "eval/eval_task.h"
#include "base/banned.h"

#define COUNTS_SHOTS "knowmem mcq gsm8k"
#define SHOTS COUNTS_SHOTS " robust"
#define WRITES "knowmem verbmem tofu gsm8k robust fluency"
#define AFTERWARDS "robust fluency"
#define TWO_MODELS "privleak tofu"

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
    r->attacks = "loss,zlib,lower,min_k";
    r->gradient_norm = "2";
    struct bf_opt *table = BF_OPT_TABLE(
        BF_TEXT("model", &r->model, "FILE|NAME", "the model to evaluate", .letter = 'm',
                .fallback = "the default model", .marks = BF_LAB),
        BF_TEXT("lora", &r->lora, "FILE", "a LoRA adapter (GGUF) to apply to the model"),
        BF_REAL("lora-scale", &r->lora_scale, 0.000001, 1000, "1", "adapter strength", .rare = true),
        BF_TEXT("output", &r->out, "FILE", "results of each question, as JSON lines", .letter = 'o', .fallback = "none",
                .marks = BF_LAB),
        BF_OPT_JSON(&v->json, "all metrics"),
        BF_TEXT("forget", &r->forget, "SET", "privleak, tofu: the forget set", .only = TWO_MODELS, .marks = BF_LAB),
        BF_TEXT("retain", &r->retain, "SET", "privleak, tofu: the retain set", .only = TWO_MODELS, .marks = BF_LAB),
        BF_TEXT("holdout", &r->holdout, "SET", "privleak: similar texts that the model never saw", .only = "privleak",
                .marks = BF_LAB),
        BF_TEXT("authors", &r->authors, "FILE", "tofu: real authors", .only = "tofu", .marks = BF_LAB),
        BF_TEXT("world", &r->world, "FILE", "tofu: world facts", .only = "tofu", .marks = BF_LAB),
        BF_TEXT("retrained", &r->retrained, "FILE|NAME", "privleak, tofu: a model trained without --forget",
                .only = TWO_MODELS, .marks = BF_LAB),
        BF_REAL("retrained-auc", &r->retrained_auc, 0.000001, 1, "0.5",
                "privleak: AUC of the retrained model, instead of --retrained", .rare = true, .only = "privleak",
                .marks = BF_LAB),
        BF_TEXT("attacks", &r->attacks, "NAME,...|all",
                "privleak: of loss, zlib, lower, min_k, min_k++, reference, gradnorm",
                .fallback = "loss,zlib,lower,min_k", .only = "privleak"),
        BF_TEXT("reference", &r->reference, "FILE|NAME", "privleak: also attack by comparing with this model's loss",
                .fallback = "none", .only = "privleak", .marks = BF_LAB),
        BF_CHOICE("gradient-norm", &r->gradient_norm, "1|2|max", "privleak: norm of the attack gradnorm",
                  .fallback = "2", .rare = true, .only = "privleak"),
        BF_TEXT("original", &r->original, "FILE|NAME", "robust, fluency: the model before unlearning",
                .only = AFTERWARDS),
        BF_TEXT("neighbours", &r->neighbours, "SET", "robust: questions on neighbouring topics, to see the cost",
                .fallback = "none", .only = "robust"),
        BF_TEXT("prompts", &r->prompts, "SET", "fluency: prompts on everyday matters", .fallback = "24 built-in ones",
                .rare = true, .only = "fluency"),
        BF_TEXT("logs", &r->logs, "DIR", "tofu: result files instead of -m", .only = "tofu", .marks = BF_LAB),
        BF_TEXT("retain-logs", &r->retain_logs, "DIR", "tofu: result files of the retrained model", .only = "tofu",
                .marks = BF_LAB),
        BF_REALS("k", &r->k, 0.1, 100, "5,10,20,30,40,50,60",
                 "privleak: shares of least likely tokens, of min_k and min_k++", .value = "K,...", .unit = "per cent",
                 .rare = true, .only = "privleak"),
        BF_TEXT("shots", &r->shots, "FILE", "solved examples to put before the question", .fallback = "none",
                .only = SHOTS),
        BF_WHOLE("n-shots", &r->n_shots, 0, 100, "5", "solved examples, at most", .rare = true, .only = COUNTS_SHOTS),
        BF_FLAG("trailing-space", &r->trailing_space, "knowmem: 'Answer: ' with a space, MUSE's prompt",
                .fallback = "off", .rare = true, .only = "knowmem"),
        BF_WHOLE("max-new-tokens", &r->max_new_tokens, 1, 8192, "by benchmark", "longest answer, in tokens",
                 .only = WRITES),
        BF_WHOLE("limit", &r->limit, 0, 1000000000, "0: all", "only the first N of each set or file"),
        BF_REAL("relearn", &r->relearn, 0.000001, 1, "off", "robust: also test after relearning a share",
                .value = "SHARE", .only = "robust"),
        BF_TEXT("relearn-set", &r->relearn_set, "FILE", "robust: question-answer pairs to draw that share from",
                .fallback = "the questions asked", .rare = true, .only = "robust"),
        BF_WHOLE("relearn-steps", &r->relearn_steps, 1, 100000, "20", "robust: training steps", .rare = true,
                 .only = "robust"),
        BF_REAL("relearn-lr", &r->relearn_lr, 1e-12, 1, "1e-5; for an adapter 2e-4",
                "robust: learning rate of that training", .rare = true, .only = "robust"),
        BF_FLAG("suffix", &r->suffix, "robust: also test with a searched suffix", .fallback = "off", .only = "robust"),
        BF_WHOLE("suffix-tokens", &r->suffix_tokens, 1, 64, "8", "robust: length of the suffix, in tokens",
                 .rare = true, .only = "robust"),
        BF_WHOLE("suffix-rounds", &r->suffix_rounds, 1, 10000, "12", "robust: rounds of the search", .rare = true,
                 .only = "robust"),
        BF_WHOLE("suffix-candidates", &r->suffix_candidates, 1, 4096, "32", "robust: suffixes tried in a round",
                 .rare = true, .only = "robust"),
        BF_WHOLE("suffix-questions", &r->suffix_questions, 1, 64, "4",
                 "robust: questions to search with, at most half of them", .rare = true, .only = "robust"),
        BF_SEED("seed", &r->seed, "3407", "seed of the intervals; robust: also of the attacks", .rare = true),
        BF_WHOLE("resamples", &r->resamples, 100, 100000, "2000", "bootstrap resamples", .rare = true),
        BF_CHOICE("kv-cache", &r->kv_cache, "auto|f32|f16", "precision of keys and values: auto, f32, f16",
                  .fallback = "auto: f32 where memory allows", .rare = true),
        BF_OPT_QUIET(&v->quiet));
    table = bf_machine_options(&r->machine, true, table);
    r->machine.chat = NULL; /* unless it is given, each task has its own */
    for (struct bf_opt *opt = table; opt->name; opt++)
        if (opt->target == &r->machine.chat)
            opt->fallback = "by benchmark";
    return table;
}

void bf_eval_options_narrow(struct bf_opt *table, const char *word)
{
    size_t task = 0;
    struct bf_opt *to = table;
    for (struct bf_opt *opt = table; !word && opt->name; opt++)
        opt->rare |= opt->only && !strchr(opt->only, ' ');
    if (!word || !bf_eval_task_find(word, &task))
        return;
    for (const struct bf_opt *opt = table; opt->name; opt++)
        if (bf_opt_takes(opt, word))
            *to++ = *opt;
    to->name = NULL;
}

enum bf_status bf_eval_options_fit(const struct bf_opt *table, size_t task, struct bf_err *err)
{
    const char *name = bf_eval_tasks[task].name;
    for (const struct bf_opt *opt = table; opt->name; opt++) {
        if (!opt->given || bf_opt_takes(opt, name))
            continue;
        struct bf_buf names;
        bf_buf_init(&names, SIZE_MAX);
        for (const char *at = opt->only; *at; at++)
            bf_buf_puts(&names, *at == ' ' ? ", " : (const char[]){*at, '\0'});
        (void)bf_fail(err, BF_USAGE, "--%s is an option of %s, not of %s", opt->name, names.data, name);
        bf_buf_release(&names);
        return BF_USAGE;
    }
    return BF_OK;
}
