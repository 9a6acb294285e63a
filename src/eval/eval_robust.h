/* What the files of `biforget eval robust` share. */
#ifndef BF_EVAL_EVAL_ROBUST_H
#define BF_EVAL_EVAL_ROBUST_H
#include "sets/pairs.h"
#include "eval/eval_task.h"
#include "request/request.h"

enum { BF_ROBUST_CONDITIONS_MAX = 16 };

struct bf_robust {
    struct bf_eval_task *task;
    struct bf_pairs questions, shots;
    struct bf_pairs relearn_set; /* --relearn-set; else empty */
    struct bf_template_set templates;
    int32_t max_tokens;
    char chat[64]; /* the model's chat template, named as unlearn/ names it */
    struct bf_condition conditions[BF_ROBUST_CONDITIONS_MAX];
    double *recall[BF_ROBUST_CONDITIONS_MAX + 1]; /* of each condition; the last is the original model's */
    size_t n_conditions;
    bool *relearnt;  /* [questions.n] trained on; NULL without --relearn */
    bool *attacked;  /* [questions.n] used in the search for the suffix; NULL without --suffix */
    json_t *attacks; /* the attacks that were made: {"relearn": {...}} */
};

/* Add a condition named `name`: ask the questions (NULL: robust->questions) in the way `probe`. */
BF_MUST_CHECK enum bf_status bf_robust_ask(struct bf_robust *robust, enum bf_probe probe, const char *name,
                                           const struct bf_pair *questions, const char *scene, struct bf_err *err);

/* Check that the model suits attacks with gradients: a file, without an adapter. BF_USAGE naming `option`. */
BF_MUST_CHECK enum bf_status bf_robust_local(const struct bf_robust *robust, const char *option, struct bf_err *err);
/* `n_wanted` of n indices, each equally likely, in random order; the array is [n], its first n_wanted count. free().
 * n_wanted <= n. */
size_t *bf_robust_draw(size_t n, size_t n_wanted, uint64_t seed);
/* Close the open model, whose memory the gradients need. */
void bf_robust_close(struct bf_robust *robust);

/* *out [questions.n], free(): which questions are the question of one of the n chosen pairs of a set. A set may ask the
 * same twice, and another set may hold the question, too. BF_INPUT, naming `option`, when that is all of them. */
BF_MUST_CHECK enum bf_status bf_robust_mark_seen(const struct bf_robust *robust, const char *option,
                                                 const struct bf_pair *set, const size_t *chosen, size_t n, bool **out,
                                                 struct bf_err *err);
/* Before anything is measured: draw the pairs that --relearn trains on. No-op without the option. BF_INPUT when no
 * question remains. */
BF_MUST_CHECK enum bf_status bf_robust_relearn_choose(struct bf_robust *robust, struct bf_err *err);
/* The row "relearn": train, then ask. No-op without the option. */
BF_MUST_CHECK enum bf_status bf_robust_relearn(struct bf_robust *robust, struct bf_err *err);

/* The same two for --suffix; rows "suffix_random" and "suffix". */
BF_MUST_CHECK enum bf_status bf_robust_suffix_choose(struct bf_robust *robust, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_robust_suffix(struct bf_robust *robust, struct bf_err *err);

#endif
