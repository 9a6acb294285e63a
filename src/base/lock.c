/* Advisory locks. flock and not fcntl: an fcntl lock vanishes when any descriptor of the file is closed, and SQLite
 * opens and closes files as it likes. The system drops the lock when the process ends, however it ends. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/banned.h"

enum bf_status bf_lock(const char *path, int *fd, bool *held, struct bf_err *err)
{
    int opened;
    int failure = 0;

    *fd = -1;
    if (held)
        *held = false;
    opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (opened < 0)
        return bf_fail(err, BF_STORE, "cannot open the lock '%s': %s; check the folder", path, bf_errno_text(errno));
    while (flock(opened, LOCK_EX | LOCK_NB) != 0) {
        failure = errno;
        if (failure == EINTR)
            continue;
        (void)close(opened);
        if (failure != EWOULDBLOCK)
            return bf_fail(err, BF_STORE, "cannot lock '%s': %s; use a local disk", path, bf_errno_text(failure));
        if (held)
            *held = true;
        return bf_fail(err, BF_STORE, "'%s' is locked by another process; wait for it or stop it", path);
    }
    *fd = opened;
    return BF_OK;
}

void bf_unlock(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}
