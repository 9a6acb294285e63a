/* Opening a run, closing it, and reading what it is. The content of a folder is untrusted: application_id tells a run
 * apart from other SQLite files, user_version from newer runs, and everything else is checked when it is read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/print.h"
#include "store/store_db.h"

#include "base/banned.h"

void bf_store_close(struct bf_store *store)
{
    if (!store)
        return;
    for (int i = 0; i < BF_SQL_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    /* _v2: a cursor that is still open keeps the connection until it is closed, too. */
    sqlite3_close_v2(store->db);
    bf_store_unlock(store->dir, store->lock_fd, false);
    free(store->entry_name);
    free(store->entry_json);
    const char *const owned[] = {store->run.kind,           store->run.request_name,    store->run.request_kind,
                                 store->run.request_json,   store->run.templates_json,  store->run.templates_sha256,
                                 store->run.model_path,     store->run.model_sha256,    store->run.model_desc,
                                 store->run.embedder_path,  store->run.embedder_sha256, store->run.engine_json,
                                 store->run.program_version};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free((char *)(uintptr_t)owned[i]);
    free(store->path);
    free(store->dir);
    free(store);
}

const struct bf_run *bf_store_run(const struct bf_store *store)
{
    return &store->run;
}

const char *bf_store_dir(const struct bf_store *store)
{
    return store->dir;
}

static enum bf_status load_run(struct bf_store *store, struct bf_err *err)
{
    struct bf_run *run = &store->run;
    const char **const fields[] = {&run->kind,
                                   &run->request_json,
                                   &run->templates_json,
                                   &run->templates_sha256,
                                   &run->model_path,
                                   &run->model_sha256,
                                   &run->model_desc,
                                   &run->embedder_path,
                                   &run->embedder_sha256,
                                   &run->engine_json,
                                   &run->program_version,
                                   &run->request_name,
                                   &run->request_kind};
    sqlite3_stmt *statement = NULL;
    enum bf_status status = BF_OK;
    if (sqlite3_prepare_v2(store->db,
                           "SELECT r.kind, q.json, r.templates_json, r.templates_sha256, r.model_path, r.model_sha256,"
                           " r.model_desc, r.embedder_path, r.embedder_sha256, r.engine_json, r.program_version,"
                           " q.name, q.kind"
                           " FROM run r JOIN request q ON q.id = r.request WHERE r.id = 1",
                           -1, &statement, NULL) != SQLITE_OK) {
        status = bf_sql_fail(store, "read", err);
        goto out;
    }
    const int rc = sqlite3_step(statement);
    if (rc != SQLITE_ROW) {
        status = rc == SQLITE_DONE ? bf_sql_damaged(store, "it does not say what the run is", err)
                                   : bf_sql_fail(store, "read", err);
        goto out;
    }
    for (int i = 0; i < (int)(sizeof fields / sizeof *fields); i++) {
        const char *text = (const char *)sqlite3_column_text(statement, i);
        *fields[i] = bf_strdup(text ? text : "");
    }
out:
    sqlite3_finalize(statement);
    return status;
}

static enum bf_status check_identity(struct bf_store *store, struct bf_err *err)
{
    int64_t application, version;
    enum bf_status status = bf_sql_integer(store, "PRAGMA application_id", &application, err);
    if (status == BF_OK)
        status = bf_sql_integer(store, "PRAGMA user_version", &version, err);
    if (status != BF_OK)
        return status;
    if (application != BF_STORE_APPLICATION_ID || version < 1)
        return bf_fail(err, BF_STORE,
                       "'%s' is not a run: another program made this database; name a run folder of"
                       " biforget",
                       store->path);
    if (version > BF_STORE_VERSION)
        return bf_fail(err, BF_STORE,
                       "'%s' was written by a newer biforget (schema %lld, this program knows %d); use that version",
                       store->path, (long long)version, BF_STORE_VERSION);
    if (version < BF_STORE_OLDEST_READABLE && !store->writer)
        return bf_fail(
            err, BF_STORE,
            "'%s' was written by an older biforget (schema %lld); to bring it up to date: biforget resume %s",
            store->path, (long long)version, BF_SHELL_WORD(store->dir));
    if (!store->writer) /* a writer brings it up to date */
        store->version = version;
    return BF_OK;
}

