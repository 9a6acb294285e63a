/* What came of a run and its unlearning, in sentences: what was forgotten, what was kept, what comes back, what it
 * cost. Every number is one of a step's result; what was not measured has no sentence, or one that says why. */
#include <math.h>
#include <string.h>

#include "base/print.h"
#include "run/session.h"
#include "run/then_words.h"
#include "base/banned.h"

static const json_t *result_of(const struct bf_then_state *state, enum bf_then_step_id id)
{
    return state->steps[id].result;
}

/* The number at result.first.second; NAN when there is none that a share or a count of questions can be: the file may
 * be a stranger's. */
static double number_at(const json_t *result, const char *first, const char *second)
{
    const json_t *value = json_object_get(first ? json_object_get(result, first) : result, second);
    const double number = json_is_number(value) ? json_number_value(value) : (double)NAN;
    return number >= 0.0 && number <= 1e9 ? number : (double)NAN;
}

static double condition(const json_t *questions, const char *name)
{
    return number_at(json_object_get(questions, "conditions"), name, "accuracy");
}

/* A share of n as a count. */
static long long of(double share, double n)
{
    return (long long)(share * n + 0.5);
}

static const char *plural(double n)
{
    return n == 1.0 ? "" : "s";
}

static void say_forgotten(const json_t *q, bool held_out, FILE *out)
{
    const double n = number_at(q, NULL, "n"), before = condition(q, "original"), after = condition(q, "plain");
    if (!(n > 0.0) || isnan(before) || isnan(after))
        return;
    bf_print(out,
             "  Forgotten: asked %lld question%s that it was %s on, the model answers %lld rightly; before, %lld.\n",
             (long long)n, plural(n), held_out ? "not trained" : "trained", of(after, n), of(before, n));
}

static void say_kept(const json_t *q, FILE *out)
{
    const double n = number_at(q, "neighbours", "n");
    const json_t *forms = json_object_get(q, "neighbour_forms");
    const double before = number_at(forms, "plain", "original_accuracy"), after = number_at(forms, "plain", "accuracy");
    if (!(n > 0.0) || isnan(before) || isnan(after)) {
        bf_print(out, "  Kept: not measured, since the run has no questions about neighbouring subjects "
                      "(--neighbours).\n");
        return;
    }
    bf_print(out,
             "  Kept: of %lld question%s about neighbouring subjects, in no training, %lld are answered rightly; "
             "before, %lld.\n",
             (long long)n, plural(n), of(after, n), of(before, n));
}

static void say_came_back(const json_t *q, FILE *out)
{
    const double n = number_at(q, NULL, "n"), worst = number_at(q, NULL, "worst_case_accuracy");
    const double before = number_at(q, NULL, "original_worst_case_accuracy"), q4 = condition(q, "q4_0");
    const double relearnt = condition(q, "relearn"),
                 n_relearnt = number_at(json_object_get(q, "conditions"), "relearn", "n");
    if (isnan(n))
        return;
    if (!isnan(worst) && !isnan(before))
        bf_print(out,
                 "  Asked otherwise: in at least one of several forms %lld of %lld are answered rightly; before, "
                 "%lld.\n",
                 of(worst, n), (long long)n, of(before, n));
    if (!isnan(q4))
        bf_print(out, "  In Q4_0: %lld of %lld.\n", of(q4, n), (long long)n);
    if (!isnan(relearnt))
        bf_print(out, "  After relearning from a tenth of the forget set's pairs: %lld of %lld.\n",
                 of(relearnt, isnan(n_relearnt) ? n : n_relearnt), (long long)(isnan(n_relearnt) ? n : n_relearnt));
}

static void say_cost(const struct bf_then_state *state, FILE *out)
{
    const json_t *fluency = result_of(state, BF_THEN_FLUENCY);
    const json_t *after = json_object_get(json_object_get(fluency, "answers"), "neutral");
    const json_t *before = json_object_get(json_object_get(fluency, "original"), "neutral");
    double seconds = 0.0, trainings = state->steps[BF_THEN_UNLEARN].seconds;
    for (size_t i = 0; i < BF_THEN_STEPS; i++)
        seconds += state->steps[i].seconds;
    for (size_t i = 0; i < state->n_rounds; i++) {
        seconds += state->rounds[i].probe.seconds + state->rounds[i].unlearn.seconds;
        trainings += state->rounds[i].unlearn.seconds;
    }
    const long long training = (long long)trainings, all = (long long)seconds;
    bf_print(out, "  Cost: unlearning took %lld:%02lld minutes, all steps after the forget set %lld:%02lld.\n",
             training / 60, training % 60, all / 60, all % 60);
    const double now = number_at(after, NULL, "seq_rep_4"), then = number_at(before, NULL, "seq_rep_4");
    if (!isnan(now) && !isnan(then))
        bf_print(out, "  Writing: %.0f %% of an answer's 4-grams are repetitions; before, %.0f %%.\n", 100.0 * now,
                 100.0 * then);
}

static bool held_out(const struct bf_then_state *state)
{
    const char *command = state->steps[BF_THEN_QUESTIONS].command;
    return command && strstr(command, BF_PROBES_FILE);
}

void bf_then_words(const struct bf_then_state *state, FILE *out)
{
    const json_t *q = result_of(state, BF_THEN_QUESTIONS);
    if (!state->wish.eval)
        return;
    bf_print(out, "\n");
    if (q) {
        say_forgotten(q, held_out(state), out);
        if (held_out(state))
            say_kept(q, out);
        say_came_back(q, out);
    }
    if (!held_out(state))
        bf_print(out,
                 "  No question was held out: the model was not asked about its texts (--questions), or gave no answer "
                 "twice.\n  The table above is of texts that training saw; it does not show that anything is "
                 "forgotten.\n");
    say_cost(state, out);
}
