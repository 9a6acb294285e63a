/* A new run. It is built as run.db.new and renamed when it is complete, so that a run.db that exists is a run, even
 * when kill -9 came in between. Whatever fails, everything that this call created is removed again. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/print.h"
#include "store/store_db.h"

#include "base/banned.h"

/* The topmost part of `dir` that does not exist yet, as a length; 0 when all of it exists. */
static size_t missing_from(const char *dir)
{
    char *part = bf_strdup(dir);
    size_t n = strlen(part), missing = 0;
    while (n > 0) {
        while (n > 1 && part[n - 1] == '/')
            n--;
        part[n] = '\0';
        if (bf_file_exists(part))
            break;
        missing = n;
        while (n > 0 && part[n - 1] != '/')
            n--;
    }
    free(part);
    return missing;
}

/* Remove the folders from `dir` up to the part that was missing; stops at the first that is not empty. */
static void remove_folders(const char *dir, size_t missing)
{
    char *part = bf_strdup(dir);
    size_t n = strlen(part);
    while (missing > 0 && n >= missing) {
        while (n > 1 && part[n - 1] == '/')
            n--;
        part[n] = '\0';
        if (n < missing || (rmdir(part) != 0 && errno != ENOENT))
            break;
        while (n > 0 && part[n - 1] != '/')
            n--;
    }
    free(part);
}

