/* A layer of the model ends in a dozen barriers. GNU OpenMP spins at each for up to a millisecond before it gives the core
 * back; on a machine that has other work, the thread that is waited for may be the one without a core, and a token takes
 * seconds. Single runs on two cores, one sequence of the small model, tokens a second: beside two busy processes 53 in one run
 * and none finished in 25 s in another with the default, 7 and 20 with a spin of 3000; alone 124 with the default, 108 and 126
 * with 6000, 34 when threads sleep at once (OMP_WAIT_POLICY=passive). 5000 was chosen between the two and not measured itself.
 * The library reads its environment before main, hence the restart. */
#include "base/openmp_wait.h"

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
