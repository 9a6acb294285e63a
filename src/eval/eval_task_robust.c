/* Robustness: the questions of a forget set once more, asked in other ways, of the model in Q4_0, and of the model
 * after an attack. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "eval/eval_fit.h"
#include "eval/eval_robust.h"
#include "eval/eval_scratch.h"
#include "quality/rouge.h"
#include "base/banned.h"

/* ---- what the two attacks that take gradients share ---- */

enum bf_status bf_robust_local(const struct bf_robust *r, const char *option, struct bf_err *err)
{
    const struct bf_eval_request *v = r->task->request;
    if (v->machine.api)
        return bf_fail(err, BF_USAGE,
                       "--%s needs gradients, which a server does not give: give the model as a GGUF file with -m, "
                       "without --api",
                       option);
    if (v->lora)
        return bf_fail(err, BF_USAGE,
                       "--%s takes gradients of the model file alone, without an adapter: merge '%s' into the "
                       "model (with llama-export-lora of llama.cpp) and give the merged file with -m, without --lora",
                       option, v->lora);
    return BF_OK;
}

size_t *bf_robust_draw(size_t n, size_t n_wanted, uint64_t seed)
{
    size_t *all = bf_array(n, sizeof *all);
    struct bf_rng rng;
    bf_rng_init(&rng, seed);
    for (size_t i = 0; i < n; i++)
        all[i] = i;
    for (size_t i = 0; i < n_wanted; i++) {
        const size_t j = i + (size_t)bf_rng_below(&rng, n - i), kept = all[i];
        all[i] = all[j];
        all[j] = kept;
    }
    return all;
}

void bf_robust_close(struct bf_robust *r)
{
    bf_engine_close(r->task->model.engine);
    r->task->model.engine = NULL;
}

enum bf_status bf_robust_mark_seen(const struct bf_robust *r, const char *option, const struct bf_pair *set,
                                   const size_t *chosen, size_t n, bool **out, struct bf_err *err)
{
    bool *seen = bf_array(r->questions.n, sizeof *seen);
    size_t n_seen = 0;
    for (size_t i = 0; i < r->questions.n; i++) {
        for (size_t c = 0; c < n && !seen[i]; c++)
            seen[i] = strcmp(r->questions.items[i].question, set[chosen[c]].question) == 0;
        n_seen += seen[i];
    }
    *out = seen;
    if (n_seen < r->questions.n)
        return BF_OK;
    return bf_fail(err, BF_INPUT,
                   "--%s would use every question, so that none remains to show what comes back; give "
                   "more questions, or let it use fewer",
                   option);
}

enum { ANSWER_TOKENS = 128, SCENE_TOKENS = 96, SHOTS_MAX = 5, ORIGINAL = BF_ROBUST_CONDITIONS_MAX };

/* ---- the task ---- */

/* Facts that any model can be expected to know; --shots gives others. */
static const struct {
    const char *question, *answer;
} common[] = {
    {"How many days has a week?", "A week has seven days."},
    {"What do bees make?", "Bees make honey."},
    {"Which planet do we live on?", "We live on the Earth."},
};

static void use_common_shots(struct bf_pairs *shots)
{
    const size_t n = sizeof common / sizeof *common;
    shots->items = bf_array(n, sizeof *shots->items);
    for (; shots->n < n; shots->n++)
        shots->items[shots->n] =
            (struct bf_pair){bf_strdup(common[shots->n].question), bf_strdup(common[shots->n].answer), shots->n};
}

static enum bf_status load(struct bf_robust *r, struct bf_err *err)
{
    const struct bf_eval_request *v = r->task->request;
    enum bf_status status = bf_pairs_load(r->task->files[0], (size_t)v->limit, r->task->log, &r->questions, err);
    if (status == BF_OK && r->questions.has_texts)
        status = bf_fail(err, BF_INPUT,
                         "'%s' has texts without a question; give question-answer pairs of what was forgotten",
                         r->task->files[0]);
    if (status == BF_OK && v->shots)
        status = bf_pairs_load(v->shots, SHOTS_MAX, r->task->log, &r->shots, err);
    else if (status == BF_OK)
        use_common_shots(&r->shots);
    if (status == BF_OK && r->shots.has_texts)
        status = bf_fail(err, BF_INPUT, "'%s' has texts without a question; shots are question-answer pairs", v->shots);
    return status == BF_OK ? bf_template_set_load("default", &r->templates, err) : status;
}

