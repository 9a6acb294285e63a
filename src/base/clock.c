#include "base/clock.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "base/banned.h"

double bf_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void bf_time_left(double seconds, char out[BF_TIME_LEFT_MAX])
{
    const int64_t left = isfinite(seconds) && seconds > 0.0 && seconds < 1e12 ? (int64_t)(seconds + 0.5) : 0;
    if (left >= 3600)
        snprintf(out, BF_TIME_LEFT_MAX, "%lld:%02lld hours left", (long long)(left / 3600),
                 (long long)(left / 60 % 60));
    else
        snprintf(out, BF_TIME_LEFT_MAX, "%lld:%02lld left", (long long)(left / 60), (long long)(left % 60));
}
