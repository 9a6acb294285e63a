/* Forget sets of the controlled experiment against one of them, the first of kind "domain": differences paired by
 * method and seed. Within a seed they are averaged over the methods; the mean over seeds has a 95 % Student-t interval
 * whose n is the number of seeds. */
#ifndef BF_REPORT_LAB_COMPARE_H
#define BF_REPORT_LAB_COMPARE_H
#include "base/buf.h"
#include "base/json.h"

/* What is compared of a row. */
enum bf_lab_compared {
    BF_LAB_COMPARED_PRIVLEAK, /* |PrivLeak|: the distance to the gold standard, per cent */
    BF_LAB_COMPARED_UTILITY,
    BF_LAB_COMPARED_QUALITY, /* log10 of Forget Quality, which is a p value; below the smallest normal double: that */
    BF_LAB_COMPARED_ROUGE,   /* no direction: less than the gold standard's is not better */
    BF_LAB_COMPARED_OBJECT,  /* of the questions to forget; no direction, as above */
    BF_LAB_COMPARED_KEPT,    /* object accuracy of the questions to keep */
    BF_LAB_COMPARED
};
const char *bf_lab_compared_title(enum bf_lab_compared figure);
const char *bf_lab_compared_key(enum bf_lab_compared figure);
int bf_lab_compared_digits(enum bf_lab_compared figure);
/* Of a row of the results; NaN when it lacks it. */
double bf_lab_compared_of(const json_t *row, enum bf_lab_compared figure);

/* `results` as bf_lab_rows gives them. New reference; no number in it is NaN or infinite:
 *   {"reference": set, "seeds": n, "figures": [{"key", "title", "digits", "better": "smaller"|"larger"|null}],
 *    "floored": rows with p = 0, "rows": [{"set", "kind", "method": name or null (all of them),
 *    "differences": {key: D or null}}], of a method where there is a D}
 *   D: {"n": seeds, "methods", "left_out": methods with a pair, but not in each seed, "mean": set - reference,
 *   "low", "high" (null with one seed), "word": better, worse, lower, higher (without a direction), undecided (the
 *   interval holds 0, or there is none)}
 * or {"why": sentence} when there is nothing to compare. */
json_t *bf_lab_compare(const json_t *results);

/* Its tables; nothing for NULL. */
void bf_lab_comparison_markdown(const json_t *comparison, struct bf_buf *out);

#endif
