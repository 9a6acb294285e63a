#include "unlearn/optimizer.h"

#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "base/mem.h"
#include "unlearn/trainer.h"
#include "base/banned.h"

BF_CLONES static double squares_of(const float *gradient, size_t n)
{
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)gradient[i] * (double)gradient[i];
    return sum;
}

double bf_gradient_squares(const struct bf_adamw_tensor *tensor)
{
    return squares_of(tensor->gradient, tensor->n);
}

/* What is the same for every element of a tensor. */
struct adamw {
    float rate, root, b1, b2, c1, c2, epsilon, scale, keep;
};

BF_CLONES static void step_of_tensor(const struct adamw *a, const struct bf_adamw_tensor *tensor)
{
    const float rate = a->rate, root = a->root, b1 = a->b1, b2 = a->b2, c1 = a->c1, c2 = a->c2;
    const float epsilon = a->epsilon, scale = a->scale, keep = a->keep;
    float *restrict w = tensor->weights, *restrict g = tensor->gradient;
    float *restrict m = tensor->m, *restrict v = tensor->v;
#pragma omp simd
    for (size_t i = 0; i < tensor->n; i++) {
        g[i] *= scale;
        m[i] = b1 * m[i] + c1 * g[i];
        v[i] = b2 * v[i] + c2 * g[i] * g[i];
        w[i] = keep * w[i] - rate * m[i] / (sqrtf(v[i]) / root + epsilon);
    }
}

void bf_adamw_step(const struct bf_adamw_knobs *knobs, const struct bf_adamw_tensor *tensors, size_t n_tensors,
                   int64_t step, double learning_rate, double norm)
{
    const double correct1 = 1.0 - pow(knobs->beta1, (double)step);
    const double correct2 = 1.0 - pow(knobs->beta2, (double)step);
    const double clip = knobs->max_norm > 0.0 ? knobs->max_norm / (norm + 1e-6) : 1.0;
    struct adamw a = {.rate = (float)(learning_rate / correct1),
                      .root = (float)sqrt(correct2),
                      .b1 = (float)knobs->beta1,
                      .b2 = (float)knobs->beta2,
                      .c1 = (float)(1.0 - knobs->beta1),
                      .c2 = (float)(1.0 - knobs->beta2),
                      .epsilon = (float)knobs->epsilon,
                      .scale = (float)(clip < 1.0 ? clip : 1.0)};
    for (size_t t = 0; t < n_tensors; t++) {
        a.keep = tensors[t].decays ? (float)(1.0 - learning_rate * knobs->decay) : 1.0F;
        step_of_tensor(&a, &tensors[t]);
    }
}

/* ---- schedules ---- */

const char *const bf_schedule_words[BF_SCHEDULE_COUNT] = {
    [BF_SCHEDULE_CONSTANT] = "constant", [BF_SCHEDULE_LINEAR] = "linear", [BF_SCHEDULE_COSINE] = "cosine"};

double bf_schedule_factor(enum bf_schedule schedule, int64_t step, int64_t n_steps, int64_t n_warmup, double floor)
{
    static const double pi = 3.14159265358979323846;
    if (step < n_warmup)
        return (double)step / (double)n_warmup;
    const int64_t n_down = n_steps > n_warmup ? n_steps - n_warmup : 1;
    const double progress = fmin((double)(step - n_warmup) / (double)n_down, 1.0);
    const double down = schedule == BF_SCHEDULE_LINEAR   ? 1.0 - progress
                        : schedule == BF_SCHEDULE_COSINE ? 0.5 * (1.0 + cos(pi * progress))
                                                         : 1.0;
    return floor + (1.0 - floor) * down;
}

/* ---- a training's tensors, on the graph's threads ---- */

enum { SPAN = 1 << 18 }; /* elements: 4 MB of weights, gradient and moments */

static size_t spans_of(const struct bf_adamw_tensor *tensor)
{
    return (tensor->n + SPAN - 1) / SPAN;
}

void bf_update_open(struct bf_trainer *t)
{
    size_t at = 0;
    for (size_t i = 0; i < t->n_tensors; i++)
        t->n_spans += spans_of(&t->tensors[i]);
    t->spans = bf_array(t->n_spans, sizeof *t->spans);
    t->squares = bf_array(t->n_spans, sizeof *t->squares);
    for (size_t i = 0; i < t->n_tensors; i++) {
        const struct bf_adamw_tensor *whole = &t->tensors[i];
        for (size_t from = 0; from < whole->n; from += SPAN)
            t->spans[at++] = (struct bf_adamw_tensor){.weights = whole->weights + from,
                                                      .gradient = whole->gradient + from,
                                                      .m = whole->m + from,
                                                      .v = whole->v + from,
                                                      .n = whole->n - from < SPAN ? whole->n - from : SPAN,
                                                      .decays = whole->decays};
    }
}

static void sum_squares(void *user, size_t block)
{
    struct bf_trainer *t = user;
    t->squares[block] = bf_gradient_squares(&t->spans[block]);
}

double bf_update_norm(struct bf_trainer *t)
{
    double sum = 0.0;
    bf_graph_each(t->graph, t->n_spans, sum_squares, t);
    for (size_t i = 0; i < t->n_spans; i++)
        sum += t->squares[i];
    return sqrt(sum);
}

struct update {
    struct bf_trainer *trainer;
    struct bf_adamw_knobs knobs;
    double learning_rate, norm;
};

static void step_span(void *user, size_t block)
{
    const struct update *u = user;
    bf_adamw_step(&u->knobs, &u->trainer->spans[block], 1, u->trainer->step + 1, u->learning_rate, u->norm);
}

void bf_update_step(struct bf_trainer *t, double learning_rate, double norm)
{
    const struct bf_unlearn_settings *s = t->settings;
    struct update update = {.trainer = t,
                            .knobs = {.beta1 = s->beta1,
                                      .beta2 = s->beta2,
                                      .epsilon = s->epsilon,
                                      .decay = s->decay,
                                      .max_norm = s->max_norm},
                            .learning_rate = learning_rate,
                            .norm = norm};
    bf_graph_each(t->graph, t->n_spans, step_span, &update);
}
