/* The loop: sets to examples, steps, checkpoints, the model. What each step does follows from the settings and its
 * number alone; so a training that was killed resumes from its checkpoint to the same bytes. */
#include "unlearn/trainer.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/print.h"
#include "unlearn/probes.h"
#include "base/banned.h"

enum { WORTH_SAVING_SECONDS = 60 };

/* ---- the plan ---- */

static void make_plan(struct bf_trainer *t)
{
    const struct bf_unlearn_settings *s = t->settings;
    const int64_t n = (int64_t)t->forget.n;
    t->batch = s->batch < n ? s->batch : n;
    t->batch = t->batch > 0 ? t->batch : 1;
    const int64_t most = (n + t->batch - 1) / t->batch;
    t->accumulate = s->accumulate < most ? s->accumulate : most;
    if (t->batch * t->accumulate < s->batch * s->accumulate)
        bf_trainer_notice(t, "a step takes %lld x %lld examples: the forget set has %lld", (long long)t->batch,
                          (long long)t->accumulate, (long long)n);
    t->n_steps = s->max_steps < BF_UNLEARN_STEPS_MAX ? s->max_steps : BF_UNLEARN_STEPS_MAX;
    if (t->n_steps == 0) {
        const double steps = ceil((double)t->forget.n_epoch * s->epochs / (double)(t->batch * t->accumulate));
        t->n_steps = steps < 1.0 ? 1 : steps > BF_UNLEARN_STEPS_MAX ? BF_UNLEARN_STEPS_MAX : (int64_t)steps;
        t->n_steps = t->n_steps > s->min_steps ? t->n_steps : s->min_steps;
        if (steps > BF_UNLEARN_STEPS_MAX)
            bf_trainer_notice(t, "%.0f steps for that many epochs: it ends after %d", steps, BF_UNLEARN_STEPS_MAX);
    }
    t->n_warmup = (int64_t)(s->warmup * (double)t->n_steps);
    t->order = (struct bf_order){.seed = s->seed, .n = t->forget.n};
    int64_t longest = t->forget.longest > t->alternates.longest ? t->forget.longest : t->alternates.longest;
    longest = longest > t->retain.longest ? longest : t->retain.longest;
    t->max_tokens = longest > 1024 ? longest : 1024;
    t->curve = bf_array((size_t)t->n_steps, sizeof *t->curve);
}

/* All that decides the bytes; not where they go or how often they are saved. */
static enum bf_status identify(struct bf_trainer *t, struct bf_err *err)
{
    static const char *const neither[] = {"out",     "adapter",    "model",       "forget",           "retain",
                                          "general", "alternates", "targets",     "checkpoint_every", "type",
                                          "threads", "probe",      "probe_retain"};
    const enum bf_status status = bf_sha256_file(t->settings->model, t->model_sha256, err);
    struct bf_buf text;
    if (status != BF_OK)
        return status;
    json_t *json = bf_unlearn_settings_identity(t->settings);
    for (size_t i = 0; i < sizeof neither / sizeof *neither; i++)
        json_object_del(json, neither[i]);
    char *settings = bf_json_dump(json);
    bf_buf_init(&text, SIZE_MAX);
    bf_buf_printf(&text, "%s %s %s %s %s %s", settings, t->model_sha256, t->forget.sha256, t->retain.sha256,
                  t->general.sha256, t->alternates.sha256);
    if (t->targets_sha256[0])
        bf_buf_printf(&text, " %s", t->targets_sha256);
    if (t->job->probe)
        bf_buf_printf(&text, " %s", t->job->probe_sha256);
    bf_sha256_hex(text.data, text.len, t->identity);
    bf_buf_release(&text);
    free(settings);
    json_decref(json);
    return BF_OK;
}

/* ---- steps ---- */

/* One loss, and whether it is still one to learn from. Those in nats a token have a bound (a uniform guess over 50,000
 * tokens costs 11 nats); the others are finite or not. */
static enum bf_status loss_step(struct bf_trainer *t, const struct bf_loss *loss, const struct bf_examples *examples,
                                const size_t *indices, double scale, struct bf_loss_value *value, struct bf_err *err)
{
    const enum bf_status status = bf_loss_step(t, loss, examples, indices, (size_t)t->batch, scale, value, err);
    const double most = t->settings->max_loss;
    if (status == BF_OK && loss->unit == BF_UNIT_NATS_A_TOKEN && most > 0.0 && fabs(value->loss) > most)
        return bf_fail(err, BF_MODEL, "the loss is %.1f nats a token: the training has diverged", value->loss);
    return status;
}

