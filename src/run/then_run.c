/* The steps, each a command of its own, and where they stand. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/child.h"
#include "base/print.h"
#include "run/session.h"
#include "run/then.h"
#include "run/then_came_back.h"
#include "run/then_work.h"
#include "sets/pairs.h"
#include "base/interrupt.h"
#include "unlearn/unlearn.h"
#include "base/banned.h"

enum { ANSWER_MAX = 256 * 1024 * 1024, PAIRS_SHARE = 4, QUESTION_TOKENS = 64 };
#define RELEARN_SHARE "0.1" /* of the pairs that were unlearned */

/* ---- a step ---- */

void bf_then_add_number(struct bf_command_line *c, const char *option, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    bf_command_line_add(c, option);
    bf_command_line_add(c, text);
}

void bf_then_add_pair(struct bf_command_line *c, const char *option, const char *value)
{
    bf_command_line_add(c, option);
    bf_command_line_add(c, value);
}

void bf_then_add_machine(const struct bf_then_work *l, struct bf_command_line *c, bool gpu)
{
    if (l->job->threads > 0)
        bf_then_add_number(c, "--threads", l->job->threads);
    if (gpu && l->job->gpu_layers != 0)
        bf_then_add_number(c, "--gpu-layers", l->job->gpu_layers);
    if (l->job->log->quiet)
        bf_command_line_add(c, "--quiet");
    bf_command_line_add(c, "--json");
}

/* *done is taken over. */
static enum bf_status keep(struct bf_then_work *l, struct bf_then_step *step, const struct bf_command_line *command,
                           struct bf_then_step *done, struct bf_err *err)
{
    done->command = bf_command_line_text(command);
    bf_then_step_release(step);
    *step = *done;
    *done = (struct bf_then_step){0};
    return bf_then_write(l->job->dir, &l->state, err);
}

static enum bf_status ask(struct bf_then_work *l, const struct bf_command_line *command, json_t **answer,
                          struct bf_err *err)
{
    struct bf_buf text;
    const bool quiet = l->job->log->quiet;
    bf_buf_init(&text, ANSWER_MAX);
    bf_interrupt_silence(!quiet);
    enum bf_status status = bf_child_run(command, quiet ? l->log_path : NULL, NULL, &text, err);
    bf_interrupt_silence(false);
    if (status == BF_OK)
        status = bf_json_parse(text.data, text.len, command->words[0], answer, err);
    bf_buf_release(&text);
    return status;
}

/* Of a step that is done: a needed one without a result fails again with its reason. */
static enum bf_status outcome(const struct bf_then_step *step, bool needed, struct bf_err *err)
{
    return needed && step->why ? bf_fail(err, step->ended, "%s", step->why) : BF_OK;
}

enum bf_status bf_then_take(struct bf_then_work *l, struct bf_then_step *step, bool needed, const char *title,
                            const struct bf_command_line *command, struct bf_err *err)
{
    struct bf_then_step done = {.command = NULL};
    struct bf_err why = BF_ERR_INIT;
    l->n_done++;
    if (step->command)
        return outcome(step, needed, err);
    if (bf_interrupted())
        return bf_fail(err, BF_INTERRUPTED, "interrupted");
    bf_log_info(l->job->log, "[%zu/%zu] %s", l->n_done, l->n_all, title);
    const double begin = bf_seconds();
    enum bf_status status = ask(l, command, &done.result, &why);
    done.seconds = bf_seconds() - begin;
    if (status == BF_OK) {
        json_object_del(done.result, "losses"); /* in the training's own record, and long */
        status = keep(l, step, command, &done, err);
    } else if (bf_then_keeps_reason(status, needed)) {
        if (!needed)
            bf_log_warn(l->job->log, "%s", why.text);
        done.why = bf_strdup(why.text);
        done.ended = status;
        status = keep(l, step, command, &done, err);
        if (status == BF_OK)
            status = outcome(step, needed, err);
    } else {
        (void)bf_fail(err, status, "%s", why.text);
    }
    bf_then_step_release(&done);
    return status;
}

/* What cannot be evaluated does not take away what was unlearned. */
static enum bf_status step(struct bf_then_work *l, enum bf_then_step_id id, const char *title,
                           const struct bf_command_line *command, struct bf_err *err)
{
    return bf_then_take(l, &l->state.steps[id], id == BF_THEN_UNLEARN, title, command, err);
}

