/* Where may a command write? Decided before any work is done, so that hours are not lost to a bad name, and a file that
 * is being read is never replaced. Every command that has an option for a file to write asks here. */
#ifndef BF_BASE_OUTPUT_H
#define BF_BASE_OUTPUT_H
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum bf_output_kind {
    BF_OUTPUT_STREAM, /* text: "-", a pipe or a device is written to as it is */
    BF_OUTPUT_FILE,   /* is written beside and renamed: a file or a new name, nothing else */
    BF_OUTPUT_FOLDER, /* gets files, and is made with its parents when it is not there; inputs are not looked at */
};

struct bf_output {
    const char *path; /* NULL or "": nothing is to be written, BF_OK */
    enum bf_output_kind kind;
    /* [n_inputs] what the command reads: names of files or folders, NULL and what is not there allowed */
    const char *const *inputs;
    size_t n_inputs;
};

/* BF_USAGE: the file is one of the inputs, under whatever name; also one that is not there yet, because the same
 * command writes it. BF_STORE: it is a folder, or in no folder, or in one that cannot be written to, or is a pipe,
 * device or socket where a file is needed, or a file where a folder is. */
BF_MUST_CHECK enum bf_status bf_output_check(const struct bf_output *output, struct bf_err *err);

#endif
