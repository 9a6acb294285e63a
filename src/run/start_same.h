/* Does a command ask for the run that exists? */
#ifndef BF_RUN_START_SAME_H
#define BF_RUN_START_SAME_H
#include "run/start.h"

/* *same: does the stored request `id` have this role and these settings? BF_STORE. */
BF_MUST_CHECK enum bf_status bf_start_same_request(struct bf_store *store, const struct bf_start_request *request,
                                                   int64_t id, bool *same, struct bf_err *err);
/* Is the run in `dir` finished, and was it made by the same command: the same kind, requests, model (or server) and
 * embedder? False for inputs that cannot be compared without reading them again (files of instances, sets that samples
 * are compared with), for work after the run, and for a run that cannot be opened. */
bool bf_start_is_done(const char *dir, const struct bf_start_values *values, const char *kind,
                      const struct bf_start_request *requests, size_t n);

#endif
