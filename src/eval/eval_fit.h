/* Items that are longer than the model's context: cut or left out, counted and named, so that one of them does not end
 * the evaluation of all. */
#ifndef BF_EVAL_EVAL_FIT_H
#define BF_EVAL_EVAL_FIT_H
#include "sets/pairs.h"
#include "eval/eval_model.h"

struct bf_eval_fit {
    struct bf_eval_model *model;
    const char *set;            /* the file that is being read, for sentences */
    int64_t most;               /* tokens that an item may need; 0 = unknown (a server) */
    size_t n, n_cut, n_skipped; /* of all files */
    struct {
        size_t n, n_cut, n_skipped;
    } before;                   /* of them: of the files before this one */
    struct bf_buf cut, skipped; /* the first of this file's numbers, from 1 */
};

/* `with_template`: room is kept for the chat template. End with bf_eval_fit_end in every case. */
void bf_eval_fit_begin(struct bf_eval_fit *fit, struct bf_eval_model *model, const char *set, bool with_template);
/* The next item, which needs so many tokens: does it fit? If so the model will have room for it, else it counts as left
 * out. */
bool bf_eval_fit_item(struct bf_eval_fit *fit, int64_t n_tokens);
/* The next item, of which *text may be cut (at its end, or `at_start`) to what is left of `other` tokens; it counts as
 * left out when nothing is left. *text is free()d and replaced. */
bool bf_eval_fit_text(struct bf_eval_fit *fit, int64_t other, char **text, bool at_start);
/* As bf_eval_fit_item for pairs: those that do not fit are taken out of `pairs`. */
void bf_eval_fit_questions(struct bf_eval_fit *fit, struct bf_pairs *pairs, int64_t other);
/* The items that follow are of another file: warnings about the one before. */
void bf_eval_fit_set(struct bf_eval_fit *fit, const char *set);
/* Warnings with the numbers of the items. BF_MODEL when none is left; `advice` says what to do then. */
BF_MUST_CHECK enum bf_status bf_eval_fit_end(struct bf_eval_fit *fit, const char *advice, struct bf_err *err);
/* "n_cut", "n_skipped" where there are any. */
void bf_eval_fit_put(const struct bf_eval_fit *fit, json_t *result);

#endif
