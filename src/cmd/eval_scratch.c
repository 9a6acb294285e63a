#include "cmd/eval_scratch.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/banned.h"

enum bf_status bf_eval_scratch_new(char **out, struct bf_err *err)
{
    char *cache = bf_cache_dir();
    char *folder = bf_path_join(cache ? cache : "/tmp", "robust-XXXXXX");
    enum bf_status status = cache ? bf_mkdirs(cache, err) : BF_OK;
    *out = NULL;
    if (status == BF_OK && !mkdtemp(folder))
        status = bf_fail(err, BF_STORE, "cannot make a folder '%s' for a model to be tried: %s", folder,
                         bf_errno_text(errno));
    if (status == BF_OK)
        *out = bf_strdup(folder);
    free(folder);
    free(cache);
    return status;
}

void bf_eval_scratch_remove(char *folder)
{
    DIR *dir = folder ? opendir(folder) : NULL;
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char *path = bf_path_join(folder, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlink(path);
        free(path);
    }
    if (dir)
        (void)closedir(dir);
    if (folder)
        (void)rmdir(folder);
    free(folder);
}
