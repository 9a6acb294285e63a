#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/print.h"
#include "cmd/cmd.h"
#include "base/interrupt.h"
#include "cmd/output_path.h"
#include "cmd/unlearn_options.h"
#include "run/probe_answers.h"
#include "run/unlearn_sets.h"
#include "store/store.h"
#include "base/banned.h"

struct talk {
    struct bf_log *log;
    double last; /* when a line was shown */
    struct bf_probe_questions questions;
};

static void put_loss(struct bf_buf *out, const char *name, double loss)
{
    if (isfinite(loss))
        bf_buf_printf(out, "  %s %.4g", name, loss);
}

static void on_progress(void *user, const struct bf_unlearn_progress *p)
{
    struct talk *talk = user;
    const double now = bf_seconds(), every = bf_log_live_every(talk->log);
    struct bf_buf line;
    const bool last = p->of > 0 && p->done == p->of;
    if (!bf_log_has_live(talk->log) || (now - talk->last < every && !last))
        return;
    talk->last = now;
    bf_buf_init(&line, 512);
    bf_buf_puts(&line, p->phase);
    if (p->of > 0)
        bf_buf_printf(&line, "  %lld/%lld", (long long)p->done, (long long)p->of);
    if (p->tokens_per_second > 0.0) { /* before what a narrow terminal has no room for */
        char left[BF_TIME_LEFT_MAX];
        bf_time_left(p->seconds_left, left);
        bf_buf_printf(&line, "  %s  %.0f tok/s", left, p->tokens_per_second);
    }
    put_loss(&line, "loss", p->loss);
    put_loss(&line, "forget", p->forget_loss);
    put_loss(&line, "retain", p->retain_loss);
    put_loss(&line, "general", p->general_loss);
    if (isfinite(p->gradient_left)) {
        char left[BF_PERCENT_MAX];
        bf_percent(p->gradient_left, left);
        bf_buf_printf(&line, "  gradient left %s %%", left);
    }
    bf_log_live(talk->log, line.data);
    bf_buf_release(&line);
}

static void on_notice(void *user, const char *line)
{
    struct talk *talk = user;
    bf_log_info(talk->log, "%s", line);
}

static bool is_interrupted(void *user)
{
    (void)user;
    return bf_interrupted();
}

static enum bf_status ask(void *user, const char *model, struct bf_unlearn_asked *asked, struct bf_err *err)
{
    const struct talk *talk = user;
    return bf_probe_questions_ask(&talk->questions, model, asked, err);
}

/* ---- the end ---- */

static void print_pair(const char *name, double before, double after, int64_t n)
{
    if (n > 0)
        bf_print(stdout, "%-12s %9.4f -> %9.4f   nats a token, %lld examples\n", name, before, after, (long long)n);
}

static void print_probes(const struct bf_unlearn_result *r)
{
    const struct bf_unlearn_probes *probes = &r->probes;
    const struct bf_unlearn_probe *chosen = &probes->items[0];
    bf_print(stdout, "\n%8s  %8s  %8s   right answers, of the questions that it knew\n", "step", "forget", "retain");
    for (size_t i = 0; i < probes->n; i++) {
        const struct bf_unlearn_probe *p = &probes->items[i];
        const bool is_chosen = p->step > 0 && p->step == probes->chosen;
        chosen = is_chosen ? p : chosen;
        bf_print(stdout, "%8lld  %8lld  %8lld%s\n", (long long)p->step, (long long)p->forget_right,
                 (long long)p->retain_right, is_chosen ? "   written" : "");
    }
    bf_print(stdout, "asked %lld questions that it was not trained on: %lld right before, %lld after",
             (long long)probes->n_forget, (long long)probes->forget_known, (long long)chosen->forget_right);
    if (probes->n_retain > 0)
        bf_print(stdout, "; of the %lld neighbours %lld and %lld", (long long)probes->n_retain,
                 (long long)probes->retain_known, (long long)chosen->retain_right);
    if (r->train_seconds > 0.0)
        bf_print(stdout, "\nprobing took %.0f %% of the time",
                 100.0 * probes->seconds / (probes->seconds + r->train_seconds));
    bf_print(stdout, "\n");
}

