/* The controlled experiment, cell by cell. A cell is a command of this program, keyed by everything that its result
 * depends on; it is computed once and kept in lab.db, with a command line that can be typed by hand. */
#ifndef BF_LAB_LAB_H
#define BF_LAB_LAB_H
#include "base/log.h"
#include "base/child.h"
#include "lab/lab_spec.h"
#include "store/store.h"

struct bf_lab {
    const struct bf_lab_spec *spec;
    const char *dir;
    const char *world_folder; /* its name within dir */
    struct bf_store *cells;
    struct bf_world *world;
    struct bf_log *log;
    const char *model;      /* path */
    const char *model_name; /* as given */
    char model_sha256[65];
    int64_t n_threads; /* 0 = the commands' own default */
    bool keep_models;
    bool only_known;       /* bf_lab_do computes nothing: the result of a missing cell is NULL */
    size_t n_done, n_all;  /* cells, for the progress line */
    size_t n_computed;     /* evaluations made by this process */
    double cell_seconds;   /* the time that they took, with the unlearning before */
    double shown_seconds;  /* when a command's live line was last shown */
    size_t n_failed;       /* rows that failed for a reason of their own */
    struct bf_err failure; /* of the first of these */
};

/* A cell: its title for people and its kind for the key, what it depends on, and how to compute it. */
struct bf_lab_step {
    const char *kind;                      /* "train", "forget set", "evaluate" */
    const char *title;                     /* "NPO on BiForget, seed 1" */
    json_t *inputs;                        /* a new reference, which bf_lab_do takes over */
    const struct bf_command_line *command; /* nullable */
    const char *command_text;              /* stored as the step's command; NULL: `command` */
    /* Makes the result from the command's answer (NULL without a command). Nullable: the result is the answer itself,
     * one JSON object. */
    enum bf_status (*finish)(void *user, const json_t *answer, json_t **result, struct bf_err *err);
    void *user;
};

/* lab_step.c: the result of the cell, which is computed now unless it is stored: a new reference. */
BF_MUST_CHECK enum bf_status bf_lab_do(struct bf_lab *lab, struct bf_lab_step *step, json_t **result,
                                       struct bf_err *err);
/* Is the cell stored? For models that are made only when a cell that needs them is missing. */
BF_MUST_CHECK enum bf_status bf_lab_has(struct bf_lab *lab, const char *kind, const json_t *inputs, bool *has,
                                        struct bf_err *err);

/* Run a command now. *answer: the JSON object that it prints, new reference. */
BF_MUST_CHECK enum bf_status bf_lab_run(struct bf_lab *lab, const struct bf_command_line *command, json_t **answer,
                                        struct bf_err *err);

/* lab_sets.c: the folder or file of each set, and what its texts say about the planted facts. */
struct bf_lab_made_set {
    char *path;      /* what --forget takes: a folder, a file, "DIR:variant" */
    json_t *figures; /* {"n", "covered", "facts", "claims", "true", "recall", "precision", "seconds"}; NULL when the set
                        failed */
    char *why;       /* NULL, or the reason of the failure */
    enum bf_status failure;
};
/* `made` is [spec->n_sets], zeroed; release each with bf_lab_made_set_release, also after a failure. A set that fails
 * for a reason of its own is not a failure here, since the other sets do not need it. */
BF_MUST_CHECK enum bf_status bf_lab_make_sets(struct bf_lab *lab, struct bf_lab_made_set *made, struct bf_err *err);
void bf_lab_made_set_release(struct bf_lab_made_set *made);

/* lab_models.c: train the target (taught everything) or the gold standard (everything but the domain to forget). *path:
 * free(). The file may be missing when the cell is stored: call bf_lab_need_model before reading it. */
BF_MUST_CHECK enum bf_status bf_lab_train(struct bf_lab *lab, const char *name, char **path, struct bf_err *err);

/* Did the last command fail for a reason of its own, so that cells that do not depend on it may continue? Not when it
 * was interrupted, a signal ended it, or the disk is full. */
bool bf_lab_may_go_on(enum bf_status status);
/* The reason of a failure in few words, without the command: free(). */
char *bf_lab_reason(const struct bf_err *err);

/* lab_rows.c: every row of the table: target, gold, and each set x method x seed. *out: {"rows": [...], "sets": [...]},
 * new reference; after a failure the rows that are done, or NULL. A row that fails for a reason of its own has "why" in
 * place of numbers, counts in lab->n_failed, and is tried again by the next run. */
BF_MUST_CHECK enum bf_status bf_lab_rows(struct bf_lab *lab, json_t **out, struct bf_err *err);

/* experiment.c: the whole experiment: folder, rows, tables and page. Prints the table, or with `json` all results. The
 * fields of `lab` up to keep_models are set, the rest is zero; the caller holds the folder's lock. BF_INTERRUPTED; or,
 * when everything else is done, the first failure of a row. */
BF_MUST_CHECK enum bf_status bf_lab_experiment(struct bf_lab *lab, bool json, struct bf_err *err);

#endif
