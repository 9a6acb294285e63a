/* A sentence instead of a bare "Segmentation fault". */
#ifndef BF_BASE_LAST_WORDS_H
#define BF_BASE_LAST_WORDS_H

#include <stdbool.h>

/* From now on, a fatal signal (SIGSEGV, SIGILL, SIGBUS, SIGFPE, SIGABRT) ends the process with a sentence on stderr and
 * exit code 4; when core dumps are on (RLIMIT_CORE, 'ulimit -c'), with the sentence and the signal itself, which dumps
 * core. Signals that a sanitizer or a debugger handles are not changed. */
void bf_last_words_prepare(void);
/* Is it one of these signals? */
bool bf_is_crash(int number);

#endif
