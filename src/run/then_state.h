/* The state of `--then METHOD`: what is wanted after a run, and what has come of it so far. It is kept in
 * DIR/closed-loop.json, which one function of this room reads and one writes; report/page_training.c shows wish,
 * figures, answers and output by these keys. The file is one JSON object:
 *
 * - wish: {method, options [words], rounds, answers, eval, eval_limit, retain_set ""|file}
 * - finished: bool
 * - steps: {"forget before" | "retain before" | "unlearn" | "forget after" | "retain after" | "questions" | "fluency":
 *   {command, seconds, result}}. A step that failed and is not tried again has "why" and "exit_code" in place of
 *   "result": an evaluation, or a training that ended without a model because no checkpoint keeps the limit (6).
 *   Without "exit_code", as earlier versions wrote it, that is 3.
 * - rounds: [{probe, unlearn: as a step, added}]
 * - figures: [{set, figure, before, after, n, note?}], null where a number is not known
 * - answers: [{prompt, before, after}]
 * - output: the unlearned model, a file in DIR
 * - forget_sha256, retain_sha256: of the sets that all this is about
 *
 * Only wish.method and wish.options have to be there. Keys that are not listed are skipped, and gone after the next
 * write. */
#ifndef BF_RUN_THEN_STATE_H
#define BF_RUN_THEN_STATE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"

enum {
    BF_THEN_WORDS_MAX = 128, /* of a wish's options */
    BF_THEN_ANSWERS_MAX = 100,
    BF_THEN_LIMIT_MAX = 1000000000,
    BF_THEN_ROUNDS_MAX = 8,
    BF_THEN_NAME_MAX = 96, /* of a model, with the NUL */
};

extern const char bf_then_file_name[]; /* in a run folder */

/* What to do after a run. */
struct bf_then_wish {
    char *method;   /* a name that bf_method_find knows, or "auto"; NULL: nothing is wanted */
    char **options; /* [n_options] words for `biforget unlearn`, at most BF_THEN_WORDS_MAX */
    size_t n_options;
    int64_t rounds;  /* trainings after the first one, while something still comes back; at most BF_THEN_ROUNDS_MAX */
    int64_t answers; /* prompts answered before and after, 0 to BF_THEN_ANSWERS_MAX */
    bool eval;
    int64_t eval_limit; /* texts of each set to evaluate, 0 = all, at most BF_THEN_LIMIT_MAX */
    char *retain_set;   /* absolute path of the texts to keep; "": the run's own, if it has any */
};
bool bf_then_wish_equal(const struct bf_then_wish *a, const struct bf_then_wish *b);
void bf_then_wish_release(struct bf_then_wish *wish);

/* In the order in which they are taken. */
enum bf_then_step_id {
    BF_THEN_FORGET_BEFORE,
    BF_THEN_RETAIN_BEFORE,
    BF_THEN_UNLEARN,
    BF_THEN_FORGET_AFTER,
    BF_THEN_RETAIN_AFTER,
    BF_THEN_QUESTIONS,
    BF_THEN_FLUENCY,
    BF_THEN_STEPS
};
const char *bf_then_step_name(size_t id); /* "forget before": its key in the file */

/* A step that is done has a command, and either a result or a reason why there is none, with the command's exit code.
 */
struct bf_then_step {
    char *command;        /* as a person would type it; NULL: not done yet */
    double seconds;       /* 0 to 1e9 */
    json_t *result;       /* an object, as the command's --json prints it; NULL with `why` */
    char *why;            /* NULL with `result` */
    enum bf_status ended; /* BF_OK with `result`; with `why` BF_INPUT, BF_MODEL or BF_LIMIT */
};
void bf_then_step_release(struct bf_then_step *step);
/* Is a step done that ended so, with a reason in place of a result? One that is needed is done when its training came
 * to its end: whoever resumes gets the same outcome at once. */
bool bf_then_keeps_reason(enum bf_status ended, bool needed);

/* A round after the first training: the forget set's questions are asked in many ways of the model that unlearned;
 * those that bring a right answer in any way go into the set once more, and the model as it was is trained
 * again with all of them. */
struct bf_then_round {
    struct bf_then_step probe, unlearn;
    int64_t added; /* questions */
};

/* A row of the table. */
struct bf_then_metric {
    char *set, *name;
    double before, after; /* NAN: not known */
    int64_t n;            /* of how many texts, examples or pairs; -1: not known */
    char *note;           /* NULL: none */
};

/* What the model says to a prompt before and after. */
struct bf_then_answer {
    char *prompt, *before, *after;
};

/* Zero is an empty state. All pointers are the state's own; bf_then_state_release. */
struct bf_then_state {
    struct bf_then_wish wish;
    bool finished;
    struct bf_then_step steps[BF_THEN_STEPS];
    struct bf_then_round rounds[BF_THEN_ROUNDS_MAX];
    size_t n_rounds;                /* begun */
    struct bf_then_metric *metrics; /* [n_metrics]; NULL: not collected yet */
    size_t n_metrics;
    struct bf_then_answer *answers; /* [n_answers]; NULL: not collected yet */
    size_t n_answers;
    char *output;                      /* file name without a folder; NULL: not made yet */
    char forget_sha256[BF_SHA256_HEX]; /* "": not known */
    char retain_sha256[BF_SHA256_HEX];
};
void bf_then_state_release(struct bf_then_state *state);
void bf_then_state_clear_rounds(struct bf_then_state *state);
/* The name of the model of round `r` (from 0) in the folder: "unlearned-npo-round-2.gguf". For people the first
 * training is 1. */
void bf_then_round_output(const struct bf_then_wish *wish, size_t r, char out[BF_THEN_NAME_MAX]);
/* Metrics and answers, back to "not collected yet". */
void bf_then_state_clear_table(struct bf_then_state *state);

/* Checks a wish's options against those of `biforget unlearn`: the file may be a stranger's, and the words become a
 * command line. BF_USAGE or BF_INPUT. The options are the commands', which is why this is a parameter. */
typedef enum bf_status bf_then_check_fn(const char *const *words, size_t n, struct bf_err *err);

/* The reader. `n` bytes of JSON into *out, every type, bound and size checked; `path` is for the sentence. check:
 * nullable. BF_INPUT with the field's name; *out is empty then. */
BF_MUST_CHECK enum bf_status bf_then_state_parse(const char *data, size_t n, const char *path, bf_then_check_fn *check,
                                                 struct bf_then_state *out, struct bf_err *err);
/* The writer: what the reader takes. New reference. The state has a wish. */
json_t *bf_then_state_json(const struct bf_then_state *state);

/* The same from and to DIR/closed-loop.json. No file: BF_OK and an empty state (wish.method is NULL). */
BF_MUST_CHECK enum bf_status bf_then_read(const char *dir, bf_then_check_fn *check, struct bf_then_state *out,
                                          struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_then_write(const char *dir, const struct bf_then_state *state, struct bf_err *err);

#endif
