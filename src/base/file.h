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
/* Is this open file a device that may never end (/dev/zero)? Files, pipes, sockets, terminals and the null device are
 * not. */
bool bf_is_endless(int fd);
bool bf_is_dir(const char *path);
bool bf_is_link(const char *path); /* is it a symbolic link, even a broken one? */
/* Fail with BF_STORE and "'PATH' is a symbolic link, which is not followed for writing; delete it". */
enum bf_status bf_link_error(const char *path, struct bf_err *err);
int64_t bf_file_size(const char *path); /* bytes; -1 when it cannot be read */

/* Create `path` and its parents (0700). An existing folder is fine. BF_STORE on failure. */
BF_MUST_CHECK enum bf_status bf_mkdirs(const char *path, struct bf_err *err);

/* Remove a file, a symbolic link (not its target), or a folder with its files; a folder that contains folders stays.
 * Failures are ignored. */
void bf_remove(const char *path);

/* Append the whole file to `out`, whose cap limits the size. BF_INPUT on failure. */
BF_MUST_CHECK enum bf_status bf_file_read(const char *path, struct bf_buf *out, struct bf_err *err);

/* When the first bytes of a file show that it is not UTF-8 text: what it is, and what to do ("a gzip file; unpack it
 * first"). NULL for everything else. BF_KIND_BYTES bytes are enough. */
enum { BF_KIND_BYTES = 9 };
const char *bf_not_plain_text(const char *data, size_t n);
/* The same when a model in GGUF is expected. */
const char *bf_not_a_model(const char *data, size_t n);

/* Atomic writing: open returns a stream to a temporary file next to `path`; commit flushes, fsyncs, and renames it to
 * `path`; abort removes it. After commit (with either result) or abort the struct is empty. abort does nothing with an
 * empty struct, so every cleanup can call it. With the `path` "-" the stream is stdout, and nothing is renamed.
 * BF_STORE on failure. */
struct bf_atomic {
    FILE *stream; /* write here */
    char *path;   /* private */
    /* its name until commit, for readers, and for libraries that open files by name; NULL: a stream without a rename */
    char *temporary;
};
BF_MUST_CHECK enum bf_status bf_atomic_open(struct bf_atomic *a, const char *path, struct bf_err *err);
/* The same for a file in a folder that may come from a stranger: a link, pipe or device of that name is replaced, and
 * never followed or written to. "-" is an ordinary name. */
BF_MUST_CHECK enum bf_status bf_atomic_open_inside(struct bf_atomic *a, const char *path, struct bf_err *err);
/* Flush everything to the disk, still under the temporary name, so that it can be read back before it replaces a good
 * file. The file stays open for commit or abort. BF_STORE on failure. */
BF_MUST_CHECK enum bf_status bf_atomic_flush(struct bf_atomic *a, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_atomic_commit(struct bf_atomic *a, struct bf_err *err);
void bf_atomic_abort(struct bf_atomic *a);
/* Is this the name of a temporary file for a path that ends in `ending`? Processes that were killed leave such files.
 */
bool bf_atomic_is_temporary(const char *name, const char *ending);
/* Write a file with these bytes, by bf_atomic_open_inside. BF_STORE on failure. */
BF_MUST_CHECK enum bf_status bf_file_write_inside(const char *path, const char *data, size_t n, struct bf_err *err);

/* Take an exclusive advisory lock. On success *fd >= 0 is the open file, for bf_unlock. BF_STORE: another process holds
 * it, when *held (nullable) is true, or the file cannot be opened. Symbolic links are not followed. The file is created
 * when it does not exist; its content is not changed. */
BF_MUST_CHECK enum bf_status bf_lock(const char *path, int *fd, bool *held, struct bf_err *err);
void bf_unlock(int fd); /* -1 is a no-op */
/* The same, and write the process number to the file, so that others can name the holder; `what` ("'runs/greek'") is
 * for that sentence. *created (nullable): the file did not exist before. Does not wait. BF_STORE also when the file is
 * not a lock of biforget. */
BF_MUST_CHECK enum bf_status bf_lock_claim(const char *path, const char *what, int *fd, bool *created,
                                           struct bf_err *err);
/* Remove the file while we hold the lock, then bf_unlock. fd -1 is a no-op. */
void bf_lock_remove(const char *path, int fd);

/* Join a folder and a name with one slash. free(). */
char *bf_path_join(const char *dir, const char *name);

/* The cache folder: $BIFORGET_CACHE, else $XDG_CACHE_HOME/biforget, else $HOME/.cache/biforget. free().
 * NULL when none of them is set. */
char *bf_cache_dir(void);

/* Free bytes on the file system that holds `path` (or its nearest existing parent); -1 when unknown. */
int64_t bf_disk_free(const char *path);

/* Take the lock `path` of the folder `dir`, in which this program starts commands; *fd as in bf_lock, for bf_unlock.
 * These commands inherit the lock: after kill -9 of their parent, one of them may still be saving. So this waits for at
 * most a minute, with a line in `log`. BF_STORE: another process keeps the lock; BF_INTERRUPTED. */
BF_MUST_CHECK enum bf_status bf_work_lock(const char *path, const char *dir, struct bf_log *log, int *fd,
                                          struct bf_err *err);

#endif
