/* Ctrl-C once: finish the step and save. Twice: stop now (every commit so far is on disk already). */
#ifndef BF_CMD_INTERRUPT_H
#define BF_CMD_INTERRUPT_H
#include <stdbool.h>

void bf_interrupt_install(void);       /* SIGINT and SIGTERM */
bool bf_interrupted(void);

#endif
