#include "export/export_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"

#include "base/banned.h"

enum { DEPTH_MAX = 8 };
#define MANIFEST_MAX_BYTES ((size_t)64 << 20)

/* ---- walking a folder ---- */

/* Call `each` for every file, with its name relative to the top, and for every folder after its files. Links are not
 * followed. The walk ends when `each` returns false; then it returns false. */
static bool walk(const char *top, const char *relative, int depth, void *user,
                 bool (*each)(void *user, const char *path, const char *name, bool is_dir))
{
    char *folder = relative[0] != '\0' ? bf_path_join(top, relative) : bf_strdup(top);
    DIR *stream = opendir(folder);
    bool good = stream != NULL && depth < DEPTH_MAX;

    for (const struct dirent *entry; good && (entry = readdir(stream)) != NULL;) { /* NOLINT(concurrency-mt-unsafe) */
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char *name = bf_path_join(relative, entry->d_name), *path = bf_path_join(top, name);
        struct stat info;
        if (lstat(path, &info) != 0)
            good = false;
        else if (S_ISDIR(info.st_mode))
            good = walk(top, name, depth + 1, user, each) && each(user, path, name, true);
        else
            good = each(user, path, name, false);
        free(path);
        free(name);
    }
    if (stream)
        (void)closedir(stream);
    free(folder);
    return good;
}

static bool remove_one(void *user, const char *path, const char *name, bool is_dir)
{
    (void)user, (void)name;
    return (is_dir ? rmdir(path) : unlink(path)) == 0;
}

static void remove_tree(const char *path)
{
    if (walk(path, "", 0, NULL, remove_one))
        (void)rmdir(path);
}

static bool sync_one(void *user, const char *path, const char *name, bool is_dir)
{
    (void)user, (void)name;
    const int fd = is_dir ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1; /* files are synced when written */
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    return true;
}

/* ---- what is there already ---- */

struct check {
    const json_t *files; /* of the manifest: an object, path -> ... */
    char *foreign;       /* the first file that is not in it */
};

static bool check_one(void *user, const char *path, const char *name, bool is_dir)
{
    struct check *check = user;
    (void)path;
    if (is_dir || strcmp(name, BF_EXPORT_MANIFEST) == 0 || json_object_get(check->files, name))
        return true;
    check->foreign = bf_strdup(name);
    return false;
}

static bool any_one(void *user, const char *path, const char *name, bool is_dir)
{
    (void)user, (void)path, (void)name, (void)is_dir;
    return false;
}

/* Replace only what an earlier export wrote: a folder whose manifest names all its files. */
static enum bf_status check_place(const char *path, const char *given, struct bf_err *err)
{
    struct check check = {NULL, NULL};
    struct bf_buf text;
    json_t *manifest = NULL;
    enum bf_status status = BF_OK;

    if (!bf_file_exists(path))
        return BF_OK;
    if (!bf_is_dir(path))
        return bf_fail(err, BF_STORE, "cannot write the folder '%s': a file has that name; choose another with -o",
                       given);
    if (walk(path, "", 0, NULL, any_one))
        return BF_OK; /* empty */
    char *name = bf_path_join(path, BF_EXPORT_MANIFEST);
    bf_buf_init(&text, MANIFEST_MAX_BYTES);
    if (!bf_file_exists(name) || bf_file_read(name, &text, NULL) != BF_OK ||
        bf_json_parse(text.data, text.len, "the manifest", &manifest, NULL) != BF_OK ||
        !json_is_string(json_object_get(manifest, "program")) ||
        strcmp(json_string_value(json_object_get(manifest, "program")), "biforget") != 0) {
        status =
            bf_fail(err, BF_STORE,
                    "the folder '%s' is not empty and is not an earlier export of biforget; choose a new folder with "
                    "-o",
                    given);
        goto out;
    }
    check.files = json_object_get(manifest, "files");
    if (!walk(path, "", 0, &check, check_one))
        status =
            bf_fail(err, BF_STORE,
                    "the folder '%s' holds '%s', which no export wrote and which replacing the folder would delete; "
                    "move it away, or choose another folder with -o",
                    given, check.foreign ? check.foreign : "something unreadable");
out:
    free(check.foreign);
    json_decref(manifest);
    bf_buf_release(&text);
    free(name);
    return status;
}

/* ---- the new one ---- */

