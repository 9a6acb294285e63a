/* The section of the trainings that used the run's set: what each changed, and how its losses went. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "report/page_internal.h"
#include "base/banned.h"

enum {
    TRAININGS = 20,     /* of which the latest are shown */
    CURVE_POINTS = 400, /* of one training */
};

struct curve {
    json_t *points;
    int64_t n_steps, every;
    bool terms[3]; /* forget, retain, general: does any step have it? */
};

static void add_step(void *user, const struct bf_training_step *step)
{
    struct curve *curve = user;
    const double terms[3] = {step->forget_loss, step->retain_loss, step->general_loss};
    if ((step->step % curve->every != 0 && step->step != 1 && step->step != curve->n_steps) ||
        json_array_size(curve->points) > CURVE_POINTS + 2) /* the file may have more steps than it says */
        return;
    json_t *point = json_pack("[I, o]", (json_int_t)step->step, bf_page_number(step->loss));
    for (size_t i = 0; i < 3; i++) {
        json_array_append_new(point, bf_page_number(terms[i]));
        curve->terms[i] |= isfinite(terms[i]);
    }
    json_array_append_new(curve->points, point);
}

/* Taken from the settings alone, whose paths must not get into the page. */
static json_t *learning_rate_of(const char *text)
{
    json_t *settings = json_loads(text, JSON_REJECT_DUPLICATES, NULL),
           *value = json_object_get(settings, "learning_rate");
    json_t *out = json_is_number(value) ? bf_page_number(json_number_value(value)) : json_null();
    json_decref(settings);
    return out;
}

/* What was made of each set: [set, chat pairs, their label tokens, raw texts, their label tokens]. Empty for a training
 * of before that was kept. */
static json_t *made_of(const char *text)
{
    static const char *const sets[] = {"forget", "retain", "general"}, *const numbers[] = {
                                                                           "chat_pairs", "chat_label_tokens",
                                                                           "raw_texts", "raw_label_tokens"};
    json_t *settings = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *out = json_array();
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        const json_t *made = json_object_get(json_object_get(settings, "made"), sets[i]);
        if (!json_is_object(made))
            continue;
        json_t *row = json_pack("[s]", sets[i]);
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
            json_array_append_new(row, json_integer(json_integer_value(json_object_get(made, numbers[k]))));
        json_array_append_new(out, row);
    }
    json_decref(settings);
    return out;
}

enum { PROBES = 200 };

static void add_probe(void *user, const struct bf_training_probe *probe)
{
    json_t *points = user;
    if (json_array_size(points) < PROBES) /* the file may be a stranger's */
        json_array_append_new(points, json_pack("[I, I, I]", (json_int_t)probe->step, (json_int_t)probe->forget_right,
                                                (json_int_t)probe->retain_right));
}

/* {"forget", "retain": questions, "chosen": step or null, "points": [step, right forget answers, right retain
 * answers]}; null for a training without probes. */
static enum bf_status probes_of(struct bf_page *page, int64_t training, json_t **out, struct bf_err *err)
{
    struct bf_training_probing probing;
    json_t *points = json_array();
    const enum bf_status status = bf_store_each_training_probe(page->store, training, &probing, points, add_probe, err);
    if (json_array_size(points) == 0)
        *out = json_null();
    else
        *out = json_pack("{s:I, s:I, s:o, s:O}", "forget", (json_int_t)probing.forget_questions, "retain",
                         (json_int_t)probing.retain_questions, "chosen",
                         probing.chosen_step > 0 ? json_integer(probing.chosen_step) : json_null(), "points", points);
    json_decref(points);
    return status;
}

