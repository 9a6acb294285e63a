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
    char chat[64]; /* the template that the model answers in, in the words of unlearn/ */
    struct bf_condition conditions[BF_ROBUST_CONDITIONS_MAX];
    double *recall[BF_ROBUST_CONDITIONS_MAX + 1]; /* of each condition; the last is the original model's */
    size_t n_conditions;
    bool *relearnt;  /* [questions.n] trained on; NULL without --relearn */
    bool *attacked;  /* [questions.n] the suffix was found with; NULL without --suffix */
    json_t *attacks; /* what was done: {"relearn": {...}} */
};

/* One more row. */
BF_MUST_CHECK enum bf_status bf_robust_ask(struct bf_robust *robust, enum bf_probe probe, const char *name,
                                           const struct bf_pair *questions, const char *scene, struct bf_err *err);

/* What attacks with gradients need of the model: a file, no adapter. BF_USAGE naming `option`. */
BF_MUST_CHECK enum bf_status bf_robust_local(const struct bf_robust *robust, const char *option, struct bf_err *err);
/* `n_wanted` of n, each as likely as the others, in random order: [n_wanted], free(). n_wanted <= n. */
size_t *bf_robust_draw(size_t n, size_t n_wanted, uint64_t seed);
/* Close the model that answers: gradients need its memory. */
void bf_robust_close(struct bf_robust *robust);

/* Marks in [questions.n] those that ask what one of n chosen pairs of a set asks: a set may ask the same twice, and
 * another set may hold it, too. Free() it. BF_INPUT when that is all of them, naming `option`. */
BF_MUST_CHECK enum bf_status bf_robust_mark_seen(const struct bf_robust *robust, const char *option,
                                                 const struct bf_pair *set, const size_t *chosen, size_t n, bool **out,
                                                 struct bf_err *err);
/* Before anything is measured: draws what --relearn trains on. No-op without the option. BF_INPUT when no question is
 * left. */
BF_MUST_CHECK enum bf_status bf_robust_relearn_choose(struct bf_robust *robust, struct bf_err *err);
/* The row "relearn": trains, asks. No-op without the option. */
BF_MUST_CHECK enum bf_status bf_robust_relearn(struct bf_robust *robust, struct bf_err *err);

/* The same two for --suffix; rows "suffix_random" and "suffix". */
BF_MUST_CHECK enum bf_status bf_robust_suffix_choose(struct bf_robust *robust, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_robust_suffix(struct bf_robust *robust, struct bf_err *err);

#endif