static void print_text(const struct bf_unlearn_settings *s, const struct bf_unlearn_result *r, const json_t *answers)
{
    bf_print(stdout, "%s, %lld of %lld steps", s->method->name, (long long)r->n_steps, (long long)r->planned_steps);
    if (r->train_seconds > 0.0 && r->train_tokens > 0)
        bf_print(stdout, ", %.0f s, %.0f tok/s", r->train_seconds, (double)r->train_tokens / r->train_seconds);
    bf_print(stdout, strcmp(r->stop, "finished") == 0 ? "\n" : ", stopped: %s\n", r->stop);
    print_pair("forget NLL", r->before.forget, r->after.forget, r->after.n_forget);
    print_pair("retain NLL", r->before.retain, r->after.retain, r->after.n_retain);
    const double left = r->n_curve > 0 ? r->curve[r->n_curve - 1].gradient_left : (double)NAN;
    if (isfinite(left)) {
        char percent[BF_PERCENT_MAX];
        bf_percent(left, percent);
        bf_print(stdout, "forget gradient left: %s %% in the last step\n", percent);
    }
    if (r->probes.n > 0)
        print_probes(r);
    for (size_t i = 0; i < json_array_size(answers); i++) {
        const json_t *one = json_array_get(answers, i);
        bf_print(stdout, "\nprompt: %s\nbefore: %s\nafter:  %s\n", json_string_value(json_object_get(one, "prompt")),
                 json_string_value(json_object_get(one, "before")), json_string_value(json_object_get(one, "after")));
    }
    bf_print(stdout, "\n%s\n", s->out);
}

static const char record_name[] = "record.json";
enum { RECORD_MAX = 256 * 1024 * 1024 };

static enum bf_status write_record(const char *work, const json_t *record, struct bf_err *err)
{
    char *path = bf_path_join(work, record_name);
    const enum bf_status status = bf_json_write(path, record, err);
    free(path);
    return status;
}

/* Keeps the training in the run that the forget set is from, if it is a run and can be written. True if kept. */
static bool keep_in_run(const struct bf_call *call, const struct bf_unlearn_settings *s,
                        const struct bf_unlearn_result *result)
{
    struct bf_store *store = NULL;
    struct bf_err why = BF_ERR_INIT;
    char *db = bf_path_join(s->forget, "run.db");
    if (!bf_is_dir(s->forget) || !bf_file_exists(db)) {
        free(db);
        return false;
    }
    free(db);
    json_t *json = bf_unlearn_settings_json(s);
    json_object_set_new(json, "made", bf_unlearn_made_json(result));
    char *settings = bf_json_dump(json);
    struct bf_training_step *steps = bf_array(result->n_curve + 1, sizeof *steps);
    for (size_t i = 0; i < result->n_curve; i++) {
        const struct bf_unlearn_point *p = &result->curve[i];
        steps[i] = (struct bf_training_step){p->step,         p->loss,          p->forget_loss,  p->retain_loss,
                                             p->general_loss, p->learning_rate, p->gradient_norm};
    }
    const struct bf_unlearn_probes *asked = &result->probes;
    const struct bf_training_probing probing = {asked->n_forget, asked->n_retain, asked->chosen};
    struct bf_training_probe *probes = bf_array(asked->n + 1, sizeof *probes);
    for (size_t i = 0; i < asked->n; i++)
        probes[i] = (struct bf_training_probe){asked->items[i].step, asked->items[i].forget_right,
                                               asked->items[i].retain_right};
    const struct bf_training training = {.method = s->method->name,
                                         .settings = settings,
                                         .model_sha256 = result->model_sha256,
                                         .n_steps = (int64_t)result->n_curve,
                                         .planned_steps = result->planned_steps,
                                         .stop = result->stop,
                                         .forget_nll_before = result->before.forget,
                                         .retain_nll_before = result->before.retain,
                                         .forget_nll_after = result->after.forget,
                                         .retain_nll_after = result->after.retain,
                                         .steps = steps,
                                         .probing = asked->n > 0 ? &probing : NULL,
                                         .probes = probes,
                                         .n_probes = (int64_t)asked->n};
    enum bf_status status = bf_store_open(s->forget, BF_STORE_WRITE, &store, &why);
    if (status == BF_OK)
        status = bf_store_add_training(store, &training, &why);
    if (status != BF_OK)
        bf_log_warn(call->log, "the training is not kept in the run: %s", why.text);
    bf_store_close(store);
    json_decref(json);
    free(settings);
    free(steps);
    free(probes);
    return status == BF_OK;
}

/* Prompts for answers before and after: questions that were not trained on, where there are some. */
static enum bf_status show_answers(const struct bf_call *call, const struct bf_unlearn_settings *s,
                                   const struct bf_unlearn_sets *sets, const struct bf_probe_questions *questions,
                                   json_t **out, struct bf_err *err)
{
    const struct bf_unlearn_values *v = call->values;
    struct bf_unlearn_texts asked = {0};
    for (size_t i = 0; i < questions->forget.n; i++) {
        const struct bf_pair *p = &questions->forget.items[i];
        bf_unlearn_texts_add(&asked, p->question, p->question, p->answer);
    }
    const enum bf_status status =
        bf_unlearn_answers(s, asked.n > 0 ? &asked : &sets->forget, v->answers, call->log, out, err);
    bf_unlearn_texts_release(&asked);
    return status;
}

