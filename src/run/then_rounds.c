/* Until it is dry. A round asks the model that unlearned the questions of its own forget set in many ways: plainly, in
 * other words, after a prefix, after solved examples, inside Stage II's fictional scenes. What brings a right answer is
 * still there, so that it goes into the set as it was asked (then_came_back.h); the held-out questions never do.
 *
 * Each round trains the model as it was, not the one of the round before: its likelihoods are the reference of the
 * losses and of KL on the retain set, and its answers the ones that a limit on the cost is about. A chain of trainings
 * would measure each cost against the damage of the one before, and round weights each time that a model is written. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "run/then_came_back.h"
#include "run/then_work.h"
#include "unlearn/unlearn.h"
#include "base/banned.h"

enum { SET_MAX = 1 << 30, QUESTION_TOKENS = 64, NAME_MAX_BYTES = 96 };

/* DIR/round-2-WHAT; free(). Rounds count from 2 for people: the first training is 1. */
static char *round_file(const struct bf_then_work *l, size_t r, const char *what)
{
    char name[NAME_MAX_BYTES];
    snprintf(name, sizeof name, "round-%zu-%.64s", r + 2, what);
    return bf_path_join(l->dir, name);
}

static char *round_output(const struct bf_then_work *l, size_t r)
{
    char name[BF_THEN_NAME_MAX];
    bf_then_round_output(&l->state.wish, r, name);
    return bf_path_join(l->dir, name);
}

/* ---- what still comes back ---- */

static enum bf_status probe(struct bf_then_work *l, size_t r, const char *answers, struct bf_err *err)
{
    struct bf_command_line c = {.n = 0};
    char title[96];
    snprintf(title, sizeof title, "round %zu: asking for what was unlearned in many ways", r + 2);
    bf_then_add_pair(&c, "eval", "robust");
    bf_command_line_add(&c, l->questions);
    bf_then_add_pair(&c, "-m", l->output);
    bf_then_add_number(&c, "--max-new-tokens", QUESTION_TOKENS);
    bf_then_add_pair(&c, "-o", answers);
    bf_then_add_machine(l, &c, true);
    if (!bf_file_exists(answers))
        bf_then_step_release(&l->state.rounds[r].probe);
    const enum bf_status status = bf_then_take(l, &l->state.rounds[r].probe, false, title, &c, err);
    bf_command_line_release(&c);
    return status;
}

/* The forget set, and after it what came back in each round so far. */
static enum bf_status write_set(const struct bf_then_work *l, size_t r, const char *path, int64_t *n_added,
                                struct bf_err *err)
{
    struct bf_buf text;
    bf_buf_init(&text, SET_MAX);
    *n_added = 0;
    enum bf_status status = bf_file_read(l->forget, &text, err);
    for (size_t i = 0; i <= r && status == BF_OK; i++) {
        char *answers = round_file(l, i, "answers.jsonl");
        *n_added = 0;
        status = bf_then_add_came_back(answers, &text, n_added, err);
        free(answers);
    }
    if (status == BF_OK)
        status = bf_file_write_inside(path, text.data, text.len, err);
    bf_buf_release(&text);
    return status;
}

/* ---- training again ---- */

static enum bf_status train(struct bf_then_work *l, size_t r, const char *set, const char *output, struct bf_err *err)
{
    struct bf_command_line c = {.n = 0};
    struct bf_buf work;
    struct bf_then_step *step = &l->state.rounds[r].unlearn;
    const struct bf_then_wish *wish = &l->state.wish;
    char title[96];
    snprintf(title, sizeof title, "round %zu: unlearning by %.32s, with %lld prompts that brought an answer back",
             r + 2, wish->method, (long long)l->state.rounds[r].added);
    bf_buf_init(&work, SIZE_MAX);
    bf_buf_printf(&work, "%s.training", output);
    bf_command_line_add(&c, "unlearn");
    if (bf_unlearn_can_resume(work.data)) {
        bf_then_add_pair(&c, "--resume", output);
        bf_then_add_number(&c, "--answers", wish->answers);
    } else {
        bf_then_add_pair(&c, "--method", wish->method);
        bf_then_add_pair(&c, "-m", l->job->model);
        bf_then_add_pair(&c, "--forget", set);
        if (l->has_retain)
            bf_then_add_pair(&c, "--retain", l->retain);
        if (bf_file_exists(l->probes))
            bf_then_add_pair(&c, "--probe", l->probes);
        if (bf_file_exists(l->probes) && bf_file_exists(l->neighbours))
            bf_then_add_pair(&c, "--probe-retain", l->neighbours);
        bf_then_add_pair(&c, "-o", output);
        for (size_t i = 0; i < wish->n_options; i++)
            bf_command_line_add(&c, wish->options[i]);
    }
    bf_then_add_machine(l, &c, false);
    if (step->result && !bf_file_exists(output)) /* it has been removed */
        bf_then_step_release(step);
    const enum bf_status status = bf_then_take(l, step, false, title, &c, err);
    bf_command_line_release(&c);
    bf_buf_release(&work);
    return status;
}

