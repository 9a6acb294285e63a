/* The life of a run: one SQLite file per run folder (WAL, foreign keys, prepared statements, user_version migrations).
 * Every commit is a transaction; nothing generated is deleted: a rejected sample keeps its row and its reason.
 * A run folder is written by one process at a time (run.lock); any number may read. */
#ifndef BF_STORE_STORE_H
#define BF_STORE_STORE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "request/request.h"
#include "synth/synth.h"

struct bf_store;

/* What a run is. Strings are copied in; those read back belong to the store until it is closed. */
struct bf_run {
    const char *kind;              /* "domain" */
    const char *request_json;      /* bf_request_to_json, compact */
    const char *templates_json;    /* the whole template set: a run can be read without the program that made it */
    const char *templates_sha256;
    const char *model_path, *model_sha256, *model_desc;
    const char *embedder_path;     /* "" when the model embeds itself */
    const char *embedder_sha256;
    const char *engine_json;       /* bf_engine_info and options that matter: threads, parallel, flash attention, stable */
    const char *program_version;
};

enum bf_open_mode { BF_STORE_READ, BF_STORE_WRITE };

/* Create DIR (0700) and DIR/run.db. BF_STORE when DIR already holds a run (the sentence says: resume it or choose
 * another -o), cannot be written, or the disk is full. *out NULL on failure. */
BF_MUST_CHECK enum bf_status bf_store_create(const char *dir, const struct bf_run *run,
                                             const struct bf_template_set *templates, struct bf_store **out,
                                             struct bf_err *err);
/* Open an existing run. WRITE takes the lock and runs migrations; READ works on a read-only file too. BF_STORE: not a
 * run folder, foreign or corrupt file, newer schema than this program, another process is writing. */
BF_MUST_CHECK enum bf_status bf_store_open(const char *dir, enum bf_open_mode mode, struct bf_store **out,
                                           struct bf_err *err);
void bf_store_close(struct bf_store *store);           /* NULL is a no-op */
const struct bf_run *bf_store_run(const struct bf_store *store);
const char *bf_store_dir(const struct bf_store *store);

/* One transaction: the sample, its embedding, its points, its checkpoint. A (stage, index) already there: BF_STORE. */
BF_MUST_CHECK enum bf_status bf_store_commit(struct bf_store *store, const struct bf_sample *sample,
                                             const struct bf_point *points, size_t n_points,
                                             const struct bf_checkpoint *checkpoint, struct bf_err *err);

/* The end of a run, or its state at an interruption: counts are not stored (they are counted), this is: */
struct bf_run_state {
    bool finished;
    enum bf_stop stop;
    int64_t generated_tokens;          /* sums over all processes that worked on the run */
    double generate_seconds, wall_seconds;
    struct bf_knowledge_check knowledge;
};
BF_MUST_CHECK enum bf_status bf_store_set_state(struct bf_store *store, const struct bf_run_state *state,
                                                struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_store_state(struct bf_store *store, struct bf_run_state *out, struct bf_err *err);

/* Which samples: zero-initialised = all, in commit order. */
struct bf_query {
    bool by_stage;      enum bf_stage stage;
    bool by_state;      bool kept;
    bool by_reason;     enum bf_reason reason;
    int64_t limit;             /* 0 = no limit */
    int64_t offset;
    const char *variant;       /* "fix", "mi", "jailbreak", "both": kept samples of that variant; NULL = any */
    bool with_embedding;       /* else sample.embedding is NULL */
};
struct bf_row {
    int64_t id;                        /* commit order, 1-based */
    struct bf_sample sample;
    const char *point_text;            /* NULL when none */
    const char *template_name, *template_family;
};
/* Is a kept sample of `stage` part of `variant`? false for a word that is no variant. */
bool bf_variant_has(const char *variant, enum bf_stage stage);

struct bf_cursor;
BF_MUST_CHECK enum bf_status bf_store_query(struct bf_store *store, const struct bf_query *query,
                                            struct bf_cursor **out, struct bf_err *err);
/* Fills *row (strings valid until the next call); *more false at the end. */
BF_MUST_CHECK enum bf_status bf_cursor_next(struct bf_cursor *cursor, struct bf_row *row, bool *more,
                                            struct bf_err *err);
void bf_cursor_close(struct bf_cursor *cursor);        /* NULL is a no-op */

/* Counts, for status and summaries. */
struct bf_counts {
    int64_t committed[BF_STAGE_COUNT], kept[BF_STAGE_COUNT];
    int64_t rejected[BF_REASON_COUNT]; /* BF_REASON_NOT_A_SAMPLE included */
    int64_t n_points;
    int64_t fix, mi, jailbreak, both;  /* kept samples of each variant */
};
BF_MUST_CHECK enum bf_status bf_store_counts(struct bf_store *store, struct bf_counts *out, struct bf_err *err);

/* Kept samples by point, in point order. The callback's strings are valid during the call. */
BF_MUST_CHECK enum bf_status bf_store_each_point(struct bf_store *store, void *user,
                                                 void (*each)(void *user, const struct bf_point *point,
                                                              int64_t n_kept, int64_t n_committed),
                                                 struct bf_err *err);
/* The trace of the stop rule, in order. */
BF_MUST_CHECK enum bf_status bf_store_each_checkpoint(struct bf_store *store, void *user,
                                                      void (*each)(void *user, const struct bf_checkpoint *checkpoint),
                                                      struct bf_err *err);

/* The committed samples of a run as a replay for bf_synth_domain. Borrows the store; close after use. */
BF_MUST_CHECK enum bf_status bf_store_replay(struct bf_store *store, struct bf_replay *out, struct bf_err *err);
void bf_store_replay_close(struct bf_replay *replay);

#endif
