/* Other commands of this very program, run as a person would: each in a process of its own, so that its memory is given back and its
 * failure is only its own. */
#ifndef BF_CMD_CHILD_H
#define BF_CMD_CHILD_H
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* A command's words, "domain" first; copies. */
struct bf_command_line {
    char **words;
    size_t n;
};
void bf_command_line_add(struct bf_command_line *list, const char *word);
void bf_command_line_release(struct bf_command_line *list);
/* As a person may type it, with quotes where they are needed: "biforget domain 'the Solar System' -o runs/x". free(). */
char *bf_command_line_text(const struct bf_command_line *list);

/* Run it to its end. Its standard output is added to `out`; what it says on stderr is added to the file `log_path`, or goes to our own stderr
 * when that is NULL. Its failure becomes ours: the same status, the last sentence it said (into a log), and the command.
 * BF_INTERRUPTED when it or we were interrupted: a signal to us is passed on to it. It ends when this process does. */
BF_MUST_CHECK enum bf_status bf_child_run(const struct bf_command_line *command, const char *log_path, struct bf_buf *out,
                                          struct bf_err *err);
/* The same; *signal is the one that ended the command, 0 when none did: then it says nothing of what the command was given. */
BF_MUST_CHECK enum bf_status bf_child_run_watched(const struct bf_command_line *command, const char *log_path,
                                                  struct bf_buf *out, int *signal, struct bf_err *err);

#endif
