/* The comparison of sets as tables. They read the JSON result of measuring (measure/measure.h describes it), so that
 * people and programs read the same numbers. Names are untrusted: they are shown on one line, without control
 * characters, with the format's markup escaped. A metric that is not known is a dash, with the reason below the table
 * where the format has room for it. */
#ifndef BF_REPORT_QUALITY_TABLE_H
#define BF_REPORT_QUALITY_TABLE_H
#include <stdio.h>

#include "base/json.h"

/* For a terminal: within 100 columns, then the sentences. */
void bf_quality_text(const json_t *result, FILE *out);
/* RFC 4180: a header line, then a line for each set with all metrics; a value that is not known is empty. */
void bf_quality_csv(const json_t *result, FILE *out);
/* GitHub's tables, and the sentences as a list. */
void bf_quality_markdown(const json_t *result, FILE *out);
/* A tabular with booktabs' rules, to put into a table. */
void bf_quality_latex(const json_t *result, FILE *out);

#endif
