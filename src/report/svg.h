/* Drawing plain charts as SVG 1.1 text: a frame with axes, marks, words. Private to this room. bf_svg_x and bf_svg_y
 * map coordinates of the data to those of the picture, which are in its units from the upper left. Text is escaped. */
#ifndef BF_REPORT_SVG_H
#define BF_REPORT_SVG_H
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* As in page/charts.js. */
enum bf_svg_mark {
    BF_SVG_CIRCLE,
    BF_SVG_SQUARE,
    BF_SVG_TRIANGLE,
    BF_SVG_DIAMOND,
    BF_SVG_CROSS,
    BF_SVG_RING,
    BF_SVG_DOWN,
    BF_SVG_BAR,
    BF_SVG_MARKS
};

struct bf_svg {
    struct bf_buf *out;
    double width, height;                /* of the picture */
    double left, top, right, bottom;     /* of the frame, in the picture */
    double x_low, x_high, y_low, y_high; /* of the data, low < high */
};

void bf_svg_open(struct bf_svg *svg, struct bf_buf *out, double width, double height, const char *title);
void bf_svg_close(struct bf_svg *svg);
/* Set the ranges of the data; equal ends are widened. */
void bf_svg_range(struct bf_svg *svg, double x_low, double x_high, double y_low, double y_high);
double bf_svg_x(const struct bf_svg *svg, double x);
double bf_svg_y(const struct bf_svg *svg, double y);
/* A frame with ticks at round values and a label at each axis. `whole`: ticks of y at whole numbers only. */
void bf_svg_axes(struct bf_svg *svg, const char *x_label, const char *y_label, bool whole);
/* A frame alone. */
void bf_svg_frame(struct bf_svg *svg);

/* Open and close a group of marks; viewers show `title` under the pointer. */
void bf_svg_group_open(struct bf_svg *svg, const char *title);
void bf_svg_group_close(struct bf_svg *svg);
/* The colour of group i, which colour-blind people can distinguish, too. Static. */
const char *bf_svg_colour(size_t i);
void bf_svg_mark(struct bf_svg *svg, enum bf_svg_mark mark, double x, double y, double r, const char *colour);
void bf_svg_star(struct bf_svg *svg, double x, double y, double r);
void bf_svg_plus(struct bf_svg *svg, double x, double y, double r, const char *colour);
void bf_svg_line(struct bf_svg *svg, double x1, double y1, double x2, double y2, const char *colour, double width,
                 bool dashed);
void bf_svg_rect(struct bf_svg *svg, double x, double y, double width, double height, const char *colour);
/* anchor: "start", "middle", "end". A white outline keeps the text readable on marks. */
void bf_svg_text(struct bf_svg *svg, double x, double y, const char *anchor, double size, const char *text);

#endif
