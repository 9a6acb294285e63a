/* Each cell is the bounding box of its points, halved both ways at its middle; so a split always separates some points,
 * and cells shrink to their points. Cells are stored in the order of a walk (a cell, then its children), and each knows
 * where the walk continues when it skips the children; points are stored in the order of their leaves.
 *
 *     cells:  root | first quarter | its quarters ... | second quarter | ...      next: past all of one's
 * own */
#include "quality/quadtree.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/banned.h"

enum { LEAF_POINTS = 8 };

struct cell {
    float x, y;         /* centre of its points */
    float width_square; /* of the longer side */
    float weight;       /* how many points */
    uint32_t next;      /* the cell after this and all inside */
    uint32_t first, n;  /* a leaf's points; n is 0 for a cell that is split, and for points in one place */
};

struct bf_quadtree {
    size_t n, n_cells;
    struct cell *cells; /* [2 n]: each split separates points, so there are fewer splits than leaves */
    uint32_t *order;    /* [n] index of each point, leaf by leaf */
    uint32_t *scratch;  /* [n] */
    float *x, *y;       /* [n] in that order */
};

struct bf_quadtree *bf_quadtree_new(size_t n)
{
    struct bf_quadtree *tree = bf_alloc(sizeof *tree);
    tree->n = n;
    tree->cells = bf_array(n, 2 * sizeof *tree->cells);
    tree->order = bf_array(n, sizeof *tree->order);
    tree->scratch = bf_array(n, sizeof *tree->scratch);
    tree->x = bf_array(n, sizeof *tree->x);
    tree->y = bf_array(n, sizeof *tree->y);
    for (size_t i = 0; i < n; i++)
        tree->order[i] = (uint32_t)i;
    return tree;
}

void bf_quadtree_free(struct bf_quadtree *tree)
{
    if (!tree)
        return;
    free(tree->cells);
    free(tree->order);
    free(tree->scratch);
    free(tree->x);
    free(tree->y);
    free(tree);
}

struct box {
    float low_x, high_x, low_y, high_y;
};

/* In double: even neighbouring floats have a middle, so the two extremes are separated. */
static unsigned quarter(const struct box *box, float x, float y)
{
    const double middle_x = ((double)box->low_x + (double)box->high_x) / 2.0;
    const double middle_y = ((double)box->low_y + (double)box->high_y) / 2.0;
    return ((double)x > middle_x ? 1U : 0U) + ((double)y > middle_y ? 2U : 0U);
}

/* The cell of points order[first .. end), and all cells inside. Boxes halve at each level, so the range of a float's
 * exponents limits the depth. */
static void build_cell(struct bf_quadtree *tree, const float *x, const float *y, uint32_t first, uint32_t end)
{
    struct cell *cell = &tree->cells[tree->n_cells++];
    uint32_t *order = tree->order;
    struct box box = {x[order[first]], x[order[first]], y[order[first]], y[order[first]]};
    double sum_x = 0.0;
    double sum_y = 0.0;
    for (uint32_t i = first; i < end; i++) {
        const float px = x[order[i]];
        const float py = y[order[i]];
        box.low_x = px < box.low_x ? px : box.low_x;
        box.high_x = px > box.high_x ? px : box.high_x;
        box.low_y = py < box.low_y ? py : box.low_y;
        box.high_y = py > box.high_y ? py : box.high_y;
        sum_x += (double)px;
        sum_y += (double)py;
    }
    const float width = box.high_x - box.low_x;
    const float height = box.high_y - box.low_y;
    const float longer = width > height ? width : height;
    const bool one_place = longer == 0.0f;
    *cell = (struct cell){
        .x = (float)(sum_x / (double)(end - first)),
        .y = (float)(sum_y / (double)(end - first)),
        .width_square = longer * longer,
        .weight = (float)(end - first),
        .first = first,
    };
    if (one_place || end - first <= LEAF_POINTS) {
        cell->n = one_place ? 0 : end - first;
        cell->next = (uint32_t)tree->n_cells;
        return;
    }
    uint32_t bounds[5] = {0};
    for (uint32_t i = first; i < end; i++)
        bounds[quarter(&box, x[order[i]], y[order[i]]) + 1]++;
    bounds[0] = first;
    for (int q = 0; q < 4; q++)
        bounds[q + 1] += bounds[q];
    uint32_t at[4] = {bounds[0], bounds[1], bounds[2], bounds[3]};
    for (uint32_t i = first; i < end; i++)
        tree->scratch[at[quarter(&box, x[order[i]], y[order[i]])]++] = order[i];
    for (uint32_t i = first; i < end; i++)
        order[i] = tree->scratch[i];
    for (int q = 0; q < 4; q++)
        if (bounds[q + 1] > bounds[q])
            build_cell(tree, x, y, bounds[q], bounds[q + 1]);
    cell->next = (uint32_t)tree->n_cells;
}

void bf_quadtree_build(struct bf_quadtree *tree, const float *x, const float *y)
{
    tree->n_cells = 0;
    /* Start from the indices, not from the last tree's order, so that the tree depends on nothing but x and y. */
    for (size_t i = 0; i < tree->n; i++)
        tree->order[i] = (uint32_t)i;
    build_cell(tree, x, y, 0, (uint32_t)tree->n);
    for (size_t i = 0; i < tree->n; i++) {
        tree->x[i] = x[tree->order[i]];
        tree->y[i] = y[tree->order[i]];
    }
}

size_t bf_quadtree_point(const struct bf_quadtree *tree, size_t at)
{
    return tree->order[at];
}

double bf_quadtree_repel(const struct bf_quadtree *tree, float x, float y, double angle, double *force)
{
    const float limit = (float)(angle * angle);
    double z = 0.0;
    double force_x = 0.0;
    double force_y = 0.0;
    for (uint32_t c = 0; c < tree->n_cells;) {
        const struct cell *cell = &tree->cells[c];
        if (cell->n > 0) {
            float part_z = 0.0f;
            float part_x = 0.0f;
            float part_y = 0.0f;
            for (uint32_t j = cell->first; j < cell->first + cell->n; j++) {
                const float dx = x - tree->x[j];
                const float dy = y - tree->y[j];
                const float q = 1.0f / (1.0f + dx * dx + dy * dy);
                part_z += q;
                part_x += q * q * dx;
                part_y += q * q * dy;
            }
            z += (double)part_z;
            force_x += (double)part_x;
            force_y += (double)part_y;
            c = cell->next;
            continue;
        }
        const float dx = x - cell->x;
        const float dy = y - cell->y;
        const float square = dx * dx + dy * dy;
        if (cell->width_square > 0.0f && !(cell->width_square < limit * square)) {
            c++; /* too near: look inside */
            continue;
        }
        const float q = 1.0f / (1.0f + square);
        const float weighted = cell->weight * q;
        z += (double)weighted;
        force_x += (double)(weighted * q * dx);
        force_y += (double)(weighted * q * dy);
        c = cell->next;
    }
    force[0] = force_x;
    force[1] = force_y;
    return z;
}
