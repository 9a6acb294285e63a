/* Loops over rows on all threads. Every row, or column, is one thread's, so that results do not depend on who takes it. */
#include "base/clones.h"
#include "base/workers.h"
#include "graph/graph_internal.h"
#include "base/banned.h"

struct rows {
    int64_t n, unit;
    bf_rows_work work;
    void *user;
};

static void run_block(void *user, size_t block)
{
    const struct rows *r = user;
    const int64_t first = (int64_t)block * r->unit;
    r->work(r->user, first, first + r->unit < r->n ? first + r->unit : r->n);
}

void bf_graph_each(struct bf_graph *g, size_t n_blocks, void (*work)(void *user, size_t block), void *user)
{
    bf_workers_run(g->workers, n_blocks, work, user);
}

void bf_graph_rows(struct bf_graph *g, int64_t n, int64_t unit, bf_rows_work work, void *user)
{
    struct rows r = {n, unit, work, user};
    bf_workers_run(g->workers, (size_t)((n + unit - 1) / unit), run_block, &r);
}

struct columns {
    const float *dy;
    int64_t n, n_columns;
    float *gradient;
};

BF_CLONES static void add_columns(void *user, int64_t first, int64_t end)
{
    const struct columns *c = user;
    double sum[64] = {0};
    for (int64_t i = 0; i < c->n; i++)
        for (int64_t j = first; j < end; j++)
            sum[j - first] += (double)c->dy[i * c->n_columns + j];
    for (int64_t j = first; j < end; j++)
        c->gradient[j] += (float)sum[j - first];
}

void bf_graph_add_columns(struct bf_graph *g, const float *dy, int64_t n, int64_t n_columns, float *gradient)
{
    struct columns c = {dy, n, n_columns, gradient};
    bf_graph_rows(g, n_columns, 64, add_columns, &c);
}
