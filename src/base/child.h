/* Running other commands of this program, as a user would: each in a child process, so that its memory is returned and
 * its failure does not affect this process. */
#ifndef BF_BASE_CHILD_H
#define BF_BASE_CHILD_H
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* The words of a command, "domain" first; copies. */
struct bf_command_line {
    char **words;
    size_t n;
};
void bf_command_line_add(struct bf_command_line *list, const char *word);
void bf_command_line_release(struct bf_command_line *list);
/* The command as a user would type it, with quotes where they are needed: "biforget domain 'the Solar System' -o
 * runs/x". free(). */
char *bf_command_line_text(const struct bf_command_line *list);

/* Gets the lines that the command would show on a terminal while it works. */
struct bf_child_live {
    void *user;
    void (*line)(void *user, const char *text);
};

/* Run the command to its end. Its standard output is appended to `out`, its stderr to the file `log_path`, or to our
 * stderr when that is NULL. Returns its failure: the same status, the last sentence of the log, and the command.
 * BF_STORE when a signal ended it, for example because memory was used up; BF_MODEL when it crashed; BF_INTERRUPTED
 * when it or this process was interrupted: our signals are passed on to it. It ends when this process ends. live
 * (nullable): gets its progress, even when it is quiet. */
BF_MUST_CHECK enum bf_status bf_child_run(const struct bf_command_line *command, const char *log_path,
                                          const struct bf_child_live *live, struct bf_buf *out, struct bf_err *err);

#endif
