/* The graphs of a training: the one that learns, the frozen one beside it, and the ones that measure. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "unlearn/trainer.h"
#include "base/banned.h"

void bf_trainer_notice(const struct bf_trainer *trainer, const char *format, ...)
{
    char line[512];
    va_list args;
    if (!trainer->job->notice)
        return;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    trainer->job->notice(trainer->job->user, line);
}

bool bf_trainer_tell(struct bf_trainer *trainer, const char *phase, int64_t done, int64_t of)
{
    const struct bf_unlearn_progress progress = {.phase = phase,
                                                 .done = done,
                                                 .of = of,
                                                 .step = trainer->step,
                                                 .n_steps = trainer->n_steps,
                                                 .loss = NAN,
                                                 .forget_loss = NAN,
                                                 .retain_loss = NAN,
                                                 .general_loss = NAN,
                                                 .gradient_left = NAN};
    if (trainer->job->progress)
        trainer->job->progress(trainer->job->user, &progress);
    return !trainer->job->interrupted || !trainer->job->interrupted(trainer->job->user);
}

static int64_t largest_batch(const struct bf_trainer *t)
{
    int64_t longest = t->forget.longest;
    if (t->forget_loss->alternates)
        longest += t->alternates.longest;
    longest = longest > t->retain.longest ? longest : t->retain.longest;
    longest = longest > t->general.longest ? longest : t->general.longest;
    return t->batch * longest;
}

void bf_trainer_params(const struct bf_trainer *t, char tensors[3][64], const char *names[3],
                       struct bf_graph_params *out)
{
    const struct bf_unlearn_settings *s = t->settings;
    *out = bf_graph_params_default();
    out->model_path = s->model;
    out->n_tokens = (int32_t)largest_batch(t);
    out->n_threads = (int32_t)s->threads;
    out->checkpoint_activations = s->less_memory;
    out->bf16_products = s->bf16;
    out->lora_rank = (int32_t)s->lora_rank;
    out->lora_alpha = (float)s->lora_alpha;
    out->lora_seed = s->seed;
    (void)bf_unlearn_layers(s->lora_layers, &out->lora_first, &out->lora_last); /* checked with the settings */
    out->train = s->train;
    if (t->forget_loss->kind == BF_LOSS_STATES)
        out->state_layer = (int32_t)s->layer;
    if (out->train != BF_TRAIN_TENSORS)
        return;
    for (int64_t layer = s->layer >= 2 ? s->layer - 2 : 0; layer <= s->layer; layer++) {
        (void)snprintf(tensors[out->n_tensors], 64, "blk.%d.ffn_down.weight", (int)layer);
        names[out->n_tensors] = tensors[out->n_tensors];
        out->n_tensors++;
    }
    out->tensors = names;
}

bool bf_loss_needs_frozen(const struct bf_loss *loss)
{
    return loss->reference && loss->kind != BF_LOSS_SEQUENCES; /* sums of r are made once */
}

static void open_optimizer(struct bf_trainer *t)
{
    size_t n = 0, at = 0;
    t->n_tensors = bf_graph_n_parameters(t->graph);
    t->tensors = bf_array(t->n_tensors, sizeof *t->tensors);
    for (size_t i = 0; i < t->n_tensors; i++)
        n += bf_graph_get_parameter(t->graph, i).n;
    t->moments = bf_try_array(2 * n, sizeof *t->moments);
    for (size_t i = 0; i < t->n_tensors && t->moments; i++) {
        const struct bf_graph_parameter p = bf_graph_get_parameter(t->graph, i);
        t->tensors[i] = (struct bf_adamw_tensor){.weights = p.data,
                                                 .gradient = p.gradient,
                                                 .m = t->moments + at,
                                                 .v = t->moments + at + p.n,
                                                 .n = p.n,
                                                 .decays = p.decay};
        at += 2 * p.n;
    }
    if (t->moments)
        bf_update_open(t);
}

/* Before the first step: the model that is written at the end, and two checkpoints while one replaces the other. */
static enum bf_status check_disk(const struct bf_trainer *t, struct bf_err *err)
{
    const int64_t model = bf_graph_save_bytes(t->graph, t->settings->type, false);
    const int64_t probes = bf_probe_bytes(t), needed = model + probes + 2 * bf_training_bytes(t);
    const int64_t of_out = bf_disk_free(t->settings->out), of_work = bf_disk_free(t->job->work);
    const int64_t there = of_out >= 0 && (of_work < 0 || of_out < of_work) ? of_out : of_work;
    if (there >= 0 && there < needed)
        return bf_fail(
            err, BF_STORE,
            "the disk of '%s' has %.1f MB free, and this training needs %.1f MB (the model %.1f MB, checkpoints "
            "2 x %.1f MB, models to probe %.1f MB); free some, or choose another -o",
            t->settings->out, (double)there / 1e6, (double)needed / 1e6, (double)model / 1e6,
            (double)bf_training_bytes(t) / 1e6, (double)probes / 1e6);
    return BF_OK;
}

