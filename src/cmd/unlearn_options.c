#include "cmd/unlearn_options.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/print.h"
#include "cmd/cmd.h"
#include "engine/models.h"
#include "base/banned.h"

static const char of_method[] = "of the method";

struct bf_opt *bf_unlearn_options(void *target)
{
    struct bf_unlearn_values *v = target;
    bf_unlearn_choices("method", v->choices.method, sizeof v->choices.method);
    bf_unlearn_choices("retain_loss", v->choices.retain_loss, sizeof v->choices.retain_loss);
    bf_unlearn_choices("schedule", v->choices.schedule, sizeof v->choices.schedule);
    bf_unlearn_choices("type", v->choices.type, sizeof v->choices.type);
    bf_unlearn_choices("data", v->choices.data, sizeof v->choices.data);
    v->data = v->chat = "auto";
    v->type = "f16";
    v->seed = 3407;
    v->max_length = 512;
    v->pack = true;
    v->lora_rank = 16;
    v->lora_alpha = 32.0;
    v->measure = 32;
    v->evaluate_every = 10;
    v->max_loss = 100.0;
    v->checkpoint_every = 50;
    v->answers = 3;
#define TEXT(NAME, FIELD, ...)                                                                                         \
    {                                                                                                                  \
        .name = (NAME), .type = BF_OPT_TEXT, .target = &v->FIELD, __VA_ARGS__                                          \
    }
#define FLAG(NAME, FIELD, ...)                                                                                         \
    {                                                                                                                  \
        .name = (NAME), .type = BF_OPT_FLAG, .target = &v->FIELD, __VA_ARGS__                                          \
    }
#define REAL(NAME, FIELD, MIN, MAX, ...)                                                                               \
    {                                                                                                                  \
        .name = (NAME), .type = BF_OPT_DOUBLE, .target = &v->FIELD, .min = (MIN), .max = (MAX), .value = "X",          \
        __VA_ARGS__                                                                                                    \
    }
#define WHOLE(NAME, FIELD, MIN, MAX, ...)                                                                              \
    {                                                                                                                  \
        .name = (NAME), .type = BF_OPT_INT, .target = &v->FIELD, .min = (MIN), .max = (MAX), .value = "N", __VA_ARGS__ \
    }
    struct bf_opt *table = BF_OPT_TABLE(
        {.name = "method",
         .type = BF_OPT_CHOICE,
         .target = &v->method,
         .choices = v->choices.method,
         .help = "formula and numbers of each: 'biforget help unlearn'"},
        TEXT("model", model, .letter = 'm', .value = "FILE|NAME", .fallback = "the default model",
             .help = "the model that is to forget"),
        TEXT("forget", forget, .value = "SET", .help = "run folder, export or file: what to forget"),
        TEXT("retain", retain, .value = "SET", .fallback = "the run's retain set",
             .help = "texts to keep, same formats as --forget"),
        TEXT("output", out, .letter = 'o', .value = "FILE", .help = "the GGUF to write, replaced whole"),
        FLAG("lora", lora, .fallback = "on for quantised models", .help = "train an adapter, merged in"),
        FLAG("full", full, .fallback = "on for float models", .help = "train every weight"),
        REAL("lr", learning_rate, 0, 1, .fallback = of_method, .help = "learning rate"),
        REAL("epochs", epochs, 0.001, 100000, .fallback = of_method, .help = "passes over the forget set"),
        WHOLE("max-steps", max_steps, 0, BF_UNLEARN_STEPS_MAX, .fallback = of_method,
              .help = "steps, instead of --epochs"),
        WHOLE("batch", batch, 1, 4096, .fallback = of_method, .help = "examples of each set in a batch"),
        WHOLE("accum", accumulate, 1, 4096, .fallback = of_method, .help = "batches in a step, summed", .rare = true),
        WHOLE("max-length", max_length, 8, 131072, .fallback = "512", .unit = "tokens", .help = "longest example"),
        REAL("alpha", alpha, 0, 1e9, .fallback = of_method, .help = "weight of the retain set (0 = train without one)"),
        {.name = "retain-loss",
         .type = BF_OPT_CHOICE,
         .target = &v->retain_loss,
         .choices = v->choices.retain_loss,
         .fallback = of_method,
         .help = "nll: likelihood of the retain set; kl: divergence from the model as it was",
         .rare = true},
        REAL("stop-forget-nll", stop_forget_nll, 0, 1000, .fallback = "0 = never",
             .help = "stop when the forget set's NLL is above X nats a token"),
        REAL("stop-retain-rise", stop_retain_rise, 0, 1e6, .fallback = "0 = never",
             .help = "stop when the retain set's NLL is up by more than X percent"),
        WHOLE("checkpoint-every", checkpoint_every, 0, 1000000000, .fallback = "50", .unit = "steps",
              .help = "save the state of the training"),
        TEXT("resume", resume, .value = "FILE", .help = "resume the training of this -o"),
        {.name = "seed",
         .type = BF_OPT_SEED,
         .target = &v->seed,
         .value = "N",
         .fallback = "3407",
         .help = "of the order of examples, the adapter and rmu's direction"},
        WHOLE("threads", threads, 0, 1024, .letter = 't', .fallback = "all cores",
              .help = "threads (results do not depend on this)"),
        FLAG("finish", finish, .help = "with --resume: write the model of the last checkpoint", .rare = true),
        FLAG("restart", restart, .help = "delete the checkpoint of an earlier training of this -o and start over",
             .rare = true),
        TEXT("general", general, .value = "SET", .fallback = "the retain set",
             .help = "obliviate: general text, its world facts", .rare = true),
        TEXT("alternates", alternates, .value = "FILE", .fallback = "built in",
             .help = "dpo: answers to prefer, one a line, as \"I don't know\"", .rare = true),
        TEXT("adapter", adapter, .value = "FILE", .help = "with --lora: also write the adapter, for llama.cpp's --lora",
             .rare = true),
        {.name = "type",
         .type = BF_OPT_CHOICE,
         .target = &v->type,
         .choices = v->choices.type,
         .fallback = "f16",
         .help = "type of trained weights in the file; others keep theirs",
         .rare = true},
        {.name = "data",
         .type = BF_OPT_CHOICE,
         .target = &v->data,
         .choices = v->choices.data,
         .fallback = "auto",
         .help = "qa: loss on answers; text: on all tokens; auto: qa when all records are pairs",
         .rare = true},
        TEXT("chat", chat, .value = "NAME", .fallback = "auto",
             .help = "chat template around questions: auto, none, or a name", .rare = true),
        FLAG("pack", pack, .fallback = "on",
             .help = "join texts and cut them at --max-length; --no-pack: each by itself", .rare = true),
        REAL("gamma", gamma, 0, 1e9, .fallback = of_method, .help = "weight of the forget set", .rare = true),
        REAL("general-weight", general_weight, 0, 1e9, .fallback = of_method,
             .help = "obliviate: weight of general text", .rare = true),
        REAL("beta", beta, 1e-6, 1000, .fallback = of_method, .help = "npo, simnpo, dpo: how sharp the preference is",
             .rare = true),
        REAL("delta", delta, -1000, 1000, .fallback = of_method, .unit = "nats", .help = "simnpo: margin a token",
             .rare = true),
        WHOLE("layer", layer, 0, 100000, .fallback = "7", .help = "rmu: hidden states after this block (from 0)",
              .rare = true),
        REAL("steering", coefficient, 0, 1e6, .fallback = "6.5", .help = "rmu: length of the direction", .rare = true),
        REAL("weight-decay", decay, 0, 10, .fallback = of_method, .help = "of matrices, decoupled from the gradient",
             .rare = true),
        REAL("clip", max_norm, 0, 1e9, .fallback = of_method, .help = "largest norm of the gradient (0 = no clipping)",
             .rare = true),
        {.name = "schedule",
         .type = BF_OPT_CHOICE,
         .target = &v->schedule,
         .choices = v->choices.schedule,
         .fallback = of_method,
         .help = "of the learning rate, after the warm-up",
         .rare = true},
        REAL("warmup", warmup, 0, 1, .fallback = of_method,
             .help = "share of the steps, in which the learning rate rises", .rare = true),
        WHOLE("lora-rank", lora_rank, 1, 4096, .fallback = "16", .help = "of the adapter", .rare = true),
        REAL("lora-alpha", lora_alpha, 0.001, 1e6, .fallback = "32",
             .help = "adapter strength: its scale times its rank", .rare = true),
        WHOLE("measure", measure, 0, 1000000000, .fallback = "32",
              .help = "examples of each set that NLL is measured over (0 = all)", .rare = true),
        WHOLE("evaluate-every", evaluate_every, 1, 1000000000, .fallback = "10", .unit = "steps",
              .help = "between two checks of --stop-*", .rare = true),
        REAL("max-loss", max_loss, 0, 1e9, .fallback = "100", .unit = "nats a token",
             .help = "a training beyond it has diverged (0 = any that is finite)", .rare = true),
        WHOLE("answers", answers, 0, 100, .fallback = "3", .help = "prompts to answer before and after, to compare",
              .rare = true),
        TEXT("work", work, .value = "DIR", .fallback = "FILE.training",
             .help = "folder of checkpoints and the reference", .rare = true),
        FLAG("less-memory", less_memory, .help = "compute activations twice instead of keeping them", .rare = true),
        FLAG("bf16", bf16, .help = "multiply in BF16: faster, and can fake forgetting", .rare = true),
        FLAG("skip-bad", skip_bad, .help = "leave out records that cannot be read", .rare = true),
        BF_OPT_JSON(&v->json, "NLL before and after, losses and answers"), BF_OPT_QUIET(&v->quiet));
#undef TEXT
#undef FLAG
#undef REAL
#undef WHOLE
    for (size_t i = 0; table[i].name; i++) {
        assert(i < BF_UNLEARN_OPTIONS_MAX);
        table[i].given = &v->given[i];
    }
    return table;
}

