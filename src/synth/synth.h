/* The method: points over rounds, Stage I, Stage II, rewriting, filters, stop rule, knowledge check; and the textbook
 * baseline. Each request is a numbered list of prompts; what comes back is committed IN THE ORDER OF THE NUMBERS, so
 * that nothing depends on parallelism, on timing, on a crash, or on other requests that share the engine. It knows no
 * database: committed samples go to a sink, and a resumed request is replayed from the samples already committed. */
#ifndef BF_SYNTH_SYNTH_H
#define BF_SYNTH_SYNTH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/engine.h"
#include "request/request.h"

/* Why a sample is not kept. Words are stable: they stand in the store and in --json. */
#define BF_REASON_MAP(X)                                                                                               \
    X(BF_REASON_NONE, "", "")                                                                                          \
    X(BF_REASON_TOO_SHORT, "too_short", "too few words")                                                               \
    X(BF_REASON_DUPLICATE, "duplicate", "the same text as an earlier sample")                                          \
    X(BF_REASON_NEAR_DUPLICATE, "near_duplicate", "almost the text of an earlier sample")                              \
    X(BF_REASON_REFUSAL, "refusal", "the model refuses; kept, it would unlearn refusing")                              \
    X(BF_REASON_PROMPT_ECHO, "prompt_echo", "repeats the prompt")                                                      \
    X(BF_REASON_DEGENERATE, "degenerate", "loops or has hardly any words")                                             \
    X(BF_REASON_THOUGHTS, "thoughts", "a reasoning model's thoughts, without the answer after them")                   \
    X(BF_REASON_DRIFT, "drift", "too far from the domain")                                                             \
    X(BF_REASON_LOW_MIN_K, "low_min_k", "membership inference: Min-K% prob below tau")                                 \
    X(BF_REASON_RETAIN_OVERLAP, "retain_overlap", "nearer to what must be retained")                                   \
    X(BF_REASON_FORGET_OVERLAP, "forget_overlap", "in a retain set, nearer to what is forgotten")                      \
    X(BF_REASON_NOT_QA, "not_qa", "no question with an answer where one was asked for")                                \
    X(BF_REASON_MEANING, "meaning", "a rewriting that means something else")                                           \
    X(BF_REASON_LOST_FACT, "lost_fact", "a rewriting without a name, number or date of its original")                  \
    X(BF_REASON_NEW_FACT, "new_fact", "a rewriting with a name, number or date that its original has not")             \
    X(BF_REASON_NOT_A_SAMPLE, "not_a_sample", "a list, a chapter or a control text")

enum bf_reason {
#define X(name, word, text) name,
    BF_REASON_MAP(X)
#undef X
        BF_REASON_COUNT
};
const char *bf_reason_word(enum bf_reason reason);
const char *bf_reason_text(enum bf_reason reason);
enum bf_reason bf_reason_of(const char *word); /* BF_REASON_COUNT when there is none */

/* One generated text with its provenance. Strings are borrowed for the duration of a call. */
struct bf_sample {
    int64_t index; /* place in its stage, 0-based */
    enum bf_stage stage;
    const char *text;              /* cleaned UTF-8; trimmed to whole sentences when that filter is on */
    const char *raw;               /* cleaned UTF-8 as generated; NULL when equal to text */
    const char *question, *answer; /* for QA templates whose answer could be parsed; else NULL */
    enum bf_reason reason;         /* BF_REASON_NONE = kept */
    int32_t point;                 /* index of the point, -1 when none */
    int32_t template_index;        /* in the template set */
    double temperature;
    uint64_t seed;
    int32_t n_tokens;
    enum bf_finish finish;
    double min_k_sampling; /* mean probability of the k % least likely tokens, distribution sampled from; 0..1 */
    double min_k_model;    /* the same under the model's own distribution; 0..1 */
    double mean_logp;      /* mean log-probability, model's own distribution; <= 0 */
    double diversity; /* remote-clique of the kept Stage I samples after this one; NaN outside Stage I or below two */
    double domain_similarity;  /* cosine to the domain's name; NaN when not embedded */
    const uint16_t *embedding; /* [n_embd] float16 bits, unit length; NULL when not embedded */
    int32_t n_embd;
    int64_t instance;     /* index of the original, -1 when none */
    double edit_distance; /* to the original, in words, 0..1; NaN when there is none */
    uint64_t text_hash;   /* of the folded text, equal for texts that count as duplicates; 0 for what is not kept */
};

