/* The controlled experiment: what is to be computed, cell by cell. Each cell is a command of this program with all that
 * its result depends on; it is computed once, kept in lab.db, and its command line can be typed by hand. */
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
    const char *model_name; /* as it was given */
    char model_sha256[65];
    int64_t n_threads; /* 0 = the commands' own default */
    bool keep_models;
    bool only_known;       /* bf_lab_do computes nothing: what is not there is NULL */
    size_t n_done, n_all;  /* cells, for the progress line */
    size_t n_computed;     /* evaluated in this process */
    double cell_seconds;   /* what those took, with the unlearning before */
    double shown_seconds;  /* when a command's live line was shown last */
    size_t n_failed;       /* rows, for a reason of their own */
    struct bf_err failure; /* of the first of them */
};

/* A cell: what it is for people and in the key, what it depends on (a new reference, taken), how to compute it. */
struct bf_lab_step {
    const char *kind;  /* "train", "forget set", "evaluate" */
    const char *title; /* "NPO on BiForget, seed 1" */
    json_t *inputs;
    const struct bf_command_line *command; /* nullable */
    const char *command_text;              /* what is kept as the step's command; NULL: `command` */
    /* Makes the result out of what the command answered (NULL without one); nullable: the answer itself, one JSON
     * object. */
    enum bf_status (*finish)(void *user, const json_t *answer, json_t **result, struct bf_err *err);
    void *user;
};

/* lab_step.c: the result, computed now when it is not there yet: a new reference. */
BF_MUST_CHECK enum bf_status bf_lab_do(struct bf_lab *lab, struct bf_lab_step *step, json_t **result,
                                       struct bf_err *err);
/* Is it there already? For models that are made only when a cell behind them is missing. */
BF_MUST_CHECK enum bf_status bf_lab_has(struct bf_lab *lab, const char *kind, const json_t *inputs, bool *has,
                                        struct bf_err *err);

/* Run a command now; its answer, one JSON object: new reference. */
BF_MUST_CHECK enum bf_status bf_lab_run(struct bf_lab *lab, const struct bf_command_line *command, json_t **answer,
                                        struct bf_err *err);

/* lab_sets.c: each set's folder or file, and what it says of the planted facts. */
struct bf_lab_made_set {
    char *path;      /* what --forget takes: a folder, a file, "DIR:variant" */
    json_t *figures; /* {"n", "covered", "facts", "claims", "true", "recall", "precision", "seconds"}; NULL when it
                        failed */
    char *why;       /* it failed: the reason; NULL */
    enum bf_status failure;
};
/* `made` is [spec->n_sets], zero; release each with bf_lab_made_set_release, also after a failure. A set that fails for
 * a reason of its own is no failure here: the other sets can do without it. */
BF_MUST_CHECK enum bf_status bf_lab_make_sets(struct bf_lab *lab, struct bf_lab_made_set *made, struct bf_err *err);
void bf_lab_made_set_release(struct bf_lab_made_set *made);

/* lab_models.c: the target (taught everything) and the gold standard (everything but the domain to forget); paths,
 * free(). The files may be gone when the cells are there: whoever reads one asks for it before. */
BF_MUST_CHECK enum bf_status bf_lab_train(struct bf_lab *lab, const char *name, char **path, struct bf_err *err);

/* Did the last command fail for a reason of its own? Then what does not depend on it goes on. Not so when it was
 * interrupted, a signal ended it, or the disk is full. */
bool bf_lab_may_go_on(enum bf_status status);
/* The reason in few words, without the command: free(). */
char *bf_lab_reason(const struct bf_err *err);

/* lab_rows.c: every row of the table: target, gold, and each set x method x seed. {"rows": [...], "sets": [...]}: new
 * reference. A row that fails for a reason of its own has "why" in place of figures and counts in lab->n_failed; it is
 * tried again the next time. After a failure those that are done, or NULL. */
BF_MUST_CHECK enum bf_status bf_lab_rows(struct bf_lab *lab, json_t **out, struct bf_err *err);

/* experiment.c: the folder, every row, tables and page; prints the table, or with `json` all results. Fields of `lab`
 * up to keep_models are set, the rest is zero; the caller holds the folder's lock. BF_INTERRUPTED, or the first failure
 * of a row, when everything else is done. */
BF_MUST_CHECK enum bf_status bf_lab_experiment(struct bf_lab *lab, bool json, struct bf_err *err);

#endif
