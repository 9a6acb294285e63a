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
    bool *seen = bf_array(r->facts.pairs.n, sizeof *seen);
    size_t n_seen = 0;
    for (size_t i = 0; i < r->facts.pairs.n; i++) {
        for (size_t c = 0; c < n && !seen[i]; c++)
            seen[i] = strcmp(r->facts.pairs.items[i].question, set[chosen[c]].question) == 0;
        n_seen += seen[i];
    }
    *out = seen;
    if (n_seen < r->facts.pairs.n)
        return BF_OK;
    return bf_fail(err, BF_INPUT,
                   "--%s would use every question, so that none remains to show what comes back; give "
                   "more questions, or let it use fewer",
                   option);
}

enum { ANSWER_TOKENS = 128, SCENE_TOKENS = 96, SHOTS_MAX = 5 };

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

static enum bf_status load_neighbours(struct bf_robust *r, struct bf_err *err)
{
    const struct bf_eval_request *v = r->task->request;
    if (!v->neighbours)
        return BF_OK;
    enum bf_status status =
        bf_asked_facts_load(v->neighbours, "neighbours.jsonl", (size_t)v->limit, r->task->log, &r->neighbours, err);
    if (status != BF_OK)
        return status;
    const size_t n = r->neighbours.pairs.n, n_shared = bf_asked_facts_remove_shared(&r->neighbours, &r->facts.pairs);
    if (n_shared == n)
        return bf_fail(err, BF_INPUT,
                       "every question of '%s' is also one of what is to be forgotten; give questions on neighbouring "
                       "topics with --neighbours",
                       v->neighbours);
    if (n_shared > 0)
        bf_log_warn(r->task->log, "'%s': %zu of %zu questions are also ones of what is to be forgotten, and left out",
                    v->neighbours, n_shared, n);
    return BF_OK;
}

static enum bf_status load(struct bf_robust *r, struct bf_err *err)
{
    const struct bf_eval_request *v = r->task->request;
    enum bf_status status =
        bf_asked_facts_load(r->task->files[0], "probes.jsonl", (size_t)v->limit, r->task->log, &r->facts, err);
    if (status == BF_OK)
        status = load_neighbours(r, err);
    if (status == BF_OK && v->shots)
        status = bf_pairs_load(v->shots, SHOTS_MAX, r->task->log, &r->shots, err);
    else if (status == BF_OK)
        use_common_shots(&r->shots);
    if (status == BF_OK && r->shots.has_texts)
        status = bf_fail(err, BF_INPUT, "'%s' has texts without a question; shots are question-answer pairs", v->shots);
    return status == BF_OK ? bf_template_set_load("default", &r->templates, err) : status;
}

/* Room for the other wordings of the questions that remain; one that no context has room for is left out. */
static void fit_wordings(const struct bf_robust *r, struct bf_asked_facts *facts)
{
    struct bf_eval_model *model = &r->task->model;
    const int64_t most = bf_eval_model_context(model);
    for (size_t i = 0; i < facts->pairs.n; i++) {
        struct bf_asked_fact *fact = &facts->of[facts->pairs.items[i].index];
        size_t n = 0;
        for (size_t w = 0; w < fact->n_wordings; w++) {
            const int64_t n_tokens = bf_eval_model_tokens(model, fact->wordings[w]) + SCENE_TOKENS + r->max_tokens;
            if (most == 0 || n_tokens + SCENE_TOKENS <= most) {
                bf_eval_model_need(model, n_tokens);
                fact->wordings[n++] = fact->wordings[w];
            } else {
                free(fact->wordings[w]);
            }
        }
        fact->n_wordings = n;
    }
}

