/* Evaluation: is the set forgotten, and what else was lost? One file for each benchmark. The metrics themselves, maths
 * on arrays, are in rouge.h, auc.h, ks.h, membership.h and truth_ratio.h; sets/records.h, mcq_file.h, gsm8k.h,
 * tofu_file.h and tofu_logs.h read the benchmarks' files; this header drives a model through a benchmark.
 *
 * A benchmark returns a JSON object with its metrics; a mean comes with its 95 % bootstrap interval ("accuracy" and
 * "accuracy_interval"). A metric that is not known is null, with the reason under the same key in "why". Each question
 * or text also adds a line to `items`. */
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
    FILE *items;       /* one JSON object per line for each question or text; NULL = none */
    const char *label; /* "model" of these lines; NULL = none */
    bool remote;       /* a server: it scores without a chat template */
    void *user;
    /* Called as `what` advances; returning false ends it with BF_INTERRUPTED. NULL = no calls. */
    bool (*progress)(void *user, const char *what, size_t n_done, size_t n_all);
    /* What a person should know besides the numbers. NULL = dropped. */
    void (*warn)(void *user, const char *sentence);
};

/* ---- the two ways to ask a model ---- */

/* Greedy answers: answers[i] to prompts[i], free() each; invalid UTF-8 is replaced, and the thoughts of a reasoning
 * model are removed. The answer ends before the first of the stops after its beginning: blank lines, thoughts, or a
 * heading "Answer:" on a line of its own do not end it. An answer that consists of thoughts alone is scored by them,
 * with a warning; when all answers do, or when all answers of a server have tokens but no text, it is BF_MODEL, since
 * they do not show that anything was forgotten. White space is an answer. On failure every answer is NULL. */
BF_MUST_CHECK enum bf_status bf_eval_answers(const struct bf_eval *eval, const char *what, char *const *prompts,
                                             size_t n, int32_t max_tokens, const char *const *stops, size_t n_stops,
                                             char **answers, struct bf_err *err);

struct bf_scored {
    size_t n; /* tokens */
    float *logp;
    bool *greedy;                      /* NULL when unknown */
    float *choices;                    /* NULL without choices */
    float *mean_logp, *deviation_logp; /* of bf_eval_scores_spread, as in engine.h; else NULL */
};
/* out: [n], zeroed by the caller; release with bf_scored_release, also after a failure. */
BF_MUST_CHECK enum bf_status bf_eval_scores(const struct bf_eval *eval, const char *what,
                                            const struct bf_continuation *items, size_t n, struct bf_scored *out,
                                            struct bf_err *err);
/* The same with the spread of each token's distribution. BF_MODEL when a server does not have it. */
BF_MUST_CHECK enum bf_status bf_eval_scores_spread(const struct bf_eval *eval, const char *what,
                                                   const struct bf_continuation *items, size_t n, struct bf_scored *out,
                                                   struct bf_err *err);
void bf_scored_release(struct bf_scored *scored, size_t n);

/* Are prompts used without a chat template? */
bool bf_eval_is_plain(const struct bf_eval *eval);

/* ---- MUSE: PrivLeak ---- */

/* The attacks, each a score that is small for texts that the model was trained on: its word in --attacks. */
#define BF_ATTACK_KINDS(X)                                                                                             \
    X(BF_ATTACK_LOSS, "loss")   /* mean NLL: "PPL" in MUSE's table */                                                  \
    X(BF_ATTACK_ZLIB, "zlib")   /* over the length of the zlib-compressed text: "PPL/zlib" */                          \
    X(BF_ATTACK_LOWER, "lower") /* over the NLL of the text in lower case: "PPL/lower" */                              \
    X(BF_ATTACK_MIN_K, "min_k") /* one for each K: "Min-40%" */                                                        \
    X(BF_ATTACK_MIN_K_PLUS, "min_k++")                                                                                 \
    X(BF_ATTACK_REFERENCE, "reference") /* NLL minus that of a reference model (Carlini et al., 2021) */               \
    X(BF_ATTACK_GRADNORM, "gradnorm")   /* unlearn/gradient_norm.h */
enum bf_attack_kind {
#define X(name, word) name,
    BF_ATTACK_KINDS(X)
#undef X
        BF_ATTACKS
};
const char *bf_attack_word(enum bf_attack_kind kind);
/* By its word [n]; BF_ATTACKS when there is none. */
enum bf_attack_kind bf_attack_find(const char *word, size_t n);

