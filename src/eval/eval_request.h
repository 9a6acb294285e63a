/* What an evaluation is asked for: every task's parameters, as the options of `biforget eval` set them. */
#ifndef BF_EVAL_EVAL_REQUEST_H
#define BF_EVAL_EVAL_REQUEST_H
#include <stdbool.h>
#include <stdint.h>

#include "base/opt.h"
#include "engine/machine.h"

/* Strings are borrowed, NULL = not given. A task reads the fields of its own options alone. */
struct bf_eval_request {
    struct bf_machine_values machine;
    bool chat_given;                /* machine.chat is the user's and not the task's own */
    const char *model, *lora, *out; /* out: a JSON object a line for each question or text */
    double lora_scale;
    const char *kv_cache; /* "auto", "f16", "f32" */
    const char *forget, *retain, *holdout, *authors, *world;
    const char *retrained, *original, *logs, *retain_logs, *shots;
    double retrained_auc;
    struct bf_doubles k;
    double relearn; /* share of the set; 0 = off */
    const char *relearn_set;
    int64_t relearn_steps; /* 0 = not said */
    double relearn_lr;     /* 0 = by the model */
    bool suffix;
    int64_t suffix_tokens, suffix_rounds, suffix_candidates, suffix_questions; /* 0 = not said */
    bool trailing_space;
    int64_t n_shots, limit, max_new_tokens, resamples;
    uint64_t seed;
};

#endif
