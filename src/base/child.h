/* Other commands of this very program, run as a person would: each in a process of its own, so that its memory is given
 * back and its failure is only its own. */
#ifndef BF_BASE_CHILD_H
#define BF_BASE_CHILD_H
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
/* As a person may type it, with quotes where they are needed: "biforget domain 'the Solar System' -o runs/x".
 * free(). */
char *bf_command_line_text(const struct bf_command_line *list);

/* What the command would show on a terminal while it works, line by line. */
struct bf_child_live {
    void *user;
    void (*line)(void *user, const char *text);
};

/* Run it to its end. Its standard output is added to `out`; what it says on stderr is added to the file `log_path`, or
 * goes to our own stderr when that is NULL. Its failure becomes ours: the same status, the last sentence it said (into
 * a log), and the command. BF_STORE when a signal ended it, as when the machine's memory is used up; BF_MODEL when it
 * crashed. BF_INTERRUPTED when it or we were interrupted: a signal to us is passed on to it. It ends when this process
 * does. live: nullable; the command shows its progress there, also when it is quiet. */
BF_MUST_CHECK enum bf_status bf_child_run(const struct bf_command_line *command, const char *log_path,
                                          const struct bf_child_live *live, struct bf_buf *out, struct bf_err *err);

#endif
