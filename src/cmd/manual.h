/* Documents made from the command table, so that they cannot drift from it. */
#ifndef BF_CMD_MANUAL_H
#define BF_CMD_MANUAL_H
#include <stdio.h>

void bf_manual(FILE *out);                        /* a man page, section 1, roff */
void bf_completion(FILE *out, const char *shell); /* "bash", "zsh" or "fish" */

#endif