/* ---- the steps ---- */

static enum bf_status evaluate(struct bf_then_work *l, enum bf_then_step_id id, const char *title, const char *set,
                               const char *model, struct bf_err *err)
{
    struct bf_command_line c = {.n = 0};
    const int64_t limit = l->state.wish.eval_limit;
    bf_then_add_pair(&c, "eval", "memorization");
    bf_command_line_add(&c, set);
    bf_then_add_pair(&c, "-m", model);
    if (limit > 0)
        bf_then_add_number(&c, "--limit", limit);
    bf_then_add_machine(l, &c, true);
    const enum bf_status status = step(l, id, title, &c, err);
    bf_command_line_release(&c);
    return status;
}

static enum bf_status unlearn(struct bf_then_work *l, struct bf_err *err)
{
    struct bf_command_line c = {.n = 0};
    struct bf_err why = BF_ERR_INIT;
    const struct bf_then_wish *wish = &l->state.wish;
    char title[96];
    snprintf(title, sizeof title, "unlearning by %s", wish->method);
    bf_command_line_add(&c, "unlearn");
    if (bf_unlearn_can_resume(l->work)) {
        bf_then_add_pair(&c, "--resume", l->output);
        bf_then_add_number(&c, "--answers", wish->answers);
    } else {
        bf_then_add_pair(&c, "--method", wish->method);
        bf_then_add_pair(&c, "-m", l->job->model);
        bf_then_add_pair(&c, "--forget", l->dir);
        if (wish->retain_set[0])
            bf_then_add_pair(&c, "--retain", l->retain);
        bf_then_add_pair(&c, "-o", l->output);
        for (size_t i = 0; i < wish->n_options; i++)
            bf_command_line_add(&c, wish->options[i]);
    }
    bf_then_add_machine(l, &c, false);
    const enum bf_status status = step(l, BF_THEN_UNLEARN, title, &c, &why);
    if (status == BF_LIMIT)
        (void)bf_fail(
            err, status,
            "%s; the source model is left as it is and the forget set is complete; allow a larger loss: biforget "
            "resume %s --then %s --then-options \"--retain-accuracy-drop 0.1\"%s",
            why.text, BF_SHELL_WORD(l->job->dir), wish->method, wish->eval ? " --eval" : "");
    else if (status != BF_OK && status != BF_INTERRUPTED)
        (void)bf_fail(
            err, status,
            "%s; the forget set is complete; resume it with: biforget resume %s, or with other settings: biforget "
            "resume %s --then %s --then-options \"--lr 1e-6\"%s",
            why.text, BF_SHELL_WORD(l->job->dir), BF_SHELL_WORD(l->job->dir), wish->method,
            wish->eval ? " --eval" : "");
    else if (status != BF_OK)
        (void)bf_fail(err, status, "%s", why.text);
    bf_command_line_release(&c);
    return status;
}

static enum bf_status ask_questions(struct bf_then_work *l, struct bf_err *err)
{
    struct bf_command_line c = {.n = 0};
    bf_then_add_pair(&c, "eval", "robust");
    bf_command_line_add(&c, l->has_probes ? l->probes : l->questions);
    if (l->has_probes && bf_file_exists(l->neighbours))
        bf_then_add_pair(&c, "--neighbours", l->neighbours);
    bf_then_add_pair(&c, "-m", l->output);
    bf_then_add_pair(&c, "--original", l->job->model);
    bf_then_add_number(&c, "--max-new-tokens", QUESTION_TOKENS);
    const int64_t limit = l->state.wish.eval_limit;
    if (!l->has_probes && limit > 0)
        bf_then_add_number(&c, "--limit", (limit + PAIRS_SHARE - 1) / PAIRS_SHARE);
    /* Relearning from what was trained on shows whether the held-out questions come back with it. */
    if (l->has_probes && l->has_questions) {
        bf_then_add_pair(&c, "--relearn", RELEARN_SHARE);
        bf_then_add_pair(&c, "--relearn-set", l->questions);
    }
    bf_then_add_machine(l, &c, true);
    const enum bf_status status =
        step(l, BF_THEN_QUESTIONS,
             l->has_probes ? "asking questions that were held out" : "asking the forget set's questions in many ways",
             &c, err);
    bf_command_line_release(&c);
    return status;
}

