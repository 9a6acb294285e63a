/* The table: what changed between the model as it was and the model that forgot. */
#include <stdlib.h>
#include <string.h>

#include "base/print.h"
#include "run/then.h"
#include "run/report_write.h"
#include "report/report.h"
#include "base/banned.h"

static const json_t *result_of(const json_t *state, const char *step)
{
    return json_object_get(json_object_get(json_object_get(state, "steps"), step), "result");
}

static json_t *value_of(const json_t *result, const char *key)
{
    json_t *value = json_object_get(result, key);
    return json_is_number(value) ? json_incref(value) : json_null();
}

static json_t *add(json_t *figures, const char *set, const char *figure, json_t *before, json_t *after, json_t *n)
{
    json_t *row =
        json_pack("{s:s, s:s, s:o, s:o, s:o}", "set", set, "figure", figure, "before", before, "after", after, "n", n);
    json_array_append_new(figures, row);
    return row;
}

static void add_likelihood(json_t *figures, const json_t *state, const char *set)
{
    char figure[32], examples[32];
    const json_t *result = result_of(state, "unlearn"), *before = json_object_get(result, "before");
    snprintf(figure, sizeof figure, "%s_nll", set);
    snprintf(examples, sizeof examples, "%s_examples", set);
    if (json_integer_value(json_object_get(before, examples)) > 0)
        add(figures, set, "nll", value_of(before, figure), value_of(json_object_get(result, "after"), figure),
            value_of(before, examples));
}

static void add_memorization(json_t *figures, const json_t *state, const char *set)
{
    static const char *const keys[] = {"exact_memorization", "extraction_strength"};
    char name[2][32];
    snprintf(name[0], sizeof name[0], "%s before", set);
    snprintf(name[1], sizeof name[1], "%s after", set);
    const json_t *before = result_of(state, name[0]), *after = result_of(state, name[1]);
    const json_t *steps = json_object_get(state, "steps");
    if (!json_object_get(steps, name[0]) || !json_object_get(steps, name[1]))
        return;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        add(figures, set, keys[i], value_of(before, keys[i]), value_of(after, keys[i]),
            value_of(before ? before : after, "n"));
}

static void add_questions(json_t *figures, const json_t *state)
{
    const json_t *result = result_of(state, "questions"), *conditions = json_object_get(result, "conditions");
    const char *worst = json_string_value(json_object_get(result, "worst"));
    if (!result)
        return;
    add(figures, "questions", "rouge_l", value_of(json_object_get(conditions, "original"), "rouge_l"),
        value_of(json_object_get(conditions, "plain"), "rouge_l"), value_of(result, "n"));
    json_t *row =
        add(figures, "questions", "came_back", json_null(), value_of(result, "robust"), value_of(result, "n"));
    if (worst) {
        const json_t *of = json_object_get(conditions, worst);
        char note[128];
        snprintf(note, sizeof note, "%.64s%s", worst,
                 json_is_true(json_object_get(of, "beyond_noise")) ? "" : ", within noise");
        json_object_set_new(row, "note", bf_json_text(note, strlen(note)));
    }
}

void bf_then_metrics(json_t *state)
{
    json_t *figures = json_array(), *answers = json_object_get(result_of(state, "unlearn"), "answers");
    static const char *const sets[] = {"forget", "retain"};
    for (size_t i = 0; i < 2; i++) {
        add_likelihood(figures, state, sets[i]);
        add_memorization(figures, state, sets[i]);
    }
    add_questions(figures, state);
    json_object_set_new(state, "figures", figures);
    json_object_set_new(state, "answers", answers ? json_incref(answers) : json_array());
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
    const char *figure, *label, *unit;
} labels[] = {
    {"nll", "NLL, nats a token", "example"},
    {"exact_memorization", "exact memorisation", "text"},
    {"extraction_strength", "extraction strength", "text"},
    {"rouge_l", "answers, ROUGE-L recall", "pair"},
    {"came_back", "most that comes back", "pair"},
};

static void print_number(const json_t *value, FILE *out)
{
    if (json_is_number(value))
        bf_print(out, "%10.4f", json_number_value(value));
    else
        bf_print(out, "%10s", "-");
}

