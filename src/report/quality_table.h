/* The comparison of sets as tables. They read the JSON object that measuring gives (the command's quality_measure.h
 * says what is in it), so that what is printed and what programs read is the same. Names are untrusted: shown on one
 * line, without control characters, with the marks of each format escaped. A figure that is not known is a dash, with
 * the reason below the table where the format has room for it. */
#ifndef BF_REPORT_QUALITY_TABLE_H
#define BF_REPORT_QUALITY_TABLE_H
#include <stdio.h>

#include "base/json.h"

/* For a terminal: within 100 columns, then the sentences. */
void bf_quality_text(const json_t *result, FILE *out);
/* RFC 4180: a line of names, then a line for each set with all figures; what is not known is empty. */
void bf_quality_csv(const json_t *result, FILE *out);
/* GitHub's tables, and the sentences as a list. */
void bf_quality_markdown(const json_t *result, FILE *out);
/* A tabular with booktabs' rules, to be put into a table. */
void bf_quality_latex(const json_t *result, FILE *out);

#endif
