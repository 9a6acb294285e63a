/* Can a command write its output? Checked before the work, so that a bad name does not cost hours, and a file that is
 * being read is never replaced. For every option that names a file to write. */
#ifndef BF_BASE_OUTPUT_H
#define BF_BASE_OUTPUT_H
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum bf_output_kind {
    BF_OUTPUT_STREAM, /* text; may be "-", a pipe or a device, which are written to directly */
    BF_OUTPUT_FILE,   /* a file or a new name only: a temporary file is written and renamed */
    BF_OUTPUT_FOLDER, /* gets files, is created with its parents; inputs are not checked */
};

struct bf_output {
    const char *path; /* NULL or "": nothing will be written, BF_OK */
    enum bf_output_kind kind;
    /* [n_inputs] files or folders that the command reads; may be NULL or missing */
    const char *const *inputs;
    size_t n_inputs;
};

/* BF_USAGE: the output is one of the inputs, even by another name, or one that does not exist yet because this command
 * will write it. BF_STORE: it is a folder, its folder does not exist or cannot be written to, it is a pipe, device or
 * socket where a file is needed, or a file where a folder is needed. */
BF_MUST_CHECK enum bf_status bf_output_check(const struct bf_output *output, struct bf_err *err);

#endif
