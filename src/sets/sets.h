/* A set as people name it on the command line, read text by text: a run folder, an export, a folder of the official
 * scripts, a file. */
#ifndef BF_SETS_SETS_H
#define BF_SETS_SETS_H
#include <stdbool.h>

#include "base/log.h"
#include "request/instance_file.h"
#include "store/store.h"

/* The run folders of a command, each opened once: two sets may be variants of one run. */
struct bf_set_run {
    struct bf_store *store;
};
struct bf_set_runs {
    struct bf_set_run *items;
    size_t n;
    bool read_only; /* never the writer of a run */
    struct bf_log *log;
};
void bf_set_runs_close(struct bf_set_runs *runs);

struct bf_set {
    char *name;                         /* for people; the sets of a command may share one */
    char *path;                         /* as given, without the variant */
    const char *kind;                   /* "run", "hf", "muse", "open-unlearning", "official", "file" */
    const char *variant;                /* "fix", "mi", ...; NULL for sets without variants */
    char *file;                         /* the file that is read; NULL for a run */
    struct bf_instance_options options; /* the caller may change its hints after the open: BF_HINTS_SKIP_BAD */
    enum bf_role role; /* of a run: its forget or its retain sets. BF_ROLE_FORGET unless changed after the open */
    bool pairs;        /* of a run: also its pairs and wordings for training. False unless changed after the open */
    struct bf_store *store; /* of a run; belongs to struct bf_set_runs */
};
void bf_set_release(struct bf_set *set);

/* Split "NAME=SET", unless a file or folder has that whole name. *name is NULL without a name. free() both. */
void bf_set_split(const char *operand, char **name, char **set);

/* Find out what `given` is. A run is opened, as its writer when that is possible (unless runs->read_only), so that
 * vectors can be kept in it. `name` (nullable) is for people. `domain` (nullable) chooses among the sets of an official
 * folder. `runs` must outlive *out. BF_INPUT or BF_STORE when it cannot be read. Release *out on success. */
BF_MUST_CHECK enum bf_status bf_set_open(const char *given, const char *name, const char *domain, bool skip_bad,
                                         struct bf_set_runs *runs, struct bf_set *out, struct bf_err *err);

/* Strings are valid during the call; all but `text` are NULL when unknown. */
struct bf_set_text {
    int64_t number; /* from 1 */
    int64_t id;     /* of the sample in its run; 0 for a text of a file */
    const char *text;
    const char *question, *answer; /* both or neither */
    const char *stage, *point, *template_name;
    const char *topic; /* what a text is about: its point; of a run without one, the topic of its request */
    const char *asked; /* of a run: a question that a text without a point answers */
};
/* Call `each` for every text, in order; its failure ends the walk. BF_INPUT when the set has no text. */
BF_MUST_CHECK enum bf_status bf_set_each(const struct bf_set *set, void *user,
                                         enum bf_status (*each)(void *user, const struct bf_set_text *text,
                                                                struct bf_err *err),
                                         struct bf_err *err);

/* The number of points of a run, and of those with a kept text; both 0 when the set has no points. */
BF_MUST_CHECK enum bf_status bf_set_points(const struct bf_set *set, size_t *n_points, size_t *n_covered,
                                           struct bf_err *err);

#endif