static enum bf_status fit_questions(struct bf_robust *r, struct bf_eval_fit *fit, struct bf_err *err)
{
    struct bf_eval_model *model = &r->task->model;
    int64_t n_shots = SCENE_TOKENS;
    for (size_t s = 0; s < r->shots.n; s++)
        n_shots += 12 + bf_eval_model_tokens(model, r->shots.items[s].question) +
                   bf_eval_model_tokens(model, r->shots.items[s].answer);
    bf_eval_fit_begin(fit, model, r->task->files[0], true);
    bf_eval_fit_questions(fit, &r->questions, n_shots + r->max_tokens);
    return bf_eval_fit_end(fit, "use a smaller --max-new-tokens, or fewer --shots", err);
}

enum bf_status bf_robust_ask(struct bf_robust *r, enum bf_probe probe, const char *name,
                             const struct bf_pair *questions, const char *scene, struct bf_err *err)
{
    if (r->n_conditions == BF_ROBUST_CONDITIONS_MAX)
        return bf_fail(err, BF_INPUT, "more than %d conditions; the templates have too many scenes",
                       (int)BF_ROBUST_CONDITIONS_MAX);
    double **recall = &r->recall[r->n_conditions];
    *recall = bf_array(r->questions.n, sizeof **recall);
    r->conditions[r->n_conditions++] = (struct bf_condition){.name = name, .recall = *recall};
    return bf_eval_probe(&r->task->eval, probe, name, questions ? questions : r->questions.items, r->questions.n,
                         r->shots.items, r->shots.n, scene, r->max_tokens, *recall, err);
}

static enum bf_status ask_all(struct bf_robust *r, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    for (int p = 0; p < BF_PROBE_JAILBREAK && status == BF_OK; p++)
        status = bf_robust_ask(r, (enum bf_probe)p, bf_probe_word((enum bf_probe)p), NULL, NULL, err);
    for (size_t t = 0; t < r->templates.n && status == BF_OK; t++)
        if (r->templates.items[t].stage == BF_STAGE_JAILBREAK)
            status =
                bf_robust_ask(r, BF_PROBE_JAILBREAK, r->templates.items[t].name, NULL, r->templates.items[t].text, err);
    return status;
}

/* The plain questions on the model in Q4_0, in a temporary file. */
static enum bf_status ask_quantised(struct bf_robust *r, struct bf_err *err)
{
    const struct bf_eval_request *v = r->task->request;
    struct bf_eval_model *model = &r->task->model;
    if (!model->look || strcmp(bf_engine_info(model->look)->quantisation, "Q4_0") == 0)
        return BF_OK;
    struct bf_eval_scratch scratch;
    enum bf_status status = bf_eval_scratch_new(&scratch, err);
    char *path = bf_path_join(scratch.folder ? scratch.folder : "", "q4_0.gguf"), *own = model->path;
    bf_log_info(r->task->log, "converting to Q4_0");
    if (status == BF_OK)
        status = bf_engine_quantize(model->path, path, "q4_0", (int32_t)v->machine.threads, err);
    model->path = path;
    if (status == BF_OK)
        status = bf_eval_model_open(model, false, "auto", false, &r->task->eval, err);
    if (status == BF_OK)
        status = bf_robust_ask(r, BF_PROBE_PLAIN, "q4_0", NULL, NULL, err);
    model->path = own;
    free(path);
    bf_eval_scratch_remove(&scratch);
    return status;
}

static size_t count_all_scripts(const struct bf_pairs *questions)
{
    size_t n = 0;
    for (size_t i = 0; i < questions->n; i++) {
        struct bf_rouge rouge;
        bf_rouge_of(questions->items[i].answer, "", false, NULL, &rouge);
        n += rouge.all_scripts;
    }
    return n;
}

/* Was the model trained from weights that were themselves quantised to a few bits? Then its row in Q4_0 says little
 * about quantisation. */
