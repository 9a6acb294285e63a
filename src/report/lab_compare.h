/* The forget sets of the controlled experiment compared with one of them, the first of kind "domain": differences
 * paired by method and seed. Within a seed they are averaged over the methods; the mean over seeds has a 95 % Student-t
 * interval whose n is the number of seeds. */
#ifndef BF_REPORT_LAB_COMPARE_H
#define BF_REPORT_LAB_COMPARE_H
#include "base/buf.h"
#include "base/json.h"

/* The metrics of a row that are compared. */
enum bf_lab_compared {
    BF_LAB_COMPARED_PRIVLEAK, /* |PrivLeak|: the distance to the gold standard, per cent */
    BF_LAB_COMPARED_UTILITY,
    BF_LAB_COMPARED_QUALITY, /* log10 of Forget Quality, a p value that counts as at least the smallest normal double */
    BF_LAB_COMPARED_ROUGE,   /* without a direction: less than the gold standard's is not better */
    BF_LAB_COMPARED_OBJECT,  /* object accuracy of the questions to forget; without a direction, as above */
    BF_LAB_COMPARED_KEPT,    /* object accuracy of the questions to keep */
    BF_LAB_COMPARED
};
const char *bf_lab_compared_title(enum bf_lab_compared figure);
const char *bf_lab_compared_key(enum bf_lab_compared figure);
int bf_lab_compared_digits(enum bf_lab_compared figure);
/* The metric of a row of the results; NaN when the row lacks it. */
double bf_lab_compared_of(const json_t *row, enum bf_lab_compared figure);

/* `results` as bf_lab_rows returns them. New reference; no number in it is NaN or infinite:
 *   {"reference": set, "seeds": n, "figures": [{"key", "title", "digits", "better": "smaller"|"larger"|null}],
 *    "floored": rows with p = 0, "rows": [{"set", "kind", "method": name or null (all of them),
 *    "differences": {key: D or null}}], with a row of a method only where it has a D}
 *   D: {"n": seeds, "methods", "left_out": methods that have a pair, but not in each seed, "mean": set - reference,
 *   "low", "high" (null with one seed), "word": better, worse, lower, higher (without a direction), undecided (the
 *   interval contains 0, or there is none)}
 * or {"why": sentence} when there is nothing to compare. */
json_t *bf_lab_compare(const json_t *results);

/* Append its tables; nothing for NULL. */
void bf_lab_comparison_markdown(const json_t *comparison, struct bf_buf *out);

#endif
