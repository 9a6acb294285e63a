#include "cmd/unlearn_options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/print.h"
#include "cmd/cmd.h"
#include "engine/models.h"
#include "request/forms.h"
#include "run/probe_answers.h"
#include "unlearn/auto_method.h"
#include "base/banned.h"

static const char of_method[] = "of the method";

struct bf_opt *bf_unlearn_options(void *target)
{
    struct bf_unlearn_values *v = target;
    bf_unlearn_choices("method", v->choices.method, sizeof v->choices.method);
    const size_t n = strlen(v->choices.method);
    (void)snprintf(v->choices.method + n, sizeof v->choices.method - n, "|" BF_METHOD_AUTO);
    bf_unlearn_choices("retain_loss", v->choices.retain_loss, sizeof v->choices.retain_loss);
    bf_unlearn_choices("schedule", v->choices.schedule, sizeof v->choices.schedule);
    bf_unlearn_choices("type", v->choices.type, sizeof v->choices.type);
    bf_unlearn_choices("npo_norm", v->choices.npo_norm, sizeof v->choices.npo_norm);
    bf_unlearn_choices("data", v->choices.data, sizeof v->choices.data);
    v->gamma = v->alpha = v->general_weight = v->beta = v->delta = v->coefficient = v->importance = (double)NAN;
    v->dual_step = v->dual_warmup = (double)NAN;
    v->learning_rate = v->decay = v->max_norm = v->warmup = v->epochs = (double)NAN;
    v->skip_first = v->layer = v->max_steps = v->batch = v->accumulate = v->renamed = -1;
    v->data = "mixed";
    v->chat = "auto";
    v->type = "f16";
    v->seed = 3407;
    v->max_length = 512;
    v->pack = true;
    v->lora_rank = -1;
    v->lora_alpha = (double)NAN;
    v->measure = 32;
    v->evaluate_every = 10;
    v->max_loss = 100.0;
    v->checkpoint_every = 50;
    v->answers = 3;
    v->retain_accuracy_drop = 0.05;
    return BF_OPT_TABLE(
        BF_CHOICE("method", &v->method, v->choices.method, "see 'biforget help unlearn'", .value = "METHOD",
                  .instead = "give it as --then METHOD", .marks = BF_LAB),
        BF_TEXT("model", &v->model, "FILE|NAME", "the model that is to forget", .letter = 'm',
                .fallback = "the default model", .instead = "the run's model is unlearned", .marks = BF_LAB),
        BF_TEXT("forget", &v->forget, "SET", "run folder, export or file: what to forget",
                .instead = "the run's forget set is unlearned", .marks = BF_LAB),
        BF_TEXT("retain", &v->retain, "SET", "texts to keep, same formats as --forget",
                .fallback = "the run's retain set", .instead = "give it as --retain-set FILE", .marks = BF_LAB),
        BF_TEXT("output", &v->out, "FILE", "the GGUF to write, replaced whole", .letter = 'o',
                .instead = "the model is written into the run folder", .marks = BF_LAB),
        BF_FLAG("lora", &v->lora, "train an adapter", .fallback = "on for quantised models"),
        BF_FLAG("full", &v->full, "train every weight", .fallback = "on for float models"),
        BF_REAL("lr", &v->learning_rate, 0, 1, of_method, "learning rate"),
        BF_REAL("epochs", &v->epochs, 0.001, 100000, of_method, "passes over the forget set"),
        BF_WHOLE("max-steps", &v->max_steps, 0, BF_UNLEARN_STEPS_MAX, of_method, "steps, instead of --epochs"),
        BF_WHOLE("batch", &v->batch, 1, 4096, of_method, "examples of each set in a batch"),
        BF_WHOLE("accum", &v->accumulate, 1, 4096, of_method, "batches in a step, summed", .rare = true),
        BF_WHOLE("max-length", &v->max_length, 8, 131072, "512", "longest example", .unit = "tokens"),
        BF_REAL("alpha", &v->alpha, 0, 1e9, of_method, "weight of the retain set (0 = train without one)"),
        BF_CHOICE("retain-loss", &v->retain_loss, v->choices.retain_loss,
                  "nll: likelihood of the retain set; kl: divergence from the model as it was", .fallback = of_method,
                  .rare = true),
        BF_WHOLE("renamed", &v->renamed, 0, 64, of_method,
                 "kl: keep N copies of each text with invented names as they are", .rare = true),
        BF_REAL("stop-forget-nll", &v->stop_forget_nll, 0, 1000, "0 = never",
                "stop when the forget set's NLL is above X nats a token", .rare = true),
        BF_REAL("stop-retain-rise", &v->stop_retain_rise, 0, 1e6, "0 = never",
                "stop when the retain set's NLL is up by more than X percent", .rare = true),
        BF_TEXT("probe", &v->probe, "SET",
                "questions that are not trained on; they choose the checkpoint that is written",
                .fallback = "the run's probes", .marks = BF_LAB),
        BF_TEXT("probe-retain", &v->probe_retain, "SET", "the same about what to keep",
                .fallback = "the run's neighbours", .marks = BF_LAB),
        BF_REAL("retain-accuracy-drop", &v->retain_accuracy_drop, 0, 1, "0.05",
                "share of right --probe-retain answers to lose", .marks = BF_LAB),
        BF_WHOLE("checkpoint-every", &v->checkpoint_every, 0, 1000000000, "50", "save the state of the training",
                 .unit = "steps"),
        BF_TEXT("resume", &v->resume, "FILE", "resume the training of this -o", .instead = "'biforget resume' does it",
                .marks = BF_ON_RESUME | BF_LAB),
        BF_SEED("seed", &v->seed, "3407", "of order, adapter and direction", .marks = BF_LAB_OF_METHOD),
        BF_WHOLE("threads", &v->threads, 0, 1024, "all cores", "threads (results do not depend on this)", .letter = 't',
                 .instead = "give --threads itself", .marks = BF_ON_RESUME | BF_LAB),
        BF_FLAG("finish", &v->finish, "with --resume: write the model of the last checkpoint", .rare = true,
                .instead = "type it by hand: biforget unlearn --resume", .marks = BF_ON_RESUME | BF_LAB),
        BF_FLAG("restart", &v->restart, "delete the checkpoint of an earlier training of this -o and start over",
                .rare = true, .instead = "type it by hand: biforget unlearn --restart", .marks = BF_LAB),
        BF_TEXT("general", &v->general, "SET", "obliviate: general text, its world facts", .fallback = "the retain set",
                .rare = true, .marks = BF_LAB),
        BF_TEXT("alternates", &v->alternates, "SET",
                "dpo: answers to prefer, one a line, as \"I don't know\"; altpo: pairs, other answers to the same "
                "questions",
                .fallback = "dpo: built in", .rare = true),
        BF_TEXT("targets", &v->targets, "FILE", "obliviate: words to strike out beside the label, one a line",
                .fallback = "none", .rare = true),
        BF_TEXT("adapter", &v->adapter, "FILE", "with --lora: also write the adapter, for llama.cpp's --lora",
                .rare = true, .instead = "type it by hand for one: biforget unlearn --adapter FILE",
                .marks = BF_ON_RESUME),
        BF_CHOICE("type", &v->type, v->choices.type, "type of trained weights in the file; others keep theirs",
                  .fallback = "f16", .rare = true),
        BF_CHOICE("data", &v->data, v->choices.data,
                  "mixed: pairs and texts as answers, and raw text; qa: pairs alone; text: raw text; auto: qa when "
                  "all records are pairs, else text",
                  .fallback = "mixed", .rare = true),
        BF_TEXT(
            "forms", &v->forms, "SHARES",
            "mixed: examples of each text: of its sentences as answers (sentence=N), whole as an answer, as raw text; "
            "how often a pair is taken (pair=N)",
            .fallback = BF_FORMS_DEFAULT, .rare = true),
        BF_TEXT("chat", &v->chat, "NAME", "chat template around questions: auto, none, or a name", .fallback = "auto",
                .rare = true),
        BF_FLAG("pack", &v->pack, "--data text: join texts and cut them at --max-length; --no-pack: each by itself",
                .fallback = "on", .rare = true),
        BF_REAL("gamma", &v->gamma, 0, 1e9, of_method, "weight of the forget set", .rare = true),
        BF_REAL("general-weight", &v->general_weight, 0, 1e9, of_method, "obliviate: weight of general text",
                .rare = true),
        BF_REAL("beta", &v->beta, 1e-6, 1000, of_method,
                "npo, simnpo, dpo: how sharp the preference is; undial: taken off the label's logit; wga, satimp: "
                "exponent of p",
                .rare = true),
        BF_REAL("importance", &v->importance, 0, 1000, of_method, "satimp: exponent of 1 - p", .rare = true),
        BF_WHOLE("skip-first", &v->skip_first, 0, 1000000, of_method,
                 "leave out the first N labels of each forget example", .unit = "tokens", .rare = true),
        BF_REAL("retain-limit", &v->retain_limit, 0, 1000, "a tenth above the NLL before",
                "pdu: what the retain loss is to stay below", .unit = "nats a token", .rare = true),
        BF_REAL("dual-step", &v->dual_step, 0, 1e6, of_method, "pdu: step of alpha for each nat beyond that limit",
                .rare = true),
        BF_REAL("dual-warmup", &v->dual_warmup, 0, 1, of_method, "pdu: share of the steps before alpha moves",
                .rare = true),
        BF_CHOICE("npo-norm", &v->npo_norm, v->choices.npo_norm,
                  "npo: preference of the whole sequence, as published, or a token, which long texts do not saturate",
                  .fallback = "sequence", .rare = true),
        BF_REAL("delta", &v->delta, -1000, 1000, of_method, "simnpo: margin a token", .unit = "nats", .rare = true),
        BF_WHOLE("layer", &v->layer, 0, 100000, "7", "rmu, rmu-adaptive: hidden states after this block (from 0)",
                 .rare = true),
        BF_REAL("steering", &v->coefficient, 0, 1e6, of_method,
                "rmu: length of the direction; rmu-adaptive: that by the length of the state", .rare = true),
        BF_REAL("weight-decay", &v->decay, 0, 10, of_method, "of matrices, decoupled from the gradient", .rare = true),
        BF_REAL("clip", &v->max_norm, 0, 1e9, of_method, "largest norm of the gradient (0 = no clipping)",
                .rare = true),
        BF_CHOICE("schedule", &v->schedule, v->choices.schedule, "of the learning rate, after the warm-up",
                  .fallback = of_method, .rare = true),
        BF_REAL("warmup", &v->warmup, 0, 1, of_method, "share of the steps, in which the learning rate rises",
                .rare = true),
        BF_WHOLE("lora-rank", &v->lora_rank, 1, 4096, of_method, "rank of the adapter", .rare = true),
        BF_REAL("lora-alpha", &v->lora_alpha, 0.001, 1e6, of_method, "adapter strength: its scale times its rank",
                .rare = true),
        BF_TEXT("lora-layers", &v->lora_layers, "A-B", "blocks that have an adapter (from 0), as 4-7, or all",
                .fallback = of_method, .rare = true),
        BF_WHOLE("measure", &v->measure, 0, 1000000000, "32",
                 "examples of each set that NLL is measured over (0 = all)", .rare = true),
        BF_WHOLE("evaluate-every", &v->evaluate_every, 1, 1000000000, "10", "between two checks of --stop-*",
                 .unit = "steps", .rare = true),
        BF_WHOLE("probe-every", &v->probe_every, 0, BF_UNLEARN_STEPS_MAX, "for 15 % of the time",
                 "between two times that --probe asks", .unit = "steps", .rare = true, .marks = BF_LAB),
        BF_REAL("max-loss", &v->max_loss, 0, 1e9, "100", "a training beyond it has diverged (0 = any that is finite)",
                .unit = "nats a token", .rare = true),
        BF_WHOLE("answers", &v->answers, 0, 100, "3", "prompts to answer before and after, to compare", .rare = true,
                 .marks = BF_ON_RESUME | BF_LAB),
        BF_TEXT("work", &v->work, "DIR", "folder of checkpoints and the reference", .fallback = "FILE.training",
                .rare = true, .instead = "checkpoints are kept beside the model", .marks = BF_ON_RESUME | BF_LAB),
        BF_FLAG("less-memory", &v->less_memory, "compute activations twice instead of keeping them", .rare = true),
        BF_FLAG("bf16", &v->bf16, "multiply in BF16: faster, and can fake forgetting", .rare = true),
        BF_FLAG("skip-bad", &v->skip_bad, "leave out records that cannot be read", .rare = true, .marks = BF_ON_RESUME),
        BF_OPT_JSON(&v->json, "NLL, losses and answers"), BF_OPT_QUIET(&v->quiet));
}

