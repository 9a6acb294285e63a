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
    const char *kind;           /* "domain", "instance", "textbook", "import"; "run" = many requests */
    const char *request_name;   /* of the first request; NULL = "" */
    const char *request_kind;   /* of the first request; NULL = kind */
    const char *request_json;   /* bf_request_to_json of the first request, compact */
    const char *templates_json; /* the whole template set: a run can be read without the program that made it */
    const char *templates_sha256;
    const char *model_path, *model_sha256, *model_desc;
    const char *embedder_path; /* "" when the model embeds itself */
    const char *embedder_sha256;
    const char *engine_json; /* bf_engine_info and options that matter: threads, parallel, flash attention, stable */
    const char *program_version;
};

enum bf_open_mode { BF_STORE_READ, BF_STORE_WRITE };

/* Create DIR (0700) and DIR/run.db. BF_STORE when DIR already holds a run (the sentence says: resume it or choose
 * another -o), cannot be written, or the disk is full. *out NULL on failure. */
BF_MUST_CHECK enum bf_status bf_store_create(const char *dir, const struct bf_run *run,
                                             const struct bf_template_set *templates, struct bf_store **out,
                                             struct bf_err *err);
/* The same with more to write before the run exists: `fill` may add requests, originals, guards and samples. All or
 * nothing. */
BF_MUST_CHECK enum bf_status bf_store_create_filled(const char *dir, const struct bf_run *run,
                                                    const struct bf_template_set *templates, void *user,
                                                    enum bf_status (*fill)(void *user, struct bf_store *store,
                                                                           struct bf_err *err),
                                                    struct bf_store **out, struct bf_err *err);
/* Add to an existing run in one transaction, as `fill` above. */
BF_MUST_CHECK enum bf_status bf_store_extend(struct bf_store *store, void *user,
                                             enum bf_status (*fill)(void *user, struct bf_store *store,
                                                                    struct bf_err *err),
                                             struct bf_err *err);
/* Open an existing run. WRITE takes the lock and runs migrations; READ works on a read-only file too. BF_STORE: not a
 * run folder, foreign or corrupt file, newer schema than this program, another process is writing. */
BF_MUST_CHECK enum bf_status bf_store_open(const char *dir, enum bf_open_mode mode, struct bf_store **out,
                                           struct bf_err *err);
void bf_store_close(struct bf_store *store); /* NULL is a no-op */
const struct bf_run *bf_store_run(const struct bf_store *store);
const char *bf_store_dir(const struct bf_store *store);

/* ---- requests: numbered from 1 in the order they were added ---- */

struct bf_request_entry {
    int64_t id;
    const char *name; /* unique in the run; "" for the only one */
    enum bf_kind kind;
    enum bf_role role;
    const char *json; /* bf_request_to_json, compact */
    bool finished;
};
/* Everything below reads and writes the samples, points, checkpoints, answers and state of the selected request; 0 =
 * reading takes all, writing the first. 0 at the beginning. */
void bf_store_select(struct bf_store *store, int64_t request);
/* Inside fill. entry->id and ->finished are not read. BF_STORE when the name is taken. */
BF_MUST_CHECK enum bf_status bf_store_add_request(struct bf_store *store, const struct bf_request_entry *entry,
                                                  int64_t *id, struct bf_err *err);
/* The first request whose number is at least `from`; out->id 0 when there is none. Strings are valid until the next
 * call of this function or the close. *n_requests (nullable): of all. */
BF_MUST_CHECK enum bf_status bf_store_request(struct bf_store *store, int64_t from, struct bf_request_entry *out,
                                              int64_t *n_requests, struct bf_err *err);
/* The loop over all requests, in order:
 *
 *     struct bf_request_entry entry = {.id = 0};
 *     enum bf_status status = BF_OK;
 *     while (bf_store_next_request(store, &entry, &status, err))
 *         status = ...;
 *
 * Moves *entry on to the request after it. false, with *entry zeroed, at the end, when *status is not BF_OK already,
 * and when reading fails, which sets *status and *err. Strings are valid as with bf_store_request. */
bool bf_store_next_request(struct bf_store *store, struct bf_request_entry *entry, enum bf_status *status,
                           struct bf_err *err);
/* Does the run have a request of this role? */
BF_MUST_CHECK enum bf_status bf_store_has_role(struct bf_store *store, enum bf_role role, bool *has,
                                               struct bf_err *err);
/* *id 0 when no request has the name. */
BF_MUST_CHECK enum bf_status bf_store_find_request(struct bf_store *store, const char *name, int64_t *id,
                                                   struct bf_err *err);

/* Originals of the selected request, inside fill. A text that is already there is left out: *added false. */
BF_MUST_CHECK enum bf_status bf_store_add_original(struct bf_store *store, int64_t index, int64_t line,
                                                   const struct bf_original *original, bool *added, struct bf_err *err);
