/* What both summaries (text and JSON) read from a run, once. Private to this room. */
#ifndef BF_REPORT_SUMMARY_H
#define BF_REPORT_SUMMARY_H
#include "base/json.h"
#include "store/store.h"

struct bf_point_count {
    char *text;
    int64_t n_kept, n_committed;
};

struct bf_summary {
    const struct bf_run *run;          /* of the store */
    const char *dir;                   /* of the store */
    struct bf_counts counts;
    struct bf_run_state state;
    json_t *request, *engine;
    struct bf_point_count *points;
    size_t n_points;
    double diversity;                  /* of the kept Stage I samples, at the last one; NaN below two */
    struct bf_checkpoint last;         /* the last check of the stop rule */
    int64_t n_checkpoints;
};
BF_MUST_CHECK enum bf_status bf_summary_read(struct bf_store *store, struct bf_summary *out, struct bf_err *err);
void bf_summary_release(struct bf_summary *summary);

#endif
