/* SQLite's error codes as sentences: what was tried, on which file, why it failed, and what to do. */
#include <errno.h>
#include <inttypes.h>

#include "base/file.h"
#include "base/print.h"
#include "store/store_db.h"

#include "base/banned.h"

static enum bf_status disk_full(const struct bf_store *store, const char *action, struct bf_err *err)
{
    const int64_t free_bytes = bf_disk_free(store->dir);
    if (store->creating)
        return bf_fail(err, BF_STORE,
                       "cannot %s '%s': the disk is full (%" PRId64
                       " kB free); free some space, or choose another place"
                       " with -o",
                       action, store->path, free_bytes < 0 ? 0 : free_bytes / 1024);
    return bf_fail(err, BF_STORE,
                   "cannot %s '%s': the disk is full (%" PRId64 " kB free); free some space, what is committed is safe;"
                   " then: biforget resume %s",
                   action, store->path, free_bytes < 0 ? 0 : free_bytes / 1024, BF_SHELL_WORD(store->dir));
}

enum bf_status bf_sql_damaged(const struct bf_store *store, const char *what, struct bf_err *err)
{
    return bf_fail(err, BF_STORE,
                   "cannot read '%s': the file is damaged (%s); restore the folder from a copy, or save what is left"
                   " with \"sqlite3 run.db .recover\"",
                   store->path, what);
}

enum bf_status bf_sql_fail(const struct bf_store *store, const char *action, struct bf_err *err)
{
    if (!store->db)
        return bf_fail(err, BF_STORE, "cannot %s '%s': out of memory; close other programs", action, store->path);
    const int code = sqlite3_extended_errcode(store->db);
    const int system = sqlite3_system_errno(store->db);
    switch (code & 0xff) {
    case SQLITE_FULL:
        return disk_full(store, action, err);
    case SQLITE_IOERR:
        if (system == ENOSPC || system == EDQUOT || code == SQLITE_IOERR_SHMSIZE)
            return disk_full(store, action, err);
        return bf_fail(err, BF_STORE, "cannot %s '%s': %s; check the disk and its mount, what is committed is kept",
                       action, store->path, system ? bf_errno_text(system) : sqlite3_errmsg(store->db));
    case SQLITE_NOTADB:
        return bf_fail(err, BF_STORE,
                       "'%s' is not a run: it is not a database, or its first page is damaged; name a run folder of"
                       " biforget",
                       store->path);
    case SQLITE_CORRUPT:
    case SQLITE_ERROR: /* our statements are correct, so these are not our tables */
        return bf_sql_damaged(store, sqlite3_errmsg(store->db), err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return bf_fail(err, BF_STORE, "cannot %s '%s': another program holds it; close that program and try again",
                       action, store->path);
    case SQLITE_READONLY:
        return bf_fail(err, BF_STORE,
                       "cannot %s '%s': it is read-only here; make the folder writable or copy it to a place that is",
                       action, store->path);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return bf_fail(err, BF_STORE, "cannot %s '%s': %s; check the path and its permissions", action, store->path,
                       system ? bf_errno_text(system) : sqlite3_errmsg(store->db));
    default:
        return bf_fail(err, BF_STORE, "cannot %s '%s': %s", action, store->path, sqlite3_errmsg(store->db));
    }
}