/* How many, and the length of the longest in bytes. */
BF_MUST_CHECK enum bf_status bf_store_measure_originals(struct bf_store *store, int64_t *n, int64_t *longest,
                                                        struct bf_err *err);
/* For bf_originals: strings are valid until the next call. */
BF_MUST_CHECK enum bf_status bf_store_original(struct bf_store *store, int64_t index, struct bf_original *out,
                                               struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_store_kept_of_original(struct bf_store *store, int64_t index, void *to,
                                                       void (*each)(void *to, const struct bf_sample *sample),
                                                       struct bf_err *err);

/* Guards of the selected request: vectors as float16, so that a resumed run judges by the same ones. add inside
 * fill. */
BF_MUST_CHECK enum bf_status bf_store_add_guard(struct bf_store *store, int64_t index, const struct bf_guard *guard,
                                                const uint16_t *half, int32_t n_embd, struct bf_err *err);
/* All of them: *guards is [*n] with names and vectors; bf_guards_free. BF_MODEL when one has another length than
 * n_embd. */
BF_MUST_CHECK enum bf_status bf_store_guards(struct bf_store *store, int32_t n_embd, struct bf_guard **guards,
                                             size_t *n, struct bf_err *err);
void bf_guards_free(struct bf_guard *guards, size_t n);

/* A sample from outside, inside fill: no transaction of its own. */
BF_MUST_CHECK enum bf_status bf_store_add_sample(struct bf_store *store, const struct bf_sample *sample,
                                                 struct bf_err *err);

/* Kept samples whose text an earlier request of the same role keeps too are marked with it (same_as). Call when the
 * selected request and all before it are finished; again is harmless. */
BF_MUST_CHECK enum bf_status bf_store_link_duplicates(struct bf_store *store, struct bf_err *err);

/* ---- samples ---- */

/* One transaction: the samples, their embeddings, points and checkpoints; the answer with the commit's number is
 * gone. */
BF_MUST_CHECK enum bf_status bf_store_commit_all(struct bf_store *store, const struct bf_commit *commit,
                                                 struct bf_err *err);
/* An answer that waits for its turn; the same number replaces. */
BF_MUST_CHECK enum bf_status bf_store_keep_answer(struct bf_store *store, const struct bf_pending *pending,
                                                  struct bf_err *err);
/* The end of a run, or its state at an interruption: counts are not stored (they are counted), this is: */
struct bf_run_state {
    bool finished;
    enum bf_stop stop;
    int64_t generated_tokens; /* sums over all processes that worked on the run */
    double generate_seconds, wall_seconds;
    struct bf_knowledge_check knowledge;
};
BF_MUST_CHECK enum bf_status bf_store_set_state(struct bf_store *store, const struct bf_run_state *state,
                                                struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_store_state(struct bf_store *store, struct bf_run_state *out, struct bf_err *err);

/* Which samples: zero-initialised = all, in commit order. */
struct bf_query {
    bool by_stage;
    enum bf_stage stage;
    bool by_state;
    bool kept;
    bool by_reason;
    enum bf_reason reason;
    int64_t limit; /* 0 = no limit */
    int64_t offset;
    const char *variant; /* "fix", "mi", "jailbreak", "both": kept samples of that variant; NULL = any */
    bool by_role;
    enum bf_role role;
    bool distinct;       /* without those that an earlier request keeps too */
    bool with_embedding; /* else sample.embedding is NULL */
};
struct bf_row {
    int64_t id; /* commit order, 1-based */
    struct bf_sample sample;
    const char *point_text; /* NULL when none */
    const char *template_name, *template_family;
    int64_t request;
    const char *request_name;
    int64_t same_as; /* id of the sample of an earlier request with the same text; 0 = none */
};
/* Do kept texts of this stage belong to the set (and not to lists, chapters, controls)? */
bool bf_stage_is_sample(enum bf_stage stage);
/* Is a kept sample of `stage` part of `variant`? false for a word that is no variant. */
bool bf_variant_has(const char *variant, enum bf_stage stage);

struct bf_cursor;
BF_MUST_CHECK enum bf_status bf_store_query(struct bf_store *store, const struct bf_query *query,
                                            struct bf_cursor **out, struct bf_err *err);
/* Fills *row (strings valid until the next call); *more false at the end. */
BF_MUST_CHECK enum bf_status bf_cursor_next(struct bf_cursor *cursor, struct bf_row *row, bool *more,
                                            struct bf_err *err);
void bf_cursor_close(struct bf_cursor *cursor); /* NULL is a no-op */

/* Counts, for status and summaries. */
struct bf_counts {
    int64_t committed[BF_STAGE_COUNT], kept[BF_STAGE_COUNT];
    int64_t rejected[BF_REASON_COUNT]; /* BF_REASON_NOT_A_SAMPLE included */
    int64_t n_points;
    int64_t fix, mi, jailbreak, both; /* kept samples of each variant */
};
BF_MUST_CHECK enum bf_status bf_store_counts(struct bf_store *store, struct bf_counts *out, struct bf_err *err);

/* Kept samples by point, in point order. The callback's strings are valid during the call. */
BF_MUST_CHECK enum bf_status bf_store_each_point(struct bf_store *store, void *user,
                                                 void (*each)(void *user, const struct bf_point *point, int64_t n_kept,
                                                              int64_t n_committed),
                                                 struct bf_err *err);
/* The trace of the stop rule, in order. */
BF_MUST_CHECK enum bf_status bf_store_each_checkpoint(struct bf_store *store, void *user,
                                                      void (*each)(void *user, const struct bf_checkpoint *checkpoint),
                                                      struct bf_err *err);

/* ---- vectors of any texts, kept by content: measuring again embeds nothing ---- */

/* A file that holds such vectors and no run, made when it is not there. Only the functions below and close work on it.
 * Several processes may use one. BF_STORE: cannot be made or written, or is another program's. */
BF_MUST_CHECK enum bf_status bf_store_open_vectors(const char *path, struct bf_store **out, struct bf_err *err);

struct bf_vector_key {
    const char *model; /* whose vector, and how pooled: "SHA256 mean" */
    char content[65];  /* SHA-256 of what was embedded, in hex */
};
/* Can vectors be kept here? Not by a reader. */
bool bf_store_keeps_vectors(const struct bf_store *store);
/* out [n_embd]; *found false when there is none, or one of another length or with values that are not finite. */
BF_MUST_CHECK enum bf_status bf_store_get_vector(struct bf_store *store, const struct bf_vector_key *key,
                                                 int32_t n_embd, float *out, bool *found, struct bf_err *err);
/* vectors[i] is [n_embd]. One transaction; a key that is there is replaced. */
BF_MUST_CHECK enum bf_status bf_store_put_vectors(struct bf_store *store, const struct bf_vector_key *keys,
                                                  const float *const *vectors, size_t n, int32_t n_embd,
                                                  struct bf_err *err);

/* ---- cells of an experiment: each is computed once ---- */

/* A file of cells, made when it is not there. Only the functions below and close work on it. BF_STORE as for
 * vectors. */
BF_MUST_CHECK enum bf_status bf_store_open_cells(const char *path, struct bf_store **out, struct bf_err *err);

struct bf_cell {
    const char *key;     /* all that the result depends on; unique */
    const char *kind;    /* "train", "forget set", "evaluate" */
    const char *command; /* what was run, as a person may type it */
    const char *result;  /* one JSON object */
    double seconds;      /* what it took */
};
/* *found false when the cell is not computed yet. Strings are valid until the next call or the close. */
BF_MUST_CHECK enum bf_status bf_store_get_cell(struct bf_store *store, const char *key, struct bf_cell *out,
                                               bool *found, struct bf_err *err);
/* Flushed to the disk: a cell took minutes. The same key replaces. */
BF_MUST_CHECK enum bf_status bf_store_put_cell(struct bf_store *store, const struct bf_cell *cell, struct bf_err *err);
/* ---- trainings: what was unlearnt with the sets of this run ---- */

struct bf_training_step {
    int64_t step;                                        /* from 1 */
    double loss, forget_loss, retain_loss, general_loss; /* NaN for a term that the method does not have */
    double learning_rate, gradient_norm;
};
struct bf_training {
    int64_t id;               /* from 1, in the order they ended; not read by add */
    const char *method;       /* "npo" */
    const char *settings;     /* JSON: every setting */
    const char *model_sha256; /* of the model that was trained */
    int64_t n_steps, planned_steps;
    const char *stop; /* "finished", or the rule */
    double forget_nll_before, retain_nll_before, forget_nll_after,
        retain_nll_after;                 /* nats a token; NaN = not measured */
    const struct bf_training_step *steps; /* [n_steps]; NULL when read: bf_store_each_training_step has them */
};
/* One transaction, flushed to the disk. A writer's. */
BF_MUST_CHECK enum bf_status bf_store_add_training(struct bf_store *store, const struct bf_training *training,
                                                   struct bf_err *err);
/* The first training whose id is above `after`; out->id 0 when there is none, also in a run from before there were any.
 * Strings are valid until the next call or the close. */
BF_MUST_CHECK enum bf_status bf_store_next_training(struct bf_store *store, int64_t after, struct bf_training *out,
                                                    struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_store_each_training_step(struct bf_store *store, int64_t training, void *user,
                                                         void (*each)(void *user, const struct bf_training_step *step),
                                                         struct bf_err *err);

/* The committed samples of the selected request, and its answers that wait, as a replay for bf_synth_run. Borrows the
 * store; close after use. */
BF_MUST_CHECK enum bf_status bf_store_replay(struct bf_store *store, struct bf_replay *out, struct bf_err *err);
void bf_store_replay_close(struct bf_replay *replay);

#endif
