/* The options of --then, checked before anything long begins. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/then_options.h"
#include "sets/pairs.h"
#include "engine/models.h"
#include "cmd/unlearn_options.h"
#include "graph/graph.h"
#include "run/probe_answers.h"
#include "unlearn/auto_method.h"
#include "base/banned.h"

struct bf_opt *bf_then_options(struct bf_then_values *v, struct bf_opt *table)
{
    v->eval_limit = 64;
    v->rounds = -1;
    return BF_OPT_APPEND(table,
                         BF_TEXT("then", &v->then, "METHOD",
                                 "then unlearn: auto, or another of 'biforget help unlearn'", .marks = BF_LAB),
                         BF_FLAG("eval", &v->eval, "evaluate before and after --then", .marks = BF_LAB),
                         BF_TEXT("then-options", &v->then_options, "\"WORDS\"",
                                 "options of 'biforget unlearn': \"--lr 1e-4 --max-steps 50\"", .rare = true,
                                 .marks = BF_LAB),
                         BF_WHOLE("then-rounds", &v->rounds, 0, BF_THEN_ROUNDS_MAX, "1 with --then auto, else 0",
                                  "trainings after the first, each with the questions that still bring a right answer",
                                  .rare = true, .marks = BF_LAB),
                         BF_WHOLE("eval-limit", &v->eval_limit, 0, 1000000000, "64; 0 = all",
                                  "texts of each set to evaluate; a quarter as many questions", .rare = true));
}

struct words {
    char *text; /* owns what `items` point into */
    char *items[BF_THEN_WORDS_MAX];
    int n;
};

static enum bf_status split(const char *text, struct words *out, struct bf_err *err)
{
    static const char blank[] = " \t\n";
    out->text = bf_strdup(text ? text : "");
    for (char *at = out->text + strspn(out->text, blank); *at; at += strspn(at, blank)) {
        if (out->n == BF_THEN_WORDS_MAX)
            return bf_fail(err, BF_USAGE, "--then-options has more than %d words", BF_THEN_WORDS_MAX);
        out->items[out->n++] = at;
        at += strcspn(at, blank);
        if (*at)
            *at++ = '\0';
    }
    return BF_OK;
}

/* Some options of unlearn say what the run already says, or are about other trainings. */
static enum bf_status check_given(const struct bf_opt *table, struct bf_err *err)
{
    for (const struct bf_opt *opt = table; opt->name; opt++)
        if (opt->given && opt->instead)
            return bf_fail(err, BF_USAGE, "leave --%s out of --then-options: %s", opt->name, opt->instead);
    return BF_OK;
}

static enum bf_status parse_words(const struct words *words, struct bf_unlearn_values *v, struct bf_err *err)
{
    char *argv[BF_THEN_WORDS_MAX + 1] = {(char *)"unlearn"};
    const char *operands[1];
    size_t n_operands = 0;
    int help = 0;
    struct bf_err why = BF_ERR_INIT;
    struct bf_opt *table = bf_unlearn_options(v);
    memcpy(argv + 1, words->items, (size_t)words->n * sizeof *argv);
    enum bf_status status = bf_opt_parse(table, words->n + 1, argv, operands, 0, &n_operands, &help, &why);
    if (status != BF_OK)
        (void)bf_fail(err, status, "in --then-options: %s", why.text);
    else if (help)
        status =
            bf_fail(err, BF_USAGE, "leave --help out of --then-options; 'biforget help unlearn' lists the options");
    else
        status = check_given(table, err);
    free(table);
    return status;
}

enum bf_status bf_then_check_options(const char *const *list, size_t n, struct bf_err *err)
{
    struct bf_unlearn_values values = {0};
    struct words words = {.n = 0};
    if (n > BF_THEN_WORDS_MAX)
        return bf_fail(err, BF_INPUT, "its options are more than %d words", BF_THEN_WORDS_MAX);
    for (size_t i = 0; i < n; i++)
        words.items[words.n++] = (char *)(uintptr_t)list[i];
    return parse_words(&words, &values, err);
}

static enum bf_status check_method(const struct bf_then_values *v, struct bf_err *err)
{
    const struct bf_method *method = bf_method_find(v->then);
    struct bf_buf can;
    enum bf_status status = BF_OK;
    bf_buf_init(&can, SIZE_MAX);
    bf_methods_list(&can);
    if (!method && strcmp(v->then, BF_METHOD_AUTO) != 0)
        status = bf_fail(err, BF_USAGE, "'%s' is not a method; give --then auto, or %s", v->then, can.data);
    else if (method && method->teaches)
        status =
            bf_fail(err, BF_USAGE, "%s teaches what is to be forgotten; give --then auto, or %s", v->then, can.data);
    bf_buf_release(&can);
    return status;
}

/* A domain's set is mostly texts, which are answers only in mixed data. */
static enum bf_status check_pairs(const struct bf_then_values *v, const struct bf_unlearn_settings *s,
                                  struct bf_err *err)
{
    if (!v->is_domain || !bf_method_needs_pairs(s->method) || s->data == BF_DATA_MIXED || s->data == BF_DATA_QA)
        return BF_OK;
    return bf_fail(
        err, BF_USAGE,
        "%s learns from questions with answers alone, and a domain's set is mostly texts; leave --data out of "
        "--then-options, so that texts are answers to questions about their points",
        s->method->name);
}

