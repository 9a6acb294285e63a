/* Points: what a model's list of key concepts becomes. */
#ifndef BF_SYNTH_POINTS_H
#define BF_SYNTH_POINTS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "synth/synth.h"

/* The points known so far, in the order found. */
struct bf_points {
    struct bf_point *items; /* .text owned */
    int32_t n;
};
void bf_points_release(struct bf_points *points);

/* Read a list that the model wrote: one point a line, numbering, bullets, markdown, quotes and explanations after a
 * colon or dash removed; the topic itself, known points (letter case apart), and lines that are no short names are left
 * out. `cut` = the answer hit its token limit: its last line is dropped. At most `max` are added; returns how many. */
int32_t bf_points_add_list(struct bf_points *points, const char *topic, int32_t round, const char *text, bool cut,
                           int32_t max);
/* One point as it is (from the store). */
void bf_points_add(struct bf_points *points, int32_t round, const char *text);
/* "a, b, c" of all points. */
void bf_points_join(const struct bf_points *points, struct bf_buf *out);

#endif