/* A point of the domain, in the order found. */
struct bf_point {
    int32_t index, round; /* both 0-based */
    const char *text;
};

/* One check of the stop rule. */
struct bf_checkpoint {
    int64_t n_kept;   /* Stage I samples kept so far */
    double diversity; /* remote-clique: mean cosine distance over all pairs */
    double gain;      /* since the last check */
    bool stop;
};

#define BF_STOP_MAP(X)                                                                                                 \
    X(BF_STOP_NOT_YET, "not_yet", "not finished")                                                                      \
    X(BF_STOP_CONVERGED, "converged", "diversity no longer grew")                                                      \
    X(BF_STOP_EXHAUSTED, "exhausted", "every planned prompt was used")
enum bf_stop {
#define X(name, word, text) name,
    BF_STOP_MAP(X)
#undef X
        BF_STOP_COUNT
};
const char *bf_stop_word(enum bf_stop stop);
const char *bf_stop_text(enum bf_stop stop);
enum bf_stop bf_stop_of(const char *word);

/* Does the model know the domain? Each figure: the domain's Stage I samples against texts on an invented topic. */
enum bf_knowledge { BF_KNOWLEDGE_UNKNOWN, BF_KNOWLEDGE_LITTLE, BF_KNOWLEDGE_SOME, BF_KNOWLEDGE_GOOD };
const char *bf_knowledge_word(enum bf_knowledge knowledge);
struct bf_knowledge_check {
    enum bf_knowledge verdict;
    int64_t n_domain, n_control;
    double min_k_domain, min_k_control;           /* mean Min-K% prob, model's own distribution */
    double min_k_effect;                          /* difference in pooled standard deviations (Cohen's d) */
    double similarity_domain, similarity_control; /* mean cosine of the samples to their topic's name */
    double agreement_domain, agreement_control;   /* mean cosine between samples on the same point; NaN below two */
};

/* Where the run stands; also its result. */
struct bf_progress {
    enum bf_stage stage; /* of the newest commit */
    int64_t committed[BF_STAGE_COUNT];
    int64_t kept[BF_STAGE_COUNT];
    int64_t planned[BF_STAGE_COUNT]; /* prompts at most */
    int64_t rejected[BF_REASON_COUNT];
    int32_t n_points;
    double diversity, gain; /* of Stage I; gain NaN before the second check */
    enum bf_stop stop;      /* of Stage I */
    bool finished;
    struct bf_gen_stats engine;                         /* of this process, all generate calls so far */
    double embed_seconds, filter_seconds, sink_seconds; /* of this process */
    double list_seconds;                                /* of this process: everything after the points */
    int64_t list_tokens;                                /* generated in that time */
    double elapsed_seconds;                             /* of this process */
    struct bf_knowledge_check knowledge;
    int64_t n_tasks, n_tasks_done; /* of a run of many requests */
    /* This request's share of the process: all of it when it is alone, else by its tokens. */
    int64_t generated_tokens;
    double generate_seconds, wall_seconds;
};

/* One transaction of the receiver: all of it is kept, or nothing. */
struct bf_commit_item {
    struct bf_sample sample;
    bool checked; /* this sample triggered a check of the stop rule */
    struct bf_checkpoint checkpoint;
};
struct bf_commit {
    int64_t number;                     /* of the answer, in the request's list */
    const struct bf_commit_item *items; /* [n_items] >= 1 */
    size_t n_items;
    const struct bf_point *points; /* [n_points] found in items[0] */
    size_t n_points;
};

/* An answer that came before its turn. Strings are borrowed for the duration of a call. */
struct bf_pending {
    int64_t number;   /* in the request's list */
    const char *text; /* raw bytes, NUL-terminated */
    size_t text_len;
    int32_t n_tokens;
    enum bf_finish finish;
    double min_k_sampling, min_k_model, mean_logp;
};

/* Where committed things go. A status other than BF_OK ends the run. */
struct bf_sink {
    void *user;
    enum bf_status (*commit)(void *user, const struct bf_commit *commit, struct bf_err *err);
    /* Keep an answer until its number is committed (or the request is finished); the same number may come again. NULL:
     * an interrupted run asks for it anew. */
    enum bf_status (*answer)(void *user, const struct bf_pending *pending, struct bf_err *err);
};

