/* The controlled experiment as one page, in the same frame as a run's (page.h), and its trade-off as a picture. */
#ifndef BF_REPORT_LAB_PAGE_H
#define BF_REPORT_LAB_PAGE_H
#include "base/buf.h"
#include "base/json.h"

/* The data of the page. `results` as `biforget lab --json` prints them; missing members are left out. New reference; no
 * number in it is NaN or infinite. Its "kind" is "lab", by which bf_page_html chooses the scripts. */
json_t *bf_lab_page_data(const json_t *results);
/* The experiment and its results in sentences: an array of {"text", "tone": "plain" or "warning"}. New reference. */
json_t *bf_lab_page_words(const json_t *results);

void bf_lab_page(const json_t *results, struct bf_buf *out);
/* Append a picture of forgetting against Model Utility, with a panel for each metric of forgetting; nothing when there
 * is no point to draw. */
void bf_lab_svg(const json_t *results, struct bf_buf *out);

#endif
