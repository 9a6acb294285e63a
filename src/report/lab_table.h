/* The controlled experiment for people: rows over seeds become one line for each forget set and method. */
#ifndef BF_REPORT_LAB_TABLE_H
#define BF_REPORT_LAB_TABLE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"

enum bf_lab_figure {
    BF_LAB_FORGET_QUALITY, /* p of the Kolmogorov-Smirnov test against the gold standard; 1 is like it, 0 is unlike */
    BF_LAB_MODEL_UTILITY,  /* 0..1 */
    BF_LAB_PRIVLEAK,       /* per cent; 0 is like the gold standard (whose own is 0 by definition), negative: not enough
                              forgotten */
    BF_LAB_FORGET_NLL,     /* nats per token, after unlearning, of (a part of) the line's own forget set */
    BF_LAB_FORGET_PROBABILITY, /* of the planted answers, 0..1 */
    /* ROUGE-L recall of greedy answers to the planted questions; answers of one kind share most words */
    BF_LAB_FORGET_ROUGE,
    BF_LAB_FORGET_OBJECT, /* object accuracy: greedy answers that name the fact's object, 0..1 */
    BF_LAB_RETAIN_OBJECT, /* the same for the questions to keep */
    BF_LAB_FIGURES
};

/* A metric over seeds. */
struct bf_lab_value {
    size_t n;               /* seeds that have it; 0 = unknown */
    double mean, low, high; /* low, high: the smallest and the largest value */
};
struct bf_lab_line {
    const char *set, *method; /* borrowed from the results; "target" or "gold" with method NULL */
    struct bf_lab_value values[BF_LAB_FIGURES];
    const char *why; /* of the first seed without numbers; NULL when all have them */
    size_t n_failed; /* seeds whose row failed */
};
struct bf_lab_lines {
    struct bf_lab_line *items;
    size_t n;
};
const char *bf_lab_figure_title(enum bf_lab_figure figure);
int bf_lab_figure_digits(enum bf_lab_figure figure);
/* The metric of a row; NaN when the row lacks it. */
double bf_lab_figure_of(const json_t *row, enum bf_lab_figure figure);
void bf_lab_add_value(struct bf_lab_value *value, double x); /* add a seed; a value that is not finite is skipped */
/* The method, and why numbers are missing for some or all seeds: "npo (2 seeds failed: ...)". free(). */
char *bf_lab_line_method(const struct bf_lab_line *line);
/* Append a cell of a Markdown table: | and < are escaped, a newline becomes a space. */
void bf_lab_put_cell(struct bf_buf *out, const char *text);

/* `results`: {"rows": [...]} as bf_lab_rows returns them; they must outlive the lines. Target and gold come first.
 * free(out->items). */
void bf_lab_lines_of(const json_t *results, struct bf_lab_lines *out);

/* Append Markdown: the sets with recall and precision of the planted facts, the table of lines, and the comparison of
 * the sets. */
void bf_lab_markdown(const json_t *results, struct bf_buf *out);
/* Append csv with one line for each row (seed): the metrics, NLL before and after, the AUC that PrivLeak is computed
 * from, and the reason when there are none. */
void bf_lab_csv(const json_t *results, struct bf_buf *out);

#endif