/* No probe kept the limit: the record says what each found, and there is nothing to resume. */
static enum bf_status conclude_without_model(const struct bf_call *call, const struct bf_unlearn_settings *s,
                                             const char *work, const struct bf_unlearn_result *result,
                                             struct bf_err *err)
{
    json_t *record = bf_unlearn_record(s, result);
    const enum bf_status status = write_record(work, record, err);
    if (status == BF_OK) {
        (void)keep_in_run(call, s, result);
        bf_unlearn_remove_checkpoint(work);
    }
    json_decref(record);
    return status == BF_OK ? BF_LIMIT : status;
}

static enum bf_status conclude(const struct bf_call *call, const struct bf_unlearn_settings *s, const char *work,
                               const struct bf_unlearn_sets *sets, const struct bf_probe_questions *questions,
                               const struct bf_unlearn_result *result, struct bf_err *err)
{
    const struct bf_unlearn_values *v = call->values;
    json_t *answers = NULL, *record = bf_unlearn_record(s, result);
    bool kept = false;
    bf_log_live_end(call->log);
    enum bf_status status = show_answers(call, s, sets, questions, &answers, err);
    if (status == BF_OK) {
        json_object_set(record, "answers", answers);
        status = write_record(work, record, err);
    }
    if (status == BF_OK) {
        kept = keep_in_run(call, s, result);
        bf_unlearn_remove_checkpoint(work);
    }
    if (status == BF_OK && v->json) {
        char *text = bf_json_dump(record);
        bf_print_json(stdout, text);
        free(text);
    } else if (status == BF_OK) {
        print_text(s, result, answers);
        if (kept)
            bf_log_info(call->log, "the losses of each step: biforget report %s", BF_SHELL_WORD(s->forget));
    }
    json_decref(answers);
    json_decref(record);
    return status;
}

/* ---- the beginning ---- */

static char *work_folder(const struct bf_unlearn_values *v)
{
    struct bf_buf path;
    if (v->work)
        return bf_strdup(v->work);
    bf_buf_init(&path, SIZE_MAX);
    bf_buf_printf(&path, "%s.training", v->resume ? v->resume : v->out ? v->out : "");
    return bf_buf_take(&path);
}

/* Are the probes the run's own? Those were not asked for by the user. */
static bool has_own_probes(const struct bf_unlearn_settings *s)
{
    char *probe, *probe_retain;
    bf_probe_default_sets(s->forget, &probe, &probe_retain);
    const bool own = probe && strcmp(probe, s->probe) == 0;
    free(probe);
    free(probe_retain);
    return own;
}

/* The settings that are kept say so, too: a resume asks no probe, and reads the sets without leaving any out. */
static void give_up_probes(struct bf_unlearn_settings *s)
{
    s->probe[0] = s->probe_retain[0] = '\0';
}

