#include "base/work_lock.h"

#include <fcntl.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/banned.h"

enum { WAIT_SECONDS = 60 };

enum bf_status bf_work_lock(const char *path, const char *dir, struct bf_log *log, int *fd, struct bf_err *err)
{
    const double begin = bf_seconds();
    bool held = false, told = false;
    enum bf_status status;
    for (;;) {
        status = bf_lock(path, fd, &held, err);
        if (status == BF_OK || !held || bf_seconds() - begin > WAIT_SECONDS || bf_interrupted())
            break;
        if (!told)
            bf_log_info(log, "waiting for another process that works on '%s'", dir);
        told = true;
        const struct timespec pause = {.tv_nsec = 100L * 1000 * 1000};
        (void)nanosleep(&pause, NULL);
    }
    if (status == BF_OK)
        (void)fcntl(*fd, F_SETFD, 0);
    else if (bf_interrupted())
        status = bf_fail(err, BF_INTERRUPTED, "interrupted");
    return status;
}
