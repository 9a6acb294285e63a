/* Running a function in a child process, so that its crash does not end this one: for instructions that a processor
 * does not know, and for files on which a library aborts or crashes. Changes that it makes in memory are lost; its
 * status, its sentence, and what it was doing come back. */
#ifndef BF_BASE_APART_H
#define BF_BASE_APART_H
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { BF_APART_DOING_MAX = 256 };

struct bf_apart {
    int signal;    /* out: the signal that ended it; 0 when it returned or called exit */
    bool returned; /* out */
    /* the last text of bf_apart_doing(), for the middle of a sentence; "" without one */
    char doing[BF_APART_DOING_MAX];
};

/* Run work(user, apart, err) in a child of this process and wait for it. Fills in *apart; returns its status and
 * sentence.
 *  - A fatal signal, or a call of exit: BF_MODEL and "a segmentation fault ended WHAT while DOING". A caller that knows
 *    more about the reason can write its own sentence from *apart.
 *  - `seconds` > 0: the child is killed after that time, and apart->signal is SIGALRM. 0 = no limit.
 *  - BF_STORE: no process can be started.
 * In the child, signals have their default effect, no core file is written, and output goes to /dev/null. It has one
 * thread; if this process has used OpenMP before, it must use OpenMP with one thread only. */
typedef enum bf_status bf_apart_work(void *user, struct bf_apart *apart, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_apart_run(bf_apart_work *work, void *user, const char *what, int seconds,
                                          struct bf_apart *apart, struct bf_err *err);

/* Called by the work: what it does next ("reading the tokenizer"), for the sentence when that crashes. */
void bf_apart_doing(struct bf_apart *apart, const char *format, ...) BF_PRINTF(2, 3);

/* "a segmentation fault", "an illegal instruction", "signal 42". `out` has BF_SIGNAL_TEXT_MAX bytes and is returned. */
enum { BF_SIGNAL_TEXT_MAX = 48 };
const char *bf_signal_text(int number, char out[BF_SIGNAL_TEXT_MAX]);

#endif
