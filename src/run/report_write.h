/* Writing a run's report: what `report` and the commands at whose end it is written share. */
#ifndef BF_RUN_REPORT_WRITE_H
#define BF_RUN_REPORT_WRITE_H
#include "run/session.h"
#include "report/page.h"

/* The page to `path` ("-": stdout; `inside`: a file of the run folder, where a link is replaced and not followed), and
 * with `svg_dir` (nullable) map.svg, diversity.svg and min-k.svg to that folder, which is made. What there is no data
 * for is not written. */
BF_MUST_CHECK enum bf_status bf_report_write(struct bf_store *store, const struct bf_page_options *options,
                                             const char *path, bool inside, const char *svg_dir, struct bf_log *log,
                                             struct bf_err *err);
/* Options out of the stored vectors. *quality: a new reference, or NULL. */
BF_MUST_CHECK enum bf_status bf_report_stored_options(struct bf_store *store, struct bf_log *log,
                                                      struct bf_page_options *options, json_t **quality,
                                                      struct bf_err *err);
/* DIR/report.html at the end of a run, unless `only_missing` and it is there. `embedder` may be NULL. The run is
 * complete without it, so that a failure is for the end of the command: *report has it, BF_OK when there is none. */
void bf_report_at_end(struct bf_store *store, struct bf_engine *embedder, bool only_missing, struct bf_log *log,
                      struct bf_err *report);
/* After everything else of the command: `status`, or the failure of its report. */
BF_MUST_CHECK enum bf_status bf_report_outcome(enum bf_status status, const struct bf_err *report, struct bf_err *err);

#endif
