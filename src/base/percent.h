/* Shares for people. */
#ifndef BF_BASE_PERCENT_H
#define BF_BASE_PERCENT_H

/* 1.0 as "100", 0.0123 as "1.2", 0.000456 as "0.05", less as "less than 0.01", 0 and below as "0"; the sign and a unit
 * are the caller's. `share` is finite. */
enum { BF_PERCENT_MAX = 32 };
void bf_percent(double share, char out[BF_PERCENT_MAX]);

#endif
