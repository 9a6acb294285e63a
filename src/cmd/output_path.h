/* Files that commands write, named by the user. */
#ifndef BF_CMD_OUTPUT_PATH_H
#define BF_CMD_OUTPUT_PATH_H
#include "base/output.h"

/* Like bf_output_check; an input that is a run folder also counts as the files that a run has in it. */
BF_MUST_CHECK enum bf_status bf_output_path(const char *path, enum bf_output_kind kind, const char *const *inputs,
                                            size_t n_inputs, struct bf_err *err);
/* Of two commands that write the same model, one would lose its work: OUT.lock is held while the model is written, and
 * then removed. *path and *fd are for bf_output_unlock. BF_STORE when another process holds it. */
BF_MUST_CHECK enum bf_status bf_output_lock(const char *out, char **path, int *fd, struct bf_err *err);
/* free()s the path. NULL and -1 are fine. */
void bf_output_unlock(char *path, int fd);

#endif
