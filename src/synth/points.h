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
    struct bf_point *items; /* owns .text and .origin */
    int32_t n;
};
void bf_points_release(struct bf_points *points);

/* Read a list that the model wrote, with one point per line. Numbering, bullets, markdown, quotes and explanations
 * after a colon or dash are removed. The topic itself, known points (ignoring case), and lines that are not short names
 * are left out. `cut`: the answer hit its token limit, so its last line is dropped. Adds at most `max` points; returns
 * how many. */
int32_t bf_points_add_list(struct bf_points *points, const char *topic, int32_t round, const char *text, bool cut,
                           int32_t max);
/* Add one point as it is. origin: as in struct bf_point; NULL is "". */
void bf_points_add(struct bf_points *points, int32_t round, const char *text, const char *origin);
/* Append all points as "a, b, c". */
void bf_points_join(const struct bf_points *points, struct bf_buf *out);

/* ---- one line of a list ---- */

/* The name in a line [n], *n_name bytes, without numbering, bullets, markdown, quotes, and an explanation after a colon
 * or dash; *explained: there was one. NULL when the line announces a list ("Here are six:"). */
const char *bf_point_line(const char *line, size_t n, size_t *n_name, bool *explained);
/* How many words a name has; in a script without spaces, three characters count as one. 0 when it has less than two
 * letters. */
size_t bf_point_words(const char *s, size_t n);
/* The length of text [n] without what follows its last separator (a line feed, or a comma of any script); n when it has
 * none. */
size_t bf_point_cut(const char *text, size_t n, bool lines);
/* The length of the separator at s [n]; 0 when there is none. */
size_t bf_point_separator(const char *s, size_t n, bool lines);

#endif
