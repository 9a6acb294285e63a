/* Documents made from the command table, so that they cannot drift from it. */
#ifndef BF_CMD_MANUAL_H
#define BF_CMD_MANUAL_H
#include <stdio.h>

struct bf_command;

void bf_manual(FILE *out);                                           /* biforget(1), in roff */
void bf_manual_command(FILE *out, const struct bf_command *command); /* biforget-NAME(1), in roff */
void bf_completion(FILE *out, const char *shell);                    /* "bash", "zsh" or "fish" */

#endif
