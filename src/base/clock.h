/* Time for measuring, never for results. */
#ifndef BF_BASE_CLOCK_H
#define BF_BASE_CLOCK_H

double bf_seconds(void);       /* monotonic, seconds since an arbitrary start */

#endif
