/* The parameters of every evaluation task, as the options of `biforget eval` set them. */
#ifndef BF_EVAL_EVAL_REQUEST_H
#define BF_EVAL_EVAL_REQUEST_H
#include <stdbool.h>
#include <stdint.h>

#include "base/opt.h"
#include "engine/machine.h"

/* Strings are borrowed, NULL = not given. A task reads only the fields of its own options. */
struct bf_eval_request {
    struct bf_machine_values machine; /* chat NULL: the task's own template */
    const char *model, *lora, *out;   /* out: file of one JSON object per line for each question or text */
    double lora_scale;
    const char *kv_cache; /* "auto", "f16", "f32" */
    const char *forget, *retain, *holdout, *authors, *world;
    const char *retrained, *original, *logs, *retain_logs, *shots;
    const char *neighbours; /* question-answer pairs that should not be forgotten */
    const char *prompts;    /* neutral ones, in place of the built-in ones */
    double retrained_auc;
    const char *attacks;       /* "loss,min_k,..." or "all" */
    const char *reference;     /* a model for the reference-model attack */
    const char *gradient_norm; /* "1", "2", "max" */
    struct bf_doubles k;
    double relearn; /* share of the set; 0 = off */
    const char *relearn_set;
    int64_t relearn_steps; /* 0 = not given */
    double relearn_lr;     /* 0 = chosen by the model's type */
    bool suffix;
    int64_t suffix_tokens, suffix_rounds, suffix_candidates, suffix_questions; /* 0 = not given */
    bool trailing_space;
    int64_t n_shots, limit, max_new_tokens, resamples;
    uint64_t seed;
};

#endif