static enum bf_status check_fluency(struct bf_then_work *l, struct bf_err *err)
{
    struct bf_command_line c = {.n = 0};
    bf_then_add_pair(&c, "eval", "fluency");
    bf_then_add_pair(&c, "-m", l->output);
    bf_then_add_pair(&c, "--original", l->job->model);
    bf_then_add_machine(l, &c, true);
    const enum bf_status status = step(l, BF_THEN_FLUENCY, "checking that the model still writes", &c, err);
    bf_command_line_release(&c);
    return status;
}

/* The pairs of the forget set, in a file of their own: `eval robust` takes nothing else. */
static enum bf_status write_questions(struct bf_then_work *l, size_t *n, struct bf_err *err)
{
    struct bf_pairs pairs = {0};
    struct bf_buf text;
    *n = 0;
    bf_buf_init(&text, SIZE_MAX);
    enum bf_status status = bf_pairs_load(l->forget, 0, l->job->log, &pairs, err);
    for (size_t i = 0; i < pairs.n && status == BF_OK; i++)
        if (pairs.items[i].question[0]) {
            bf_then_put_pair(&text, pairs.items[i].question, pairs.items[i].answer);
            (*n)++;
        }
    if (status == BF_OK && *n > 0)
        status = bf_file_write_inside(l->questions, text.data, text.len, err);
    bf_buf_release(&text);
    bf_pairs_release(&pairs);
    return status;
}

static enum bf_status all_steps(struct bf_then_work *l, struct bf_err *err)
{
    const bool eval = l->state.wish.eval;
    size_t n_questions = 0;
    enum bf_status status = eval || l->state.wish.rounds > 0 ? write_questions(l, &n_questions, err) : BF_OK;
    l->has_questions = n_questions > 0;
    l->has_probes = bf_file_exists(l->probes);
    const bool asks = l->has_questions || l->has_probes;
    l->n_all = 1U + (l->has_questions ? 2U * (size_t)l->state.wish.rounds : 0U) +
               (eval ? 2U + (l->has_retain ? 2U : 0U) + (asks ? 1U : 0U) + (l->has_probes ? 1U : 0U) : 0U);
    if (status == BF_OK && eval)
        status = evaluate(l, BF_THEN_FORGET_BEFORE, "evaluating the forget set, before", l->dir, l->job->model, err);
    if (status == BF_OK && eval && l->has_retain)
        status = evaluate(l, BF_THEN_RETAIN_BEFORE, "evaluating the retain set, before", l->retain, l->job->model, err);
    if (status == BF_OK)
        status = unlearn(l, err);
    if (status == BF_OK)
        status = bf_then_rounds(l, err);
    if (status == BF_OK && eval)
        status = evaluate(l, BF_THEN_FORGET_AFTER, "evaluating the forget set, after", l->dir, l->output, err);
    if (status == BF_OK && eval && l->has_retain)
        status = evaluate(l, BF_THEN_RETAIN_AFTER, "evaluating the retain set, after", l->retain, l->output, err);
    if (status == BF_OK && eval && asks)
        status = ask_questions(l, err);
    if (status == BF_OK && eval && l->has_probes)
        status = check_fluency(l, err);
    return status;
}

/* ---- the beginning ---- */

static void name_files(struct bf_then_work *l)
{
    char name[64];
    snprintf(name, sizeof name, "unlearned-%.32s.gguf", l->state.wish.method);
    l->output = bf_path_join(l->dir, name);
    snprintf(name, sizeof name, "unlearned-%.32s.gguf.training", l->state.wish.method);
    l->work = bf_path_join(l->dir, name);
    l->log_path = bf_path_join(l->dir, "closed-loop.log");
    l->forget = bf_path_join(l->dir, "forget.jsonl");
    l->questions = bf_path_join(l->dir, "closed-loop-questions.jsonl");
    l->probes = bf_path_join(l->dir, BF_PROBES_FILE);
    l->neighbours = bf_path_join(l->dir, BF_NEIGHBOURS_FILE);
    l->retain = bf_then_retain_file(l->dir, &l->state.wish);
    l->has_retain = bf_file_exists(l->retain);
}

/* Does the set differ from the one that everything so far is about? Its hash is put into `sha256`, a field of the
 * state. */
