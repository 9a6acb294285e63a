/* A folder for the models that an evaluation makes and throws away. */
#ifndef BF_CMD_EVAL_SCRATCH_H
#define BF_CMD_EVAL_SCRATCH_H
#include "base/err.h"

/* A new one in the cache folder, or in /tmp where there is none; nobody else may enter it. *out: bf_eval_scratch_remove. BF_STORE. */
BF_MUST_CHECK enum bf_status bf_eval_scratch_new(char **out, struct bf_err *err);
/* With the files that are in it; frees the name. NULL is a no-op. */
void bf_eval_scratch_remove(char *folder);

#endif
