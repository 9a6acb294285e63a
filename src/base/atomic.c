/* Atomic writing. A reader of `path` sees the old file or the complete new one, whatever happens in between. A path
 * that is not a plain file (a pipe, /dev/null) is written to directly: renaming would replace the device itself. */
#include "base/file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/print.h"

#include "base/banned.h"

static void forget(struct bf_atomic *a)
{
    free(a->path);
    free(a->temporary);
    a->stream = NULL;
    a->path = NULL;
    a->temporary = NULL;
}

/* Not by the name, since a file inside a folder of ours may be called "-". */
static bool is_stdout(const struct bf_atomic *a)
{
    return a->stream == stdout;
}

static const char temporary_ending[] = ".XXXXXX"; /* for mkostemp */

bool bf_atomic_is_temporary(const char *name, const char *ending)
{
    const size_t n = strlen(name), n_ending = strlen(ending), n_own = sizeof temporary_ending - 1;
    if (n <= n_ending + n_own || strncmp(name + n - n_own - n_ending, ending, n_ending) != 0 || name[n - n_own] != '.')
        return false;
    for (size_t i = n - n_own + 1; i < n; i++)
        if (!isalnum((unsigned char)name[i]))
            return false;
    return true;
}

/* Open a temporary file next to `target`, or `target` itself when it is not a plain file. *temporary: free(). Returns
 * the descriptor, or -1 with errno. */
static int open_target(const char *target, bool plain, char **temporary)
{
    if (!plain)
        return open(target, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    const size_t n = strlen(target);
    *temporary = bf_alloc(n + sizeof temporary_ending);
    memcpy(*temporary, target, n);
    memcpy(*temporary + n, temporary_ending, sizeof temporary_ending);
    return mkostemp(*temporary, O_CLOEXEC); /* mode 0600 */
}

static enum bf_status open_at(struct bf_atomic *a, const char *path, bool follow, struct bf_err *err)
{
    struct stat info;
    char *temporary = NULL;
    const bool there = (follow ? stat(path, &info) : lstat(path, &info)) == 0;
    if (there && S_ISDIR(info.st_mode))
        return bf_fail(err, BF_STORE, "cannot write '%s': it is a folder; give the name of a file", path);
    const bool plain = !follow || !there || S_ISREG(info.st_mode);
    /* A link that the user named stays a link, and the file that it leads to is replaced. A device keeps its name: the
     * link of a pipe of ours (/dev/stdout) does not lead to a file. */
    char *target = follow && plain ? realpath(path, NULL) : NULL;
    if (!target)
        target = bf_strdup(path);
    const int fd = open_target(target, plain, &temporary);
    if (fd < 0) {
        const int failure = errno;
        free(target);
        free(temporary);
        return bf_fail(err, BF_STORE, "cannot write '%s': %s; choose a folder that exists and that you can write to",
                       path, bf_errno_text(failure));
    }
    a->stream = fdopen(fd, "wb");
    if (!a->stream)
        bf_out_of_memory();
    a->path = target;
    a->temporary = temporary;
    return BF_OK;
}

enum bf_status bf_atomic_open(struct bf_atomic *a, const char *path, struct bf_err *err)
{
    *a = (struct bf_atomic){NULL, NULL, NULL};
    if (strcmp(path, "-") != 0)
        return open_at(a, path, true, err);
    a->stream = stdout;
    a->path = bf_strdup(path);
    return BF_OK;
}

enum bf_status bf_atomic_open_inside(struct bf_atomic *a, const char *path, struct bf_err *err)
{
    *a = (struct bf_atomic){NULL, NULL, NULL};
    return open_at(a, path, false, err);
}

/* The rename is only on the disk when its folder is. Some file systems cannot sync a folder; that is not a failure. */
static void sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? bf_strndup(path, slash == path ? 1 : (size_t)(slash - path)) : bf_strdup(".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    free(folder);
}

static enum bf_status fail_write(const struct bf_atomic *a, int failure, struct bf_err *err)
{
    return bf_fail(err, BF_STORE, "cannot write '%s': %s; free some space or choose another place",
                   is_stdout(a) ? "standard output" : a->path,
                   failure != 0 ? bf_errno_text(failure) : "a write failed");
}

enum bf_status bf_atomic_flush(struct bf_atomic *a, struct bf_err *err)
{
    if (!a->stream)
        return bf_fail(err, BF_STORE, "cannot finish a file that was not opened");
    const bool earlier = ferror(a->stream) != 0; /* a write failed earlier, and its errno is lost */
    int failure = fflush(a->stream) != 0 ? errno : 0;
    if (failure == 0 && !earlier && a->temporary && fsync(fileno(a->stream)) != 0)
        failure = errno;
    if (is_stdout(a) && (failure == EPIPE || (earlier && failure == 0)) && bf_stdout_reader_is_gone())
        return BF_OK; /* as for all other output to stdout, see main.c */
    return failure != 0 || earlier ? fail_write(a, failure, err) : BF_OK;
}

enum bf_status bf_atomic_commit(struct bf_atomic *a, struct bf_err *err)
{
    enum bf_status status = bf_atomic_flush(a, err);
    if (!a->stream)
        return status;
    if (!is_stdout(a) && fclose(a->stream) != 0 && status == BF_OK)
        status = fail_write(a, errno, err);
    a->stream = NULL;
    if (status == BF_OK && a->temporary) {
        if (rename(a->temporary, a->path) == 0)
            sync_folder_of(a->path);
        else
            status = bf_fail(err, BF_STORE, "cannot rename '%s' to '%s': %s; check the folder", a->temporary, a->path,
                             bf_errno_text(errno));
    }
    if (status != BF_OK && a->temporary)
        (void)unlink(a->temporary);
    forget(a);
    return status;
}

void bf_atomic_abort(struct bf_atomic *a)
{
    if (!a->stream)
        return;
    if (!is_stdout(a))
        (void)fclose(a->stream);
    if (a->temporary)
        (void)unlink(a->temporary);
    forget(a);
}

enum bf_status bf_file_write_inside(const char *path, const char *data, size_t n, struct bf_err *err)
{
    struct bf_atomic file = {0};
    const enum bf_status status = bf_atomic_open_inside(&file, path, err);
    if (status != BF_OK)
        return status;
    (void)fwrite(data, 1, n, file.stream); /* commit reports a failure */
    return bf_atomic_commit(&file, err);
}
