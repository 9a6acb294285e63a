/* What an optimiser changes, in the order of the file. */
#include <string.h>

#include "base/mem.h"
#include "graph/graph_internal.h"
#include "base/banned.h"

static void add(struct bf_graph *g, const char *name, int64_t n_out, int64_t n_in, float *data, float *gradient,
                bool decay)
{
    const bool vector = n_out == 1;
    g->parameters[g->n_parameters++] = (struct bf_graph_parameter){
        .name = name,
        .n = (size_t)(n_out * n_in),
        .n_dims = vector ? 1 : 2,
        .shape = {vector ? n_in : n_out, vector ? 1 : n_in},
        .data = data,
        .gradient = gradient,
        .decay = decay,
    };
}

void bf_graph_list_parameters(struct bf_graph *g)
{
    g->parameters = bf_array(2 * g->n_weights, sizeof *g->parameters);
    for (size_t i = 0; i < g->n_weights; i++) {
        const struct bf_weight *w = &g->weights[i];
        if (w->gradient)
            add(g, w->name, w->n_out, w->n_in, w->data, w->gradient, w->n_dims == 2);
        if (!w->lora)
            continue;
        add(g, w->lora->name_a, g->params.lora_rank, w->n_in, w->lora->a, w->lora->gradient_a, true);
        add(g, w->lora->name_b, w->n_out, g->params.lora_rank, w->lora->b, w->lora->gradient_b, true);
    }
}

size_t bf_graph_n_parameters(const struct bf_graph *g)
{
    return g->n_parameters;
}

struct bf_graph_parameter bf_graph_get_parameter(const struct bf_graph *g, size_t i)
{
    return g->parameters[i];
}

void bf_graph_zero_gradients(struct bf_graph *g)
{
    for (size_t i = 0; i < g->n_parameters; i++)
        memset(g->parameters[i].gradient, 0, g->parameters[i].n * sizeof *g->parameters[i].gradient);
}
