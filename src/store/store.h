/* The life of a run: one SQLite file per run folder (WAL, foreign keys, prepared statements, user_version migrations).
 * Every commit is a transaction; nothing generated is deleted: a rejected sample keeps its row and its reason.
 * A run folder is written by one process at a time (run.lock); any number may read.
 *
 * How a caller writes a run:
 *
 *     bf_store_create_filled(dir, &run, &templates, user, fill, &store, err);  // fill: requests, originals, guards
 *     bf_store_select(store, id);                                              // the request that follows
 *     bf_store_replay(store, &replay, err);                                    // what an earlier process committed
 *     bf_store_commit_all(store, &commit, err);                                // for each answer, in index order
 *     bf_store_set_state(store, &state, err);                                  // at the end, at an interruption
 *     bf_store_close(store);
 *
 * To resume, bf_store_open(dir, BF_STORE_WRITE, ...) takes the place of the first line. How a caller reads one:
 *
 *     bf_store_open(dir, BF_STORE_READ, &store, err);
 *     while (bf_store_next_request(store, &entry, &status, err)) ...
 *     bf_store_query(store, &query, &cursor, err);
 *     bf_cursor_next(cursor, &row, &more, err);                                // until more is false
 *     bf_cursor_close(cursor);
 *     bf_store_close(store);
 *
 * A handle belongs to one thread. Unless a function says otherwise, what fails gives BF_STORE and a sentence that names
 * the file: it cannot be read or written, the disk is full, or it is damaged. Functions that write need a handle opened
 * with BF_STORE_WRITE. Reading or writing one row takes logarithmic time in the size of the run. */
#ifndef BF_STORE_STORE_H
#define BF_STORE_STORE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "request/request.h"
#include "synth/synth.h"

struct bf_store;

/* What a run is. The store copies the strings that it is given; those that it returns are valid until it is closed. */
struct bf_run {
    const char *kind;           /* "domain", "instance", "textbook", "import"; "run" for many requests */
    const char *request_name;   /* of the first request; NULL = "" */
    const char *request_kind;   /* of the first request; NULL = kind */
    const char *request_json;   /* bf_request_to_json of the first request, compact */
    const char *templates_json; /* the whole template set, so that a run can be read without the program that made it */
    const char *templates_sha256;
    const char *model_path, *model_sha256, *model_desc;
    const char *embedder_path; /* "" when the model's own hidden states are the embeddings */
    const char *embedder_sha256;
    const char *engine_json; /* bf_engine_info, and options that matter: threads, parallel, flash attention ... */
    const char *program_version;
};

enum bf_open_mode { BF_STORE_READ, BF_STORE_WRITE };

/* Create DIR (0700) and DIR/run.db, and open the run as its writer. BF_STORE: DIR already holds a run (the sentence
 * says to resume it or to choose another -o), cannot be written, or the disk is full. *out is NULL on failure. */
BF_MUST_CHECK enum bf_status bf_store_create(const char *dir, const struct bf_run *run,
                                             const struct bf_template_set *templates, struct bf_store **out,
                                             struct bf_err *err);
/* The same, with more to write before the run exists: `fill` may add requests, originals, guards and samples. All or
 * nothing: when `fill` fails, its status comes back and there is no run. */
BF_MUST_CHECK enum bf_status bf_store_create_filled(const char *dir, const struct bf_run *run,
                                                    const struct bf_template_set *templates, void *user,
                                                    enum bf_status (*fill)(void *user, struct bf_store *store,
                                                                           struct bf_err *err),
                                                    struct bf_store **out, struct bf_err *err);
/* Add to an existing run in one transaction, with a `fill` as above. */
BF_MUST_CHECK enum bf_status bf_store_extend(struct bf_store *store, void *user,
                                             enum bf_status (*fill)(void *user, struct bf_store *store,
                                                                    struct bf_err *err),
                                             struct bf_err *err);