static enum bf_status add_training(struct bf_page *page, const struct bf_training *t, json_t *list, struct bf_err *err)
{
    struct curve curve = {.points = json_array(), .n_steps = t->n_steps, .every = 1};
    if (t->n_steps > CURVE_POINTS)
        curve.every += t->n_steps / CURVE_POINTS;
    json_t *one = json_pack("{s:I, s:o, s:o, s:I, s:I, s:o, s:[o, o], s:[o, o], s:o}", "id", (json_int_t)t->id,
                            "method", bf_page_text(t->method, 40), "model", bf_page_text(t->model_sha256, 64), "steps",
                            (json_int_t)t->n_steps, "planned", (json_int_t)t->planned_steps, "stop",
                            bf_page_text(t->stop, 200), "forget_nll", bf_page_number(t->forget_nll_before),
                            bf_page_number(t->forget_nll_after), "retain_nll", bf_page_number(t->retain_nll_before),
                            bf_page_number(t->retain_nll_after), "learning_rate", learning_rate_of(t->settings));
    json_t *probes = NULL;
    enum bf_status status = bf_store_each_training_step(page->store, t->id, &curve, add_step, err);
    if (status == BF_OK)
        status = probes_of(page, t->id, &probes, err);
    json_object_set_new(one, "probes", probes ? probes : json_null());
    json_object_set_new(one, "made", made_of(t->settings));
    json_object_set_new(one, "points", curve.points);
    json_object_set_new(one, "terms",
                        json_pack("[b, b, b]", (int)curve.terms[0], (int)curve.terms[1], (int)curve.terms[2]));
    if (json_array_size(list) == TRAININGS)
        json_array_remove(list, 0);
    json_array_append_new(list, one);
    return status;
}

enum bf_status bf_page_training(struct bf_page *page, json_t **out, struct bf_err *err)
{
    json_t *list = json_array();
    struct bf_training training = {0};
    int64_t n = 0;
    enum bf_status status = BF_OK;
    do {
        status = bf_store_next_training(page->store, training.id, &training, err);
        if (status == BF_OK && training.id != 0) {
            status = add_training(page, &training, list, err);
            n++;
        }
    } while (status == BF_OK && training.id != 0);
    if (status == BF_OK && n > 0) /* without a training there is no such section */
        *out = json_pack("{s:O, s:I}", "trainings", list, "n", (json_int_t)n);
    json_decref(list);
    return status;
}

/* ---- what `--then` found: the run's closed-loop.json, when there is one (run/then_state.h says what is in it) ---- */

enum { FILE_MAX = 64 * 1024 * 1024, ROWS = 40, ANSWERS = 20 };

static json_t *state_text(const json_t *object, const char *key, size_t max_cp)
{
    return bf_page_text(json_string_value(json_object_get(object, key)), max_cp);
}

static json_t *state_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? bf_page_number(json_number_value(value)) : json_null();
}

static json_t *section(const json_t *state)
{
    const json_t *figures = json_object_get(state, "figures"), *answers = json_object_get(state, "answers");
    const json_t *wish = json_object_get(state, "wish");
    json_t *rows = json_array(), *shown = json_array();
    for (size_t i = 0; i < json_array_size(figures) && i < ROWS; i++) {
        const json_t *row = json_array_get(figures, i);
        json_array_append_new(rows, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "set", state_text(row, "set", 40),
                                              "figure", state_text(row, "figure", 40), "before",
                                              state_number(row, "before"), "after", state_number(row, "after"), "n",
                                              state_number(row, "n"), "note", state_text(row, "note", 120)));
    }
    for (size_t i = 0; i < json_array_size(answers) && i < ANSWERS; i++) {
        const json_t *one = json_array_get(answers, i);
        json_array_append_new(shown, json_pack("{s:o, s:o, s:o}", "prompt", state_text(one, "prompt", 600), "before",
                                               state_text(one, "before", 600), "after", state_text(one, "after", 600)));
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "method", state_text(wish, "method", 40), "output",
                     state_text(state, "output", 120), "figures", rows, "answers", shown);
}

enum bf_status bf_page_closed_loop(struct bf_page *page, json_t **out, struct bf_err *err)
{
    struct bf_buf text;
    json_t *state = NULL;
    char *path = bf_path_join(bf_store_dir(page->store), "closed-loop.json");
    (void)err;
    bf_buf_init(&text, FILE_MAX);
    /* A file that cannot be read does not keep the run from its page. */
    if (bf_file_exists(path) && bf_file_read(path, &text, NULL) == BF_OK &&
        bf_json_parse(text.data, text.len, path, &state, NULL) == BF_OK &&
        json_is_true(json_object_get(state, "finished")))
        *out = section(state);
    json_decref(state);
    bf_buf_release(&text);
    free(path);
    return BF_OK;
}