static enum bf_status train(const struct bf_call *call, struct bf_unlearn_settings *s, const char *work,
                            struct bf_err *err)
{
    const struct bf_unlearn_values *v = call->values;
    struct bf_unlearn_sets sets;
    struct bf_unlearn_result result = {0};
    struct talk talk = {.log = call->log, .last = -5.0};
    bool without = false; /* once more, without the run's own probes */
    enum bf_status status = bf_unlearn_sets_read(s, v->skip_bad, call->log, &sets, err);
    if (status == BF_OK)
        status = bf_probe_questions_read(s, call->log, &talk.questions, err);
    if (status == BF_OK)
        status = bf_probe_questions_apart(&talk.questions, &sets, call->log, err);
    if (status == BF_OK) {
        const struct bf_unlearn_job job = {.settings = s,
                                           .work = work,
                                           .forget = &sets.forget,
                                           .retain = &sets.retain,
                                           .general = &sets.general,
                                           .alternates = &sets.alternates,
                                           .targets = &sets.targets,
                                           .resume = v->resume != NULL,
                                           .finish = v->finish,
                                           .user = &talk,
                                           .progress = on_progress,
                                           .notice = on_notice,
                                           .interrupted = is_interrupted,
                                           .probe = talk.questions.forget.n > 0 ? ask : NULL,
                                           .n_probe_forget = (int64_t)talk.questions.forget.n,
                                           .n_probe_retain = (int64_t)talk.questions.retain.n,
                                           .probe_sha256 = talk.questions.sha256};
        struct bf_err why = BF_ERR_INIT;
        bf_interrupt_install();
        status = bf_unlearn(&job, &result, &why);
        without = bf_unlearn_knows_none(&result) && has_own_probes(s);
        bf_log_live_end(call->log);
        if (status == BF_OK)
            status = conclude(call, s, work, &sets, &talk.questions, &result, &why);
        else if (status == BF_LIMIT && result.probes.n > 1)
            status = conclude_without_model(call, s, work, &result, &why);
        if (status == BF_INTERRUPTED && bf_unlearn_can_resume(work))
            (void)bf_fail(err, status, "%s, resume it with: biforget unlearn --resume %s%s%s%s%s", why.text,
                          BF_SHELL_WORD(s->out), v->work ? " --work " : "", v->work ? BF_SHELL_WORD(v->work) : "",
                          s->adapter[0] ? " --adapter " : "", s->adapter[0] ? BF_SHELL_WORD(s->adapter) : "");
        else if (status != BF_OK && !without)
            (void)bf_fail(err, status, "%s", why.text);
    }
    bf_unlearn_result_release(&result);
    bf_unlearn_sets_release(&sets);
    bf_probe_questions_release(&talk.questions);
    if (!without)
        return status;
    bf_log_warn(call->log, "the model answers none of the run's own probes rightly: it is trained without them");
    give_up_probes(s);
    return train(call, s, work, err);
}

/* The user says where to write: paths in the folder of a training may have been written by somebody else. */
static enum bf_status place_resumed(const struct bf_unlearn_values *v, struct bf_unlearn_settings *s,
                                    struct bf_err *err)
{
    if (v->threads > 0)
        s->threads = v->threads;
    if (s->adapter[0] && !v->adapter)
        return bf_fail(err, BF_USAGE,
                       "this training also writes its adapter; say where: biforget unlearn --resume %s --adapter "
                       "FILE (it was '%s')",
                       BF_SHELL_WORD(v->resume), s->adapter);
    if (!s->adapter[0] && v->adapter)
        return bf_fail(err, BF_USAGE, "this training does not write an adapter; leave --adapter out");
    free(s->out);
    free(s->adapter);
    s->out = bf_strdup(v->resume);
    s->adapter = bf_strdup(v->adapter ? v->adapter : "");
    return BF_OK;
}

static enum bf_status check_outputs(const struct bf_unlearn_settings *s, struct bf_err *err)
{
    const char *const inputs[] = {s->model,   s->forget, s->retain,       s->general, s->alternates,
                                  s->targets, s->probe,  s->probe_retain, s->out};
    enum { N_INPUTS = sizeof inputs / sizeof *inputs };
    enum bf_status status = bf_output_path(s->out, BF_OUTPUT_FILE, inputs, N_INPUTS - 1, err);
    if (status == BF_OK)
        status = bf_output_path(s->adapter, BF_OUTPUT_FILE, inputs, N_INPUTS, err);
    return status;
}

/* Locks of the model and of the training folder: neither may have two writers. */
struct locks {
    char *out_path;
    int out, work;
};

static enum bf_status take_locks(const struct bf_unlearn_values *v, const char *out, const char *work,
                                 struct locks *locks, struct bf_err *err)
{
    struct bf_buf what;
    if (!v->work && bf_is_link(work))
        return bf_fail(err, BF_STORE, "'%s' is a symbolic link, which is not followed; name the folder with --work",
                       work);
    enum bf_status status = bf_output_lock(out, &locks->out_path, &locks->out, err);
    if (status == BF_OK)
        status = bf_mkdirs(work, err);
    if (status != BF_OK)
        return status;
    char *path = bf_path_join(work, "lock");
    bf_buf_init(&what, SIZE_MAX);
    bf_buf_printf(&what, "'%s'", work);
    status = bf_lock_claim(path, what.data, &locks->work, NULL, err);
    bf_buf_release(&what);
    free(path);
    return status;
}

static void give_back(struct locks *locks)
{
    bf_unlock(locks->work);
    bf_output_unlock(locks->out_path, locks->out);
}

/* Whether a record was made with these settings: one of an older program has fewer fields. */
static bool same_settings(const json_t *recorded, const json_t *settings)
{
    struct bf_unlearn_settings parsed;
    bool same = false;
    if (bf_unlearn_settings_parse(recorded, &parsed, NULL) == BF_OK) {
        json_t *json = bf_unlearn_settings_json(&parsed);
        same = json_equal(json, settings);
        json_decref(json);
    }
    bf_unlearn_settings_release(&parsed);
    return same;
}

