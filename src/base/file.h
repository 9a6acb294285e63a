/* Files: private by default (folders 0700, files 0600), replaced atomically, read with a cap. */
#ifndef BF_BASE_FILE_H
#define BF_BASE_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

bool bf_file_exists(const char *path);
/* Is this open file a device that may never end (/dev/zero)? Not so: a file, a pipe, a socket, a terminal, the null
 * device. */
bool bf_is_endless(int fd);
bool bf_is_dir(const char *path);
bool bf_is_link(const char *path); /* a symbolic link, wherever it leads */
/* "'PATH' is a symbolic link, which is not followed for writing; delete it": BF_STORE. */
enum bf_status bf_link_error(const char *path, struct bf_err *err);
int64_t bf_file_size(const char *path); /* bytes; -1 when it cannot be read */

/* Create `path` and its parents (0700). An existing folder is fine. BF_STORE on failure. */
BF_MUST_CHECK enum bf_status bf_mkdirs(const char *path, struct bf_err *err);

/* A file, a symbolic link (not what it leads to), or a folder with the files in it; folders inside keep it. What is not
 * there, or cannot be removed, is no failure. */
void bf_remove(const char *path);

/* Append the whole file to `out` (its cap bounds the size). BF_INPUT on failure. */
BF_MUST_CHECK enum bf_status bf_file_read(const char *path, struct bf_buf *out, struct bf_err *err);

/* What the first bytes of a file say that it is in place of UTF-8 text, with what to do: "a gzip file; unpack it
 * first". NULL for all else. BF_KIND_BYTES bytes are enough. */
enum { BF_KIND_BYTES = 9 };
const char *bf_not_plain_text(const char *data, size_t n);
/* The same in place of a model in GGUF. */
const char *bf_not_a_model(const char *data, size_t n);

/* Atomic writing: open gives a stream to a temporary file beside `path`; commit flushes, fsyncs, and renames it over
 * `path`; abort removes it. After commit (either result) or abort the struct is empty. abort on an empty struct
 * is a no-op, so that it can stand in every cleanup. `path` may be "-": then the stream is stdout, nothing is
 * renamed. */
struct bf_atomic {
    FILE *stream; /* write here */
    char *path;   /* private */
    /* its name until commit, for readers and for libraries that write by name; NULL: a stream, not to be renamed */
    char *temporary;
};
BF_MUST_CHECK enum bf_status bf_atomic_open(struct bf_atomic *a, const char *path, struct bf_err *err);
/* The same for a file of a folder that may come from a stranger: a link, pipe or device of that name is replaced, never
 * followed or written to. "-" is a name like others. */
BF_MUST_CHECK enum bf_status bf_atomic_open_inside(struct bf_atomic *a, const char *path, struct bf_err *err);
/* All that was written, on disk, still under the temporary name: to be read back before it takes the place of a good
 * file. The file stays open for commit or abort. */
BF_MUST_CHECK enum bf_status bf_atomic_flush(struct bf_atomic *a, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_atomic_commit(struct bf_atomic *a, struct bf_err *err);
void bf_atomic_abort(struct bf_atomic *a);
/* Is this the name of a temporary file, as open makes it, for a path that ends in `ending`? A process that was killed
 * leaves them. */
bool bf_atomic_is_temporary(const char *name, const char *ending);
/* A file of these bytes, by bf_atomic_open_inside. BF_STORE on failure. */
BF_MUST_CHECK enum bf_status bf_file_write_inside(const char *path, const char *data, size_t n, struct bf_err *err);

/* An exclusive advisory lock held by an open file. *fd >= 0 on success (bf_unlock closes it). BF_STORE when another
 * process holds it: `*held` (nullable) tells this case from a file that cannot be opened. A symbolic link is not
 * followed. The file is made when it is missing and its content is left alone. */
BF_MUST_CHECK enum bf_status bf_lock(const char *path, int *fd, bool *held, struct bf_err *err);
void bf_unlock(int fd); /* -1 is a no-op */
/* The same with the process number in the file, so that others can say who holds it: `what` ("'runs/greek'") is for
 * that sentence.
 * *created (nullable): the file was not there. Waits for nobody. BF_STORE also for a file that no lock of ours
 * wrote. */
BF_MUST_CHECK enum bf_status bf_lock_claim(const char *path, const char *what, int *fd, bool *created,
                                           struct bf_err *err);
/* bf_unlock after the file was removed, while nobody else can hold it. fd -1 is a no-op. */
void bf_lock_remove(const char *path, int fd);

/* Join with one slash. free(). */
char *bf_path_join(const char *dir, const char *name);

/* The cache folder: $BIFORGET_CACHE, else $XDG_CACHE_HOME/biforget, else $HOME/.cache/biforget. free().
 * NULL when none of them is set. */
char *bf_cache_dir(void);

/* Free bytes on the file system that holds `path` (or its nearest existing parent); -1 when unknown. */
int64_t bf_disk_free(const char *path);

/* The lock of a folder in which commands of ours work. */

/* Take the lock `path` of the folder `dir`; *fd as bf_lock has it, for bf_unlock. Commands that are started later
 * inherit it: after kill -9 of their parent one of them may still be saving. So it is waited for, a minute at most,
 * with a line on `log`. BF_STORE when another process keeps it; BF_INTERRUPTED. */
BF_MUST_CHECK enum bf_status bf_work_lock(const char *path, const char *dir, struct bf_log *log, int *fd,
                                          struct bf_err *err);

#endif