enum { BF_ATTACKS_MAX = BF_ATTACKS - 2 + 2 * BF_DOUBLES_MAX };
struct bf_attacks {
    size_t n;
    char names[BF_ATTACKS_MAX]
              [24]; /* "PPL", "PPL/zlib", "PPL/lower", "Min-40%", "Min-40%++", "reference", "gradnorm" */
    enum bf_attack_kind kinds[BF_ATTACKS_MAX];
    double k_percent[BF_ATTACKS_MAX]; /* of min_k and min_k++; else 0 */
    size_t headline; /* index of Min-40% if it is among them, else of the last min_k, else of the first attack */
};
/* Those of `wanted` [BF_ATTACKS], at least one; k in per cent, each in (0, 100]. */
struct bf_attacks bf_attacks_of(const bool *wanted, const double *k_percent, size_t n);
bool bf_attacks_have(const struct bf_attacks *attacks, enum bf_attack_kind kind);

/* The mean NLL of each text, out [n]. `set` names the set in errors. BF_INPUT: a text without a token that has a
 * probability. */
BF_MUST_CHECK enum bf_status bf_eval_text_nll(const struct bf_eval *eval, const char *set, char *const *texts, size_t n,
                                              double *out, struct bf_err *err);

/* The score of each attack for each text: [attacks->n][n], free(). `set` ("forget") names the set in errors and lines.
 * reference_nll and gradient_norms are [n] and may be NULL without the attack that needs them. BF_INPUT: a text without
 * a token that has a probability. */
BF_MUST_CHECK enum bf_status bf_eval_membership(const struct bf_eval *eval, const struct bf_attacks *attacks,
                                                const char *set, char *const *texts, size_t n,
                                                const double *reference_nll, const double *gradient_norms, double **out,
                                                struct bf_err *err);

struct bf_membership { /* of one model; [attacks->n][n] as above; retain may be NULL */
    const double *forget, *retain, *holdout;
    size_t n_forget, n_retain, n_holdout;
};
/* {"auc", "privleak", "attacks": {NAME: {...}}}. AUC is P(a holdout text looks more like training data than a forget
 * text): 0.5 when the two cannot be distinguished, 0 when the forget set is plainly known. PrivLeak compares with the
 * AUC of `retrained` (nullable), else with `retrained_auc`. */
BF_MUST_CHECK enum bf_status bf_eval_privleak(const struct bf_bootstrap *bootstrap, const struct bf_attacks *attacks,
                                              const struct bf_membership *model, const struct bf_membership *retrained,
                                              double retrained_auc, json_t **out, struct bf_err *err);

/* ---- MUSE: knowledge and verbatim memorization ---- */

/* Few-shot questions, ROUGE-L of the greedy answer (no stemmer). {"knowmem": recall, "knowmem_f1", ...}. With
 * trailing_space the prompt ends with a space after "Answer:", as in MUSE's program. */
BF_MUST_CHECK enum bf_status bf_eval_knowmem(const struct bf_eval *eval, const struct bf_pair *questions, size_t n,
                                             const struct bf_pair *shots, size_t n_shots, bool trailing_space,
                                             int32_t max_tokens, json_t **out, struct bf_err *err);
/* The model continues the beginning of a text (question); the continuation is compared with the first max_tokens tokens
 * of the real one (answer). {"verbmem": recall, "verbmem_f1", ...} */
BF_MUST_CHECK enum bf_status bf_eval_verbmem(const struct bf_eval *eval, const struct bf_pair *texts, size_t n,
                                             int32_t max_tokens, json_t **out, struct bf_err *err);

/* ---- extraction strength, exact memorization ---- */

/* As open-unlearning measures them (src/evals/metrics/memorization.py). greedy[i]: token i of the answer is the model's
 * likeliest token after the text before it; [n], n >= 1. Share of answer tokens that are the likeliest (Tirumala et
 * al., 2022). */
double bf_exact_memorization(const bool *greedy, size_t n);
/* 1 - k/n for the smallest k such that the model, given the first k tokens of the answer, completes all the rest
 * (Carlini et al., 2021). As in open-unlearning, k is at most n - 1, so that an answer of which nothing is extracted
 * scores 1/n, not 0. */
double bf_extraction_strength(const bool *greedy, size_t n);

/* Measured on the answers, each after its question (question "": on texts, from the second token on).
 * {"extraction_strength", "exact_memorization"} */
BF_MUST_CHECK enum bf_status bf_eval_memorization(const struct bf_eval *eval, const struct bf_pair *pairs, size_t n,
                                                  json_t **out, struct bf_err *err);

/* ---- TOFU ---- */

/* One set's metrics on a model. With `all` also probability and ROUGE-L; without it truth ratios only, which is all
 * that is needed of a retrained model. Release *out. */
BF_MUST_CHECK enum bf_status bf_eval_tofu_set(const struct bf_eval *eval, enum bf_tofu_part part,
                                              const struct bf_tofu_questions *questions, bool all, int32_t max_tokens,
                                              struct bf_tofu_set *out, struct bf_err *err);