static enum bf_status insert_run(struct bf_store *store, const struct bf_run *run, struct bf_err *err)
{
    static const char action[] = "write the run to";
    const char *kind = run->kind ? run->kind : "";
    const char *const fields[] = {
        run->templates_json, run->templates_sha256, run->model_path,  run->model_sha256,    run->model_desc,
        run->embedder_path,  run->embedder_sha256,  run->engine_json, run->program_version, kind};
    sqlite3_stmt *statement = NULL;
    enum bf_status status = BF_OK;
    if (sqlite3_prepare_v2(store->db, "INSERT INTO request (id, kind, json, name) VALUES (1, ?1, ?2, ?3)", -1,
                           &statement, NULL) != SQLITE_OK ||
        bf_sql_bind_text(statement, 1, run->request_kind ? run->request_kind : kind) != SQLITE_OK ||
        bf_sql_bind_text(statement, 2, run->request_json ? run->request_json : "") != SQLITE_OK ||
        bf_sql_bind_text(statement, 3, run->request_name ? run->request_name : "") != SQLITE_OK) {
        status = bf_sql_fail(store, action, err);
        goto out;
    }
    status = bf_sql_run(store, statement, action, err);
    if (status != BF_OK)
        goto out;
    sqlite3_finalize(statement);
    statement = NULL;
    if (sqlite3_prepare_v2(store->db,
                           "INSERT INTO run (id, request, templates_json, templates_sha256, model_path, model_sha256,"
                           " model_desc, embedder_path, embedder_sha256, engine_json, program_version, kind)"
                           " VALUES (1, 1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                           -1, &statement, NULL) != SQLITE_OK) {
        status = bf_sql_fail(store, action, err);
        goto out;
    }
    for (int i = 0; i < (int)(sizeof fields / sizeof *fields); i++)
        if (bf_sql_bind_text(statement, i + 1, fields[i] ? fields[i] : "") != SQLITE_OK) {
            status = bf_sql_fail(store, action, err);
            goto out;
        }
    status = bf_sql_run(store, statement, action, err);
out:
    sqlite3_finalize(statement);
    return status;
}

static enum bf_status insert_templates(struct bf_store *store, const struct bf_template_set *set, struct bf_err *err)
{
    static const char action[] = "write the templates to";
    sqlite3_stmt *statement = NULL;
    enum bf_status status = BF_OK;
    if (sqlite3_prepare_v2(store->db,
                           "INSERT INTO template (idx, name, family, stage, text, is_qa)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                           -1, &statement, NULL) != SQLITE_OK)
        return bf_sql_fail(store, action, err);
    for (size_t i = 0; i < set->n && status == BF_OK; i++) {
        const struct bf_template *item = &set->items[i];
        if (sqlite3_bind_int64(statement, 1, (int64_t)i) != SQLITE_OK ||
            bf_sql_bind_text(statement, 2, item->name) != SQLITE_OK ||
            bf_sql_bind_text(statement, 3, item->family) != SQLITE_OK ||
            bf_sql_bind_text(statement, 4, bf_stage_word(item->stage)) != SQLITE_OK ||
            bf_sql_bind_text(statement, 5, item->text) != SQLITE_OK ||
            sqlite3_bind_int(statement, 6, item->is_qa) != SQLITE_OK)
            status = bf_sql_fail(store, action, err);
        else
            status = bf_sql_run(store, statement, action, err);
    }
    sqlite3_finalize(statement);
    return status;
}

/* What the caller wants to write as well. */
struct filler {
    void *user;
    enum bf_status (*fill)(void *user, struct bf_store *store, struct bf_err *err);
};

/* Fill the new, empty file `path` with a complete run. */
static enum bf_status build(const char *dir, const char *path, const struct bf_run *run,
                            const struct bf_template_set *templates, const struct filler *filler, struct bf_err *err)
{
    struct bf_store *store = bf_store_new(dir, true);
    enum bf_status status;
    store->creating = true;
    status = bf_sql_open(store, path, SQLITE_OPEN_READWRITE, err);
    if (status == BF_OK) /* nobody else knows the file yet, so no journal has to be left on the disk */
        status = bf_sql_exec(store, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = FULL", "create", err);
    if (status == BF_OK)
        status = bf_migrate(store, err);
    if (status == BF_OK)
        status = bf_sql_begin(store, true, err);
    if (status == BF_OK) {
        status = insert_run(store, run, err);
        if (status == BF_OK)
            status = insert_templates(store, templates, err);
        if (status == BF_OK && filler->fill)
            status = filler->fill(filler->user, store, err);
        status = bf_sql_end(store, status, true, err);
    }
    bf_store_close(store);
    return status;
}

static enum bf_status fail_exists(const char *dir, struct bf_err *err)
{
    return bf_fail(err, BF_STORE,
                   "'%s' already holds a run; resume it with: biforget resume %s, or choose another folder with -o",
                   dir, BF_SHELL_WORD(dir));
}

/* The complete run at `path`, or nothing. */
static enum bf_status build_and_rename(const char *dir, const char *path, const struct bf_run *run,
                                       const struct bf_template_set *templates, const struct filler *filler,
                                       struct bf_err *err)
{
    char *fresh = bf_path_join(dir, BF_STORE_FILE ".new");
    enum bf_status status;
    int fd = -1;
    unlink(fresh); /* left by a creation that was killed */
    fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        status = bf_fail(err, BF_STORE, "cannot create '%s': %s; choose a folder you can write to with -o", path,
                         bf_errno_text(errno));
        goto out;
    }
    close(fd);
    status = build(dir, fresh, run, templates, filler, err);
    if (status == BF_OK && rename(fresh, path) != 0)
        status = bf_fail(err, BF_STORE, "cannot create '%s': %s; check the folder", path, bf_errno_text(errno));
    if (status != BF_OK)
        unlink(fresh);
out:
    free(fresh);
    return status;
}

static void remove_database(const char *dir)
{
    static const char *const names[] = {BF_STORE_FILE "-wal", BF_STORE_FILE "-shm", BF_STORE_FILE};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = bf_path_join(dir, names[i]);
        unlink(path);
        free(path);
    }
}

enum bf_status bf_store_create(const char *dir, const struct bf_run *run, const struct bf_template_set *templates,
                               struct bf_store **out, struct bf_err *err)
{
    return bf_store_create_filled(dir, run, templates, NULL, NULL, out, err);
}

enum bf_status bf_store_create_filled(const char *dir, const struct bf_run *run,
                                      const struct bf_template_set *templates, void *user,
                                      enum bf_status (*fill)(void *user, struct bf_store *store, struct bf_err *err),
                                      struct bf_store **out, struct bf_err *err)
{
    const struct filler filler = {user, fill};
    char *path = bf_path_join(dir, BF_STORE_FILE);
    const size_t missing = missing_from(dir);
    bool lock_created = false;
    int fd = -1;
    enum bf_status status;
    *out = NULL;
    if (bf_file_exists(path)) {
        status = fail_exists(dir, err);
        goto out;
    }
    status = bf_mkdirs(dir, err);
    if (status == BF_OK)
        status = bf_store_lock(dir, &fd, &lock_created, err);
    if (status != BF_OK)
        goto out;
    if (bf_file_exists(path)) { /* another process was faster */
        status = fail_exists(dir, err);
        goto out;
    }
    status = build_and_rename(dir, path, run, templates, &filler, err);
    if (status != BF_OK)
        goto out;
    status = bf_store_open_writer(dir, fd, true, out, err);
    if (status == BF_OK)
        fd = -1; /* owned by the store now */
    else
        remove_database(dir);
out:
    if (status != BF_OK) {
        bf_store_unlock(dir, fd, lock_created);
        remove_folders(dir, missing);
    }
    free(path);
    return status;
}
