#include "cmd/eval_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/banned.h"

#define ONLY(name) (1U << BF_EVAL_##name)
#define EACH (~0U)
#define COUNTS_SHOTS (ONLY(KNOWMEM) | ONLY(MCQ) | ONLY(GSM8K))
#define SHOTS (COUNTS_SHOTS | ONLY(ROBUST))
#define WRITES (ONLY(KNOWMEM) | ONLY(VERBMEM) | ONLY(TOFU) | ONLY(GSM8K) | ONLY(ROBUST))
#define TWO_MODELS (ONLY(PRIVLEAK) | ONLY(TOFU))

static const char *const words[BF_EVAL_NAMES] = {"privleak", "knowmem", "verbmem", "memorization",
                                                 "tofu",     "mcq",     "gsm8k",   "robust"};

/* Which benchmarks take row i of the table below. */
static const unsigned takers[BF_EVAL_OPTIONS] = {
    EACH,           EACH,           EACH,           EACH,
    EACH, /* model, lora, lora-scale, output, json */
    TWO_MODELS,     TWO_MODELS,     ONLY(PRIVLEAK), ONLY(TOFU),
    ONLY(TOFU), /* forget, retain, holdout, authors, world */
    TWO_MODELS,     ONLY(PRIVLEAK), ONLY(ROBUST),   ONLY(TOFU),
    ONLY(TOFU), /* retrained, retrained-auc, original, logs, retain-logs */
    ONLY(PRIVLEAK), SHOTS,          COUNTS_SHOTS,   ONLY(KNOWMEM),
    WRITES,         EACH, /* k, shots, n-shots, trailing-space, max-new-tokens, limit */
    ONLY(ROBUST),   ONLY(ROBUST),   ONLY(ROBUST),   ONLY(ROBUST), /* relearn, relearn-set, relearn-steps, relearn-lr */
    ONLY(ROBUST),   ONLY(ROBUST),   ONLY(ROBUST),   ONLY(ROBUST),
    ONLY(ROBUST), /* suffix, suffix-tokens, suffix-rounds, suffix-candidates, suffix-questions */
    EACH,           EACH,           EACH,           EACH, /* seed, resamples, kv-cache, quiet */
};