static enum bf_status check_retain(const struct bf_then_values *v, const struct bf_unlearn_settings *s,
                                   struct bf_err *err)
{
    struct bf_log silent;
    struct bf_set_texts texts;
    const bool renames = s->renamed > 0 && v->is_domain; /* its texts name their points */
    const bool needed = s->retain_loss && s->alpha > 0.0 && !renames;
    if (needed && !v->retain_file && !v->run_retains)
        return bf_fail(err, BF_USAGE,
                       "%s keeps the model on a retain set, and there is none; give texts with --retain-set FILE%s, or "
                       "do without: --then-options \"--alpha 0\"",
                       s->method->name, v->starts ? ", let the model write some with --retain-set auto" : "");
    if (!v->retain_file)
        return BF_OK;
    bf_log_init(&silent, stderr, true);
    const enum bf_status status = bf_set_texts_load(v->retain_file, 0, &silent, &texts, err);
    bf_set_texts_release(&texts);
    return status;
}

static double type_bytes(enum bf_graph_save_type type)
{
    return type == BF_SAVE_F32 ? 4.0 : type == BF_SAVE_Q8_0 ? 1.0625 : 2.0;
}

/* What the training would refuse hours later: an architecture that cannot be trained, a disk that is too small. */
static enum bf_status check_model(const struct bf_unlearn_settings *s, bool probes, int64_t rounds, const char *dir,
                                  struct bf_err *err)
{
    struct bf_graph_params params = bf_graph_params_default();
    struct bf_graph_info info;
    const bool states = s->train == BF_TRAIN_TENSORS;
    params.model_path = s->model;
    params.train = states ? BF_TRAIN_NONE : s->train;
    params.lora_rank = (int32_t)s->lora_rank;
    (void)bf_unlearn_layers(s->lora_layers, &params.lora_first, &params.lora_last);
    params.state_layer = states ? (int32_t)s->layer : -1;
    const enum bf_status status = bf_graph_estimate(&params, &info, err);
    if (status != BF_OK)
        return status;
    const double trained = states ? 3.0 * info.n_embd * info.n_ff : (double)info.n_trained;
    const double source = (double)bf_file_size(s->model);
    const double model = s->type == BF_SAVE_SOURCE ? source
                         : states                  ? source + trained * type_bytes(s->type)
                                                   : (double)info.n_weights * type_bytes(s->type);
    /* A model each training; and while it is probed, the best one so far and the next. */
    const double models = 1.0 + (double)rounds + (probes ? 2.0 : 0.0), needed = models * model + 24.0 * trained;
    const int64_t there = bf_disk_free(dir);
    if (there >= 0 && (double)there < needed)
        return bf_fail(
            err, BF_STORE,
            "the disk of '%s' has %.1f MB free, and unlearning needs about %.1f MB there (%.0f times the model's %.1f "
            "MB, two checkpoints); free some, or choose another -o",
            dir, (double)there / 1e6, needed / 1e6, models, model / 1e6);
    return BF_OK;
}

static int64_t rounds_of(const struct bf_then_values *v)
{
    const int64_t usual = strcmp(v->then, BF_METHOD_AUTO) == 0 ? 1 : 0;
    return v->rounds >= 0 ? v->rounds : usual;
}

static void fill_wish(struct bf_then_wish *wish, const struct bf_then_values *v, const struct words *words,
                      int64_t answers)
{
    char real[PATH_MAX];
    const char *retain = v->retain_file && realpath(v->retain_file, real) ? real : "";
    *wish = (struct bf_then_wish){.method = bf_strdup(v->then),
                                  .options = bf_array((size_t)words->n + 1, sizeof *wish->options),
                                  .n_options = (size_t)words->n,
                                  .rounds = rounds_of(v),
                                  .answers = answers,
                                  .eval = v->eval,
                                  .eval_limit = v->eval_limit,
                                  .retain_set = bf_strdup(retain)};
    for (int i = 0; i < words->n; i++)
        wish->options[i] = bf_strdup(words->items[i]);
}

enum bf_status bf_then_wish_from(const struct bf_then_values *v, const char *model, const char *dir,
                                 struct bf_then_wish *wish, struct bf_err *err)
{
    struct bf_unlearn_values unlearn = {0};
    struct bf_unlearn_settings settings = {0};
    struct words words = {.n = 0};
    *wish = (struct bf_then_wish){0};
    if (!v->then && v->eval)
        return bf_fail(err, BF_USAGE, "--eval compares before and after unlearning; give a method, too: --then npo");
    if (!v->then && v->then_options)
        return bf_fail(err, BF_USAGE, "--then-options are those of a method; give one, too: --then npo");
    if (!v->then && v->rounds > 0)
        return bf_fail(err, BF_USAGE, "--then-rounds are trainings after the first; give a method, too: --then npo");
    if (!v->then && v->retain_file)
        return bf_fail(err, BF_USAGE,
                       "'%s' looks like a file, and a retain set from a file is for --then METHOD; name a domain to "
                       "have one written",
                       v->retain_file);
    if (!v->then)
        return BF_OK;
    enum bf_status status = check_method(v, err);
    if (status == BF_OK)
        status = split(v->then_options, &words, err);
    if (status == BF_OK)
        status = parse_words(&words, &unlearn, err);
    if (status == BF_OK) {
        unlearn.method = v->then;
        unlearn.model = model;
        unlearn.forget = unlearn.out = dir;
        status = bf_unlearn_settings_from(&unlearn, &settings, err);
    }
    if (status == BF_OK)
        status = check_pairs(v, &settings, err);
    if (status == BF_OK)
        status = check_retain(v, &settings, err);
    if (status == BF_OK)
        status =
            check_model(&settings, !unlearn.probe || strcmp(unlearn.probe, BF_PROBE_NONE) != 0, rounds_of(v), dir, err);
    if (status == BF_OK)
        fill_wish(wish, v, &words, unlearn.answers);
    bf_unlearn_settings_release(&settings);
    free(words.text);
    return status;
}