/* What is already there: the receiver's samples in commit order, replayed once at start. */
struct bf_replay {
    void *user;
    /* The next one: *more false at the end. Strings are valid until the next call. */
    enum bf_status (*next)(void *user, struct bf_sample *sample, const struct bf_point **points, size_t *n_points,
                           bool *more, struct bf_err *err);
    /* Then the kept answers, by number; NULL = none. */
    enum bf_status (*pending)(void *user, struct bf_pending *pending, bool *more, struct bf_err *err);
};

/* Something that the samples of a request must not be nearer to than to their own domain (cosine). */
struct bf_guard {
    const char *name;
    bool centroid;         /* vector is the centroid of texts (compared with the samples' own centroid), not a
                              name's (compared with the domain's name) */
    const float *vector;   /* [n_embd] of the embedder, unit length */
    enum bf_reason reason; /* BF_REASON_RETAIN_OVERLAP or BF_REASON_FORGET_OVERLAP */
};

/* The originals of an instance request, wherever they are kept. */
struct bf_original {
    const char *text;              /* for a pair "Question: ...\nAnswer: ..." */
    const char *question, *answer; /* both or neither */
};
struct bf_originals {
    void *user;
    int64_t n;
    /* Original `index`; strings are valid until the next call of either function. */
    enum bf_status (*get)(void *user, int64_t index, struct bf_original *out, struct bf_err *err);
    /* Each kept sample of that original committed so far, itself first, with embeddings. */
    enum bf_status (*kept)(void *user, int64_t index, void *to, void (*each)(void *to, const struct bf_sample *sample),
                           struct bf_err *err);
};

/* One request to work on. All that is pointed to lives until the task is done. */
struct bf_task {
    int64_t id; /* the caller's */
    const struct bf_request *request;
    struct bf_sink sink;
    const struct bf_replay *replay; /* NULL for a new request */
    const struct bf_guard *guards;  /* [n_guards] */
    size_t n_guards;
    const struct bf_originals *originals; /* kind instance */
};

/* Where requests come from: many may share the engine, so that it stays full when one of them ends. */
struct bf_task_source {
    void *user;
    int64_t n_tasks; /* for progress */
    /* The next one, asked for when those under way leave the engine idle; *more false when there is none. */
    enum bf_status (*next)(void *user, struct bf_task *task, bool *more, struct bf_err *err);
    /* Called once for each task that `next` gave: progress->finished, or the run ends before it is. */
    enum bf_status (*done)(void *user, int64_t id, const struct bf_progress *progress, struct bf_err *err);
    /* Called often, after each engine step and commit, with the sum over the tasks; false = stop soon (the run ends
     * with BF_INTERRUPTED). NULL = never. */
    bool (*progress)(void *user, const struct bf_progress *progress);
};

/* Work until the source has no more and all are finished. `embedder` may be `engine` itself. *sum is filled on every
 * return. */
BF_MUST_CHECK enum bf_status bf_synth_run(const struct bf_task_source *source, const struct bf_template_set *templates,
                                          struct bf_engine *engine, struct bf_engine *embedder, struct bf_progress *sum,
                                          struct bf_err *err);

/* Tokens of context that one sequence of this request needs: the longest prompt and the answer, estimated from bytes
 * before a model is there (points are at most BF_POINT_MAX_BYTES long, originals at most `original_bytes`). */
#define BF_POINT_MAX_BYTES 120
int32_t bf_synth_context_estimate(const struct bf_request *request, const struct bf_template_set *templates,
                                  int64_t original_bytes);

/* How the variants of one original differ on the surface. */
struct bf_variety {
    size_t n_variants;
    size_t n_distinct; /* at least 0.2 apart (word-level edit distance) from the original and from each other */
    double distinct_1,
        distinct_2;       /* distinct n-grams over all n-grams of the variants (Li et al., 2016); NaN without any */
    double edit_distance; /* mean to the original, 0..1; NaN without variants */
};
void bf_variety_of(const char *original, const char *const *variants, size_t n, struct bf_variety *out);

/* Embed a text as samples are embedded: unit length, rounded to half precision. vector is [n_embd], half too
 * (nullable). */
BF_MUST_CHECK enum bf_status bf_synth_embed(struct bf_engine *embedder, const char *text, float *vector, uint16_t *half,
                                            struct bf_err *err);

#endif
