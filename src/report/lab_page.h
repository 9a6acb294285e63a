/* The controlled experiment as one page, in the frame of a run's (page.h), and its trade-off as a picture. */
#ifndef BF_REPORT_LAB_PAGE_H
#define BF_REPORT_LAB_PAGE_H
#include "base/buf.h"
#include "base/json.h"

/* What the page shows. `results` as `biforget lab --json` prints them; members that are missing are left out. New
 * reference; no number in it is NaN or infinite. "kind" is "lab", by which bf_page_html chooses the scripts. */
json_t *bf_lab_page_data(const json_t *results);
/* What was done and what came out, in sentences: an array of {"text", "tone": "plain" or "warning"}. New reference. */
json_t *bf_lab_page_words(const json_t *results);

void bf_lab_page(const json_t *results, struct bf_buf *out);
/* Forgetting against Model Utility, a panel for each figure of forgetting. Nothing when there is no point. */
void bf_lab_svg(const json_t *results, struct bf_buf *out);

#endif
