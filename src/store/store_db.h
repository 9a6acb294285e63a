/* Private to store/: the handle, the cached statements, and how an SQLite failure becomes a sentence.
 *
 * * Durability: WAL with synchronous=NORMAL. The kernel has every commit, so that kill -9 loses nothing. A power cut
 * may lose the last commits, but never half of one and never an older one; resuming generates them again, byte for
 * byte. A commit with a check of the stop rule, and every state, is flushed to the disk (synchronous=FULL). */
#ifndef BF_STORE_STORE_DB_H
#define BF_STORE_STORE_DB_H
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

/* "BFRG": application_id of a run. The first migration writes it. */
#define BF_STORE_APPLICATION_ID 1111904839
#define BF_STORE_BUSY_MS 10000
/* No text or blob of a run is larger, so that a hostile file cannot make us allocate more. */
#define BF_STORE_VALUE_MAX_BYTES (256 * 1024 * 1024)

/* Answers wait within a window of their request's list, so that a hostile file cannot make us hold more. */
#define BF_STORE_NUMBER_MAX ((int64_t)1 << 38)

#define BF_STORE_FILE "run.db"
#define BF_STORE_LOCK_FILE "run.lock"

/* Statements that live as long as the handle; their text is in store_sql.c. */
enum bf_sql {
    BF_SQL_BEGIN,
    BF_SQL_COMMIT,
    BF_SQL_ROLLBACK,
    BF_SQL_INSERT_SAMPLE,
    BF_SQL_INSERT_EMBEDDING,
    BF_SQL_INSERT_POINT,
    BF_SQL_INSERT_CHECKPOINT,
    BF_SQL_SET_STATE,
    BF_SQL_GET_STATE,
    BF_SQL_GET_STATE_OLD, /* of a run before BF_STORE_WITH_QUESTIONS; likewise below */
    BF_SQL_COUNTS,
    BF_SQL_COUNTS_OLD,
    BF_SQL_EACH_POINT,
    BF_SQL_EACH_POINT_OLD,
    BF_SQL_EACH_CHECKPOINT,
    BF_SQL_INSERT_ANSWER,
    BF_SQL_DELETE_ANSWER,
    BF_SQL_DELETE_ANSWERS,
    BF_SQL_INSERT_REQUEST,
    BF_SQL_GET_REQUEST,
    BF_SQL_FIND_REQUEST,
    BF_SQL_INSERT_ORIGINAL,
    BF_SQL_GET_ORIGINAL,
    BF_SQL_MEASURE_ORIGINALS,
    BF_SQL_KEPT_OF_ORIGINAL,
    BF_SQL_INSERT_GUARD,
    BF_SQL_LINK_DUPLICATES,
    BF_SQL_GET_VECTOR,
    BF_SQL_PUT_VECTOR,
    BF_SQL_GET_CELL,
    BF_SQL_PUT_CELL,
    BF_SQL_INSERT_TRAINING,
    BF_SQL_INSERT_TRAINING_STEP,
    BF_SQL_EACH_TRAINING,
    BF_SQL_EACH_TRAINING_STEP,
    BF_SQL_INSERT_PROBING,
    BF_SQL_INSERT_PROBE,
    BF_SQL_GET_PROBING,
    BF_SQL_EACH_PROBE,
    BF_SQL_COUNT
};

struct bf_store {
    sqlite3 *db;
    sqlite3_stmt *statements[BF_SQL_COUNT]; /* prepared at first use */
    char *dir;                              /* as the caller gave it; error sentences show it */
    char *path;                             /* dir/run.db */
    int lock_fd;                            /* -1 for a reader */
    bool writer;
    bool creating;                 /* there is no run yet that error sentences could offer to resume */
    int64_t version;               /* of the schema; a reader may have an older one */
    int64_t request;               /* the selected one; 0 = all */
    char *entry_name, *entry_json; /* of the last bf_store_request */
    struct bf_run run;             /* owns every string; bf_store_close frees them */
};

/* ---- store_sql.c ---- */

/* A handle that has no database yet; bf_store_close releases it. */
struct bf_store *bf_store_new(const char *dir, bool writer);
/* Open store->path with SQLite's `flags`, hardened against hostile files and with foreign keys on. */
BF_MUST_CHECK enum bf_status bf_sql_open(struct bf_store *store, const char *path, int flags, struct bf_err *err);
/* The cached statement, reset and without bindings. */
BF_MUST_CHECK enum bf_status bf_sql_get(struct bf_store *store, enum bf_sql which, sqlite3_stmt **out,
                                        struct bf_err *err);
