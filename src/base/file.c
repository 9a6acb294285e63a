/* Reading files, folders, paths. Writing is atomic.c, locking lock.c. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"

#include "base/banned.h"

#define CHUNK (64 * 1024)

bool bf_file_exists(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0;
}

bool bf_is_dir(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

enum bf_status bf_link_error(const char *path, struct bf_err *err)
{
    return bf_fail(err, BF_STORE, "'%s' is a symbolic link, which is not followed for writing; delete it", path);
}

bool bf_is_link(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
}

int64_t bf_file_size(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 ? (int64_t)info.st_size : -1;
}

/* Create one folder of a path. Checked first, since mkdir on an existing folder may fail with "read-only" instead of
 * "exists". */
static enum bf_status make_one(const char *path, struct bf_err *err)
{
    int failure;

    if (bf_is_dir(path) || mkdir(path, 0700) == 0)
        return BF_OK;
    failure = errno;
    if (failure == EEXIST && bf_is_dir(path)) /* another process was faster */
        return BF_OK;
    if (failure == EEXIST)
        return bf_fail(err, BF_STORE, "cannot create the folder '%s': a file has that name; choose another", path);
    return bf_fail(err, BF_STORE, "cannot create the folder '%s': %s; choose a folder you can write to", path,
                   bf_errno_text(failure));
}

enum bf_status bf_mkdirs(const char *path, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    char *part = bf_strdup(path);

    if (part[0] == '\0') {
        status = bf_fail(err, BF_STORE, "cannot create a folder without a name; give one");
        goto out;
    }
    for (size_t i = 1; part[i] != '\0'; i++) {
        if (part[i] != '/' || part[i - 1] == '/')
            continue;
        part[i] = '\0';
        status = make_one(part, err);
        part[i] = '/';
        if (status != BF_OK)
            goto out;
    }
    status = make_one(part, err);
out:
    free(part);
    return status;
}

void bf_remove(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    if (!dir) {
        if (fd >= 0)
            (void)close(fd);
        (void)unlink(path);
        return;
    }
    while ((entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    (void)closedir(dir);
    (void)rmdir(path);
}

bool bf_is_endless(int fd)
{
    struct stat info, null;

    if (fstat(fd, &info) != 0 || !(S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode)) || isatty(fd))
        return false;
    return stat("/dev/null", &null) != 0 || null.st_rdev != info.st_rdev;
}

enum bf_status bf_file_read(const char *path, struct bf_buf *out, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    size_t before = out->len;
    char *chunk = bf_alloc(CHUNK);
    struct stat info;
    int fd;

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        status = bf_fail(err, BF_INPUT, "cannot open '%s': %s; check the name", path, bf_errno_text(errno));
        goto out;
    }
    if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
        status = bf_fail(err, BF_INPUT, "cannot read '%s': it is a folder; give a file", path);
        goto out;
    }
    if (bf_is_endless(fd)) {
        status = bf_fail(err, BF_INPUT, "cannot read '%s': it is a device, which may never end; give a file", path);
        goto out;
    }
    for (;;) {
        ssize_t n = read(fd, chunk, CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            status = bf_fail(err, BF_INPUT, "cannot read '%s': %s; check the file", path, bf_errno_text(errno));
            goto out;
        }
        if (n == 0)
            break;
        bf_buf_put(out, chunk, (size_t)n);
        if (out->overflow) {
            status = bf_fail(err, BF_INPUT, "'%s' is too large: at most %zu bytes are read; give a smaller file", path,
                             out->cap - before);
            goto out;
        }
    }
out:
    if (status != BF_OK && out->len > before) {
        out->len = before;
        out->data[before] = '\0';
    }
    if (fd >= 0)
        (void)close(fd);
    free(chunk);
    return status;
}