enum bf_status bf_folder_open(struct bf_export_folder *folder, const char *path, struct bf_err *err)
{
    *folder = (struct bf_export_folder){.path = NULL};
    char *place = realpath(path, NULL); /* a symbolic link stays: the folder that it points to is replaced */
    if (!place)
        place = bf_strdup(path);
    for (size_t n = strlen(place); n > 1 && place[n - 1] == '/'; n--)
        place[n - 1] = '\0';
    enum bf_status status = check_place(place, path, err);
    if (status != BF_OK) {
        free(place);
        return status;
    }
    struct bf_buf temporary;
    bf_buf_init(&temporary, SIZE_MAX);
    bf_buf_printf(&temporary, "%s.XXXXXX", place);
    if (!mkdtemp(temporary.data)) { /* mode 0700 */
        status = bf_fail(err, BF_STORE, "cannot write the folder '%s': %s; choose a place that exists and is writable",
                         path, bf_errno_text(errno));
        bf_buf_release(&temporary);
        free(place);
        return status;
    }
    folder->path = place;
    folder->temporary = bf_buf_take(&temporary);
    return BF_OK;
}

enum bf_status bf_folder_add(struct bf_export_folder *folder, const char *name, int64_t n_samples, char **path,
                             struct bf_err *err)
{
    const char *slash = strrchr(name, '/');
    enum bf_status status = BF_OK;
    *path = NULL;
    if (slash) {
        char *parent = bf_strndup(name, (size_t)(slash - name)), *whole = bf_path_join(folder->temporary, parent);
        status = bf_mkdirs(whole, err);
        free(whole);
        free(parent);
    }
    if (status != BF_OK)
        return status;
    folder->files = bf_grow(folder->files, folder->n_files + 1, sizeof *folder->files);
    folder->files[folder->n_files++] = (struct bf_export_file){bf_strdup(name), n_samples};
    *path = bf_path_join(folder->temporary, name);
    return BF_OK;
}

enum bf_status bf_folder_put(struct bf_export_folder *folder, const char *name, const struct bf_buf *content,
                             struct bf_err *err)
{
    struct bf_atomic file = {NULL, NULL, NULL};
    char *path;
    enum bf_status status = bf_folder_add(folder, name, -1, &path, err);
    if (status == BF_OK)
        status = bf_atomic_open_inside(&file, path, err);
    if (status == BF_OK) {
        fwrite(content->data, 1, content->len, file.stream); /* commit says what went wrong */
        status = bf_atomic_commit(&file, err);
    }
    bf_atomic_abort(&file);
    free(path);
    return status;
}

static void forget(struct bf_export_folder *folder)
{
    for (size_t i = 0; i < folder->n_files; i++)
        free(folder->files[i].name);
    free(folder->files);
    free(folder->temporary);
    free(folder->path);
    *folder = (struct bf_export_folder){.path = NULL};
}

/* Swap the old folder and the new one, in one step where the system can; else in two, and the old one is restored when
 * the second fails. Returns 0 or errno. Afterwards the old one is at `temporary`. */
static int exchange(const char *temporary, const char *place)
{
    int failure;
#ifdef RENAME_EXCHANGE
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, place, RENAME_EXCHANGE) == 0)
        return 0;
#endif
    struct bf_buf aside;
    bf_buf_init(&aside, SIZE_MAX);
    bf_buf_printf(&aside, "%s.old", temporary);
    if (rename(place, aside.data) != 0) {
        failure = errno;
    } else if (rename(temporary, place) != 0) {
        failure = errno;
        (void)rename(aside.data, place);
    } else {
        failure = rename(aside.data, temporary) == 0 ? 0 : errno;
    }
    bf_buf_release(&aside);
    return failure;
}

enum bf_status bf_folder_commit(struct bf_export_folder *folder, struct bf_err *err)
{
    int failure = 0;
    /* Check again: files that appeared there in the meantime are not ours to delete. */
    enum bf_status status = check_place(folder->path, folder->path, err);
    if (status == BF_OK) {
        (void)walk(folder->temporary, "", 0, NULL, sync_one);
        (void)sync_one(NULL, folder->temporary, "", true);
        if (rename(folder->temporary, folder->path) != 0) { /* to nothing, or over an empty folder */
            failure = errno;
            if (failure == ENOTEMPTY || failure == EEXIST)
                failure = exchange(folder->temporary, folder->path);
        }
        if (failure != 0)
            status = bf_fail(err, BF_STORE, "cannot rename '%s' to '%s': %s; check the folder", folder->temporary,
                             folder->path, bf_errno_text(failure));
    }
    if (status == BF_OK) {
        char *parent = bf_path_join(folder->path, "..");
        (void)sync_one(NULL, parent, "", true);
        free(parent);
    }
    bf_folder_abort(folder); /* removes the old one, or on failure the new one */
    return status;
}

void bf_folder_abort(struct bf_export_folder *folder)
{
    if (folder->temporary && bf_is_dir(folder->temporary))
        remove_tree(folder->temporary);
    forget(folder);
}