static enum bf_status look_at_set(const char *file, char sha256[BF_SHA256_HEX], bool *changed, struct bf_err *err)
{
    char now[BF_SHA256_HEX];
    const enum bf_status status = bf_sha256_file(file, now, err);
    if (status != BF_OK)
        return status;
    *changed = *changed || (sha256[0] && strcmp(sha256, now) != 0);
    memcpy(sha256, now, sizeof now);
    return BF_OK;
}

/* A training of a round that was not finished is of the answers that go with it. */
static void undo(struct bf_then_work *l, enum bf_then_step_id first)
{
    for (size_t i = first; i < BF_THEN_STEPS; i++)
        bf_then_step_release(&l->state.steps[i]);
    bf_then_state_clear_rounds(&l->state);
    bf_then_remove_checkpoints(l->dir, &l->state.wish, first > 0);
}

/* A run may have grown since, texts to keep may have changed, and a model may have been removed. */
static enum bf_status check_steps(struct bf_then_work *l, struct bf_err *err)
{
    bool changed = false;
    enum bf_status status = look_at_set(l->forget, l->state.forget_sha256, &changed, err);
    if (status == BF_OK && l->has_retain)
        status = look_at_set(l->retain, l->state.retain_sha256, &changed, err);
    if (status != BF_OK)
        return status;
    if (changed)
        undo(l, 0);
    const struct bf_then_step *unlearn = &l->state.steps[BF_THEN_UNLEARN];
    if (unlearn->why ? !bf_then_keeps_reason(unlearn->ended, true) : !bf_file_exists(l->output))
        undo(l, BF_THEN_UNLEARN);
    if (l->state.steps[BF_THEN_UNLEARN].command)
        return BF_OK;
    l->state.finished = false;
    bf_then_state_clear_table(&l->state);
    return bf_then_write(l->job->dir, &l->state, err);
}

/* The folder may be a stranger's: the model is not written where a link of that name leads. */
static enum bf_status check_links(const struct bf_then_work *l, struct bf_err *err)
{
    const char *const paths[] = {l->output, l->work, l->log_path};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (bf_is_link(paths[i]))
            return bf_link_error(paths[i], err);
    return BF_OK;
}

static enum bf_status open_state(struct bf_then_work *l, struct bf_err *err)
{
    enum bf_status status = bf_then_read(l->job->dir, l->job->check_options, &l->state, err);
    if (status != BF_OK)
        return status;
    if (!l->state.wish.method || !realpath(l->job->dir, l->dir))
        return bf_fail(err, BF_STORE, "'%s' has no %s; give --then METHOD", l->job->dir, bf_then_file_name);
    name_files(l);
    status = check_links(l, err);
    return status == BF_OK ? check_steps(l, err) : status;
}

static enum bf_status close_state(struct bf_then_work *l, struct bf_err *err)
{
    const char *name = strrchr(l->output, '/');
    free(l->state.output);
    l->state.output = bf_strdup(name ? name + 1 : l->output);
    l->state.finished = true;
    bf_then_metrics(&l->state);
    return bf_then_write(l->job->dir, &l->state, err);
}

enum bf_status bf_then_run(const struct bf_then_job *job, struct bf_then_state *state, struct bf_err *err)
{
    struct bf_then_work l = {.job = job};
    struct bf_err why = BF_ERR_INIT;
    int lock = -1;
    *state = (struct bf_then_state){0};
    bf_interrupt_install();
    char *lock_path = bf_path_join(job->dir, "closed-loop.lock");
    enum bf_status status = bf_work_lock(lock_path, job->dir, job->log, &lock, &why);
    if (status == BF_OK)
        status = open_state(&l, &why);
    if (status == BF_OK)
        status = all_steps(&l, &why);
    if (status == BF_OK)
        status = close_state(&l, &why);
    if (status == BF_OK) {
        *state = l.state;
        l.state = (struct bf_then_state){0};
    } else if (status == BF_INTERRUPTED)
        (void)bf_fail(err, status, "interrupted; everything so far is saved, resume it with: biforget resume %s",
                      BF_SHELL_WORD(job->dir));
    else
        (void)bf_fail(err, status, "%s", why.text);
    bf_then_state_release(&l.state);
    free(l.output);
    free(l.work);
    free(l.log_path);
    free(l.forget);
    free(l.retain);
    free(l.questions);
    free(l.probes);
    free(l.neighbours);
    free(lock_path);
    bf_unlock(lock);
    return status;
}