/* Open an existing run. WRITE takes the lock and runs migrations; READ also works on a read-only file. BF_STORE: not a
 * run folder, another program's file or a corrupt one, a newer schema than this program knows, or (WRITE) another
 * process is writing. */
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
/* Everything below reads and writes the samples, points, checks of the stop rule, answers and state of the selected
 * request. 0, as at the beginning: reads take all requests, writes go to the first. */
void bf_store_select(struct bf_store *store, int64_t request);
/* Only inside a fill. entry->id and entry->finished are not read. *id: the number of the new request. BF_STORE when the
 * name is taken. */
BF_MUST_CHECK enum bf_status bf_store_add_request(struct bf_store *store, const struct bf_request_entry *entry,
                                                  int64_t *id, struct bf_err *err);
/* The first request whose number is at least `from` (from 1); out->id is 0 when there is none. Strings are valid until
 * the next call of this function or the close. *n_requests (nullable): how many requests the run has. */
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
/* The number of the request with this name; *id is 0 when no request has it. */
BF_MUST_CHECK enum bf_status bf_store_find_request(struct bf_store *store, const char *name, int64_t *id,
                                                   struct bf_err *err);

/* Add an original to the selected request; only inside a fill. A text that the request already has is left out: *added
 * is false. `index` counts from 0, `line` is its line in the file, from 1. */
BF_MUST_CHECK enum bf_status bf_store_add_original(struct bf_store *store, int64_t index, int64_t line,
                                                   const struct bf_original *original, bool *added, struct bf_err *err);
/* *n: how many originals the selected request has. *longest: the length of the longest, in bytes. */
BF_MUST_CHECK enum bf_status bf_store_measure_originals(struct bf_store *store, int64_t *n, int64_t *longest,
                                                        struct bf_err *err);
/* The `get` of struct bf_originals. Strings are valid until the next call. BF_STORE when there is no original of this
 * index. */
BF_MUST_CHECK enum bf_status bf_store_original(struct bf_store *store, int64_t index, struct bf_original *out,
                                               struct bf_err *err);
/* Calls `each` for the kept variants of an original, in commit order; a sample's strings are valid during the call. */
BF_MUST_CHECK enum bf_status bf_store_kept_of_original(struct bf_store *store, int64_t index, void *to,
                                                       void (*each)(void *to, const struct bf_sample *sample),
                                                       struct bf_err *err);

/* Add a guard to the selected request; only inside a fill. half [n_embd]: its vector as float16, so that a resumed run
 * judges by the same numbers. */
BF_MUST_CHECK enum bf_status bf_store_add_guard(struct bf_store *store, int64_t index, const struct bf_guard *guard,
                                                const uint16_t *half, int32_t n_embd, struct bf_err *err);
/* All guards of the selected request: *guards [*n] with names and vectors [n_embd], for bf_guards_free. BF_MODEL when a
 * vector does not have n_embd dimensions. */
BF_MUST_CHECK enum bf_status bf_store_guards(struct bf_store *store, int32_t n_embd, struct bf_guard **guards,
                                             size_t *n, struct bf_err *err);
void bf_guards_free(struct bf_guard *guards, size_t n);

/* Add an imported sample; only inside a fill, as part of its transaction. */
BF_MUST_CHECK enum bf_status bf_store_add_sample(struct bf_store *store, const struct bf_sample *sample,
                                                 struct bf_err *err);

/* Mark each kept sample of the selected request whose text an earlier request of the same role keeps, too, with that
 * sample (same_as). Call when the selected request and all before it are finished. A second call changes nothing. */
BF_MUST_CHECK enum bf_status bf_store_link_duplicates(struct bf_store *store, struct bf_err *err);

/* ---- samples ---- */

/* In one transaction: write the samples, their embeddings, points and checks of the stop rule, and delete the kept
 * answer with the commit's number. BF_STORE when a sample with this stage and index exists. */
BF_MUST_CHECK enum bf_status bf_store_commit_all(struct bf_store *store, const struct bf_commit *commit,
                                                 struct bf_err *err);
