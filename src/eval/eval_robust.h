/* What the files of `biforget eval robust` share. */
#ifndef BF_EVAL_EVAL_ROBUST_H
#define BF_EVAL_EVAL_ROBUST_H
#include "eval/asked.h"
#include "eval/eval_task.h"
#include "request/request.h"

enum { BF_ROBUST_CONDITIONS_MAX = 16 };

struct bf_robust {
    struct bf_eval_task *task;
    struct bf_asked_facts facts, neighbours; /* neighbours empty without --neighbours */
    struct bf_pairs shots;
    struct bf_pairs relearn_set; /* --relearn-set; else empty */
    struct bf_template_set templates;
    int32_t max_tokens;
    char chat[64]; /* the model's chat template, named as unlearn/ names it */
    struct bf_condition conditions[BF_ROBUST_CONDITIONS_MAX];
    double *recall[BF_ROBUST_CONDITIONS_MAX]; /* of each condition; NULL where `asked` has it */
    double *right[BF_ROBUST_CONDITIONS_MAX];  /* the same */
    size_t n_conditions;
    struct bf_asked asked, original; /* the facts; of the model before unlearning: n 0 without it */
    struct bf_asked neighbours_asked, neighbours_original;
    bool *relearnt;  /* [facts.pairs.n] trained on; NULL without --relearn */
    bool *attacked;  /* [facts.pairs.n] used in the search for the suffix; NULL without --suffix */
    json_t *attacks; /* the attacks that were made: {"relearn": {...}} */
};

/* Add a condition named `name`: ask for the facts in the way `probe`, with `questions` in place of theirs unless NULL.
 */
BF_MUST_CHECK enum bf_status bf_robust_ask(struct bf_robust *robust, enum bf_probe probe, const char *name,
                                           const struct bf_pair *questions, const char *scene, struct bf_err *err);

/* Check that the model suits attacks with gradients: a file, without an adapter. BF_USAGE naming `option`. */
BF_MUST_CHECK enum bf_status bf_robust_local(const struct bf_robust *robust, const char *option, struct bf_err *err);
/* `n_wanted` of n indices, each equally likely, in random order; the array is [n], its first n_wanted count. free().
 * n_wanted <= n. */
size_t *bf_robust_draw(size_t n, size_t n_wanted, uint64_t seed);
/* Close the open model, whose memory the gradients need. */
void bf_robust_close(struct bf_robust *robust);

/* *out [facts.pairs.n], free(): which questions are the question of one of the n chosen pairs of a set. A set may ask
 * the same twice, and another set may hold the question, too. BF_INPUT, naming `option`, when that is all of them. */
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
