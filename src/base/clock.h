/* Time, for measurements only: results must not depend on it. */
#ifndef BF_BASE_CLOCK_H
#define BF_BASE_CLOCK_H

double bf_seconds(void); /* monotonic, seconds since an arbitrary start */

/* "4:05 left" (minutes and seconds) or, from an hour on, "2:10 hours left". Negative and infinite times count as 0. */
enum { BF_TIME_LEFT_MAX = 32 };
void bf_time_left(double seconds, char out[BF_TIME_LEFT_MAX]);

#endif
