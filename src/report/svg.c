#include "report/svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "base/banned.h"

/* The colours of Okabe and Ito (2008), dark ones first. */
static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#000000", "#e69f00", "#56b4e9", "#8a8a8a"};
static const double pi = 3.14159265358979323846;

const char *bf_svg_colour(size_t i)
{
    return colours[i % (sizeof colours / sizeof *colours)];
}

static void put_text(struct bf_buf *out, const char *text)
{
    struct bf_buf clean;
    bf_buf_init(&clean, SIZE_MAX);
    bf_utf8_preview(&clean, text, strlen(text), 200);
    for (const char *c = clean.data; *c; c++)
        if (*c == '<')
            bf_buf_puts(out, "&lt;");
        else if (*c == '>')
            bf_buf_puts(out, "&gt;");
        else if (*c == '&')
            bf_buf_puts(out, "&amp;");
        else
            bf_buf_putc(out, *c);
    bf_buf_release(&clean);
}

void bf_svg_open(struct bf_svg *svg, struct bf_buf *out, double width, double height, const char *title)
{
    *svg = (struct bf_svg){.out = out,
                           .width = width,
                           .height = height,
                           .left = 60,
                           .top = 20,
                           .right = width - 20,
                           .bottom = height - 50,
                           .x_high = 1,
                           .y_high = 1};
    bf_buf_printf(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
        "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" font-family=\"Helvetica, Arial, sans-serif\">\n<title>",
        width, height, width, height);
    put_text(out, title);
    bf_buf_printf(out, "</title>\n<rect width=\"%.0f\" height=\"%.0f\" fill=\"#ffffff\"/>\n", width, height);
}

void bf_svg_close(struct bf_svg *svg)
{
    bf_buf_puts(svg->out, "</svg>\n");
}

static void spread(double *low, double *high)
{
    if (!(*high > *low)) {
        const double pad = fabs(*low) > 0.0 ? 0.1 * fabs(*low) : 1.0;
        *low -= pad;
        *high += pad;
    }
}

void bf_svg_range(struct bf_svg *svg, double x_low, double x_high, double y_low, double y_high)
{
    spread(&x_low, &x_high);
    spread(&y_low, &y_high);
    svg->x_low = x_low;
    svg->x_high = x_high;
    svg->y_low = y_low;
    svg->y_high = y_high;
}

double bf_svg_x(const struct bf_svg *svg, double x)
{
    return svg->left + (x - svg->x_low) / (svg->x_high - svg->x_low) * (svg->right - svg->left);
}

double bf_svg_y(const struct bf_svg *svg, double y)
{
    return svg->bottom - (y - svg->y_low) / (svg->y_high - svg->y_low) * (svg->bottom - svg->top);
}

void bf_svg_group_open(struct bf_svg *svg, const char *title)
{
    bf_buf_puts(svg->out, "<g><title>");
    put_text(svg->out, title);
    bf_buf_puts(svg->out, "</title>\n");
}

void bf_svg_group_close(struct bf_svg *svg)
{
    bf_buf_puts(svg->out, "</g>\n");
}

/* ---- axes ---- */

/* 1, 2 or 5 times a power of ten, so that a range has about n steps. */
static double step_of(double range, double n, bool whole)
{
    const double raw = range / n, power = pow(10.0, floor(log10(raw)));
    const double part = raw / power;
    const double step = (part <= 1.0 ? 1.0 : part <= 2.0 ? 2.0 : part <= 5.0 ? 5.0 : 10.0) * power;
    return whole && step < 1.0 ? 1.0 : step;
}

static void tick_text(struct bf_svg *svg, double x, double y, const char *anchor, double value, double step)
{
    char text[40];
    const int digits = step < 1.0 ? (int)ceil(-log10(step) - 1e-9) : 0;
    snprintf(text, sizeof text, "%.*f", digits < 8 ? digits : 8, fabs(value) < step / 1000.0 ? 0.0 : value);
    bf_svg_text(svg, x, y, anchor, 11, text);
}

void bf_svg_frame(struct bf_svg *svg)
{
    bf_buf_printf(svg->out,
                  "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" stroke=\"#555555\"/>\n",
                  svg->left, svg->top, svg->right - svg->left, svg->bottom - svg->top);
}

