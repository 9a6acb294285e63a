/* Files of ours beside the run itself: SQLite files with only vectors or with the cells of a lab, and the lock of a run
 * folder. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/store_db.h"
#include "base/banned.h"

enum { SQL_MAX = 8192 };

static enum bf_status fail_foreign(const char *path, const struct bf_sql_own_file *file, struct bf_err *err)
{
    return bf_fail(err, BF_STORE, "'%s' is not a %s: another program made it; %s", path, file->what, file->advice);
}

static enum bf_status make(struct bf_store *store, const struct bf_sql_own_file *file, struct bf_err *err)
{
    struct bf_buf sql;
    bf_buf_init(&sql, SQL_MAX);
    bf_buf_printf(&sql, "%sPRAGMA application_id = %d", file->tables, file->application_id);
    const enum bf_status status = bf_sql_exec(store, sql.data, "write", err);
    bf_buf_release(&sql);
    return status;
}

/* A new file gets its tables; an existing one must be ours. */
static enum bf_status prepare(struct bf_store *store, const struct bf_sql_own_file *file, struct bf_err *err)
{
    int64_t application = 0, n_tables = 0;
    enum bf_status status = bf_sql_integer(store, "PRAGMA application_id", &application, err);
    if (status == BF_OK)
        status = bf_sql_integer(store, "SELECT count(*) FROM sqlite_schema", &n_tables, err);
    if (status == BF_OK && n_tables == 0 && application == 0)
        status = make(store, file, err);
    else if (status == BF_OK && application != file->application_id)
        status = fail_foreign(store->path, file, err);
    return status;
}

enum bf_status bf_sql_open_own(const char *path, const struct bf_sql_own_file *file, struct bf_store **out,
                               struct bf_err *err)
{
    struct stat info;
    *out = NULL;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) /* SQLite would wait for ever on a pipe */
        return bf_fail(err, BF_STORE, "cannot use '%s' as a %s: it is not a plain file; %s", path, file->what,
                       file->advice);
    struct bf_store *store = bf_store_new(".", true);
    free(store->path);
    store->path = bf_strdup(path);
    store->creating = true; /* there is no run that error sentences could offer to resume */
    const int fd =
        open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600); /* created here, since SQLite would use the mode of the umask */
    if (fd >= 0)
        close(fd);
    enum bf_status status = bf_sql_open(store, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
    if (status != BF_OK && store->db && (sqlite3_errcode(store->db) & 0xff) == SQLITE_NOTADB)
        status = fail_foreign(path, file, err);
    if (status == BF_OK) /* two processes may create it at the same time */
        status = bf_sql_begin(store, false, err);
    if (status == BF_OK)
        status = bf_sql_end(store, prepare(store, file, err), false, err);
    if (status == BF_OK) {
        *out = store;
        store = NULL;
    }
    bf_store_close(store);
    return status;
}

/* ---- one writer per run folder: an advisory lock on run.lock, whose text is the process number of the writer ---- */

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