/* Keep an answer that waits for its turn; it replaces one with the same number. */
BF_MUST_CHECK enum bf_status bf_store_keep_answer(struct bf_store *store, const struct bf_pending *pending,
                                                  struct bf_err *err);
/* The state of a request at its end or at an interruption. Only what cannot be counted is stored. */
struct bf_run_state {
    bool finished;
    enum bf_stop stop;
    int64_t generated_tokens; /* this and the seconds: sums over all processes that worked on the run */
    double generate_seconds, wall_seconds;
    struct bf_knowledge_check knowledge;
};
BF_MUST_CHECK enum bf_status bf_store_set_state(struct bf_store *store, const struct bf_run_state *state,
                                                struct bf_err *err);
/* Of the selected request; with 0, sums over all requests, finished when all are, and the rest from the first. */
BF_MUST_CHECK enum bf_status bf_store_state(struct bf_store *store, struct bf_run_state *out, struct bf_err *err);

/* A variant holds texts; the pairs and wordings about them belong to it as well, when they are wanted. */
enum bf_pair_use {
    BF_PAIRS_NONE,     /* the texts alone */
    BF_PAIRS_TRAIN,    /* also those that a training may see: forget.jsonl, exports, unlearning */
    BF_PAIRS_HELD_OUT, /* only those that are held out for probing: probes.jsonl */
    BF_PAIRS_ALONE     /* all of them without the texts: neighbours.jsonl */
};

/* Which texts, by what the model answered when it was asked about them without them (self-questioning). */
enum bf_text_use {
    BF_TEXTS_ALL,
    BF_TEXTS_NOT_REFUTED, /* all but those whose question it answered otherwise; a text without a question is among them
                           */
    BF_TEXTS_VERIFIED     /* only those whose answer it gave again */
};

/* Which samples; all zero selects all of them. They come in commit order. */
struct bf_query {
    bool by_stage;
    enum bf_stage stage;
    bool by_state;
    bool kept;
    bool by_reason;
    enum bf_reason reason;
    int64_t limit; /* 0 = no limit */
    int64_t offset;
    const char *variant; /* "fix", "mi", "jailbreak", "both": kept samples of that variant; NULL: no such filter */
    bool by_role;
    enum bf_role role;
    enum bf_pair_use pairs; /* with a variant: which of its pairs and wordings */
    enum bf_text_use texts; /* with a variant: which of its texts; pairs and wordings are not affected */
    bool distinct;          /* leave out those that an earlier request keeps, too (same_as) */
    bool with_embedding;    /* read the embeddings; otherwise sample.embedding is NULL */
};
struct bf_row {
    int64_t id; /* commit order, 1-based */
    struct bf_sample sample;
    const char *point_text; /* NULL when none */
    const char *template_name, *template_family;
    const char *topic; /* point_text, or the topic of the request, where that is one of a domain; NULL when unknown */
    const char *asked; /* a question that a text without a point answers, of a kept pair about it; NULL when none */
    int64_t request;
    const char *request_name;
    int64_t same_as;    /* id of an earlier request's sample with the same text; 0 when there is none */
    const char *object; /* of a pair or a wording: the answer that its question was written with, which a right answer
                           has to hold when it is short; NULL of any other sample */
    int64_t source;     /* id of the sample that this one is made of; 0 when there is none (sample.source_stage) */
    enum bf_stage root; /* stage of the text that a pair or wording goes back to, which decides about its variants; of
                           any other sample, its own */
};
/* Are kept samples of this stage texts of the set? Lists, chapters and controls are not, and pairs and wordings are
 * counted apart. */
bool bf_stage_is_sample(enum bf_stage stage);
/* Pairs and wordings. */
bool bf_stage_is_pair(enum bf_stage stage);
/* Is a kept text of `stage` part of `variant`? For a pair, give bf_row.root. false when `variant` is not the word of
 * one. */
