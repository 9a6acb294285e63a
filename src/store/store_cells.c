/* Cells of an experiment: each is computed once and kept. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/store_db.h"

#include "base/banned.h"

#define TABLE                                                                                                          \
    "CREATE TABLE cell (\n"                                                                                            \
    "    id INTEGER PRIMARY KEY,\n"                                                                                    \
    "    key TEXT NOT NULL UNIQUE,\n"                                                                                  \
    "    kind TEXT NOT NULL,\n"                                                                                        \
    "    command TEXT NOT NULL,\n"                                                                                     \
    "    result TEXT NOT NULL,\n"                                                                                      \
    "    seconds REAL NOT NULL CHECK (seconds >= 0)\n"                                                                 \
    ") STRICT;\n"

enum bf_status bf_store_open_cells(const char *path, struct bf_store **out, struct bf_err *err)
{
    static const struct bf_sql_own_file file = {
        .application_id = BF_CELLS_APPLICATION_ID,
        .tables = TABLE,
        .what = "lab file",
        .advice = "name another folder with -o",
    };
    return bf_sql_open_own(path, &file, out, err);
}

static bool read_cell(sqlite3_stmt *s, struct bf_cell *out)
{
    out->key = (const char *)sqlite3_column_text(s, 0);
    out->kind = (const char *)sqlite3_column_text(s, 1);
    out->command = (const char *)sqlite3_column_text(s, 2);
    out->result = (const char *)sqlite3_column_text(s, 3);
    out->seconds = bf_sql_real(s, 4);
    return out->key && out->kind && out->command && out->result;
}

enum bf_status bf_store_get_cell(struct bf_store *store, const char *key, struct bf_cell *out, bool *found,
                                 struct bf_err *err)
{
    sqlite3_stmt *s;
    *found = false;
    *out = (struct bf_cell){0};
    enum bf_status status = bf_sql_get(store, BF_SQL_GET_CELL, &s, err);
    if (status != BF_OK)
        return status;
    if (bf_sql_bind_text(s, 1, key) != SQLITE_OK)
        return bf_sql_fail(store, "read", err);
    const int rc = sqlite3_step(s);
    if (rc == SQLITE_DONE) {
        sqlite3_reset(s);
    } else if (rc != SQLITE_ROW) {
        status = bf_sql_fail(store, "read", err);
    } else { /* the row stays open, since its strings belong to the statement; the next call resets it */
        *found = read_cell(s, out);
        if (!*found)
            status = bf_sql_damaged(store, "a cell", err);
    }
    return status;
}

enum bf_status bf_store_put_cell(struct bf_store *store, const struct bf_cell *cell, struct bf_err *err)
{
    sqlite3_stmt *s;
    if (store->statements[BF_SQL_GET_CELL]) /* an open row would keep the journal from being merged into the file */
        sqlite3_reset(store->statements[BF_SQL_GET_CELL]);
    enum bf_status status = bf_sql_begin(store, true, err);
    if (status != BF_OK)
        return status;
    status = bf_sql_get(store, BF_SQL_PUT_CELL, &s, err);
    if (status == BF_OK) {
        int rc = bf_sql_bind_text(s, 1, cell->key);
        rc |= bf_sql_bind_text(s, 2, cell->kind);
        rc |= bf_sql_bind_text(s, 3, cell->command);
        rc |= bf_sql_bind_text(s, 4, cell->result);
        rc |= bf_sql_bind_real(s, 5, cell->seconds);
        status = rc == SQLITE_OK ? bf_sql_run(store, s, "write to", err) : bf_sql_fail(store, "write to", err);
    }
    return bf_sql_end(store, status, true, err);
}