static enum bf_status fit_questions(struct bf_robust *r, struct bf_eval_fit *fit, struct bf_err *err)
{
    struct bf_eval_model *model = &r->task->model;
    int64_t n_shots = SCENE_TOKENS;
    for (size_t s = 0; s < r->shots.n; s++)
        n_shots += 12 + bf_eval_model_tokens(model, r->shots.items[s].question) +
                   bf_eval_model_tokens(model, r->shots.items[s].answer);
    bf_eval_fit_begin(fit, model, r->task->files[0], true);
    bf_eval_fit_questions(fit, &r->facts.pairs, n_shots + r->max_tokens);
    if (r->neighbours.pairs.n > 0) {
        bf_eval_fit_set(fit, r->task->request->neighbours);
        bf_eval_fit_questions(fit, &r->neighbours.pairs, n_shots + r->max_tokens);
    }
    fit_wordings(r, &r->facts);
    fit_wordings(r, &r->neighbours);
    return bf_eval_fit_end(fit, "use a smaller --max-new-tokens, or fewer --shots", err);
}

static struct bf_asking asking_of(const struct bf_robust *r, const struct bf_asked_facts *facts)
{
    return (struct bf_asking){.facts = facts,
                              .set = facts == &r->neighbours ? "neighbours" : NULL,
                              .shots = r->shots.items,
                              .n_shots = r->shots.n,
                              .max_tokens = r->max_tokens};
}

static enum bf_status add_condition(struct bf_robust *r, const char *name, const double *recall, const double *right,
                                    struct bf_err *err)
{
    if (r->n_conditions == BF_ROBUST_CONDITIONS_MAX)
        return bf_fail(err, BF_INPUT, "more than %d conditions; the templates have too many scenes",
                       (int)BF_ROBUST_CONDITIONS_MAX);
    r->conditions[r->n_conditions++] = (struct bf_condition){.name = name, .recall = recall, .right = right};
    return BF_OK;
}

enum bf_status bf_robust_ask(struct bf_robust *r, enum bf_probe probe, const char *name,
                             const struct bf_pair *questions, const char *scene, struct bf_err *err)
{
    const struct bf_asking asking = asking_of(r, &r->facts);
    double *recall = bf_array(r->facts.pairs.n, sizeof *recall), *right = bf_array(r->facts.pairs.n, sizeof *right);
    const enum bf_status status = add_condition(r, name, recall, right, err);
    if (status != BF_OK) {
        free(recall);
        free(right);
        return status;
    }
    r->recall[r->n_conditions - 1] = recall;
    r->right[r->n_conditions - 1] = right;
    return bf_eval_probe(&r->task->eval, &asking, probe, name, questions, scene, recall, right, err);
}

/* The facts and the neighbours in every form, on the open model. */
static enum bf_status ask_forms(struct bf_robust *r, struct bf_asked *facts, struct bf_asked *neighbours,
                                struct bf_err *err)
{
    const struct bf_asking asking = asking_of(r, &r->facts), beside = asking_of(r, &r->neighbours);
    enum bf_status status = bf_ask_in_all_forms(&r->task->eval, &asking, facts, err);
    if (status == BF_OK && r->neighbours.pairs.n > 0)
        status = bf_ask_in_all_forms(&r->task->eval, &beside, neighbours, err);
    return status;
}

static enum bf_status ask_all(struct bf_robust *r, struct bf_err *err)
{
    enum bf_status status = ask_forms(r, &r->asked, &r->neighbours_asked, err);
    for (int p = 0; p < BF_FORMS_PROBES && status == BF_OK; p++)
        status = add_condition(r, bf_probe_word((enum bf_probe)p), r->asked.recall[p], r->asked.any[p], err);
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
        status = bf_eval_model_open(model, BF_EVAL_MODEL, "auto", false, &r->task->eval, err);
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
    const enum bf_status status =
        bf_eval_model_open(&r->task->model, BF_EVAL_SECOND, "auto", false, &r->task->eval, err);
    return status == BF_OK ? ask_forms(r, &r->original, &r->neighbours_original, err) : status;
}

