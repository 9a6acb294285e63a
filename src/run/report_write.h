/* Writing a run's report, for `report` and for the commands that write one at their end. */
#ifndef BF_RUN_REPORT_WRITE_H
#define BF_RUN_REPORT_WRITE_H
#include "run/session.h"
#include "report/page.h"

/* Write the page to `path` ("-": stdout; `inside`: a file of the run folder, where a link is replaced and not
 * followed), and map.svg, diversity.svg and min-k.svg into `svg_dir` (nullable), which is made. A picture without data
 * is not written. BF_STORE. */
BF_MUST_CHECK enum bf_status bf_report_write(struct bf_store *store, const struct bf_page_options *options,
                                             const char *path, bool inside, const char *svg_dir, struct bf_log *log,
                                             struct bf_err *err);
/* Fill *options from the stored vectors. *quality: a new reference that *options borrows, or NULL. BF_STORE. */
BF_MUST_CHECK enum bf_status bf_report_stored_options(struct bf_store *store, struct bf_log *log,
                                                      struct bf_page_options *options, json_t **quality,
                                                      struct bf_err *err);
/* Write DIR/report.html at the end of a run; with `only_missing` not when it exists. `embedder` may be NULL. The run is
 * complete without it, so a failure goes to *report, for the end of the command; BF_OK without a failure. */
void bf_report_at_end(struct bf_store *store, struct bf_engine *embedder, bool only_missing, struct bf_log *log,
                      struct bf_err *report);
/* The outcome of a command, after everything else: `status`, or if that is BF_OK the failure of its report. */
BF_MUST_CHECK enum bf_status bf_report_outcome(enum bf_status status, const struct bf_err *report, struct bf_err *err);

#endif
