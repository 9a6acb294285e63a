/* One writer per run folder: an advisory lock on run.lock, whose text is the writer's process number. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/store_db.h"

#include "base/banned.h"

/* The number in the lock file; 0 when there is none. */
static long holder(const char *path)
{
    char text[32] = {0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return 0;
    const ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    const long pid = n > 0 ? strtol(text, NULL, 10) : 0;
    return pid > 0 ? pid : 0;
}

static enum bf_status fail_held(const char *dir, const char *path, struct bf_err *err)
{
    const long pid = holder(path);
    if (pid > 0)
        return bf_fail(err, BF_STORE, "another biforget (process %ld) is working on '%s'; wait for it or stop it", pid,
                       dir);
    return bf_fail(err, BF_STORE, "another biforget is working on '%s'; wait for it or stop it", dir);
}

/* Does `path` still name the file that `fd` holds? A failing creator may have removed it in between. */
static bool still_there(const char *path, int fd)
{
    struct stat by_path, by_fd;
    return stat(path, &by_path) == 0 && fstat(fd, &by_fd) == 0 && by_path.st_ino == by_fd.st_ino &&
           by_path.st_dev == by_fd.st_dev;
}

enum bf_status bf_store_lock(const char *dir, int *fd, bool *created, struct bf_err *err)
{
    char *path = bf_path_join(dir, BF_STORE_LOCK_FILE);
    enum bf_status status = BF_STORE;
    bool held = false;
    *fd = -1;
    for (int attempt = 0; attempt < 5; attempt++) {
        *created = !bf_file_exists(path);
        status = bf_lock(path, fd, &held, err);
        if (status != BF_OK && held)
            status = fail_held(dir, path, err);
        if (status != BF_OK || still_there(path, *fd))
            break;
        bf_unlock(*fd);
        *fd = -1;
        status = bf_fail(err, BF_STORE, "cannot lock '%s': the file keeps changing; try again", path);
    }
    if (status == BF_OK) {
        char text[32];
        const int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
        /* Only a help for people: on a full disk the lock holds all the same. */
        if (ftruncate(*fd, 0) != 0 || pwrite(*fd, text, (size_t)n, 0) != n)
            errno = 0;
        if (err)
            *err = (struct bf_err)BF_ERR_INIT;
    }
    free(path);
    return status;
}

void bf_store_unlock(const char *dir, int fd, bool remove)
{
    if (fd < 0)
        return;
    if (remove) {
        char *path = bf_path_join(dir, BF_STORE_LOCK_FILE);
        unlink(path);
        free(path);
    }
    bf_unlock(fd);
}
