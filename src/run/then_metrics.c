/* The table: what changed between the model as it was and the model that forgot. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/print.h"
#include "base/utf8.h"
#include "report/report.h"
#include "run/report_write.h"
#include "run/then.h"
#include "run/then_words.h"
#include "base/banned.h"

enum { METRICS_MAX = 8, NOTE_CP = 64 }; /* rows: three of each set, two of the questions; code points of a condition */

static const json_t *result_of(const struct bf_then_state *state, enum bf_then_step_id id)
{
    return state->steps[id].result;
}

/* The training that wrote the output: of a round's model it is the round's, not the first one's. */
static const struct bf_then_step *training_of(const struct bf_then_state *state)
{
    for (size_t i = 0; state->output && i < state->n_rounds; i++) {
        char name[BF_THEN_NAME_MAX];
        bf_then_round_output(&state->wish, i, name);
        if (state->rounds[i].unlearn.result && strcmp(state->output, name) == 0)
            return &state->rounds[i].unlearn;
    }
    return &state->steps[BF_THEN_UNLEARN];
}

static double number_of(const json_t *result, const char *key)
{
    const json_t *value = json_object_get(result, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static int64_t count_of(const json_t *result, const char *key)
{
    const json_t *value = json_object_get(result, key);
    const int64_t n = (int64_t)json_integer_value(value);
    return json_is_integer(value) && n >= 0 ? n : -1;
}

static struct bf_then_metric *add(struct bf_then_state *state, const char *set, const char *name, double before,
                                  double after, int64_t n)
{
    struct bf_then_metric *row = &state->metrics[state->n_metrics++];
    *row = (struct bf_then_metric){bf_strdup(set), bf_strdup(name), before, after, n, NULL};
    return row;
}

static void add_likelihood(struct bf_then_state *state, const char *set)
{
    char nll[32], examples[32];
    const json_t *result = training_of(state)->result, *before = json_object_get(result, "before");
    snprintf(nll, sizeof nll, "%s_nll", set);
    snprintf(examples, sizeof examples, "%s_examples", set);
    if (count_of(before, examples) > 0)
        add(state, set, "nll", number_of(before, nll), number_of(json_object_get(result, "after"), nll),
            count_of(before, examples));
}

static void add_memorization(struct bf_then_state *state, const char *set, enum bf_then_step_id first,
                             enum bf_then_step_id second)
{
    static const char *const keys[] = {"exact_memorization", "extraction_strength"};
    const json_t *before = result_of(state, first), *after = result_of(state, second);
    if (!state->steps[first].command || !state->steps[second].command)
        return;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        add(state, set, keys[i], number_of(before, keys[i]), number_of(after, keys[i]),
            count_of(before ? before : after, "n"));
}

static void add_questions(struct bf_then_state *state)
{
    const json_t *result = result_of(state, BF_THEN_QUESTIONS), *conditions = json_object_get(result, "conditions");
    const char *worst = json_string_value(json_object_get(result, "worst"));
    if (!result)
        return;
    add(state, "questions", "rouge_l", number_of(json_object_get(conditions, "original"), "rouge_l"),
        number_of(json_object_get(conditions, "plain"), "rouge_l"), count_of(result, "n"));
    struct bf_then_metric *row =
        add(state, "questions", "came_back", (double)NAN, number_of(result, "robust"), count_of(result, "n"));
    if (worst) {
        struct bf_buf note;
        bf_buf_init(&note, SIZE_MAX);
        bf_utf8_preview(&note, worst, strlen(worst), NOTE_CP);
        if (!json_is_true(json_object_get(json_object_get(conditions, worst), "beyond_noise")))
            bf_buf_printf(&note, ", within noise");
        row->note = bf_buf_take(&note);
    }
}

static char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return bf_strdup(text ? text : "");
}

static void copy_answers(struct bf_then_state *state)
{
    const json_t *rows = json_object_get(training_of(state)->result, "answers");
    state->answers = bf_array(BF_THEN_ANSWERS_MAX, sizeof *state->answers);
    for (size_t i = 0; i < json_array_size(rows) && i < BF_THEN_ANSWERS_MAX; i++) {
        const json_t *row = json_array_get(rows, i);
        state->answers[state->n_answers++] =
            (struct bf_then_answer){text_of(row, "prompt"), text_of(row, "before"), text_of(row, "after")};
    }
}

void bf_then_metrics(struct bf_then_state *state)
{
    bf_then_state_clear_table(state);
    state->metrics = bf_array(METRICS_MAX, sizeof *state->metrics);
    add_likelihood(state, "forget");
    add_memorization(state, "forget", BF_THEN_FORGET_BEFORE, BF_THEN_FORGET_AFTER);
    add_likelihood(state, "retain");
    add_memorization(state, "retain", BF_THEN_RETAIN_BEFORE, BF_THEN_RETAIN_AFTER);
    add_questions(state);
    copy_answers(state);
}

/* ---- for people ---- */

static const struct {
    const char *set, *title;
} titles[] = {
    {"forget", "forget set (what was unlearned)"},
    {"retain", "retain set (what training kept)"},
    {"questions", "questions of the forget set"},
};

static const struct {
    const char *name, *label, *unit;
} labels[] = {
    {"nll", "NLL, nats a token", "example"},
    {"exact_memorization", "exact memorization", "text"},
    {"extraction_strength", "extraction strength", "text"},
    {"rouge_l", "answers, ROUGE-L recall", "pair"},
    {"came_back", "most that comes back", "pair"},
};

static void print_number(double value, FILE *out)
{
    if (isnan(value))
        bf_print(out, "%10s", "-");
    else
        bf_print(out, "%10.4f", value);
}

static void print_metric(const struct bf_then_metric *row, FILE *out)
{
    size_t i = 0;
    while (i + 1 < sizeof labels / sizeof *labels && strcmp(labels[i].name, row->name) != 0)
        i++;
    bf_print(out, "    %-26s", labels[i].label);
    print_number(row->before, out);
    print_number(row->after, out);
    if (isnan(row->before) || isnan(row->after))
        bf_print(out, "%10s", "");
    else
        bf_print(out, "%+10.4f", row->after - row->before);
    const long long n = row->n < 0 ? 0 : (long long)row->n;
    bf_print(out, "   %lld %s%s%s%s\n", n, labels[i].unit, n == 1 ? "" : "s", row->note ? ": " : "",
             row->note ? row->note : "");
}

static void print_failures(const struct bf_then_state *state, FILE *out)
{
    for (size_t i = 0; i < BF_THEN_STEPS; i++)
        if (state->steps[i].why)
            bf_print(out, "\n  not measured (%s): %s\n", bf_then_step_name(i), state->steps[i].why);
}

static void print_answers(const struct bf_then_state *state, FILE *out)
{
    for (size_t i = 0; i < state->n_answers; i++)
        bf_print(out, "\n  prompt: %s\n  before: %s\n  after:  %s\n", state->answers[i].prompt,
                 state->answers[i].before, state->answers[i].after);
}

void bf_then_print(const struct bf_then_state *state, const char *dir, FILE *out)
{
    const struct bf_then_step *training = training_of(state);
    const json_t *result = training->result;
    const char *output = state->output ? state->output : "?";
    const char *stop = json_string_value(json_object_get(result, "stop"));
    const long long seconds = (long long)training->seconds;
    bf_print(out, "unlearned by %s: %lld of %lld steps, %lld:%02lld minutes", state->wish.method,
             (long long)json_integer_value(json_object_get(result, "steps")),
             (long long)json_integer_value(json_object_get(result, "planned_steps")), seconds / 60, seconds % 60);
    if (stop && strcmp(stop, "finished") != 0)
        bf_print(out, ", stopped: %s", stop);
    fputs("\n\n", out);
    bf_print(out, "%30s%10s%10s%10s\n", "", "before", "after", "change");
    for (size_t t = 0; t < sizeof titles / sizeof *titles; t++) {
        bool begun = false;
        for (size_t i = 0; i < state->n_metrics; i++) {
            if (strcmp(state->metrics[i].set, titles[t].set) != 0)
                continue;
            if (!begun)
                bf_print(out, "  %s\n", titles[t].title);
            begun = true;
            print_metric(&state->metrics[i], out);
        }
    }
    print_failures(state, out);
    print_answers(state, out);
    bf_then_words(state, out);
    bf_print(
        out,
        "\n  Both sets of the table are those that training saw; 'biforget eval' measures with questions of your own.\n"
        "\n  %s/%s   the model that forgot\n  %s/%-*s   these numbers, and the commands that gave them\n",
        dir, output, dir, (int)strlen(output), "closed-loop.json");
}

/* ---- the end ---- */

enum bf_status bf_then_show(struct bf_store *store, const struct bf_then_state *state, bool json, struct bf_err *err)
{
    json_t *summary = NULL;
    if (!json) {
        bf_then_print(state, bf_store_dir(store), stdout);
        return BF_OK;
    }
    const enum bf_status status = bf_report_json(store, &summary, err);
    if (status != BF_OK)
        return status;
    json_object_set_new(summary, "closed_loop", bf_then_state_json(state));
    char *text = bf_json_dump(summary);
    bf_print_json(stdout, text);
    free(text);
    json_decref(summary);
    return BF_OK;
}

enum bf_status bf_then_conclude(const struct bf_then_job *job, bool json, struct bf_err *err)
{
    struct bf_store *store = NULL;
    struct bf_err report = BF_ERR_INIT;
    struct bf_then_state state;
    (void)fflush(stdout); /* the lines about the run are read while the model is trained */
    enum bf_status status = bf_then_run(job, &state, err);
    if (status == BF_OK)
        status = bf_store_open(job->dir, BF_STORE_READ, &store, err);
    if (status == BF_OK) {
        bf_report_at_end(store, NULL, false, job->log, &report);
        status = bf_then_show(store, &state, json, err);
    }
    status = bf_report_outcome(status, &report, err);
    bf_then_state_release(&state);
    bf_store_close(store);
    return status;
}
