/* A function in a process of its own, so that what ends it does not end us: kernels that a processor refuses, files on
 * which a library aborts or crashes. What it changes in memory stays there; back come its status, its sentence, and
 * what it was doing. */
#ifndef BF_BASE_APART_H
#define BF_BASE_APART_H
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { BF_APART_DOING_MAX = 256 };

struct bf_apart {
    int signal;    /* out: what ended it; 0 = it returned, or called exit */
    bool returned; /* out */
    /* the last words that bf_apart_doing() was given, "" without any; for the middle of a sentence */
    char doing[BF_APART_DOING_MAX];
};

/* Run work(user, apart, err) in a child of this process and wait for it; `apart` comes back filled. Its status and
 *  sentence become ours.
 *  - A fatal signal or an exit of its own: BF_MODEL and "a segmentation fault ended WHAT while DOING", WHAT and DOING
 *    as given; a caller that knows more about the reason writes its own sentence from *apart.
 *  - `seconds` > 0: the child is ended after that time, apart->signal is SIGALRM then. 0 = no limit.
 *  - BF_STORE when no process can be started.
 * In the child signals have their default effect, no core file is written, and its output goes to /dev/null. It begins
 * with one thread; OpenMP must not be used in it by more than one when this process has used it before. */
typedef enum bf_status bf_apart_work(void *user, struct bf_apart *apart, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_apart_run(bf_apart_work *work, void *user, const char *what, int seconds,
                                          struct bf_apart *apart, struct bf_err *err);

/* For the work: "reading the tokenizer"; said in the sentence when it dies of it. */
void bf_apart_doing(struct bf_apart *apart, const char *format, ...) BF_PRINTF(2, 3);

/* "a segmentation fault", "an illegal instruction", "signal 42". `out` has BF_SIGNAL_TEXT_MAX bytes and is returned. */
enum { BF_SIGNAL_TEXT_MAX = 48 };
const char *bf_signal_text(int number, char out[BF_SIGNAL_TEXT_MAX]);

#endif