/* Did any way of asking, the scenes included, bring the fact out of the model as it is? */
static enum bf_status put_with_scenes(const struct bf_robust *r, json_t *result, struct bf_err *err)
{
    double *values = bf_array(r->facts.pairs.n, sizeof *values);
    for (size_t i = 0; i < r->facts.pairs.n; i++) {
        for (int f = 0; f < BF_FORMS; f++)
            values[i] = r->asked.any[f][i] > 0.0 ? 1.0 : values[i];
        for (size_t t = 0; t < r->templates.n; t++)
            if (r->templates.items[t].stage == BF_STAGE_JAILBREAK)
                for (size_t c = BF_FORMS_PROBES; c < r->n_conditions; c++)
                    if (strcmp(r->conditions[c].name, r->templates.items[t].name) == 0 &&
                        r->conditions[c].right[i] > 0.0)
                        values[i] = 1.0;
    }
    const enum bf_status status = bf_eval_put_mean(result, "worst_case_accuracy_with_scenes", values, r->facts.pairs.n,
                                                   &r->task->eval.bootstrap, err);
    free(values);
    return status;
}

static enum bf_status put_asked(const struct bf_robust *r, json_t *result, struct bf_err *err)
{
    const struct bf_bootstrap *bootstrap = &r->task->eval.bootstrap;
    const bool before = r->task->request->original != NULL;
    json_t *forms = json_object(), *conditions = json_incref(json_object_get(result, "conditions"));
    enum bf_status status = bf_asked_put(result, forms, &r->asked, before ? &r->original : NULL, bootstrap, err);
    if (status == BF_OK)
        status = put_with_scenes(r, result, err);
    if (status == BF_OK && r->neighbours.pairs.n > 0) {
        json_t *row = json_object(), *their_forms = json_object();
        bf_eval_put(row, "n", json_integer((json_int_t)r->neighbours.pairs.n));
        status = bf_asked_put(row, their_forms, &r->neighbours_asked, before ? &r->neighbours_original : NULL,
                              bootstrap, err);
        bf_eval_put(result, "neighbours", row);
        bf_eval_put(result, "neighbour_forms", their_forms);
    }
    bf_eval_put(result, "forms", forms);
    json_object_del(result, "conditions"); /* for people it comes last */
    bf_eval_put(result, "conditions", conditions);
    return status;
}

static void release(struct bf_robust *r)
{
    json_decref(r->attacks);
    free(r->relearnt);
    free(r->attacked);
    for (size_t c = 0; c < BF_ROBUST_CONDITIONS_MAX; c++) {
        free(r->recall[c]);
        free(r->right[c]);
    }
    bf_asked_release(&r->asked);
    bf_asked_release(&r->original);
    bf_asked_release(&r->neighbours_asked);
    bf_asked_release(&r->neighbours_original);
    bf_template_set_release(&r->templates);
    bf_asked_facts_release(&r->facts);
    bf_asked_facts_release(&r->neighbours);
    bf_pairs_release(&r->shots);
    bf_pairs_release(&r->relearn_set);
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
        status = bf_eval_model_open(&task->model, BF_EVAL_MODEL, "auto", false, &task->eval, err);
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
        status = bf_eval_robust(&task->eval.bootstrap, r.conditions, r.n_conditions, r.facts.pairs.n,
                                r.original.recall[BF_FORM_PLAIN], r.original.any[BF_FORM_PLAIN], out, err);
    if (status == BF_OK)
        status = put_asked(&r, *out, err);
    if (status == BF_OK)
        bf_eval_put_all_scripts(*out, count_all_scripts(&r.facts.pairs));
    if (status == BF_OK)
        note_coarse_base(&r, *out);
    if (status == BF_OK)
        bf_eval_fit_put(&fit, *out);
    if (status == BF_OK && json_object_size(r.attacks) > 0)
        json_object_set(*out, "attacks", r.attacks);
    release(&r);
    if (status != BF_OK) {
        json_decref(*out);
        *out = NULL;
    }
    return status;
}
