/* The points of a map in nested cells, so that distant points can be summed at once. Private to this room. */
#ifndef BF_QUALITY_QUADTREE_H
#define BF_QUALITY_QUADTREE_H
#include <stddef.h>

struct bf_quadtree;

struct bf_quadtree *bf_quadtree_new(size_t n);   /* for n points, 1 .. UINT32_MAX */
void bf_quadtree_free(struct bf_quadtree *tree); /* NULL is a no-op */
/* Build it from x [n], y [n], which must be finite. O(n log n) unless the points are distributed very unevenly; equal
 * points give equal trees. */
void bf_quadtree_build(struct bf_quadtree *tree, const float *x, const float *y);
/* The index of the at-th point in the tree's order, in which near points follow each other. */
size_t bf_quadtree_point(const struct bf_quadtree *tree, size_t at);
/* Over all points j, with q = 1 / (1 + squared distance): force [2] gets the sum of q^2 (x - x_j, y - y_j); returns the
 * sum of q. A cell whose width / distance is below `angle` counts as all its points at their centre. Any number of
 * threads may use one tree. */
double bf_quadtree_repel(const struct bf_quadtree *tree, float x, float y, double angle, double *force);

#endif