bool bf_variant_has(const char *variant, enum bf_stage stage);

struct bf_cursor;
/* *out: a cursor before the first row, for bf_cursor_close. Its memory does not depend on the size of the run; skipping
 * `offset` rows takes time. BF_USAGE for an unknown variant. */
BF_MUST_CHECK enum bf_status bf_store_query(struct bf_store *store, const struct bf_query *query,
                                            struct bf_cursor **out, struct bf_err *err);
/* Fills *row, whose pointers are valid until the next call; *more is false at the end, and *row is not filled. */
BF_MUST_CHECK enum bf_status bf_cursor_next(struct bf_cursor *cursor, struct bf_row *row, bool *more,
                                            struct bf_err *err);
void bf_cursor_close(struct bf_cursor *cursor); /* NULL is a no-op */

/* Counts of samples and points, for status and summaries. */
struct bf_counts {
    int64_t committed[BF_STAGE_COUNT], kept[BF_STAGE_COUNT];
    int64_t held_out[BF_STAGE_COUNT];            /* of the kept ones */
    int64_t rejected[BF_REASON_COUNT];           /* BF_REASON_NOT_A_SAMPLE included; without the next */
    int64_t rejected_questions[BF_REASON_COUNT]; /* of the stages questions, pairs and wordings */
    int64_t n_points;
    int64_t fix, mi, jailbreak, both; /* kept texts of each variant, without pairs and wordings */
};
/* Of the selected request, or of all but the neighbours. Reads every sample's row. */
BF_MUST_CHECK enum bf_status bf_store_counts(struct bf_store *store, struct bf_counts *out, struct bf_err *err);

/* Calls `each` for every point of the selected request, or of all but the neighbours, in point order, with its numbers
 * of kept and of all committed samples. Strings are valid during the call. */
BF_MUST_CHECK enum bf_status bf_store_each_point(struct bf_store *store, void *user,
                                                 void (*each)(void *user, const struct bf_point *point, int64_t n_kept,
                                                              int64_t n_committed),
                                                 struct bf_err *err);
/* Calls `each` for every check of the stop rule, in order. */
BF_MUST_CHECK enum bf_status bf_store_each_check(struct bf_store *store, void *user,
                                                 void (*each)(void *user, const struct bf_stop_check *checkpoint),
                                                 struct bf_err *err);

/* ---- vectors of any texts, kept by content, so that a second measurement need not embed them ---- */

/* Open a file that holds only such vectors; it is created when it does not exist. Only bf_store_close and the functions
 * of this section work on the handle. Several processes may use one file. BF_STORE: it cannot be created or written, or
 * belongs to another program. */
BF_MUST_CHECK enum bf_status bf_store_open_vectors(const char *path, struct bf_store **out, struct bf_err *err);

struct bf_vector_key {
    const char *model; /* which model made it, and how it was pooled: "SHA256 mean" */
    char content[65];  /* SHA-256 of what was embedded, in hex */
};
/* Can vectors be kept in this store? A reader cannot. */
bool bf_store_keeps_vectors(const struct bf_store *store);
/* Copies the vector to out [n_embd]. *found is false when there is none for the key, or when the stored one has another
 * length or a value that is not finite. */
BF_MUST_CHECK enum bf_status bf_store_get_vector(struct bf_store *store, const struct bf_vector_key *key,
                                                 int32_t n_embd, float *out, bool *found, struct bf_err *err);
/* Keep n vectors, vectors[i] is [n_embd], in one transaction. The vector of an existing key is replaced. */
BF_MUST_CHECK enum bf_status bf_store_put_vectors(struct bf_store *store, const struct bf_vector_key *keys,
                                                  const float *const *vectors, size_t n, int32_t n_embd,
                                                  struct bf_err *err);

/* ---- cells of an experiment: each is computed once ---- */

/* Open a file of cells; it is created when it does not exist. Only bf_store_close and the functions of this section
 * work on the handle. BF_STORE as for vectors. */
