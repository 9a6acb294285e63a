/* Advisory locks. flock and not fcntl: an fcntl lock vanishes when any descriptor of the file is closed, and SQLite
 * opens and closes files as it likes. The system drops the lock when the process ends, however it ends.
 *
 * The folder may come from a stranger, so that what has the lock's name is looked at before anything is written: no
 * link is followed, and only a file that holds a process number, or nothing, gets ours. */
#include "base/file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/banned.h"

enum { NUMBER_MAX = 32, ATTEMPTS = 5 };

enum bf_status bf_lock(const char *path, int *fd, bool *held, struct bf_err *err)
{
    struct stat info;
    int failure = 0;

    *fd = -1;
    if (held)
        *held = false;
    /* O_NONBLOCK: opening a pipe of that name would wait for a reader. */
    const int opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (opened < 0 && errno == ELOOP)
        return bf_fail(err, BF_STORE, "the lock '%s' is a symbolic link, which is not followed; delete it", path);
    if (opened < 0)
        return bf_fail(err, BF_STORE, "cannot open the lock '%s': %s; check the folder", path, bf_errno_text(errno));
    if (fstat(opened, &info) != 0 || !S_ISREG(info.st_mode)) {
        (void)close(opened);
        return bf_fail(err, BF_STORE, "the lock '%s' is not a plain file; delete it", path);
    }
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

/* The process number in the file; 0 when it is empty, -1 when it contains something else. */
static long number_in(int fd)
{
    char text[NUMBER_MAX + 1] = {0};
    const ssize_t n = pread(fd, text, NUMBER_MAX, 0);
    ssize_t digits = 0;
    if (n <= 0)
        return n;
    while (isdigit((unsigned char)text[digits]))
        digits++;
    const bool whole = digits > 0 && (digits == n || (digits == n - 1 && text[digits] == '\n'));
    return whole ? strtol(text, NULL, 10) : -1;
}

static enum bf_status fail_held(const char *path, const char *what, struct bf_err *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    const long pid = fd >= 0 ? number_in(fd) : 0;
    bf_unlock(fd);
    if (pid > 0)
        return bf_fail(err, BF_STORE, "another biforget (process %ld) is working on %s; wait for it or stop it", pid,
                       what);
    return bf_fail(err, BF_STORE, "another biforget is working on %s; wait for it or stop it", what);
}

/* Does `path` still name the file of `fd`? Another process may have removed its lock in between. */
static bool still_there(const char *path, int fd)
{
    struct stat by_path, by_fd;
    return lstat(path, &by_path) == 0 && fstat(fd, &by_fd) == 0 && by_path.st_ino == by_fd.st_ino &&
           by_path.st_dev == by_fd.st_dev;
}

/* A file with a second name may be somebody else's, just as the target of a link. */
static enum bf_status write_number(const char *path, int fd, struct bf_err *err)
{
    struct stat info;
    char text[NUMBER_MAX];
    const int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (fstat(fd, &info) != 0 || info.st_nlink > 1 || info.st_size >= NUMBER_MAX || number_in(fd) < 0)
        return bf_fail(err, BF_STORE, "'%s' is not a lock of biforget, so it is not overwritten; move it away", path);
    /* The number is only informative: the lock works even on a full disk. */
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
        errno = 0;
    return BF_OK;
}

enum bf_status bf_lock_claim(const char *path, const char *what, int *fd, bool *created, struct bf_err *err)
{
    enum bf_status status = BF_STORE;
    bool held = false;
    *fd = -1;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (created)
            *created = !bf_file_exists(path);
        status = bf_lock(path, fd, &held, err);
        if (status != BF_OK && held)
            status = fail_held(path, what, err);
        if (status != BF_OK || still_there(path, *fd))
            break;
        bf_unlock(*fd);
        *fd = -1;
        status = bf_fail(err, BF_STORE, "cannot lock '%s': the file keeps changing; try again", path);
    }
    if (status == BF_OK)
        status = write_number(path, *fd, err);
    if (status != BF_OK) {
        bf_unlock(*fd);
        *fd = -1;
    } else if (err) {
        *err = (struct bf_err)BF_ERR_INIT;
    }
    return status;
}

void bf_lock_remove(const char *path, int fd)
{
    if (fd >= 0)
        (void)unlink(path);
    bf_unlock(fd);
}

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
