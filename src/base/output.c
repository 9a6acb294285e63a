#include "base/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#include "base/banned.h"

static const char *kind_of(mode_t mode)
{
    return S_ISDIR(mode) ? "a folder" : S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
}

/* The folder of a new file. free(). */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return !slash ? bf_strdup(".") : bf_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static enum bf_status check_folder(const char *path, struct bf_err *err)
{
    struct stat info;
    enum bf_status status = BF_OK;
    char *folder = folder_of(path);
    if (stat(folder, &info) != 0)
        status = bf_fail(err, BF_STORE,
                         "cannot write '%s': the folder '%s' cannot be opened: %s; create it or choose "
                         "another",
                         path, folder, bf_errno_text(errno));
    else if (!S_ISDIR(info.st_mode))
        status = bf_fail(err, BF_STORE, "cannot write '%s': '%s' is not a folder; choose another name", path, folder);
    else if (access(folder, W_OK | X_OK) != 0)
        status = bf_fail(err, BF_STORE, "cannot write '%s': %s; choose a folder that you can write to", path,
                         bf_errno_text(errno));
    free(folder);
    return status;
}

/* Do these two names, neither of which exists yet, mean the same file? */
static bool will_be_same(const char *a, const char *b)
{
    char *folder_a = folder_of(a), *folder_b = folder_of(b);
    struct stat in_a, in_b;
    const bool same = stat(folder_a, &in_a) == 0 && stat(folder_b, &in_b) == 0 && in_a.st_dev == in_b.st_dev &&
                      in_a.st_ino == in_b.st_ino && strcmp(name_of(a), name_of(b)) == 0;
    free(folder_a);
    free(folder_b);
    return same;
}

/* `out` is NULL when the file does not exist yet: an input may then be a file that this command will write. */
static enum bf_status check_inputs(const struct bf_output *output, const struct stat *out, struct bf_err *err)
{
    for (size_t i = 0; i < output->n_inputs; i++) {
        const char *input = output->inputs[i];
        struct stat in;
        if (!input || input[0] == '\0')
            continue;
        const bool there = stat(input, &in) == 0, named_alike = strcmp(input, output->path) == 0;
        if (out ? there && in.st_dev == out->st_dev && in.st_ino == out->st_ino
                : !there && will_be_same(input, output->path))
            return bf_fail(err, BF_USAGE,
                           out ? "'%s' is read and cannot be written too%s%s%s; give another name for the output"
                               : "'%s' is named for two files of this command%s%s%s; give two names",
                           output->path, named_alike ? "" : " (it is '", named_alike ? "" : input,
                           named_alike ? "" : "')");
    }
    return BF_OK;
}

/* The existing folder in which a new folder would be created. free(). */
static char *nearest_parent(const char *path)
{
    struct stat info;
    char *at = bf_strdup(path);
    while (stat(at, &info) != 0 && errno == ENOENT && strcmp(at, ".") != 0 && strcmp(at, "/") != 0) {
        size_t n = strlen(at);
        while (n > 1 && at[n - 1] == '/')
            at[--n] = '\0';
        char *parent = folder_of(at);
        free(at);
        at = parent;
    }
    return at;
}

static enum bf_status check_out_folder(const char *path, struct bf_err *err)
{
    struct stat info;
    enum bf_status status = BF_OK;
    char *at = nearest_parent(path);
    if (stat(at, &info) != 0 || (S_ISDIR(info.st_mode) && access(at, W_OK | X_OK) != 0))
        status =
            bf_fail(err, BF_STORE, "cannot write into the folder '%s': %s; choose another", path, bf_errno_text(errno));
    else if (!S_ISDIR(info.st_mode))
        status = bf_fail(err, BF_STORE, "cannot write into '%s': '%s' is not a folder; choose another name", path, at);
    free(at);
    return status;
}

enum bf_status bf_output_check(const struct bf_output *output, struct bf_err *err)
{
    const char *path = output->path;
    const bool stream = output->kind == BF_OUTPUT_STREAM;
    struct stat info;
    if (!path || path[0] == '\0' || (stream && strcmp(path, "-") == 0))
        return BF_OK;
    if (output->kind == BF_OUTPUT_FOLDER)
        return check_out_folder(path, err);
    if (stat(path, &info) != 0) {
        if (errno == ENOENT && path[strlen(path) - 1] != '/') { /* also for a broken link, which is replaced */
            const enum bf_status status = check_folder(path, err);
            return status == BF_OK ? check_inputs(output, NULL, err) : status;
        }
        return bf_fail(err, BF_STORE, "cannot write '%s': %s; choose another name", path,
                       errno == ENOENT ? "a file cannot end with a slash" : bf_errno_text(errno));
    }
    if (S_ISDIR(info.st_mode) || S_ISSOCK(info.st_mode) || (!stream && !S_ISREG(info.st_mode)))
        return bf_fail(err, BF_STORE, "cannot write '%s': it is %s; give the name of a file", path,
                       kind_of(info.st_mode));
    if (!S_ISREG(info.st_mode))
        return BF_OK;
    const enum bf_status status = check_inputs(output, &info, err);
    if (status != BF_OK)
        return status;
    /* A new file is created where the link leads to. */
    char *real = realpath(path, NULL);
    const enum bf_status folder = check_folder(real ? real : path, err);
    free(real);
    return folder;
}
