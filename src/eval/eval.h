/* Evaluation: is it forgotten, and what else is gone? One file a benchmark metric. What a figure is stands in rouge.h,
 * auc.h, ks.h, membership.h and truth_ratio.h (maths on arrays); files of the benchmarks are read by records.h,
 * mcq_file.h, gsm8k.h, tofu_file.h and tofu_logs.h; this header drives a model through a benchmark.
 *
 * A benchmark gives a JSON object with its figures; a mean stands beside its 95 % bootstrap interval ("accuracy" and
 * "accuracy_interval"). What cannot be said is null, with the reason under the same key in "why". Each question or text
 * also gives a line to `items`. */
#ifndef BF_EVAL_EVAL_H
#define BF_EVAL_EVAL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/json.h"
#include "base/opt.h"
#include "engine/engine.h"
#include "eval/gsm8k.h"
#include "eval/mcq_file.h"
#include "eval/tofu_file.h"
#include "eval/tofu_logs.h"
#include "quality/quality.h"
#include "sets/pairs.h"

struct bf_eval {
    struct bf_engine *engine;
    struct bf_bootstrap bootstrap;
    FILE *items;       /* a JSON object a line for each question or text; NULL = none */
    const char *label; /* "model" of these lines; NULL = none */
    bool remote;       /* a server: it scores without a chat template */
    void *user;
    /* How far `what` is; false ends it with BF_INTERRUPTED. NULL = never. */
    bool (*progress)(void *user, const char *what, size_t n_done, size_t n_all);
    /* what a person should know beside the figures; NULL = nobody listens */
    void (*warn)(void *user, const char *sentence);
};

/* ---- the two ways to ask a model ---- */

/* Greedy answers: answers[i] to prompts[i], free() each; text with invalid UTF-8 replaced and without a reasoning
 * model's thoughts. The answer ends before the first of the stops after its beginning: blank lines, thoughts, or a
 * heading "Answer:" on a line of its own do not end it. Of an answer that is nothing but thoughts these count, with a
 * warning; when all are, or when all that a server gave have tokens and no text at all, it is BF_MODEL: nothing of that
 * was forgotten. White space is an answer. On failure no answer is left. */
BF_MUST_CHECK enum bf_status bf_eval_answers(const struct bf_eval *eval, const char *what, char *const *prompts,
                                             size_t n, int32_t max_tokens, const char *const *stops, size_t n_stops,
                                             char **answers, struct bf_err *err);

struct bf_scored {
    size_t n; /* tokens */
    float *logp;
    bool *greedy;   /* NULL when unknown */
    float *choices; /* NULL without choices */
};
/* out: [n], zero; release each with bf_scored_release, also after a failure. */
BF_MUST_CHECK enum bf_status bf_eval_scores(const struct bf_eval *eval, const char *what,
                                            const struct bf_continuation *items, size_t n, struct bf_scored *out,
                                            struct bf_err *err);
void bf_scored_release(struct bf_scored *scored, size_t n);

/* Is there no chat template around prompts? */
bool bf_eval_is_plain(const struct bf_eval *eval);

/* ---- MUSE: PrivLeak ---- */

enum { BF_ATTACKS_MAX = 3 + BF_DOUBLES_MAX };
struct bf_attacks {
    size_t n;
    char names[BF_ATTACKS_MAX][24];   /* "PPL", "PPL/zlib", "PPL/lower", "Min-40%" */
    double k_percent[BF_ATTACKS_MAX]; /* 0 for the first three */
    size_t headline;                  /* Min-40% when it is there, else the last */
};
/* k in per cent, each in (0, 100]. */
struct bf_attacks bf_attacks_of(const double *k_percent, size_t n);

/* What each attack says of each text: [attacks->n][n], free(). `set` ("forget") names it in errors and lines. BF_INPUT:
 * a text without a token that has a probability. */
BF_MUST_CHECK enum bf_status bf_eval_membership(const struct bf_eval *eval, const struct bf_attacks *attacks,
                                                const char *set, char *const *texts, size_t n, double **out,
                                                struct bf_err *err);