enum bf_status bf_unlearn_check_resume(const struct bf_opt *table, struct bf_err *err)
{
    for (const struct bf_opt *opt = table; opt->name; opt++)
        if (opt->given && !(opt->marks & BF_ON_RESUME))
            return bf_fail(err, BF_USAGE,
                           "--%s cannot be given with --resume: a training keeps the settings that it started with",
                           opt->name);
    return BF_OK;
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

/* Into what is known to be a text of the settings. */
static enum bf_status set_forms(const struct bf_unlearn_values *v, struct bf_unlearn_settings *s, struct bf_err *err)
{
    struct bf_forms forms;
    char text[BF_FORMS_TEXT_MAX] = "";
    if (s->data != BF_DATA_MIXED && v->forms)
        return bf_fail(err, BF_USAGE, "--forms are those of mixed data; leave out --data %s, or --forms", v->data);
    if (s->data == BF_DATA_MIXED) {
        const enum bf_status status = bf_forms_parse(v->forms ? v->forms : s->forms, &forms, err);
        if (status != BF_OK)
            return status;
        bf_forms_write(&forms, text);
        s->pack = false;
    }
    set_text(&s->forms, text);
    return BF_OK;
}

/* The values whose default is the method's are NaN or below 0 unless they are given. */
static void take_real(double value, double *out)
{
    if (!isnan(value))
        *out = value;
}

static void take_whole(int64_t value, int64_t *out)
{
    if (value >= 0)
        *out = value;
}

static void set_numbers(const struct bf_unlearn_values *v, struct bf_unlearn_settings *s)
{
    take_real(v->gamma, &s->gamma);
    take_real(v->alpha, &s->alpha);
    take_real(v->general_weight, &s->general_weight);
    take_real(v->beta, &s->beta);
    take_real(v->delta, &s->delta);
    take_real(v->coefficient, &s->coefficient);
    take_real(v->importance, &s->importance);
    take_real(v->dual_step, &s->dual_step);
    take_real(v->dual_warmup, &s->dual_warmup);
    s->retain_limit = v->retain_limit;
    take_whole(v->skip_first, &s->skip_first);
    take_real(v->learning_rate, &s->learning_rate);
    take_real(v->decay, &s->decay);
    take_real(v->max_norm, &s->max_norm);
    take_real(v->warmup, &s->warmup);
    take_real(v->epochs, &s->epochs);
    take_whole(v->layer, &s->layer);
    take_whole(v->renamed, &s->renamed);
    take_whole(v->batch, &s->batch);
    take_whole(v->accumulate, &s->accumulate);
    if (!isnan(v->epochs)) /* that many and no more */
        s->max_steps = s->min_steps = 0;
    take_whole(v->max_steps, &s->max_steps);
    s->seed = v->seed;
    s->max_length = v->max_length;
    s->pack = v->pack;
    take_whole(v->lora_rank, &s->lora_rank);
    take_real(v->lora_alpha, &s->lora_alpha);
    s->measure = v->measure;
    s->evaluate_every = v->evaluate_every;
    s->max_loss = v->max_loss;
    s->stop_forget_nll = v->stop_forget_nll;
    s->stop_retain_rise = v->stop_retain_rise;
    s->checkpoint_every = v->checkpoint_every;
    s->probe_every = v->probe_every;
    s->retain_accuracy_drop = v->retain_accuracy_drop;
    s->less_memory = v->less_memory;
    s->bf16 = v->bf16;
    const long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
    s->threads = v->threads ? v->threads : n_cores > 0 ? n_cores : 1; /* the record names the number */
}

/* Without --probe the run's own questions are asked, where it has them; of a method that teaches none. */
static enum bf_status set_probes(const struct bf_unlearn_values *v, struct bf_unlearn_settings *s, struct bf_err *err)
{
    char *probe, *probe_retain;
    bf_probe_default_sets(v->forget, &probe, &probe_retain);
    set_text(&s->probe, v->probe ? v->probe : probe);
    set_text(&s->probe_retain, v->probe_retain ? v->probe_retain : probe_retain);
    free(probe);
    free(probe_retain);
    if (s->method->teaches && v->probe && strcmp(v->probe, BF_PROBE_NONE) != 0)
        return bf_fail(err, BF_USAGE,
                       "--probe chooses the checkpoint that answers the fewest questions, and %s teaches; leave it out",
                       s->method->name);
    if (s->method->teaches || strcmp(s->probe, BF_PROBE_NONE) == 0)
        set_text(&s->probe, "");
    if (strcmp(s->probe_retain, BF_PROBE_NONE) == 0)
        set_text(&s->probe_retain, "");
    if (!s->probe[0] && v->probe_retain && s->probe_retain[0])
        return bf_fail(err, BF_USAGE, "--probe-retain limits what --probe may choose; give --probe SET, too");
    if (!s->probe[0])
        set_text(&s->probe_retain, "");
    return BF_OK;
}

enum bf_status bf_unlearn_settings_from(const struct bf_unlearn_values *v, struct bf_unlearn_settings *s,
                                        struct bf_err *err)
{
    char *model = NULL;
    *s = (struct bf_unlearn_settings){0};
    enum bf_status status = check_words(v, err);
    if (status != BF_OK)
        return status;
    const bool is_auto = strcmp(v->method, BF_METHOD_AUTO) == 0;
    if (is_auto)
        bf_auto_settings_init(s);
    else
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
    set_text(&s->targets, v->targets);
    if (v->lora_layers)
        set_text(&s->lora_layers, v->lora_layers);
    set_text(&s->out, v->out);
    set_text(&s->adapter, v->adapter);
    set_text(&s->chat, v->chat);
    const struct {
        const char *field, *word;
    } words[] = {
        {"data", v->data},         {"type", v->type},         {"retain_loss", v->retain_loss},
        {"npo_norm", v->npo_norm}, {"schedule", v->schedule}, {"train", v->lora ? "lora" : v->full ? "full" : NULL}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].word && !bf_unlearn_settings_word(s, words[i].field, words[i].word))
            return bf_fail(err, BF_USAGE, "'%s' is not a value of --%s", words[i].word, words[i].field);
    set_numbers(v, s);
    status = set_forms(v, s, err);
    if (status == BF_OK)
        status = set_probes(v, s, err);
    if (status == BF_OK)
        status = bf_unlearn_settings_choose(s, err);
    if (status == BF_OK && is_auto && isnan(v->learning_rate))
        bf_auto_settings_rate(s);
    return status == BF_OK ? bf_unlearn_settings_check(s, err) : status;
}
