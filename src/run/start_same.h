/* Is what a command asks for what a run was made from? */
#ifndef BF_RUN_START_SAME_H
#define BF_RUN_START_SAME_H
#include "run/start.h"

/* *same: the stored request `id` has this role and these settings. */
BF_MUST_CHECK enum bf_status bf_start_same_request(struct bf_store *store, const struct bf_start_request *request,
                                                   int64_t id, bool *same, struct bf_err *err);
/* The run in `dir` is finished, and this very command made it: the same kind, requests, model (or server) and embedder.
 * False for what cannot be compared without reading it again (files of instances, sets that samples are compared with),
 * for work that comes after the run, and for a run that cannot be opened. */
bool bf_start_is_done(const char *dir, const struct bf_start_values *values, const char *kind,
                      const struct bf_start_request *requests, size_t n);

#endif