struct bf_membership { /* of one model; [attacks->n][n] as above; retain may be NULL */
    const double *forget, *retain, *holdout;
    size_t n_forget, n_retain, n_holdout;
};
/* {"auc", "privleak", "attacks": {NAME: {...}}}: AUC is P(a holdout text looks more like training data than a forget
 * text), so 0.5 when nothing can be told, 0 when the forget set is plainly known. `retrained` (nullable) gives the AUC
 * that PrivLeak compares with, else `retrained_auc`. */
BF_MUST_CHECK enum bf_status bf_eval_privleak(const struct bf_bootstrap *bootstrap, const struct bf_attacks *attacks,
                                              const struct bf_membership *model, const struct bf_membership *retrained,
                                              double retrained_auc, json_t **out, struct bf_err *err);

/* ---- MUSE: knowledge and verbatim memorisation ---- */

/* Few-shot questions, ROUGE-L of the greedy answer (no stemmer). {"knowmem": recall, "knowmem_f1", ...}. With
 * trailing_space the prompt ends with a space after "Answer:", as in MUSE's program. */
BF_MUST_CHECK enum bf_status bf_eval_knowmem(const struct bf_eval *eval, const struct bf_pair *questions, size_t n,
                                             const struct bf_pair *shots, size_t n_shots, bool trailing_space,
                                             int32_t max_tokens, json_t **out, struct bf_err *err);
/* A text's beginning (question) goes in, its continuation is compared with the real one (answer), of which as many
 * tokens count as may be generated. {"verbmem": recall, "verbmem_f1", ...} */
BF_MUST_CHECK enum bf_status bf_eval_verbmem(const struct bf_eval *eval, const struct bf_pair *texts, size_t n,
                                             int32_t max_tokens, json_t **out, struct bf_err *err);

/* ---- extraction strength, exact memorisation ---- */

/* As open-unlearning measures them (src/evals/metrics/memorization.py). greedy[i]: the model's likeliest token behind
 * the text so far is token i of the answer; [n], n >= 1. Share of answer tokens that are the likeliest (Tirumala et
 * al., 2022). */
double bf_exact_memorization(const bool *greedy, size_t n);
/* 1 - k/n for the least k such that the model, given the first k tokens of the answer, completes all the rest (Carlini
 * et al., 2021). As there k is at most n - 1, so that an answer of which nothing is extracted scores 1/n, not 0. */
double bf_extraction_strength(const bool *greedy, size_t n);

/* Of answers after their questions (question "": of texts from the second token on). {"extraction_strength",
 * "exact_memorization"} */
BF_MUST_CHECK enum bf_status bf_eval_memorization(const struct bf_eval *eval, const struct bf_pair *pairs, size_t n,
                                                  json_t **out, struct bf_err *err);

/* ---- TOFU ---- */

/* One set's figures on a model. `all`: also probability and ROUGE-L; without, only truth ratios, which is what a
 * retrained model is asked for. Release *out. */
BF_MUST_CHECK enum bf_status bf_eval_tofu_set(const struct bf_eval *eval, enum bf_tofu_part part,
                                              const struct bf_tofu_questions *questions, bool all, int32_t max_tokens,
                                              struct bf_tofu_set *out, struct bf_err *err);
/* {"forget_quality", "model_utility", "forget": {...}, ...} of an unlearned model's sets and a retrained one's forget
 * set (nullable). BF_INPUT: the two forget sets have other questions. */
BF_MUST_CHECK enum bf_status bf_eval_tofu(const struct bf_bootstrap *bootstrap, const struct bf_tofu_sets *unlearned,
                                          const struct bf_tofu_sets *retrained, json_t **out, struct bf_err *err);

/* ---- robustness: how much comes back ---- */

/* Ways to ask for what was forgotten. */
enum bf_probe {
    BF_PROBE_PLAIN,
    BF_PROBE_PARAPHRASE,
    BF_PROBE_PREFIX,
    BF_PROBE_FEW_SHOT,
    BF_PROBE_JAILBREAK,
    BF_PROBES
};
const char *bf_probe_word(enum bf_probe probe); /* "plain", "paraphrase", "prefix", "few_shot", "jailbreak" */