/* Step a statement that returns no row, then reset it. `action` completes "cannot ACTION 'DIR/run.db'". */
BF_MUST_CHECK enum bf_status bf_sql_run(struct bf_store *store, sqlite3_stmt *statement, const char *action,
                                        struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_sql_exec(struct bf_store *store, const char *sql, const char *action,
                                         struct bf_err *err);
/* The single integer that a query or a pragma returns. */
BF_MUST_CHECK enum bf_status bf_sql_integer(struct bf_store *store, const char *sql, int64_t *out, struct bf_err *err);
/* A write transaction. `durable`: flushed to the disk before end returns. end commits when `status` is BF_OK, else
 * rolls back and returns `status` with *err as it was. */
BF_MUST_CHECK enum bf_status bf_sql_begin(struct bf_store *store, bool durable, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_sql_end(struct bf_store *store, enum bf_status status, bool durable,
                                        struct bf_err *err);

/* NaN and NULL texts are NULL in the database. A text must outlive the step. */
int bf_sql_bind_real(sqlite3_stmt *statement, int place, double value);
int bf_sql_bind_text(sqlite3_stmt *statement, int place, const char *text);
double bf_sql_real(sqlite3_stmt *statement, int column);              /* NULL -> NaN */
bool bf_sql_int32(sqlite3_stmt *statement, int column, int32_t *out); /* false when out of range */

/* Bind ?n: the selected request, or NULL for all. In a statement that writes: the selected request, or the first. */
int bf_sql_bind_request(sqlite3_stmt *statement, int place, const struct bf_store *store);
int bf_sql_bind_writer(sqlite3_stmt *statement, int place, const struct bf_store *store);

/* ---- store_commit.c ---- */

/* Insert one sample with its embedding, inside a transaction. *id: its row. */
BF_MUST_CHECK enum bf_status bf_sql_add_sample(struct bf_store *store, const struct bf_sample *sample, int64_t *id,
                                               struct bf_err *err);
/* Bind float16 numbers as a little-endian blob; the statement keeps a copy. */
int bf_sql_bind_half(sqlite3_stmt *statement, int place, const uint16_t *half, int32_t n);

/* ---- store_fail.c ---- */

/* The sentence for the last SQLite failure on this handle: what was tried, on which file, why, and what to do. */
enum bf_status bf_sql_fail(const struct bf_store *store, const char *action, struct bf_err *err);
/* The sentence for a file with rows that we cannot have written; `what` names them. */
enum bf_status bf_sql_damaged(const struct bf_store *store, const char *what, struct bf_err *err);

/* ---- store_vectors.c ---- */

/* The same table in runs and in vector files. Released with schema 3 and never edited. */
#define BF_VECTOR_TABLE                                                                                                \
    "CREATE TABLE vector (\n"                                                                                          \
    "    content TEXT NOT NULL CHECK (length(content) = 64),\n"                                                        \
    "    model TEXT NOT NULL,\n"                                                                                       \
    "    n_embd INTEGER NOT NULL CHECK (n_embd > 0),\n"                                                                \
    "    data BLOB NOT NULL CHECK (length(data) = 4 * n_embd),\n"                                                      \
    "    UNIQUE (content, model)\n"                                                                                    \
    ") STRICT;\n"
/* "BFRV": application_id of a vector file. */
#define BF_VECTORS_APPLICATION_ID 1111904854

/* ---- store_cells.c ---- */

/* "BFRL": application_id of the cells of a lab. */
#define BF_CELLS_APPLICATION_ID 1111904844

/* ---- store_own_file.c ---- */

/* An SQLite file of ours that is not a run. */
struct bf_sql_own_file {
    int application_id;
    const char *tables; /* SQL that creates them */
    const char *what;   /* "vector file", for error sentences */
    const char *advice; /* what to do when the file belongs to another program */
};
/* Open it, and create it when it does not exist; as bf_store_open_vectors. */
BF_MUST_CHECK enum bf_status bf_sql_open_own(const char *path, const struct bf_sql_own_file *file,
                                             struct bf_store **out, struct bf_err *err);

/* Become the writer of `dir`. *created: the lock file did not exist before. */
BF_MUST_CHECK enum bf_status bf_store_lock(const char *dir, int *fd, bool *created, struct bf_err *err);
/* Release the lock; `remove` also deletes its file, for a folder that turned out not to hold a run. */
void bf_store_unlock(const char *dir, int fd, bool remove);

/* ---- store_open.c ---- */

/* Open an existing run.db as its writer, under a lock already held; the handle owns lock_fd on success only.
 * `creating`: this is the last step of a creation, which removes the file again when it fails. */
BF_MUST_CHECK enum bf_status bf_store_open_writer(const char *dir, int lock_fd, bool creating, struct bf_store **out,
                                                  struct bf_err *err);

/* ---- migrations.c ---- */

#define BF_STORE_VERSION 8 /* PRAGMA user_version of this program's schema */
/* From this schema on, versions differ only in tables and columns that a reader can do without: it reads older runs as
 * they are. */
#define BF_STORE_OLDEST_READABLE 2
/* The first schema with ... */
#define BF_STORE_WITH_VECTORS 3   /* the table of vectors */
#define BF_STORE_WITH_TRAININGS 4 /* the tables of trainings and their steps */
#define BF_STORE_WITH_QUESTIONS 5 /* sample.source, sample.held_out, the numbers of self-questioning in the state */
#define BF_STORE_WITH_PROBES 7    /* the tables of the probes of a training */
#define BF_STORE_WITH_ORIGINS 8   /* point.origin */
/* The SQL that upgrades schema `version - 1` to `version`; NULL outside 1..BF_STORE_VERSION. */
const char *bf_migration(int64_t version);
/* Apply the missing steps, each in one transaction, and enter the words of this program. */
BF_MUST_CHECK enum bf_status bf_migrate(struct bf_store *store, struct bf_err *err);

#endif
