/* What `biforget --help` prints. */
#ifndef BF_CMD_OVERVIEW_H
#define BF_CMD_OVERVIEW_H
#include <stdio.h>

void bf_overview(FILE *out);

#endif
