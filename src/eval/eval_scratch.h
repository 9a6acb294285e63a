/* A folder for the models that an evaluation makes and throws away. */
#ifndef BF_EVAL_EVAL_SCRATCH_H
#define BF_EVAL_EVAL_SCRATCH_H
#include "base/err.h"

struct bf_eval_scratch {
    char *folder; /* NULL: none */
    int lock;     /* held as long as the folder is in use */
};
#define BF_EVAL_SCRATCH_NONE ((struct bf_eval_scratch){.lock = -1})

/* A new one, named robust-XXXXXX, in the cache folder, or in /tmp where there is none; nobody else may enter it.
 * Folders of the same kind that a killed process left in the cache are removed first: their lock is free. *out:
 * bf_eval_scratch_remove, also after an error. BF_STORE. */
BF_MUST_CHECK enum bf_status bf_eval_scratch_new(struct bf_eval_scratch *out, struct bf_err *err);
/* With the files that are in it. BF_EVAL_SCRATCH_NONE is a no-op. */
void bf_eval_scratch_remove(struct bf_eval_scratch *scratch);

#endif