static void tell_sizes(const struct bf_trainer *t)
{
    const struct bf_graph_info *info = &t->info;
    if (info->n_dequantised > 0)
        bf_trainer_notice(t,
                          "%zu tensors of type %s are dequantised to be trained; the model that is written is larger",
                          info->n_dequantised, info->source_type);
    bf_trainer_notice(t,
                      "%.1f of %.1f million weights are trained, on %d threads (%s); memory: weights %.0f MB, "
                      "gradients %.0f MB, moments %.0f MB, activations %.0f MB",
                      (double)info->n_trained / 1e6, (double)info->n_weights / 1e6, (int)info->n_threads,
                      info->products, (double)info->n_bytes_weights / 1e6, (double)info->n_bytes_gradients / 1e6,
                      (double)info->n_trained * 8.0 / 1e6, (double)info->n_bytes_activations / 1e6);
}

enum bf_status bf_trainer_open(struct bf_trainer *t, struct bf_err *err)
{
    char tensors[3][64];
    const char *names[3];
    struct bf_graph_params params;
    bf_trainer_params(t, tensors, names, &params);
    enum bf_status status = bf_graph_open(&params, &t->graph, err);
    if (status != BF_OK)
        return status;
    bf_graph_get_info(t->graph, &t->info);
    open_optimizer(t);
    if (!t->moments)
        return bf_fail(err, BF_INPUT,
                       "no memory for the optimiser's %.0f MB; train an adapter (--lora), or use a larger machine",
                       (double)t->info.n_trained * 8.0 / 1e6);
    tell_sizes(t);
    bf_targets_mask(t);
    status = check_disk(t, err);
    if (status == BF_OK &&
        (bf_loss_needs_frozen(t->forget_loss) || (t->retain_loss && bf_loss_needs_frozen(t->retain_loss)))) {
        struct bf_graph_params frozen = bf_graph_params_default();
        frozen.model_path = params.model_path;
        frozen.n_tokens = params.n_tokens;
        frozen.n_threads = params.n_threads;
        frozen.state_layer = params.state_layer;
        status = bf_graph_open(&frozen, &t->frozen, err);
    }
    if (status == BF_OK && t->forget_loss->kind == BF_LOSS_STATES) {
        t->direction = bf_array((size_t)t->info.n_embd, sizeof *t->direction);
        bf_rmu_direction(t->direction, (size_t)t->info.n_embd, t->settings->coefficient, t->settings->seed);
    }
    return status;
}

struct measuring {
    struct bf_trainer *trainer;
    int64_t before, of;
};

static bool tell(void *user, size_t done)
{
    struct measuring *m = user;
    return bf_trainer_tell(m->trainer, "measuring", m->before + (int64_t)done, m->of);
}

static int64_t at_most(int64_t most, size_t n)
{
    return most > 0 && most < (int64_t)n ? most : (int64_t)n;
}

static enum bf_status measure_both(struct bf_trainer *t, struct bf_graph *graph, struct bf_unlearn_nll *out,
                                   struct bf_err *err)
{
    const int64_t most = t->settings->measure;
    struct measuring m = {.trainer = t, .of = at_most(most, t->forget.n) + at_most(most, t->retain.n)};
    enum bf_status status =
        bf_measure_mean(graph, &t->forget, most, t->max_tokens, &out->forget, &out->n_forget, &m, tell, err);
    m.before = out->n_forget;
    if (status == BF_OK)
        status = bf_measure_mean(graph, &t->retain, most, t->max_tokens, &out->retain, &out->n_retain, &m, tell, err);
    return status;
}

enum bf_status bf_trainer_measure(struct bf_trainer *t, const char *model, struct bf_unlearn_nll *out,
                                  struct bf_err *err)
{
    struct bf_graph *graph = NULL;
    struct bf_graph_params params = bf_graph_params_default();
    *out = (struct bf_unlearn_nll){.forget = NAN, .retain = NAN};
    if (!model) /* as it is being trained */
        return measure_both(t, t->graph, out, err);
    params.model_path = model;
    params.n_tokens = (int32_t)t->max_tokens;
    params.n_threads = (int32_t)t->settings->threads;
    enum bf_status status = bf_graph_open(&params, &graph, err);
    if (status == BF_OK)
        status = measure_both(t, graph, out, err);
    bf_graph_close(graph);
    return status;
}

enum bf_status bf_unlearn_check_memory(const struct bf_unlearn_settings *s, int64_t n_texts, int64_t longest,
                                       struct bf_err *err)
{
    struct bf_graph_params params = bf_graph_params_default();
    const int64_t batch = s->batch < n_texts ? s->batch : n_texts;
    params.model_path = s->model;
    params.n_threads = (int32_t)s->threads;
    params.n_tokens = (int32_t)(batch * (longest < s->max_length ? longest : s->max_length));
    params.train = s->train;
    return bf_graph_check_memory(&params, true, err);
}
