/* Ctrl-C once: finish the step and save. Twice: stop now (every commit so far is on disk already). Two signals within
 * half a second count as one: a terminal signals a whole group of processes, and whoever started us passes on what it
 * got. */
#ifndef BF_BASE_INTERRUPT_H
#define BF_BASE_INTERRUPT_H
#include <stdbool.h>

void bf_interrupt_install(void); /* SIGINT, SIGTERM, SIGHUP unless it was ignored */
bool bf_interrupted(void);
/* While a command of ours talks on the same stderr, it says this itself. */
void bf_interrupt_silence(bool silent);

#endif