/* The retain set's weight in the step to come: of a primal-dual method it follows from the step before, so that the
 * curve is all the state that it has. */
static double retain_weight(const struct bf_trainer *t)
{
    const struct bf_unlearn_settings *s = t->settings;
    const struct bf_unlearn_point *last = t->step > 0 ? &t->curve[t->step - 1] : NULL;
    if (!(s->dual_step > 0.0) || !t->retain_loss || !last)
        return s->alpha;
    if (t->step <= (int64_t)(s->dual_warmup * (double)t->n_steps))
        return last->retain_weight;
    /* A divergence from the reference begins at 0, a likelihood at what it is. */
    const double slack = 0.1 * t->before.retain, begins = t->retain_loss->reference ? 0.0 : t->before.retain;
    return bf_dual_weight(last->retain_weight, last->retain_loss,
                          s->retain_limit > 0.0 ? s->retain_limit : begins + slack, s->dual_step);
}

/* One batch of each set that the method reads. Losses are added to `point`, as their share of the step. */
static enum bf_status batch_step(struct bf_trainer *t, int64_t number, double alpha, struct bf_unlearn_point *point,
                                 struct bf_err *err)
{
    const struct bf_unlearn_settings *s = t->settings;
    const double share = 1.0 / (double)t->accumulate;
    const size_t n = (size_t)t->batch;
    const uint64_t place = (uint64_t)(t->step * t->accumulate + number) * n;
    size_t *indices = bf_array(n, sizeof *indices);
    struct bf_loss_value value = {.loss = 0.0};
    for (size_t i = 0; i < n; i++)
        indices[i] = bf_order_at(&t->order, place + i);
    enum bf_status status = loss_step(t, t->forget_loss, &t->forget, indices, s->gamma * share, &value, err);
    point->forget_loss += share * value.loss;
    point->gradient_left += share * value.left;
    if (status == BF_OK && t->retain_loss) {
        for (size_t i = 0; i < n; i++)
            indices[i] = bf_order_pick(s->seed, 0, place + i, t->retain.n);
        status = loss_step(t, t->retain_loss, &t->retain, indices, alpha * share, &value, err);
        point->retain_loss += share * value.loss;
    }
    if (status == BF_OK && t->general.n > 0) {
        for (size_t i = 0; i < n; i++)
            indices[i] = bf_order_pick(s->seed, 1, place + i, t->general.n);
        status = loss_step(t, t->general_loss, &t->general, indices, s->general_weight * share, &value, err);
        point->general_loss += share * value.loss;
    }
    free(indices);
    return status;
}

static enum bf_status diverged(const struct bf_trainer *t, int64_t number, const struct bf_err *why, struct bf_err *err)
{
    const bool kept = bf_unlearn_can_resume(t->job->work);
    return bf_fail(err, why->status, "step %lld, batch %lld of %lld: %s; %s; a smaller --lr may help",
                   (long long)t->step + 1, (long long)number + 1, (long long)t->accumulate, why->text,
                   kept ? "the last good checkpoint is kept, --resume with --finish saves its model"
                        : "there is no checkpoint yet");
}

/* Once: at the first step below the mark, also of one that a resume did not see. */
static void warn_of_a_faded_gradient(const struct bf_trainer *t)
{
    const double left = t->curve[t->step - 1].gradient_left;
    const bool can_normalise = t->forget_loss->of.sequences == bf_loss_npo && t->settings->npo_norm == BF_NPO_SEQUENCE;
    /* Losses of rows in nats have ended where they go to; beta is of the others' fading. */
    const bool by_beta = t->forget_loss->kind != BF_LOSS_ROWS || t->forget_loss->unit == BF_UNIT_OWN;
    if (!(left < BF_GRADIENT_LEFT_LOW))
        return;
    for (int64_t i = 0; i + 1 < t->step; i++)
        if (t->curve[i].gradient_left < BF_GRADIENT_LEFT_LOW)
            return;
    char percent[BF_PERCENT_MAX];
    bf_percent(left, percent);
    bf_trainer_notice(t,
                      "warning: step %lld: forget gradient left: %s %%; later steps train %s; if the model has not "
                      "forgotten by then, give %s%s",
                      (long long)t->step, percent, t->retain_loss ? "the retain set alone" : "hardly anything",
                      by_beta ? "a smaller --beta" : "another --method", can_normalise ? " or --npo-norm token" : "");
}