/* Was the option of this name given? */
static bool is_given(const struct bf_unlearn_values *v, const char *name)
{
    struct bf_unlearn_values other;
    struct bf_opt *table = bf_unlearn_options(&other);
    bool given = false;
    for (size_t i = 0; table[i].name; i++)
        if (strcmp(table[i].name, name) == 0)
            given = v->given[i];
    free(table);
    return given;
}

enum bf_status bf_unlearn_check_resume(const struct bf_unlearn_values *v, struct bf_err *err)
{
    static const char *const may[] = {"resume",  "finish", "threads", "work",    "adapter",
                                      "answers", "json",   "quiet",   "skip-bad"};
    struct bf_unlearn_values other;
    struct bf_opt *table = bf_unlearn_options(&other);
    enum bf_status status = BF_OK;
    for (size_t i = 0; table[i].name && status == BF_OK; i++) {
        bool ok = !v->given[i];
        for (size_t j = 0; j < sizeof may / sizeof *may && !ok; j++)
            ok = strcmp(table[i].name, may[j]) == 0;
        if (!ok)
            status = bf_fail(err, BF_USAGE,
                             "--%s cannot be given with --resume: a training keeps the settings that it started with",
                             table[i].name);
    }
    free(table);
    return status;
}

static void set_text(char **to, const char *text)
{
    free(*to);
    *to = bf_strdup(text ? text : "");
}