/* The record of the training with these settings, if it has ended. New reference; NULL when there is something to
 * resume. */
static json_t *finished_record(const struct bf_unlearn_settings *s, const char *work)
{
    struct bf_buf text;
    json_t *record = NULL, *settings = bf_unlearn_settings_json(s);
    char *path = bf_path_join(work, record_name);
    bf_buf_init(&text, RECORD_MAX);
    if (bf_unlearn_can_resume(work) || !bf_file_exists(path) || bf_file_read(path, &text, NULL) != BF_OK ||
        bf_json_parse(text.data, text.len, path, &record, NULL) != BF_OK ||
        !same_settings(json_object_get(record, "settings"), settings)) {
        json_decref(record);
        record = NULL;
    }
    json_decref(settings);
    bf_buf_release(&text);
    free(path);
    return record;
}

/* BF_LIMIT, as when it ended, of a training that wrote no model. */
static enum bf_status show_finished(const struct bf_call *call, const json_t *record, double drop, struct bf_err *err)
{
    const struct bf_unlearn_values *v = call->values;
    if (!bf_unlearn_record_has_model(record))
        return bf_fail(err, BF_LIMIT,
                       "the training of '%s' is finished and wrote no model: no checkpoint kept "
                       "--retain-accuracy-drop %g; train again with a larger one, or with a smaller --lr",
                       v->resume, drop);
    bf_log_info(call->log, "the training of '%s' is finished; nothing to do", v->resume);
    if (v->json) {
        char *text = bf_json_dump(record);
        bf_print_json(stdout, text);
        free(text);
    } else {
        bf_print(stdout, "%s\n", v->resume);
    }
    return BF_OK;
}

static enum bf_status unlearn_run(const struct bf_call *call, struct bf_err *err)
{
    const struct bf_unlearn_values *v = call->values;
    struct bf_unlearn_settings settings = {0};
    struct locks locks = {.out = -1, .work = -1};
    char *work = work_folder(v);
    enum bf_status status = BF_OK;
    if (v->resume) {
        status = bf_unlearn_check_resume(call->table, err);
        if (status == BF_OK)
            status = bf_unlearn_read_settings(work, &settings, err);
        json_t *record = status == BF_OK ? finished_record(&settings, work) : NULL;
        const bool is_done = record && (bf_file_exists(v->resume) || !bf_unlearn_record_has_model(record));
        if (is_done)
            status = show_finished(call, record, settings.retain_accuracy_drop, err);
        json_decref(record);
        if (is_done)
            goto out;
        if (status == BF_OK)
            status = place_resumed(v, &settings, err);
    } else {
        status = bf_unlearn_settings_from(v, &settings, err);
    }
    if (status == BF_OK)
        status = check_outputs(&settings, err);
    if (status == BF_OK)
        status = take_locks(v, settings.out, work, &locks, err);
    if (status == BF_OK && !v->resume && v->restart)
        bf_unlearn_remove_checkpoint(work);
    if (status == BF_OK)
        status = train(call, &settings, work, err);
out:
    give_back(&locks);
    bf_unlearn_settings_release(&settings);
    free(work);
    return status;
}

const struct bf_command bf_cmd_unlearn = {
    .help =
        {
            .name = "unlearn",
            .summary = "make a model forget a set",
            .synopsis = "biforget unlearn --method M -m MODEL --forget SET [--retain SET] -o FILE",
            .examples = "  biforget unlearn --method npo --forget runs/greek --retain k.txt -o out.gguf\n"
                        "  biforget unlearn --method rmu --forget f.txt --retain r.txt -o out.gguf\n"
                        "  biforget unlearn --resume out.gguf\n",
            .details =
                "Below, p is the model that is trained, r the model as it was, NLL the mean negative log-likelihood a "
                "token, u a random direction. docs/unlearning.md says more of each method. NLL before and after is of "
                "the weights that are written, computed in F32. Trained weights are written as --type, so that small "
                "changes do not drown in rounding.\n"
                "altpo needs other answers to the questions of its pairs; the model writes them: biforget instance "
                "pairs.jsonl --templates alternates --no-keep-facts --min-similarity 0 --near-duplicate 2 -o "
                "runs/alternates, and then biforget unlearn --method altpo --forget pairs.jsonl --alternates "
                "runs/alternates --retain k.txt -o out.gguf.",
            .describe = bf_methods_describe,
        },
    .values_size = sizeof(struct bf_unlearn_values),
    .max_operands = 0,
    .options = bf_unlearn_options,
    .run = unlearn_run,
    .quiet_option = true,
};