static enum bf_status one_step(struct bf_trainer *t, struct bf_err *err)
{
    const struct bf_unlearn_settings *s = t->settings;
    struct bf_err why = BF_ERR_INIT;
    struct bf_unlearn_point point = {.step = t->step + 1};
    const double alpha = retain_weight(t);
    const double factor = bf_schedule_factor(s->schedule, t->step, t->n_steps, t->n_warmup, s->floor);
    bf_graph_zero_gradients(t->graph);
    for (int64_t number = 0; number < t->accumulate; number++) {
        const enum bf_status status = batch_step(t, number, alpha, &point, &why);
        if (status == BF_MODEL)
            return diverged(t, number, &why, err);
        if (status != BF_OK)
            return bf_fail(err, status, "%s", why.text);
    }
    point.loss = s->gamma * point.forget_loss + (t->retain_loss ? alpha * point.retain_loss : 0.0) +
                 (t->general.n > 0 ? s->general_weight * point.general_loss : 0.0);
    point.gradient_norm = bf_update_norm(t);
    point.learning_rate = s->learning_rate * factor;
    if (!isfinite(point.gradient_norm))
        (void)bf_fail(&why, BF_MODEL, "the gradient is not finite: the training has diverged");
    if (why.status != BF_OK)
        return diverged(t, t->accumulate - 1, &why, err);
    bf_update_step(t, point.learning_rate, point.gradient_norm);
    if (!t->retain_loss)
        point.retain_loss = NAN;
    if (t->general.n == 0)
        point.general_loss = NAN;
    point.retain_weight = s->dual_step > 0.0 && t->retain_loss ? alpha : NAN;
    t->curve[t->step++] = point;
    warn_of_a_faded_gradient(t);
    return BF_OK;
}

static void tell_step(struct bf_trainer *t)
{
    const struct bf_unlearn_point *p = &t->curve[t->step - 1];
    const double passed = bf_seconds() - t->begin_seconds;
    const double n = (double)(t->step - t->begin_step);
    const struct bf_unlearn_progress progress = {.phase = "training",
                                                 .step = t->step,
                                                 .n_steps = t->n_steps,
                                                 .done = t->step,
                                                 .of = t->n_steps,
                                                 .loss = p->loss,
                                                 .forget_loss = p->forget_loss,
                                                 .retain_loss = p->retain_loss,
                                                 .general_loss = p->general_loss,
                                                 .learning_rate = p->learning_rate,
                                                 .gradient_norm = p->gradient_norm,
                                                 .gradient_left = p->gradient_left,
                                                 .tokens_per_second = passed > 0.0 ? (double)t->n_tokens / passed : 0.0,
                                                 .seconds_left = passed / n * (double)(t->n_steps - t->step)};
    if (t->job->progress)
        t->job->progress(t->job->user, &progress);
}

/* *stop is the rule that is met, NULL when none is. */
static enum bf_status check_stop_rules(struct bf_trainer *t, const char **stop, struct bf_err *err)
{
    const struct bf_unlearn_settings *s = t->settings;
    struct bf_unlearn_nll now;
    *stop = NULL;
    if ((s->stop_forget_nll <= 0.0 && s->stop_retain_rise <= 0.0) || t->step % s->evaluate_every != 0)
        return BF_OK;
    const enum bf_status status = bf_trainer_measure(t, NULL, &now, err);
    if (status != BF_OK)
        return status;
    if (s->stop_forget_nll > 0.0 && now.forget > s->stop_forget_nll)
        *stop = "forget_nll";
    else if (s->stop_retain_rise > 0.0 && now.retain > t->before.retain * (1.0 + s->stop_retain_rise / 100.0))
        *stop = "retain_rise";
    bf_trainer_notice(t, "step %lld: forget NLL %.3f (%.3f before), retain NLL %.3f (%.3f before)%s",
                      (long long)t->step, now.forget, t->before.forget, now.retain, t->before.retain,
                      *stop ? "; the stop rule is met" : "");
    return BF_OK;
}

/* The stop rules, and the probe that is due. `*stop` as in check_stop_rules; a training that ends is probed there, too.
 * BF_INTERRUPTED: while it was measured or asked. */