static enum bf_status check_words(const struct bf_unlearn_values *v, struct bf_err *err)
{
    static const char example[] =
        "biforget unlearn --method npo -m MODEL.gguf --forget runs/greek --retain SET -o OUT.gguf";
    if (!v->method)
        return bf_fail(err, BF_USAGE, "give a method (%s), as in: %s", v->choices.method, example);
    if (!v->forget)
        return bf_fail(err, BF_USAGE, "give what to forget, as in: %s", example);
    if (!v->out)
        return bf_fail(err, BF_USAGE, "give the file to write, as in: %s", example);
    if (v->finish)
        return bf_fail(err, BF_USAGE, "--finish goes with --resume: biforget unlearn --resume %s --finish",
                       BF_SHELL_WORD(v->out));
    if (v->lora && v->full)
        return bf_fail(err, BF_USAGE, "--lora and --full are two ways to train; give one of them");
    return BF_OK;
}

static void set_numbers(const struct bf_unlearn_values *v, struct bf_unlearn_settings *s)
{
    const struct {
        const char *name;
        double from;
        double *to;
    } reals[] = {{"gamma", v->gamma, &s->gamma},
                 {"alpha", v->alpha, &s->alpha},
                 {"general-weight", v->general_weight, &s->general_weight},
                 {"beta", v->beta, &s->beta},
                 {"delta", v->delta, &s->delta},
                 {"steering", v->coefficient, &s->coefficient},
                 {"lr", v->learning_rate, &s->learning_rate},
                 {"weight-decay", v->decay, &s->decay},
                 {"clip", v->max_norm, &s->max_norm},
                 {"warmup", v->warmup, &s->warmup},
                 {"epochs", v->epochs, &s->epochs}};
    const struct {
        const char *name;
        int64_t from;
        int64_t *to;
    } wholes[] = {{"layer", v->layer, &s->layer},
                  {"max-steps", v->max_steps, &s->max_steps},
                  {"batch", v->batch, &s->batch},
                  {"accum", v->accumulate, &s->accumulate}};
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        if (is_given(v, reals[i].name))
            *reals[i].to = reals[i].from;
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++)
        if (is_given(v, wholes[i].name))
            *wholes[i].to = wholes[i].from;
    if (is_given(v, "epochs") && !is_given(v, "max-steps"))
        s->max_steps = 0;
    s->seed = v->seed;
    s->max_length = v->max_length;
    s->pack = v->pack;
    s->lora_rank = v->lora_rank;
    s->lora_alpha = v->lora_alpha;
    s->measure = v->measure;
    s->evaluate_every = v->evaluate_every;
    s->max_loss = v->max_loss;
    s->stop_forget_nll = v->stop_forget_nll;
    s->stop_retain_rise = v->stop_retain_rise;
    s->checkpoint_every = v->checkpoint_every;
    s->less_memory = v->less_memory;
    s->bf16 = v->bf16;
    const long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
    s->threads = v->threads ? v->threads : n_cores > 0 ? n_cores : 1; /* the record names the number */
}

