/* Points of a map in nested squares, to sum up far ones at once. */
#ifndef BF_QUALITY_QUADTREE_H
#define BF_QUALITY_QUADTREE_H
#include <stddef.h>

struct bf_quadtree;

struct bf_quadtree *bf_quadtree_new(size_t n);   /* for n points, 1 .. UINT32_MAX */
void bf_quadtree_free(struct bf_quadtree *tree); /* NULL is a no-op */
/* Of x [n], y [n], which must be finite. O(n log n) unless they lie far from evenly; the same points give the same
 * tree. */
void bf_quadtree_build(struct bf_quadtree *tree, const float *x, const float *y);
/* The index of the at-th point in the tree's order: near ones follow each other. */
size_t bf_quadtree_point(const struct bf_quadtree *tree, size_t at);
/* Over all points j, with q = 1 / (1 + squared distance): force [2] = sum of q^2 (x - x_j, y - y_j); the sum of q. A
 * cell whose width / distance is below `angle` counts as its points at their centre. Any number of threads may ask one
 * tree. */
double bf_quadtree_repel(const struct bf_quadtree *tree, float x, float y, double angle, double *force);

#endif