static enum bf_status check_step(struct bf_trainer *t, const char **stop, struct bf_err *err)
{
    enum bf_status status = check_stop_rules(t, stop, err);
    if (status == BF_OK && bf_probe_is_due(t, *stop || t->step == t->n_steps))
        status = bf_probe_step(t, err);
    if (status == BF_OK && !*stop && t->step < t->n_steps)
        *stop = bf_probes_stop(&t->probes, t->step);
    return status;
}

static bool wants_to_stop(const struct bf_trainer *t)
{
    return t->job->interrupted && t->job->interrupted(t->job->user);
}

static enum bf_status stopped(const struct bf_trainer *t, struct bf_err *err)
{
    return bf_fail(err, BF_INTERRUPTED, "interrupted at step %lld of %lld; everything so far is saved",
                   (long long)t->step, (long long)t->n_steps);
}

static enum bf_status save(struct bf_trainer *t, struct bf_err *err)
{
    struct bf_err why = BF_ERR_INIT;
    const enum bf_status status = bf_training_save(t, &why);
    t->saved_seconds = bf_seconds();
    if (status == BF_MODEL)
        return diverged(t, t->accumulate - 1, &why, err);
    return status == BF_OK ? BF_OK : bf_fail(err, status, "%s", why.text);
}

/* What comes after the last step can be interrupted, too. */
static bool last_is_worth_saving(const struct bf_trainer *t)
{
    return t->settings->checkpoint_every > 0 && t->step > t->begin_step &&
           bf_seconds() - t->saved_seconds > WORTH_SAVING_SECONDS;
}

static enum bf_status loop(struct bf_trainer *t, const char **stop, struct bf_err *err)
{
    const int64_t every = t->settings->checkpoint_every;
    enum bf_status status = BF_OK;
    *stop = t->job->finish ? "asked" : NULL;
    t->begin_seconds = t->saved_seconds = bf_seconds();
    t->begin_step = t->step;
    if (t->job->resume && !*stop && t->step > 0) { /* the checkpoint may be of the moment before this check */
        status = check_step(t, stop, err);
        if (status == BF_INTERRUPTED)
            return stopped(t, err);
    }
    while (status == BF_OK && !*stop && t->step < t->n_steps) {
        if (wants_to_stop(t)) {
            status = bf_training_save(t, err);
            return status != BF_OK ? status : stopped(t, err);
        }
        status = one_step(t, err);
        if (status != BF_OK)
            break;
        tell_step(t);
        status = check_step(t, stop, err);
        if (status == BF_INTERRUPTED) { /* while it was measured: the step is done */
            const enum bf_status saved = bf_training_save(t, err);
            return saved != BF_OK ? saved : stopped(t, err);
        }
        if (status == BF_OK && every > 0 && t->step % every == 0 && t->step < t->n_steps && !*stop)
            status = save(t, err);
    }
    if (status == BF_OK && last_is_worth_saving(t))
        status = save(t, err);
    if (status == BF_OK && t->job->finish && t->step > 0 && bf_probe_is_due(t, true))
        status = bf_probe_step(t, err);
    if (!*stop)
        *stop = "finished";
    return status;
}

/* ---- from one end to the other ---- */

static enum bf_status check_work(const struct bf_unlearn_job *job, struct bf_err *err)
{
    const bool there = bf_unlearn_can_resume(job->work);
    if (job->resume && !there)
        return bf_fail(err, BF_STORE, "'%s' has no checkpoint to resume from; start the training over", job->work);
    if (!job->resume && there)
        return bf_fail(
            err, BF_STORE,
            "'%s' has a training that is not finished; resume it with --resume, or start over with --restart",
            job->work);
    return bf_mkdirs(job->work, err);
}

static enum bf_status begin(struct bf_trainer *t, struct bf_err *err)
{
    char tensors[3][64];
    const char *names[3];
    struct bf_graph_params params;
    struct bf_graph_info estimate;
    bf_trainer_params(t, tensors, names, &params);
    /* A layer or tensor that the model does not have is refused before anything is measured. */
    enum bf_status status = bf_graph_estimate(&params, &estimate, err);
    if (status == BF_OK)
        status = identify(t, err);
    if (status == BF_OK) /* it may refuse, and is the cheaper of the two */
        status = bf_probe_begin(t, err);
    if (status == BF_OK && !t->job->resume)
        status = bf_trainer_measure(t, t->settings->model, &t->before, err);
    if (status == BF_OK)
        status = bf_trainer_open(t, err);
    if (status == BF_OK && t->job->resume)
        status = bf_training_load(t, err);
    else if (status == BF_OK)
        status = bf_training_write_settings(t, err);
    if (status == BF_OK)
        status = bf_reference_make(t, err);
    if (status == BF_INTERRUPTED)
        (void)bf_fail(err, status, "interrupted before the first step of this process; nothing is lost");
    return status;
}

