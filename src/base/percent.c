#include "base/percent.h"

#include <stdio.h>

#include "base/banned.h"

void bf_percent(double share, char out[BF_PERCENT_MAX])
{
    const double percent = 100.0 * share < 1e9 ? 100.0 * share : 1e9;
    if (percent >= 9.95 || percent <= 0.0)
        (void)snprintf(out, BF_PERCENT_MAX, "%.0f", percent > 0.0 ? percent : 0.0);
    else if (percent < 0.005)
        (void)snprintf(out, BF_PERCENT_MAX, "less than 0.01");
    else
        (void)snprintf(out, BF_PERCENT_MAX, percent < 0.095 ? "%.2f" : "%.1f", percent);
}