/* ROUGE-L recall (stemmer) of each answer when the question is asked in that way: recall[n]. `scene` (jailbreak only)
 * is a template with {topic}, and shots go before the question (few-shot only; at most 5). `condition` names it in
 * lines. */
BF_MUST_CHECK enum bf_status bf_eval_probe(const struct bf_eval *eval, enum bf_probe probe, const char *condition,
                                           const struct bf_pair *questions, size_t n, const struct bf_pair *shots,
                                           size_t n_shots, const char *scene, int32_t max_tokens, double *recall,
                                           struct bf_err *err);

struct bf_condition {
    const char *name;
    const double *recall;  /* [n] of the same questions in the same order */
    const bool *seen;      /* [n] NULL = none. Questions that the attack was made with: not in its means, but apart */
    const double *control; /* [n] NULL = none. Recall under a control of the attack */
    bool is_control;       /* of another condition: never the worst */
};
/* conditions[0] is the plain question on the unlearned model. Each gets its mean and the paired difference to it
 * ("came_back", with its 95 % interval, and "beyond_noise"); with a control also "over_control", the paired difference
 * to that; with `original` (nullable: plain on the model before unlearning) "share_back", the difference over what was
 * forgotten; with `seen`, of which one at least must be false, "n" questions that this is of, and "n_seen",
 * "rouge_l_seen", "came_back_seen" of the others.
 * {"robust": the largest came_back, "worst": its condition, "conditions": {...}} */
BF_MUST_CHECK enum bf_status bf_eval_robust(const struct bf_bootstrap *bootstrap, const struct bf_condition *conditions,
                                            size_t n_conditions, size_t n, const double *original, json_t **out,
                                            struct bf_err *err);

/* ---- general abilities ---- */

/* Multiple choice by the likeliest letter after "Answer:". shots: the first n_shots of the question's subject, where
 * there are any of it, else of all, go before. {"accuracy", "subjects": {...}} */
BF_MUST_CHECK enum bf_status bf_eval_mcq(const struct bf_eval *eval, const struct bf_mcq *questions,
                                         const struct bf_mcq *shots, size_t n_shots, json_t **out, struct bf_err *err);
/* {"exact_match": the number after "####", "exact_match_flexible": the last number} */
BF_MUST_CHECK enum bf_status bf_eval_gsm8k(const struct bf_eval *eval, const struct bf_gsm8k *questions,
                                           const struct bf_gsm8k *shots, size_t n_shots, int32_t max_tokens,
                                           json_t **out, struct bf_err *err);

/* ---- for the files of this room and cmd ---- */

/* Cut an answer before the first of the stops, looked for from where it begins: after white space, and without a
 * heading "Answer:" that has a line of its own. */
void bf_eval_cut_answer(struct bf_buf *text, const char *const *stops, size_t n_stops);

/* "KEY": value, "KEY_interval": [low, high]; without a value null and "why". */
void bf_eval_put_figure(json_t *object, const char *key, const struct bf_figure *figure);
/* The mean of values with its interval, put under `key`. */
BF_MUST_CHECK enum bf_status bf_eval_put_mean(json_t *object, const char *key, const double *values, size_t n,
                                              const struct bf_bootstrap *bootstrap, struct bf_err *err);
void bf_eval_put(json_t *object, const char *key, json_t *value); /* steals; memory out ends the process */
void bf_eval_put_text(json_t *object, const char *key, const char *text);
/* "n_all_scripts": the targets of which ROUGE counted the words of all scripts (rouge.h); nothing when there were
 * none. */
void bf_eval_put_all_scripts(json_t *object, size_t n);
/* One line of eval->items, which this takes over. BF_STORE when it cannot be written. */
BF_MUST_CHECK enum bf_status bf_eval_line(const struct bf_eval *eval, json_t *line, struct bf_err *err);

#endif