void bf_svg_axes(struct bf_svg *svg, const char *x_label, const char *y_label, bool whole)
{
    const double x_step = step_of(svg->x_high - svg->x_low, 6, false);
    const double y_step = step_of(svg->y_high - svg->y_low, 5, whole);
    const double x_first = ceil(svg->x_low / x_step - 1e-9) * x_step,
                 y_first = ceil(svg->y_low / y_step - 1e-9) * y_step;
    const int x_ticks = (int)floor((svg->x_high - x_first) / x_step + 1e-6);
    const int y_ticks = (int)floor((svg->y_high - y_first) / y_step + 1e-6);
    for (int i = 0; i <= x_ticks; i++) {
        const double v = x_first + i * x_step;
        bf_svg_line(svg, bf_svg_x(svg, v), svg->bottom, bf_svg_x(svg, v), svg->bottom + 4, "#555555", 1, false);
        tick_text(svg, bf_svg_x(svg, v), svg->bottom + 17, "middle", v, x_step);
    }
    for (int i = 0; i <= y_ticks; i++) {
        const double v = y_first + i * y_step;
        bf_svg_line(svg, svg->left, bf_svg_y(svg, v), svg->right, bf_svg_y(svg, v), "#e0e0e0", 1, false);
        tick_text(svg, svg->left - 6, bf_svg_y(svg, v) + 4, "end", v, y_step);
    }
    bf_svg_frame(svg);
    bf_svg_text(svg, (svg->left + svg->right) / 2, svg->bottom + 38, "middle", 12, x_label);
    bf_buf_printf(svg->out, "<g transform=\"translate(14 %.1f) rotate(-90)\">", (svg->top + svg->bottom) / 2);
    bf_svg_text(svg, 0, 0, "middle", 12, y_label);
    bf_buf_puts(svg->out, "</g>\n");
}

/* ---- marks ---- */

void bf_svg_mark(struct bf_svg *svg, enum bf_svg_mark mark, double x, double y, double r, const char *colour)
{
    struct bf_buf *out = svg->out;
    switch (mark) {
    case BF_SVG_SQUARE:
        bf_buf_printf(out, "<path d=\"M%.1f %.1fh%.1fv%.1fh%.1fz\"", x - r, y - r, 2 * r, 2 * r, -2 * r);
        break;
    case BF_SVG_BAR:
        bf_buf_printf(out, "<path d=\"M%.1f %.1fh%.1fv%.1fh%.1fz\"", x - 1.3 * r, y - r / 2, 2.6 * r, r, -2.6 * r);
        break;
    case BF_SVG_TRIANGLE:
        bf_buf_printf(out, "<path d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fz\"", x, y - 1.2 * r, x + 1.1 * r, y + 0.8 * r,
                      x - 1.1 * r, y + 0.8 * r);
        break;
    case BF_SVG_DOWN:
        bf_buf_printf(out, "<path d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fz\"", x, y + 1.2 * r, x + 1.1 * r, y - 0.8 * r,
                      x - 1.1 * r, y - 0.8 * r);
        break;
    case BF_SVG_DIAMOND:
        bf_buf_printf(out, "<path d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fL%.1f %.1fz\"", x, y - 1.3 * r, x + 1.3 * r, y, x,
                      y + 1.3 * r, x - 1.3 * r, y);
        break;
    case BF_SVG_CROSS:
        bf_buf_printf(out, "<path d=\"M%.1f %.1fL%.1f %.1fM%.1f %.1fL%.1f %.1f\"", x - r, y - r, x + r, y + r, x + r,
                      y - r, x - r, y + r);
        break;
    default: /* circle and ring */
        bf_buf_printf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"", x, y, r);
    }
    if (mark == BF_SVG_CROSS || mark == BF_SVG_RING)
        bf_buf_printf(out, " fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", colour);
    else
        bf_buf_printf(out, " fill=\"%s\" fill-opacity=\"0.75\"/>\n", colour);
}

void bf_svg_star(struct bf_svg *svg, double x, double y, double r)
{
    bf_buf_puts(svg->out, "<path d=\"");
    for (int i = 0; i < 10; i++) {
        const double angle = -pi / 2 + i * pi / 5, length = i % 2 ? 0.45 * r : r;
        bf_buf_printf(svg->out, "%c%.1f %.1f", i == 0 ? 'M' : 'L', x + length * cos(angle), y + length * sin(angle));
    }
    bf_buf_puts(svg->out, "z\" fill=\"#f0c000\" stroke=\"#000000\"/>\n");
}

void bf_svg_plus(struct bf_svg *svg, double x, double y, double r, const char *colour)
{
    for (int outline = 1; outline >= 0; outline--)
        bf_buf_printf(svg->out, "<path d=\"M%.1f %.1fH%.1fM%.1f %.1fV%.1f\" stroke=\"%s\" stroke-width=\"%d\"/>\n",
                      x - r, y, x + r, x, y - r, y + r, outline ? "#ffffff" : colour, outline ? 6 : 3);
}

void bf_svg_line(struct bf_svg *svg, double x1, double y1, double x2, double y2, const char *colour, double width,
                 bool dashed)
{
    bf_buf_printf(svg->out, "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"%s\" stroke-width=\"%.1f\"%s/>\n", x1, y1, x2,
                  y2, colour, width, dashed ? " stroke-dasharray=\"5 4\"" : "");
}

void bf_svg_rect(struct bf_svg *svg, double x, double y, double width, double height, const char *colour)
{
    bf_buf_printf(svg->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", x, y, width,
                  height, colour);
}

void bf_svg_text(struct bf_svg *svg, double x, double y, const char *anchor, double size, const char *text)
{
    bf_buf_printf(svg->out,
                  "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"%.0f\" stroke=\"#ffffff\" "
                  "stroke-width=\"3\" paint-order=\"stroke\" fill=\"#111111\">",
                  x, y, anchor, size);
    put_text(svg->out, text);
    bf_buf_puts(svg->out, "</text>\n");
}
