/* One writer per run folder: an advisory lock on run.lock, whose text is the writer's process number. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "store/store_db.h"

#include "base/banned.h"

enum bf_status bf_store_lock(const char *dir, int *fd, bool *created, struct bf_err *err)
{
    char *path = bf_path_join(dir, BF_STORE_LOCK_FILE);
    struct bf_buf what;
    bf_buf_init(&what, SIZE_MAX);
    bf_buf_printf(&what, "'%s'", dir);
    const enum bf_status status = bf_lock_claim(path, what.data, fd, created, err);
    bf_buf_release(&what);
    free(path);
    return status;
}

void bf_store_unlock(const char *dir, int fd, bool remove)
{
    if (fd < 0)
        return;
    if (remove) {
        char *path = bf_path_join(dir, BF_STORE_LOCK_FILE);
        bf_lock_remove(path, fd);
        free(path);
    } else {
        bf_unlock(fd);
    }
}
