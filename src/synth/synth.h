/* The method: points over rounds, Stage I, Stage II, filters, stop rule, knowledge check. It takes prompts from the
 * plan, hands them to the engine, and commits what comes back IN INDEX ORDER, so that nothing depends on parallelism,
 * on timing, or on a crash. It knows no database: committed samples go to a sink, and a resumed run is replayed
 * from the samples already committed. */
#ifndef BF_SYNTH_SYNTH_H
#define BF_SYNTH_SYNTH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/engine.h"
#include "request/request.h"

/* Why a sample is not kept. Words are stable: they stand in the store and in --json. */
#define BF_REASON_MAP(X)                                                                    \
    X(BF_REASON_NONE, "", "")                                                               \
    X(BF_REASON_TOO_SHORT, "too_short", "too few words")                                    \
    X(BF_REASON_DUPLICATE, "duplicate", "the same text as an earlier sample")               \
    X(BF_REASON_NEAR_DUPLICATE, "near_duplicate", "almost the text of an earlier sample")   \
    X(BF_REASON_REFUSAL, "refusal", "the model refuses; kept, it would unlearn refusing")   \
    X(BF_REASON_PROMPT_ECHO, "prompt_echo", "repeats the prompt")                           \
    X(BF_REASON_DEGENERATE, "degenerate", "loops or has hardly any words")                  \
    X(BF_REASON_DRIFT, "drift", "too far from the domain")                                  \
    X(BF_REASON_LOW_MIN_K, "low_min_k", "membership inference: Min-K% prob below tau")      \
    X(BF_REASON_NOT_A_SAMPLE, "not_a_sample", "a list of points or a control text")

enum bf_reason {
#define X(name, word, text) name,
    BF_REASON_MAP(X)
#undef X
    BF_REASON_COUNT
};
const char *bf_reason_word(enum bf_reason reason);
const char *bf_reason_text(enum bf_reason reason);
enum bf_reason bf_reason_of(const char *word);         /* BF_REASON_COUNT when there is none */

/* One generated text with its provenance. Strings are borrowed for the duration of a call. */
struct bf_sample {
    int64_t index;             /* place in its stage, 0-based */
    enum bf_stage stage;
    const char *text;          /* cleaned UTF-8; trimmed to whole sentences when that filter is on */
    const char *raw;           /* cleaned UTF-8 as generated; NULL when equal to text */
    const char *question, *answer;  /* for QA templates whose answer could be parsed; else NULL */
    enum bf_reason reason;     /* BF_REASON_NONE = kept */
    int32_t point;             /* index of the point, -1 when none */
    int32_t template_index;    /* in the template set */
    double temperature;
    uint64_t seed;
    int32_t n_tokens;
    enum bf_finish finish;
    double min_k_sampling;     /* mean probability of the k % least likely tokens, distribution sampled from; 0..1 */
    double min_k_model;        /* the same under the model's own distribution; 0..1 */
    double mean_logp;          /* mean log-probability, model's own distribution; <= 0 */
    double diversity;          /* remote-clique of the kept Stage I samples after this one; NaN outside Stage I or below two */
    double domain_similarity;  /* cosine to the domain's name; NaN when not embedded */
    const uint16_t *embedding; /* [n_embd] float16 bits, unit length; NULL when not embedded */
    int32_t n_embd;
};

/* A point of the domain, in the order found. */
struct bf_point {
    int32_t index, round;      /* both 0-based */
    const char *text;
};

/* One check of the stop rule. */
struct bf_checkpoint {
    int64_t n_kept;            /* Stage I samples kept so far */
    double diversity;          /* remote-clique: mean cosine distance over all pairs */
    double gain;               /* since the last check */
    bool stop;
};

#define BF_STOP_MAP(X)                                                          \
    X(BF_STOP_NOT_YET, "not_yet", "not finished")                               \
    X(BF_STOP_CONVERGED, "converged", "diversity no longer grew")               \
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
    double min_k_domain, min_k_control;            /* mean Min-K% prob, model's own distribution */
    double min_k_effect;                           /* difference in pooled standard deviations (Cohen's d) */
    double similarity_domain, similarity_control;  /* mean cosine of the samples to their topic's name */
    double agreement_domain, agreement_control;    /* mean cosine between samples on the same point; NaN below two */
};

/* Where the run stands; also its result. */
struct bf_progress {
    enum bf_stage stage;               /* of the newest commit */
    int64_t committed[BF_STAGE_COUNT];
    int64_t kept[BF_STAGE_COUNT];
    int64_t planned[BF_STAGE_COUNT];   /* prompts at most */
    int64_t rejected[BF_REASON_COUNT];
    int32_t n_points;
    double diversity, gain;            /* of Stage I; gain NaN before the second check */
    enum bf_stop stop;                 /* of Stage I */
    bool finished;
    struct bf_gen_stats engine;        /* of this process, all generate calls so far */
    double embed_seconds, filter_seconds, sink_seconds; /* of this process */
    double list_seconds;               /* of this process: everything after the points */
    int64_t list_tokens;               /* generated in that time */
    double elapsed_seconds;            /* of this process */
    struct bf_knowledge_check knowledge;
};

/* Where committed things go. Each call is one transaction of the receiver; a status other than BF_OK ends the run. */
struct bf_sink {
    void *user;
    /* A sample with the points found in it (stage points) and the check that it triggered (NULL = none). */
    enum bf_status (*sample)(void *user, const struct bf_sample *sample, const struct bf_point *points,
                             size_t n_points, const struct bf_checkpoint *checkpoint, struct bf_err *err);
    /* Called often, after each engine step and commit; false = stop soon (the run ends with BF_INTERRUPTED). */
    bool (*progress)(void *user, const struct bf_progress *progress);
};

/* What is already committed: the receiver's samples in commit order, replayed once at start. NULL for a new run. */
struct bf_replay {
    void *user;
    /* The next one: *more false at the end. Strings are valid until the next call. */
    enum bf_status (*next)(void *user, struct bf_sample *sample, const struct bf_point **points, size_t *n_points,
                           bool *more, struct bf_err *err);
};

/* Run (or go on with) a domain request. `embedder` may be `engine` itself. *progress is filled on every return. */
BF_MUST_CHECK enum bf_status bf_synth_domain(const struct bf_request *request, const struct bf_template_set *templates,
                                             struct bf_engine *engine, struct bf_engine *embedder,
                                             const struct bf_replay *replay, const struct bf_sink *sink,
                                             struct bf_progress *progress, struct bf_err *err);

/* Tokens of context that one sequence of this request needs: the longest prompt and the answer, estimated from bytes
 * before a model is there (points are at most BF_POINT_MAX_BYTES long). */
#define BF_POINT_MAX_BYTES 120
int32_t bf_synth_context_estimate(const struct bf_request *request, const struct bf_template_set *templates);

#endif
