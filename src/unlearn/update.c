#include <math.h>

#include "base/mem.h"
#include "unlearn/trainer.h"
#include "base/banned.h"

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