struct bf_opt *bf_eval_options(struct bf_eval_values *v)
{
    v->lora_scale = 1.0;
    v->retrained_auc = 0.5;
    v->k = (struct bf_doubles){{5, 10, 20, 30, 40, 50, 60}, 7};
    v->n_shots = 5;
    v->seed = 3407;
    v->resamples = 2000;
    v->kv_cache = "auto";
    const struct bf_opt table[] = {
        {.name = "model",
         .letter = 'm',
         .type = BF_OPT_TEXT,
         .target = &v->model,
         .value = "FILE|NAME",
         .fallback = "the default model",
         .help = "the model to evaluate"},
        {.name = "lora",
         .type = BF_OPT_TEXT,
         .target = &v->lora,
         .value = "FILE",
         .help = "a LoRA adapter (GGUF) over the model"},
        {.name = "lora-scale",
         .type = BF_OPT_DOUBLE,
         .target = &v->lora_scale,
         .min = 0.000001,
         .max = 1000,
         .value = "X",
         .fallback = "1",
         .help = "what the adapter counts",
         .rare = true},
        {.name = "output",
         .letter = 'o',
         .type = BF_OPT_TEXT,
         .target = &v->out,
         .value = "FILE",
         .fallback = "none",
         .help = "results by question, a JSON object a line"},
        BF_OPT_JSON(&v->json, "all figures"),
        {.name = "forget",
         .type = BF_OPT_TEXT,
         .target = &v->forget,
         .value = "SET",
         .help = "privleak, tofu: what was to be forgotten"},
        {.name = "retain",
         .type = BF_OPT_TEXT,
         .target = &v->retain,
         .value = "SET",
         .help = "privleak, tofu: what was to be kept"},
        {.name = "holdout",
         .type = BF_OPT_TEXT,
         .target = &v->holdout,
         .value = "SET",
         .help = "privleak: like texts that it never saw"},
        {.name = "authors", .type = BF_OPT_TEXT, .target = &v->authors, .value = "FILE", .help = "tofu: real authors"},
        {.name = "world", .type = BF_OPT_TEXT, .target = &v->world, .value = "FILE", .help = "tofu: world facts"},
        {.name = "retrained",
         .type = BF_OPT_TEXT,
         .target = &v->retrained,
         .value = "FILE|NAME",
         .help = "privleak, tofu: trained without forget"},
        {.name = "retrained-auc",
         .type = BF_OPT_DOUBLE,
         .target = &v->retrained_auc,
         .min = 0.000001,
         .max = 1,
         .value = "X",
         .fallback = "0.5",
         .help = "privleak: its AUC, in place of the model",
         .rare = true},
        {.name = "original",
         .type = BF_OPT_TEXT,
         .target = &v->original,
         .value = "FILE|NAME",
         .help = "robust: the model before unlearning"},
        {.name = "logs",
         .type = BF_OPT_TEXT,
         .target = &v->logs,
         .value = "DIR",
         .help = "tofu: result files in place of -m"},
        {.name = "retain-logs",
         .type = BF_OPT_TEXT,
         .target = &v->retain_logs,
         .value = "DIR",
         .help = "tofu: those of the retrained model"},
        {.name = "k",
         .type = BF_OPT_DOUBLES,
         .target = &v->k,
         .min = 0.1,
         .max = 100,
         .value = "K,...",
         .fallback = "5,10,20,30,40,50,60",
         .unit = "per cent",
         .help = "privleak: shares of least likely tokens",
         .rare = true},
        {.name = "shots",
         .type = BF_OPT_TEXT,
         .target = &v->shots,
         .value = "FILE",
         .fallback = "none",
         .help = "solved questions that go first"},
        {.name = "n-shots",
         .type = BF_OPT_INT,
         .target = &v->n_shots,
         .min = 0,
         .max = 100,
         .value = "N",
         .fallback = "5",
         .help = "at most so many of them",
         .rare = true},
        {.name = "trailing-space",
         .type = BF_OPT_FLAG,
         .target = &v->trailing_space,
         .fallback = "off",
         .help = "knowmem: 'Answer: ' with a space, MUSE's prompt",
         .rare = true},
        {.name = "max-new-tokens",
         .type = BF_OPT_INT,
         .target = &v->max_new_tokens,
         .min = 1,
         .max = 8192,
         .value = "N",
         .fallback = "by benchmark",
         .help = "longest answer, in tokens"},
        {.name = "limit",
         .type = BF_OPT_INT,
         .target = &v->limit,
         .min = 0,
         .max = 1000000000,
         .value = "N",
         .fallback = "0: all",
         .help = "only the first N of each set or file"},
        {.name = "relearn",
         .type = BF_OPT_DOUBLE,
         .target = &v->relearn,
         .min = 0.000001,
         .max = 1,
         .value = "SHARE",
         .fallback = "off",
         .help = "robust: also after training on a part"},
        {.name = "relearn-set",
         .type = BF_OPT_TEXT,
         .target = &v->relearn_set,
         .value = "FILE",
         .fallback = "the questions asked",
         .help = "robust: pairs that the part is drawn from",
         .rare = true},
        {.name = "relearn-steps",
         .type = BF_OPT_INT,
         .target = &v->relearn_steps,
         .min = 1,
         .max = 100000,
         .value = "N",
         .fallback = "20",
         .help = "robust: steps of that training",
         .rare = true},
        {.name = "relearn-lr",
         .type = BF_OPT_DOUBLE,
         .target = &v->relearn_lr,
         .min = 1e-12,
         .max = 1,
         .value = "X",
         .fallback = "1e-5, an adapter 2e-4",
         .help = "robust: its learning rate",
         .rare = true},
        {.name = "suffix",
         .type = BF_OPT_FLAG,
         .target = &v->suffix,
         .fallback = "off",
         .help = "robust: also search words to put behind"},
        {.name = "suffix-tokens",
         .type = BF_OPT_INT,
         .target = &v->suffix_tokens,
         .min = 1,
         .max = 64,
         .value = "N",
         .fallback = "8",
         .help = "robust: their length, in tokens",
         .rare = true},
        {.name = "suffix-rounds",
         .type = BF_OPT_INT,
         .target = &v->suffix_rounds,
         .min = 1,
         .max = 10000,
         .value = "N",
         .fallback = "12",
         .help = "robust: rounds of the search",
         .rare = true},
        {.name = "suffix-candidates",
         .type = BF_OPT_INT,
         .target = &v->suffix_candidates,
         .min = 1,
         .max = 4096,
         .value = "N",
         .fallback = "32",
         .help = "robust: suffixes tried in a round",
         .rare = true},
        {.name = "suffix-questions",
         .type = BF_OPT_INT,
         .target = &v->suffix_questions,
         .min = 1,
         .max = 64,
         .value = "N",
         .fallback = "4",
         .help = "robust: questions to search with; at most half",
         .rare = true},
        {.name = "seed",
         .type = BF_OPT_SEED,
         .target = &v->seed,
         .value = "N",
         .fallback = "3407",
         .help = "of intervals; robust: of the attacks, too",
         .rare = true},
        {.name = "resamples",
         .type = BF_OPT_INT,
         .target = &v->resamples,
         .min = 100,
         .max = 100000,
         .value = "N",
         .fallback = "2000",
         .help = "resamples of the bootstrap",
         .rare = true},
        {.name = "kv-cache",
         .type = BF_OPT_CHOICE,
         .target = &v->kv_cache,
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
    bf_machine_options(&v->machine, true, all + BF_EVAL_OPTIONS);
    for (size_t i = BF_EVAL_OPTIONS; i < BF_EVAL_OPTIONS + n_machine; i++)
        if (strcmp(all[i].name, "chat") == 0) {
            all[i].given = &v->chat_given;
            all[i].fallback = "by benchmark";
        }
    return all;
}

enum bf_status bf_eval_name_of(const char *word, enum bf_eval_name *out, struct bf_err *err)
{
    for (int n = 0; n < BF_EVAL_NAMES; n++)
        if (strcmp(words[n], word) == 0) {
            *out = (enum bf_eval_name)n;
            return BF_OK;
        }
    return bf_fail(err, BF_USAGE,
                   "'%s' is no benchmark; give privleak, knowmem, verbmem, memorization, tofu, mcq, gsm8k or robust",
                   word);
}

void bf_eval_options_narrow(struct bf_opt *table, const char *word)
{
    enum bf_eval_name name = BF_EVAL_PRIVLEAK;
    struct bf_opt *to = table;
    if (bf_eval_name_of(word, &name, NULL) != BF_OK)
        return;
    for (size_t i = 0; table[i].name; i++)
        if (i >= BF_EVAL_OPTIONS || (takers[i] & (1U << name)))
            *to++ = table[i];
    to->name = NULL;
}

enum bf_status bf_eval_options_fit(const struct bf_eval_values *v, enum bf_eval_name name, struct bf_err *err)
{
    struct bf_eval_values scratch = {0};
    struct bf_opt *table = bf_eval_options(&scratch);
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < BF_EVAL_OPTIONS && status == BF_OK; i++) {
        if (!v->given[i] || (takers[i] & (1U << name)))
            continue;
        struct bf_buf names;
        bf_buf_init(&names, 256);
        for (int n = 0; n < BF_EVAL_NAMES; n++)
            if (takers[i] & (1U << n))
                bf_buf_printf(&names, "%s%s", names.len ? ", " : "", words[n]);
        status = bf_fail(err, BF_USAGE, "--%s is an option of %s, not of %s", table[i].name, names.data, words[name]);
        bf_buf_release(&names);
    }
    free(table);
    return status;
}
