/* What `biforget eval` was asked: the options of all benchmarks, and which benchmark takes which. */
#ifndef BF_CMD_EVAL_VALUES_H
#define BF_CMD_EVAL_VALUES_H
#include "cmd/cmd.h"
#include "run/session.h"

enum bf_eval_name {
    BF_EVAL_PRIVLEAK,
    BF_EVAL_KNOWMEM,
    BF_EVAL_VERBMEM,
    BF_EVAL_MEMORIZATION,
    BF_EVAL_TOFU,
    BF_EVAL_MCQ,
    BF_EVAL_GSM8K,
    BF_EVAL_ROBUST,
    BF_EVAL_NAMES
};

enum { BF_EVAL_OPTIONS = 34 };

struct bf_eval_values {
    bool quiet;                /* first: see struct bf_command */
    bool json;
    struct bf_machine_values machine;
    const char *model, *lora, *out;
    double lora_scale;
    const char *kv_cache;      /* "auto", "f16", "f32" */
    const char *forget, *retain, *holdout, *authors, *world;
    const char *retrained, *original, *logs, *retain_logs, *shots;
    double retrained_auc;
    struct bf_doubles k;
    double relearn;            /* share of the set; 0 = off */
    const char *relearn_set;
    int64_t relearn_steps;     /* 0 = not said */
    double relearn_lr;         /* 0 = by the model */
    bool suffix;
    int64_t suffix_tokens, suffix_rounds, suffix_candidates, suffix_questions; /* 0 = not said */
    bool trailing_space;
    int64_t n_shots, limit, max_new_tokens, resamples;
    uint64_t seed;
    bool given[BF_EVAL_OPTIONS];       /* in the order of the table */
    bool chat_given;
};

/* The table; free(). Sets the defaults. */
struct bf_opt *bf_eval_options(struct bf_eval_values *values);
/* BF_USAGE when there is no such benchmark. */
BF_MUST_CHECK enum bf_status bf_eval_name_of(const char *word, enum bf_eval_name *out, struct bf_err *err);
/* Leave in the table what the benchmark takes; a word that is none changes nothing. */
void bf_eval_options_narrow(struct bf_opt *table, const char *word);
/* BF_USAGE for an option that belongs to other benchmarks, naming them. */
BF_MUST_CHECK enum bf_status bf_eval_options_fit(const struct bf_eval_values *values, enum bf_eval_name name,
                                                 struct bf_err *err);

#endif
