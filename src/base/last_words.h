/* A sentence in place of a bare "Segmentation fault". */
#ifndef BF_BASE_LAST_WORDS_H
#define BF_BASE_LAST_WORDS_H

#include <stdbool.h>

/* From here on a fatal signal (SIGSEGV, SIGILL, SIGBUS, SIGFPE, SIGABRT) ends the process with a sentence on stderr and
 * exit code 4; where core dumps are on (RLIMIT_CORE, 'ulimit -c'), with the sentence and the signal itself, which
 * dumps. Leaves alone what a sanitizer or a debugger has taken. */
void bf_last_words_prepare(void);
/* Is it one of these signals? */
bool bf_is_crash(int number);

#endif