BF_MUST_CHECK enum bf_status bf_store_open_cells(const char *path, struct bf_store **out, struct bf_err *err);

struct bf_cell {
    const char *key;     /* everything that the result depends on; unique */
    const char *kind;    /* "train", "forget set", "evaluate" */
    const char *command; /* the command that computed it, as a person may type it */
    const char *result;  /* one JSON object */
    double seconds;      /* how long it took */
};
/* *found is false when the cell is not computed yet. Strings are valid until the next call or the close. */
BF_MUST_CHECK enum bf_status bf_store_get_cell(struct bf_store *store, const char *key, struct bf_cell *out,
                                               bool *found, struct bf_err *err);
/* Keep a cell; it replaces one with the same key. Flushed to the disk before it returns, since a cell takes minutes to
 * compute. */
BF_MUST_CHECK enum bf_status bf_store_put_cell(struct bf_store *store, const struct bf_cell *cell, struct bf_err *err);
/* ---- trainings: unlearning with the sets of this run ---- */

struct bf_training_step {
    int64_t step;                                        /* from 1 */
    double loss, forget_loss, retain_loss, general_loss; /* NaN for a term that the method does not have */
    double learning_rate, gradient_norm;
};
/* Right answers to questions that were not trained on, of those that the model knew before. */
struct bf_training_probe {
    int64_t step; /* 0: before the first step */
    int64_t forget_right, retain_right;
};
struct bf_training_probing {
    int64_t forget_questions, retain_questions; /* asked */
    int64_t chosen_step;                        /* whose model was written; 0: none */
};
struct bf_training {
    int64_t id;               /* from 1, in the order in which they ended; bf_store_add_training does not read it */
    const char *method;       /* "npo" */
    const char *settings;     /* one JSON object with every setting */
    const char *model_sha256; /* of the model that was trained */
    int64_t n_steps, planned_steps;
    const char *stop; /* "finished", or the rule that stopped it */
    double forget_nll_before, retain_nll_before, forget_nll_after,
        retain_nll_after;                 /* nats a token; NaN: not measured */
    const struct bf_training_step *steps; /* [n_steps]; NULL when read: bf_store_each_training_step gives them */
    /* NULL without probes, and when read: bf_store_each_training_probe gives them */
    const struct bf_training_probing *probing;
    const struct bf_training_probe *probes; /* [n_probes] */
    int64_t n_probes;
};
/* Add a training, its steps and its probes in one transaction, flushed to the disk. */
BF_MUST_CHECK enum bf_status bf_store_add_training(struct bf_store *store, const struct bf_training *training,
                                                   struct bf_err *err);
/* The first training whose id is above `after`; out->id is 0 when there is none, also in a run that is older than this
 * table. Strings are valid until the next call or the close. */
BF_MUST_CHECK enum bf_status bf_store_next_training(struct bf_store *store, int64_t after, struct bf_training *out,
                                                    struct bf_err *err);
/* Calls `each` for the steps of the training with this id, in order. */
BF_MUST_CHECK enum bf_status bf_store_each_training_step(struct bf_store *store, int64_t training, void *user,
                                                         void (*each)(void *user, const struct bf_training_step *step),
                                                         struct bf_err *err);

/* The same for its probes. *out: how many questions, and which step; all zero for a training without probes, also in a
 * run that is older than they are. */
BF_MUST_CHECK enum bf_status bf_store_each_training_probe(
    struct bf_store *store, int64_t training, struct bf_training_probing *out, void *user,
    void (*each)(void *user, const struct bf_training_probe *probe), struct bf_err *err);

/* The committed samples of the selected request and its answers that wait for their turn, as a replay for bf_synth_run.
 * It borrows the store; end it with bf_store_replay_close. */
BF_MUST_CHECK enum bf_status bf_store_replay(struct bf_store *store, struct bf_replay *out, struct bf_err *err);
void bf_store_replay_close(struct bf_replay *replay);

#endif