/* {"forget_quality", "model_utility", "forget": {...}, ...} of an unlearned model's sets and a retrained one's forget
 * set (nullable). BF_INPUT: the questions of the two forget sets differ. */
BF_MUST_CHECK enum bf_status bf_eval_tofu(const struct bf_bootstrap *bootstrap, const struct bf_tofu_sets *unlearned,
                                          const struct bf_tofu_sets *retrained, json_t **out, struct bf_err *err);

/* ---- robustness: how much of what was forgotten comes back ---- */

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

/* Ask for each of the asking's facts (asked.h) in that way: recall[n] is the ROUGE-L recall (with stemmer) of the
 * answer, 0..1; right[n] is 1 when it is right (quality/answers.h), else 0. `questions` [n] replaces the facts' own
 * questions; NULL = those. `scene` (jailbreak only) is a template with {topic}; shots go before the question (few-shot
 * only; at most 5). `condition` names the way in lines. */
struct bf_asking;
BF_MUST_CHECK enum bf_status bf_eval_probe(const struct bf_eval *eval, const struct bf_asking *asking,
                                           enum bf_probe probe, const char *condition, const struct bf_pair *questions,
                                           const char *scene, double *recall, double *right, struct bf_err *err);

struct bf_condition {
    const char *name;
    const double *recall;  /* [n] of the same questions in the same order */
    const double *right;   /* [n] NULL = unknown. 1 for a right answer, else 0 */
    const bool *seen;      /* [n] NULL = none. Questions that the attack used: reported apart, not in its means */
    const double *control; /* [n] NULL = none. Recall under a control of the attack */
    bool is_control;       /* the control of another condition: never the worst */
};
/* conditions[0] is the plain question on the unlearned model. Each condition gets its mean ("rouge_l"), with `right`
 * the share of right answers ("accuracy"), and its paired difference to conditions[0] ("came_back", with its 95 %
 * interval, and "beyond_noise"); with a control also "over_control", the paired difference to the control; with
 * `original` (nullable: the plain question on the model before unlearning) also "share_back", came_back over what was
 * forgotten; with `seen`, of which at least one must be false, also "n", the number of unseen questions, and "n_seen",
 * "rouge_l_seen", "came_back_seen" of the seen ones.
 * {"robust": the largest came_back, "worst": its condition, "conditions": {...}} */
BF_MUST_CHECK enum bf_status bf_eval_robust(const struct bf_bootstrap *bootstrap, const struct bf_condition *conditions,
                                            size_t n_conditions, size_t n, const double *original,
                                            const double *original_right, json_t **out, struct bf_err *err);

/* ---- general abilities ---- */

/* Multiple choice by the likeliest letter after "Answer:". The first n_shots of `shots` that have the question's
 * subject, or of all when none has it, go before the question. {"accuracy", "subjects": {...}} */
BF_MUST_CHECK enum bf_status bf_eval_mcq(const struct bf_eval *eval, const struct bf_mcq *questions,
                                         const struct bf_mcq *shots, size_t n_shots, json_t **out, struct bf_err *err);
/* {"exact_match": the number after "####", "exact_match_flexible": the last number} */
BF_MUST_CHECK enum bf_status bf_eval_gsm8k(const struct bf_eval *eval, const struct bf_gsm8k *questions,
                                           const struct bf_gsm8k *shots, size_t n_shots, int32_t max_tokens,
                                           json_t **out, struct bf_err *err);

/* ---- for the files of this room ---- */

/* Cut an answer before the first of the stops after its beginning, which is after white space and after a heading
 * "Answer:" on a line of its own. */
void bf_eval_cut_answer(struct bf_buf *text, const char *const *stops, size_t n_stops);

/* "KEY": value and "KEY_interval": [low, high]; a figure without a value is null, with its reason in "why". */
void bf_eval_put_figure(json_t *object, const char *key, const struct bf_figure *figure);
/* The mean of values with its interval, put under `key`. */
BF_MUST_CHECK enum bf_status bf_eval_put_mean(json_t *object, const char *key, const double *values, size_t n,
                                              const struct bf_bootstrap *bootstrap, struct bf_err *err);
void bf_eval_put(json_t *object, const char *key,
                 json_t *value); /* takes over `value`; ends the process when memory is short */
void bf_eval_put_text(json_t *object, const char *key, const char *text);
/* "n_all_scripts": the number of targets for which ROUGE counted the words of all scripts (rouge.h); left out when 0.
 */
void bf_eval_put_all_scripts(json_t *object, size_t n);
/* Write one line of eval->items; takes over `line`. BF_STORE when it cannot be written. */
BF_MUST_CHECK enum bf_status bf_eval_line(const struct bf_eval *eval, json_t *line, struct bf_err *err);

#endif