static bool is_from_coarse(const struct bf_robust *r)
{
    const char *type = r->task->model.look ? bf_engine_info(r->task->model.look)->base_type : "";
    return strncmp(type, "Q4", 2) == 0 || strncmp(type, "Q3", 2) == 0 || strncmp(type, "Q2", 2) == 0 ||
           strncmp(type, "IQ", 2) == 0;
}

static void note_coarse_base(const struct bf_robust *r, json_t *result)
{
    json_t *row = json_object_get(json_object_get(result, "conditions"), "q4_0");
    if (!row || !is_from_coarse(r))
        return;
    const char *type = bf_engine_info(r->task->model.look)->base_type;
    bf_eval_put_text(row, "base_type", type);
    bf_log_warn(
        r->task->log,
        "the model was trained from weights in %s: in Q4_0, weights that moved little are rounded back to where "
        "they were, so that 'q4_0' shows more coming back than for a model trained from F16 or F32",
        type);
}

static enum bf_status ask_original(struct bf_robust *r, struct bf_err *err)
{
    if (!r->task->request->original)
        return BF_OK;
    double **recall = &r->recall[ORIGINAL];
    *recall = bf_array(r->questions.n, sizeof **recall);
    enum bf_status status = bf_eval_model_open(&r->task->model, true, "auto", false, &r->task->eval, err);
    if (status == BF_OK)
        status = bf_eval_probe(&r->task->eval, BF_PROBE_PLAIN, "original", r->questions.items, r->questions.n, NULL, 0,
                               NULL, r->max_tokens, *recall, err);
    return status;
}

enum bf_status bf_eval_task_robust(struct bf_eval_task *task, json_t **out, struct bf_err *err)
{
    const struct bf_eval_request *v = task->request;
    struct bf_robust r = {.task = task,
                          .max_tokens = v->max_new_tokens > 0 ? (int32_t)v->max_new_tokens : ANSWER_TOKENS,
                          .attacks = json_object()};
    struct bf_eval_fit fit;
    enum bf_status status = bf_eval_task_start(
        task, 1, 1, "biforget eval robust forget_qa.jsonl -m unlearned.gguf --original base.gguf", err);
    if (status == BF_OK)
        status = load(&r, err);
    if (status == BF_OK)
        status = fit_questions(&r, &fit, err);
    if (status == BF_OK)
        status = bf_robust_relearn_choose(&r, err);
    if (status == BF_OK)
        status = bf_robust_suffix_choose(&r, err);
    if (status == BF_OK)
        status = bf_eval_model_open(&task->model, false, "auto", false, &task->eval, err);
    if (status == BF_OK) {
        const char *chat = bf_engine_info(task->model.engine)->chat;
        (void)snprintf(r.chat, sizeof r.chat, "%s", strcmp(chat, "none") == 0 ? "bare" : chat);
        status = ask_all(&r, err);
    }
    if (status == BF_OK)
        status = bf_robust_suffix(&r, err);
    if (status == BF_OK)
        status = ask_quantised(&r, err);
    if (status == BF_OK)
        status = bf_robust_relearn(&r, err);
    if (status == BF_OK)
        status = ask_original(&r, err);
    if (status == BF_OK)
        status = bf_eval_robust(&task->eval.bootstrap, r.conditions, r.n_conditions, r.questions.n, r.recall[ORIGINAL],
                                out, err);
    if (status == BF_OK)
        bf_eval_put_all_scripts(*out, count_all_scripts(&r.questions));
    if (status == BF_OK)
        note_coarse_base(&r, *out);
    if (status == BF_OK)
        bf_eval_fit_put(&fit, *out);
    if (status == BF_OK && json_object_size(r.attacks) > 0)
        json_object_set(*out, "attacks", r.attacks);
    json_decref(r.attacks);
    free(r.relearnt);
    free(r.attacked);
    for (size_t c = 0; c <= ORIGINAL; c++)
        free(r.recall[c]);
    bf_template_set_release(&r.templates);
    bf_pairs_release(&r.questions);
    bf_pairs_release(&r.shots);
    bf_pairs_release(&r.relearn_set);
    return status;
}