enum bf_status bf_unlearn_settings_from(const struct bf_unlearn_values *v, struct bf_unlearn_settings *s,
                                        struct bf_err *err)
{
    char *model = NULL;
    *s = (struct bf_unlearn_settings){0};
    enum bf_status status = check_words(v, err);
    if (status != BF_OK)
        return status;
    bf_unlearn_settings_init(s, bf_method_find(v->method));
    status = bf_model_path(v->model, &model, err);
    if (status != BF_OK)
        return status;
    free(s->model);
    s->model = model;
    set_text(&s->forget, v->forget);
    set_text(&s->retain, v->retain);
    set_text(&s->general, v->general);
    set_text(&s->alternates, v->alternates);
    set_text(&s->out, v->out);
    set_text(&s->adapter, v->adapter);
    set_text(&s->chat, v->chat);
    const struct {
        const char *field, *word;
    } words[] = {{"data", v->data},
                 {"type", v->type},
                 {"retain_loss", v->retain_loss},
                 {"schedule", v->schedule},
                 {"train", v->lora   ? "lora"
                           : v->full ? "full"
                                     : NULL}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].word && !bf_unlearn_settings_word(s, words[i].field, words[i].word))
            return bf_fail(err, BF_USAGE, "'%s' is not a value of --%s", words[i].word, words[i].field);
    set_numbers(v, s);
    status = bf_unlearn_settings_choose(s, err);
    return status == BF_OK ? bf_unlearn_settings_check(s, err) : status;
}
