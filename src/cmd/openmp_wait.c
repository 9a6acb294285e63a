/* A layer of the model ends in a dozen barriers. GNU OpenMP spins at each for up to a millisecond before it gives the core
 * back; on a machine that has other work, the thread that is waited for may be the one without a core, and a token takes
 * seconds. Measured on two cores, one sequence of the small model: with two other busy processes 3 tokens a second with the
 * default and 7 to 20 with a short spin; alone 124 and 119. Sleeping at once (OMP_WAIT_POLICY=passive) gives 34 alone.
 * The library reads its environment before main, hence the restart. */
#include "cmd/openmp_wait.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/banned.h"

void bf_openmp_wait_briefly(char **argv)
{
    char path[PATH_MAX];
    if (getenv("GOMP_SPINCOUNT") || getenv("OMP_WAIT_POLICY"))
        return;
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return;
    path[n] = 0;
    if (setenv("GOMP_SPINCOUNT", "5000", 1) == 0)
        execv(path, argv);
}