/* A writer checks the file before it adds another ten hours of work to it. A reader notices damage where it reads. */
static enum bf_status quick_check(struct bf_store *store, struct bf_err *err)
{
    sqlite3_stmt *statement = NULL;
    enum bf_status status = BF_OK;
    if (sqlite3_prepare_v2(store->db, "PRAGMA quick_check(1)", -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        status = bf_sql_fail(store, "check", err);
    } else {
        const char *answer = (const char *)sqlite3_column_text(statement, 0);
        if (!answer || strcmp(answer, "ok") != 0)
            status = bf_sql_damaged(store, answer ? answer : "no answer from its check", err);
    }
    sqlite3_finalize(statement);
    return status;
}

/* Is it a folder with a plain file run.db? Checked first, since SQLite would wait for ever on a pipe of that name. */
static enum bf_status check_files(const struct bf_store *store, struct bf_err *err)
{
    struct stat info;
    if (lstat(store->path, &info) == 0 && S_ISREG(info.st_mode))
        return BF_OK;
    const int reason = errno;
    if (bf_is_link(store->path)) /* readers write as well: they merge the journal */
        return bf_fail(err, BF_STORE, "'%s' is a symbolic link, which is not followed; name the folder it leads into",
                       store->path);
    if (!bf_file_exists(store->dir))
        return bf_fail(err, BF_STORE, "cannot open the run '%s': no such folder; name a run folder of biforget",
                       store->dir);
    if (!bf_is_dir(store->dir))
        return bf_fail(err, BF_STORE, "cannot open the run '%s': it is a file; name the folder that holds run.db",
                       store->dir);
    if (!bf_file_exists(store->path) && reason != ENOENT)
        return bf_fail(err, BF_STORE, "cannot open '%s': %s; check its permissions", store->path,
                       bf_errno_text(reason));
    return bf_fail(err, BF_STORE, "'%s' holds no run (no run.db); start one with: biforget domain TOPIC -o %s",
                   store->dir, BF_SHELL_WORD(store->dir));
}

/* file:PATH?immutable=1, with everything that could be URI syntax escaped. free(). */
static char *immutable_uri(const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
    struct bf_buf uri;
    bf_buf_init(&uri, 3 * strlen(path) + 64);
    bf_buf_puts(&uri, "file:");
    for (const char *p = path; *p; p++)
        if (strchr(plain, *p))
            bf_buf_putc(&uri, *p);
        else
            bf_buf_printf(&uri, "%%%02x", (unsigned)(unsigned char)*p);
    bf_buf_puts(&uri, "?immutable=1");
    return bf_buf_take(&uri);
}

/* A reader of a WAL file needs its -shm file, which cannot be created on a read-only or full disk. Without a journal,
 * nobody is writing and the file alone is the complete run: it may be read as immutable. With a journal it may not. */
static enum bf_status open_immutable(struct bf_store *store, struct bf_err *err)
{
    char *journal = bf_path_join(store->dir, BF_STORE_FILE "-wal");
    char *uri = NULL;
    enum bf_status status;
    if (bf_file_size(journal) > 0) {
        status = bf_fail(err, BF_STORE,
                         "cannot read '%s': its journal run.db-wal is not merged yet and the folder cannot be written;"
                         " copy the folder to a place that can be written, and read it there",
                         store->path);
        goto out;
    }
    sqlite3_close(store->db);
    store->db = NULL;
    uri = immutable_uri(store->path);
    status = bf_sql_open(store, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    if (status == BF_OK)
        status = check_identity(store, err);
    if (status == BF_OK && err)
        *err = (struct bf_err)BF_ERR_INIT; /* the first attempt had filled it */
out:
    free(uri);
    free(journal);
    return status;
}

static bool wants_immutable(const struct bf_store *store)
{
    const int code = store->db ? sqlite3_errcode(store->db) & 0xff : SQLITE_OK;
    return code == SQLITE_CANTOPEN || code == SQLITE_READONLY || code == SQLITE_IOERR || code == SQLITE_FULL;
}

static enum bf_status open_reader(const char *dir, struct bf_store **out, struct bf_err *err)
{
    struct bf_store *store = bf_store_new(dir, false);
    enum bf_status status = check_files(store, err);
    if (status != BF_OK)
        goto out;
    /* Read-write where that is possible (SQLite falls back to read-only), so that the last reader removes the -wal and
     * -shm files again; query_only protects the content. */
    status = bf_sql_open(store, store->path, SQLITE_OPEN_READWRITE, err);
    if (status == BF_OK)
        status = bf_sql_exec(store, "PRAGMA query_only = ON", "open", err);
    if (status == BF_OK)
        status = check_identity(store, err);
    if (status != BF_OK && wants_immutable(store))
        status = open_immutable(store, err);
    if (status == BF_OK)
        status = load_run(store, err);
out:
    if (status == BF_OK) {
        *out = store;
        store = NULL;
    }
    bf_store_close(store);
    return status;
}

enum bf_status bf_store_open_writer(const char *dir, int lock_fd, bool creating, struct bf_store **out,
                                    struct bf_err *err)
{
    struct bf_store *store = bf_store_new(dir, true);
    int64_t limit;
    enum bf_status status = check_files(store, err);
    store->creating = creating;
    if (status == BF_OK)
        status = bf_sql_open(store, store->path, SQLITE_OPEN_READWRITE, err);
    if (status == BF_OK)
        status = check_identity(store, err);
    if (status == BF_OK)
        status = quick_check(store, err);
    if (status == BF_OK)
        status = bf_migrate(store, err);
    if (status == BF_OK)
        status = load_run(store, err);
    if (status == BF_OK)
        status = bf_sql_exec(store, "PRAGMA journal_mode = WAL", "open", err);
    if (status == BF_OK) /* a slow reader lets the journal grow; it shrinks to this size afterwards */
        status = bf_sql_integer(store, "PRAGMA journal_size_limit = 67108864", &limit, err);
    if (status == BF_OK) {
        store->lock_fd = lock_fd;
        store->creating = false;
        *out = store;
        store = NULL;
    }
    bf_store_close(store);
    return status;
}

enum bf_status bf_store_open(const char *dir, enum bf_open_mode mode, struct bf_store **out, struct bf_err *err)
{
    struct bf_store *probe;
    enum bf_status status;
    bool created = false;
    int fd = -1;
    *out = NULL;
    if (mode == BF_STORE_READ)
        return open_reader(dir, out, err);
    probe = bf_store_new(dir, false);
    status = check_files(probe, err); /* before a lock file is left in a folder that does not hold a run */
    bf_store_close(probe);
    if (status == BF_OK)
        status = bf_store_lock(dir, &fd, &created, err);
    if (status == BF_OK)
        status = bf_store_open_writer(dir, fd, false, out, err);
    if (status != BF_OK)
        bf_store_unlock(dir, fd, created);
    return status;
}
