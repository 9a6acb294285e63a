#include "eval/eval_scratch.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/banned.h"

static const char prefix[] = "robust-", lock_name[] = "lock";

/* A folder without a lock file is someone else's, or is just being made. */
static void remove_left_behind(const char *root)
{
    DIR *dir = opendir(root);
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        if (strncmp(entry->d_name, prefix, sizeof prefix - 1) != 0)
            continue;
        char *folder = bf_path_join(root, entry->d_name), *path = bf_path_join(folder, lock_name);
        struct bf_err ignored = BF_ERR_INIT;
        int lock = -1;
        if (access(path, F_OK) == 0 && bf_lock(path, &lock, NULL, &ignored) == BF_OK)
            bf_remove(folder);
        bf_unlock(lock);
        free(path);
        free(folder);
    }
    if (dir)
        (void)closedir(dir);
}

/* The folder gets the name that others look for only once its lock is held. */
static enum bf_status make(const char *root, struct bf_eval_scratch *out, struct bf_err *err)
{
    char *making = bf_path_join(root, "making-robust-XXXXXX"), *name = strrchr(making, '/') + sizeof "/making-" - 1;
    if (!mkdtemp(making)) {
        enum bf_status failed = bf_fail(err, BF_STORE, "cannot create the folder '%s' for a temporary model: %s",
                                        making, bf_errno_text(errno));
        free(making);
        return failed;
    }
    char *path = bf_path_join(making, lock_name);
    enum bf_status status = bf_lock(path, &out->lock, NULL, err);
    char *folder = bf_path_join(root, name);
    if (status == BF_OK && rename(making, folder) != 0)
        status = bf_fail(err, BF_STORE, "cannot create the folder '%s' for a temporary model: %s", folder,
                         bf_errno_text(errno));
    if (status == BF_OK) {
        out->folder = folder;
        folder = NULL;
    } else {
        bf_remove(making);
    }
    free(folder);
    free(path);
    free(making);
    return status;
}

enum bf_status bf_eval_scratch_new(struct bf_eval_scratch *out, struct bf_err *err)
{
    char *cache = bf_cache_dir();
    const char *root = cache ? cache : "/tmp";
    enum bf_status status = cache ? bf_mkdirs(cache, err) : BF_OK;
    *out = BF_EVAL_SCRATCH_NONE;
    if (status == BF_OK && cache) // in /tmp anyone may have made folders with such names
        remove_left_behind(root);
    if (status == BF_OK)
        status = make(root, out, err);
    free(cache);
    return status;
}

void bf_eval_scratch_remove(struct bf_eval_scratch *scratch)
{
    if (scratch->folder)
        bf_remove(scratch->folder);
    bf_unlock(scratch->lock);
    free(scratch->folder);
    *scratch = BF_EVAL_SCRATCH_NONE;
}