static void fill_result(struct bf_trainer *t, const char *stop, struct bf_unlearn_result *result)
{
    result->before = t->before;
    result->n_steps = t->step;
    result->planned_steps = t->n_steps;
    result->stop = stop;
    result->curve = t->curve;
    result->n_curve = (size_t)t->step;
    t->curve = NULL;
    result->train_seconds = t->begin_seconds > 0.0 ? bf_seconds() - t->begin_seconds : 0.0;
    result->train_tokens = t->n_tokens;
    memcpy(result->model_sha256, t->model_sha256, sizeof result->model_sha256);
    memcpy(result->forget_sha256, t->forget.sha256, sizeof result->forget_sha256);
    memcpy(result->retain_sha256, t->retain.sha256, sizeof result->retain_sha256);
    result->n_forget = (int64_t)t->forget.n;
    result->n_retain = (int64_t)t->retain.n;
    result->n_general = (int64_t)t->general.n;
    result->forget_made = t->forget.made;
    result->retain_made = t->retain.made;
    result->general_made = t->general.made;
    result->pairs = t->forget.pairs;
    result->probes = t->probes;
    t->probes.items = NULL;
}

static void close_graphs(struct bf_trainer *t)
{
    bf_graph_close(t->graph);
    bf_graph_close(t->frozen);
    t->graph = t->frozen = NULL;
}

enum bf_status bf_unlearn(const struct bf_unlearn_job *job, struct bf_unlearn_result *result, struct bf_err *err)
{
    struct bf_trainer t = {.job = job,
                           .settings = job->settings,
                           .forget_loss = job->settings->method->forget,
                           .retain_loss = job->settings->alpha > 0.0 ? job->settings->retain_loss : NULL,
                           .general_loss = bf_retain_loss_find("nll"),
                           .before = {.forget = NAN, .retain = NAN}};
    const char *stop = NULL;
    assert(job->settings->train != BF_TRAIN_NONE && !isnan(job->settings->learning_rate));
    *result = (struct bf_unlearn_result){.before = t.before, .after = {.forget = NAN, .retain = NAN}};
    enum bf_status status = check_work(job, err);
    const bool is_mine = status == BF_OK; /* the folder */
    if (status == BF_OK)
        status = bf_trainer_examples(&t, err);
    if (status == BF_OK) {
        make_plan(&t);
        status = begin(&t, err);
    }
    if (status == BF_OK)
        status = loop(&t, &stop, err);
    const double seconds = t.begin_seconds > 0.0 ? bf_seconds() - t.begin_seconds : 0.0;
    if (status == BF_OK) {
        (void)bf_trainer_tell(&t, "saving", 0, 0);
        status = job->probe ? bf_probe_end(&t, err)
                            : bf_training_save_model(&t, t.settings->out, t.settings->adapter, stop, err);
    }
    close_graphs(&t);
    if (status == BF_OK)
        status = bf_trainer_measure(&t, t.settings->out, &result->after, err);
    if (is_mine && status != BF_OK && !bf_unlearn_can_resume(job->work)) /* no checkpoint that goes with them */
        bf_probe_remove(job->work, -1);
    fill_result(&t, stop, result);
    result->train_seconds = seconds;
    bf_examples_release(&t.forget);
    bf_examples_release(&t.retain);
    bf_examples_release(&t.general);
    bf_examples_release(&t.alternates);
    bf_twins_release(&t.twins);
    bf_order_release(&t.order);
    free(t.tensors);
    free(t.moments);
    free(t.spans);
    free(t.squares);
    free(t.reference.forget);
    free(t.reference.alternates);
    free(t.direction);
    bf_targets_release(&t);
    free(t.curve);
    free(t.known_forget);
    free(t.known_retain);
    return status;
}

bool bf_unlearn_knows_none(const struct bf_unlearn_result *result)
{
    return result->probes.n > 0 && result->probes.forget_known == 0;
}

void bf_unlearn_result_release(struct bf_unlearn_result *result)
{
    free(result->curve);
    free(result->probes.items);
    *result = (struct bf_unlearn_result){0};
}
