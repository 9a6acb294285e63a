/* What the commands that read a run share. */
#ifndef BF_CMD_RUN_FOLDER_H
#define BF_CMD_RUN_FOLDER_H
#include "cmd/cmd.h"
#include "store/store.h"

/* Open the one operand of the call for reading; `example` ends the usage sentence. */
BF_MUST_CHECK enum bf_status bf_open_run(const struct bf_call *call, const char *example, struct bf_store **out,
                                         struct bf_err *err);

#endif
