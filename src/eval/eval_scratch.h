/* A folder for the temporary models of an evaluation. */
#ifndef BF_EVAL_EVAL_SCRATCH_H
#define BF_EVAL_EVAL_SCRATCH_H
#include "base/err.h"

struct bf_eval_scratch {
    char *folder; /* NULL: none */
    int lock;     /* held as long as the folder is in use */
};
#define BF_EVAL_SCRATCH_NONE ((struct bf_eval_scratch){.lock = -1})

/* Make a new one, named robust-XXXXXX with mode 0700, in the cache folder, or in /tmp when there is no cache folder.
 * Folders that a killed process left in the cache are removed first; their lock is free. Pass *out to
 * bf_eval_scratch_remove, also after an error. BF_STORE when it cannot be made. */
BF_MUST_CHECK enum bf_status bf_eval_scratch_new(struct bf_eval_scratch *out, struct bf_err *err);
/* Remove it with all files in it. BF_EVAL_SCRATCH_NONE is a no-op. */
void bf_eval_scratch_remove(struct bf_eval_scratch *scratch);

#endif
