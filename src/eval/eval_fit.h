/* Items that are longer than the model's context are cut or left out, counted and named in a warning, so that one long
 * item does not end the whole evaluation. */
#ifndef BF_EVAL_EVAL_FIT_H
#define BF_EVAL_EVAL_FIT_H
#include "sets/pairs.h"
#include "eval/eval_model.h"

struct bf_eval_fit {
    struct bf_eval_model *model;
    const char *set;            /* the file that is being read, for sentences */
    int64_t most;               /* tokens that an item may need; 0 = unknown (a server) */
    size_t n, n_cut, n_skipped; /* items of all files */
    struct {
        size_t n, n_cut, n_skipped;
    } before;                   /* those of the files before this one */
    struct bf_buf cut, skipped; /* numbers, from 1, of this file's first such items */
};

/* `with_template`: reserve tokens for the chat template. Call bf_eval_fit_end in every case. */
void bf_eval_fit_begin(struct bf_eval_fit *fit, struct bf_eval_model *model, const char *set, bool with_template);
/* Does the next item, which needs n_tokens, fit? If so the model's context will have room for it, else it counts as
 * left out. */
bool bf_eval_fit_item(struct bf_eval_fit *fit, int64_t n_tokens);
/* The next item, which needs `other` tokens besides *text. *text may be cut to fit, at its end or (at_start) at its
 * beginning; then it is free()d and replaced. Without room for any text the item counts as left out: false. */
bool bf_eval_fit_text(struct bf_eval_fit *fit, int64_t other, char **text, bool at_start);
/* bf_eval_fit_item for each pair; those that do not fit are removed from `pairs`. */
void bf_eval_fit_questions(struct bf_eval_fit *fit, struct bf_pairs *pairs, int64_t other);
/* The items that follow are of the file `set`. Warns about the items of the file before. */
void bf_eval_fit_set(struct bf_eval_fit *fit, const char *set);
/* Warns about the items of the last file, and releases `fit`. BF_MODEL when no item fits; `advice` tells the user what
 * to do then. */
BF_MUST_CHECK enum bf_status bf_eval_fit_end(struct bf_eval_fit *fit, const char *advice, struct bf_err *err);
/* "n_cut" and "n_skipped" when they are not 0. */
void bf_eval_fit_put(const struct bf_eval_fit *fit, json_t *result);

#endif