/* Right answers to the held-out questions of the checkpoint that a training wrote, and of how many; -1 without probes.
 */
static int64_t still_right(const struct bf_then_step *training, int64_t *known)
{
    const json_t *probes = json_object_get(training->result, "probes");
    const json_t *chosen = json_object_get(probes, "chosen_step"), *curve = json_object_get(probes, "probes");
    *known = (int64_t)json_integer_value(json_object_get(probes, "forget_known"));
    for (size_t i = 0; i < json_array_size(curve) && json_is_integer(chosen); i++) {
        const json_t *row = json_array_get(curve, i);
        if (json_integer_value(json_object_get(row, "step")) == json_integer_value(chosen))
            return (int64_t)json_integer_value(json_object_get(row, "forget_right"));
    }
    return -1;
}

/* The share of questions about an invented topic that the model answers twice the same: no more than that is known of
 * the forgotten domain when it is forgotten. NAN: the run did not ask them. */
static enum bf_status control_level(const struct bf_then_work *l, double *level, struct bf_err *err)
{
    struct bf_store *store = NULL;
    struct bf_run_state state;
    *level = (double)NAN;
    enum bf_status status = bf_store_open(l->dir, BF_STORE_READ, &store, err);
    if (status == BF_OK)
        status = bf_store_state(store, &state, err);
    if (status == BF_OK && state.knowledge.control_questions > 0)
        *level = (double)state.knowledge.control_verified / (double)state.knowledge.control_questions;
    bf_store_close(store);
    return status;
}

static bool at_control_level(const struct bf_then_step *training, double level)
{
    int64_t known;
    const int64_t right = still_right(training, &known);
    return right >= 0 && known > 0 && (double)right <= (isnan(level) ? 0.0 : level) * (double)known;
}

/* *best: the training whose model is the output so far. *dry: no further round. */
static enum bf_status one_round(struct bf_then_work *l, size_t r, const struct bf_then_step **best, bool *dry,
                                struct bf_err *err)
{
    struct bf_then_round *round = &l->state.rounds[r];
    char *answers = round_file(l, r, "answers.jsonl"), *set = round_file(l, r, "set.jsonl");
    char *output = round_output(l, r);
    int64_t known;
    l->state.n_rounds = r + 1 > l->state.n_rounds ? r + 1 : l->state.n_rounds;
    *dry = true;
    /* The folder may be a stranger's, as in then_run.c. */
    enum bf_status status = bf_is_link(answers)  ? bf_link_error(answers, err)
                            : bf_is_link(output) ? bf_link_error(output, err)
                                                 : BF_OK;
    if (status == BF_OK)
        status = probe(l, r, answers, err);
    if (status == BF_OK && round->probe.result)
        status = write_set(l, r, set, &round->added, err);
    if (status != BF_OK || round->added == 0) {
        if (status == BF_OK && round->probe.result)
            bf_log_info(l->job->log, "round %zu: no question about what was unlearned brings a right answer", r + 2);
        goto out;
    }
    status = train(l, r, set, output, err);
    if (status != BF_OK || !round->unlearn.result)
        goto out;
    const int64_t before = still_right(*best, &known), after = still_right(&round->unlearn, &known);
    if (before >= 0 && after >= 0 && after > before) {
        bf_log_info(l->job->log,
                    "round %zu: more held-out questions are answered than before it; its model is not used", r + 2);
        goto out;
    }
    free(l->output);
    l->output = output;
    output = NULL;
    *best = &round->unlearn;
    *dry = false;
out:
    free(answers);
    free(set);
    free(output);
    return status;
}

enum bf_status bf_then_rounds(struct bf_then_work *l, struct bf_err *err)
{
    const struct bf_then_step *best = &l->state.steps[BF_THEN_UNLEARN];
    double level = (double)NAN;
    bool dry = l->state.wish.rounds == 0;
    enum bf_status status = dry ? BF_OK : control_level(l, &level, err);
    if (!dry && !l->has_questions) {
        bf_log_warn(l->job->log, "no round is possible: the forget set has no question with an answer");
        dry = true;
    }
    for (size_t r = 0; r < (size_t)l->state.wish.rounds && !dry && status == BF_OK; r++) {
        dry = at_control_level(best, level);
        if (dry)
            bf_log_info(l->job->log, "the held-out questions are at the level of an invented topic: no further round");
        else
            status = one_round(l, r, &best, &dry, err);
    }
    return status;
}
