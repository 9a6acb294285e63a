/* Points: the key concepts of a domain, from lists that the model writes. */
#ifndef BF_SYNTH_POINTS_H
#define BF_SYNTH_POINTS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "synth/synth.h"

/* The points known so far, in the order found. */
struct bf_points {
    struct bf_point *items; /* owns .text */
    int32_t n;
};
void bf_points_release(struct bf_points *points);

/* Read a list that the model wrote, with one point per line. Numbering, bullets, markdown, quotes and explanations
 * after a colon or dash are removed. The topic itself, known points (ignoring case), and lines that are not short names
 * are left out. `cut`: the answer hit its token limit, so its last line is dropped. Adds at most `max` points; returns
 * how many. */
int32_t bf_points_add_list(struct bf_points *points, const char *topic, int32_t round, const char *text, bool cut,
                           int32_t max);
/* Add one point as it is, from the store. */
void bf_points_add(struct bf_points *points, int32_t round, const char *text);
/* Append all points as "a, b, c". */
void bf_points_join(const struct bf_points *points, struct bf_buf *out);

#endif
