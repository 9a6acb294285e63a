/* Ctrl-C once: finish the step and save. Twice: stop at once (every commit so far is on the disk already). Two signals
 * within half a second count as one: a terminal signals a group of processes, and our parent also passes its signal on.
 */
#ifndef BF_BASE_INTERRUPT_H
#define BF_BASE_INTERRUPT_H
#include <stdbool.h>

void bf_interrupt_install(void); /* SIGINT, SIGTERM, SIGHUP unless it was ignored */
bool bf_interrupted(void);
/* Print no message on Ctrl-C while a child command, which prints it, uses the same stderr. */
void bf_interrupt_silence(bool silent);

#endif