char *bf_path_join(const char *dir, const char *name)
{
    struct bf_buf path;
    size_t n = strlen(dir);

    while (n > 0 && dir[n - 1] == '/')
        n--;
    bf_buf_init(&path, SIZE_MAX);
    bf_buf_put(&path, dir, n);
    if (dir[0] != '\0') {
        bf_buf_putc(&path, '/');
        while (*name == '/')
            name++;
    }
    bf_buf_puts(&path, name);
    return bf_buf_take(&path);
}

char *bf_cache_dir(void)
{
    const char *dir = getenv("BIFORGET_CACHE");

    if (dir && dir[0] != '\0')
        return bf_strdup(dir);
    dir = getenv("XDG_CACHE_HOME");
    if (dir && dir[0] == '/') /* the XDG specification says to ignore a relative path */
        return bf_path_join(dir, "biforget");
    dir = getenv("HOME");
    if (dir && dir[0] != '\0')
        return bf_path_join(dir, ".cache/biforget");
    return NULL;
}

int64_t bf_disk_free(const char *path)
{
    char *part = bf_strdup(path[0] == '\0' ? "." : path);
    struct statvfs info;
    int64_t result = -1;

    while (statvfs(part, &info) != 0) {
        char *slash;
        if (errno != ENOENT && errno != ENOTDIR)
            goto out;
        slash = strrchr(part, '/');
        if (slash && slash != part) {
            *slash = '\0';
        } else {
            const char *top = slash ? "/" : ".";
            if (strcmp(part, top) == 0)
                goto out;
            free(part);
            part = bf_strdup(top);
        }
    }
    if (info.f_frsize == 0 || info.f_bavail > (uint64_t)INT64_MAX / info.f_frsize)
        goto out;
    result = (int64_t)(info.f_bavail * info.f_frsize);
out:
    free(part);
    return result;
}

/* A kind of file, and what to do with it when texts or a model are expected. */
struct kind {
    const char *mark;
    size_t n;
    const char *as_text, *as_model;
};

/* Eight bytes with the length of a JSON object, which follows: no other format begins like this. */
static bool is_safetensors(const char *data, size_t n)
{
    return n >= BF_KIND_BYTES && data[8] == '{' && data[4] == 0 && data[5] == 0 && data[6] == 0 && data[7] == 0;
}

static const struct kind *kind_of(const char *data, size_t n)
{
#define CONVERT "convert its folder with llama.cpp's convert_hf_to_gguf.py"
    static const struct kind kinds[] = {
        {"\x1F\x8B", 2, "a gzip file; unpack it first", "a gzip file; unpack it first"},
        {"PK\x03\x04", 4, "a zip file; unpack it first",
         "a zip file; unpack it first, or, when it is a model of PyTorch, " CONVERT},
        {"\x28\xB5\x2F\xFD", 4, "a zstd file; unpack it first", "a zstd file; unpack it first"},
        {"PAR1", 4, "a Parquet file; write it as JSON lines first, as docs/evaluation.md shows",
         "a Parquet file, which holds texts; give a model with -m"},
        {"\xFF\xFE", 2, "UTF-16; save the file as UTF-8", "a text in UTF-16; give a model with -m"},
        {"\xFE\xFF", 2, "UTF-16; save the file as UTF-8", "a text in UTF-16; give a model with -m"},
    };
    static const struct kind safetensors = {"", 0, "a safetensors file, which holds a model; give a file of texts",
                                            "a safetensors file; " CONVERT};
#undef CONVERT
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (n >= kinds[i].n && memcmp(data, kinds[i].mark, kinds[i].n) == 0)
            return &kinds[i];
    return is_safetensors(data, n) ? &safetensors : NULL;
}

const char *bf_not_plain_text(const char *data, size_t n)
{
    const struct kind *kind = kind_of(data, n);
    return kind ? kind->as_text : NULL;
}

const char *bf_not_a_model(const char *data, size_t n)
{
    const struct kind *kind = kind_of(data, n);
    return kind ? kind->as_model : NULL;
}