static void print_figure(const json_t *row, FILE *out)
{
    const char *figure = json_string_value(json_object_get(row, "figure"));
    const char *note = json_string_value(json_object_get(row, "note"));
    const json_t *before = json_object_get(row, "before"), *after = json_object_get(row, "after");
    size_t i = 0;
    while (i + 1 < sizeof labels / sizeof *labels && strcmp(labels[i].figure, figure ? figure : "") != 0)
        i++;
    bf_print(out, "    %-26s", labels[i].label);
    print_number(before, out);
    print_number(after, out);
    if (json_is_number(before) && json_is_number(after))
        bf_print(out, "%+10.4f", json_number_value(after) - json_number_value(before));
    else
        bf_print(out, "%10s", "");
    const long long n = json_integer_value(json_object_get(row, "n"));
    bf_print(out, "   %lld %s%s%s%s\n", n, labels[i].unit, n == 1 ? "" : "s", note ? ": " : "", note ? note : "");
}

static void print_failures(const json_t *state, FILE *out)
{
    const char *name;
    json_t *one;
    json_object_foreach(json_object_get(state, "steps"), name, one)
    {
        const char *why = json_string_value(json_object_get(one, "why"));
        if (why)
            bf_print(out, "\n  not measured (%s): %s\n", name, why);
    }
}

static void print_answers(const json_t *state, FILE *out)
{
    const json_t *answers = json_object_get(state, "answers");
    for (size_t i = 0; i < json_array_size(answers); i++) {
        const json_t *one = json_array_get(answers, i);
        bf_print(out, "\n  prompt: %s\n  before: %s\n  after:  %s\n", json_string_value(json_object_get(one, "prompt")),
                 json_string_value(json_object_get(one, "before")), json_string_value(json_object_get(one, "after")));
    }
}

void bf_then_print(const json_t *state, const char *dir, FILE *out)
{
    const json_t *figures = json_object_get(state, "figures"), *result = result_of(state, "unlearn");
    const char *method = json_string_value(json_object_get(json_object_get(state, "wish"), "method"));
    const char *output = json_string_value(json_object_get(state, "output"));
    const char *stop = json_string_value(json_object_get(result, "stop"));
    const json_t *step = json_object_get(json_object_get(state, "steps"), "unlearn");
    const double seconds = json_number_value(json_object_get(step, "seconds"));
    bf_print(out, "unlearned by %s: %lld of %lld steps, %lld:%02lld minutes", method ? method : "?",
             (long long)json_integer_value(json_object_get(result, "steps")),
             (long long)json_integer_value(json_object_get(result, "planned_steps")), (long long)seconds / 60,
             (long long)seconds % 60);
    if (stop && strcmp(stop, "finished") != 0)
        bf_print(out, ", stopped: %s", stop);
    fputs("\n\n", out);
    bf_print(out, "%30s%10s%10s%10s\n", "", "before", "after", "change");
    for (size_t t = 0; t < sizeof titles / sizeof *titles; t++) {
        bool begun = false;
        for (size_t i = 0; i < json_array_size(figures); i++) {
            const json_t *row = json_array_get(figures, i);
            const char *set = json_string_value(json_object_get(row, "set"));
            if (!set || strcmp(set, titles[t].set) != 0)
                continue;
            if (!begun)
                bf_print(out, "  %s\n", titles[t].title);
            begun = true;
            print_figure(row, out);
        }
    }
    print_failures(state, out);
    print_answers(state, out);
    bf_print(
        out,
        "\n  Both sets are those that training saw. These numbers do not show what the model says about other texts\n"
        "  or what it can still do; 'biforget eval' measures it with questions of your own.\n"
        "\n  %s/%s   the model that forgot\n  %s/closed-loop.json   these figures, and the commands that gave "
        "them\n",
        dir, output ? output : "?", dir);
}

/* ---- the end ---- */

enum bf_status bf_then_show(struct bf_store *store, json_t *state, bool json, struct bf_err *err)
{
    json_t *summary = NULL;
    if (!json) {
        bf_then_print(state, bf_store_dir(store), stdout);
        return BF_OK;
    }
    const enum bf_status status = bf_report_json(store, &summary, err);
    if (status != BF_OK)
        return status;
    json_object_set(summary, "closed_loop", state);
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
    json_t *state = NULL;
    (void)fflush(stdout); /* what was said of the run is read while the model is trained */
    enum bf_status status = bf_then_run(job, &state, err);
    if (status == BF_OK)
        status = bf_store_open(job->dir, BF_STORE_READ, &store, err);
    if (status == BF_OK) {
        bf_report_at_end(store, NULL, false, job->log, &report);
        status = bf_then_show(store, state, json, err);
    }
    status = bf_report_outcome(status, &report, err);
    json_decref(state);
    bf_store_close(store);
    return status;
}
