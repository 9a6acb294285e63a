/* The lock of a folder in which commands of ours work. */
#ifndef BF_BASE_WORK_LOCK_H
#define BF_BASE_WORK_LOCK_H
#include "base/err.h"
#include "base/log.h"

/* Take the lock `path` of the folder `dir`; *fd as bf_lock has it, for bf_unlock. Commands that are started later inherit it: after kill -9
 * of their parent one of them may still be saving. So it is waited for, a minute at most, with a line on `log`. BF_STORE when another
 * process keeps it; BF_INTERRUPTED. */
BF_MUST_CHECK enum bf_status bf_work_lock(const char *path, const char *dir, struct bf_log *log, int *fd, struct bf_err *err);

#endif
