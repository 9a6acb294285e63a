/* The method: rounds of points, Stage I, Stage II, rewriting, filters, stop rule, knowledge check; and the textbook
 * baseline. Each request is a numbered list of prompts. Answers are committed IN THE ORDER OF THE NUMBERS, so that
 * nothing depends on parallelism, on timing, on a crash, or on other requests that share the engine. This room does not
 * know the database: committed samples go to a sink, and a resumed request is replayed from the samples committed
 * before. */
#ifndef BF_SYNTH_SYNTH_H
#define BF_SYNTH_SYNTH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/engine.h"
#include "request/request.h"

/* Why a sample is not kept. The words are stable: the store and --json contain them. */
#define BF_REASON_MAP(X)                                                                                               \
    X(BF_REASON_NONE, "", "")                                                                                          \
    X(BF_REASON_TOO_SHORT, "too_short", "too few words")                                                               \
    X(BF_REASON_DUPLICATE, "duplicate", "the same text as an earlier sample")                                          \
    X(BF_REASON_NEAR_DUPLICATE, "near_duplicate", "almost the text of an earlier sample")                              \
    X(BF_REASON_REFUSAL, "refusal", "the model refuses; unlearning this would teach it not to refuse")                 \
    X(BF_REASON_PROMPT_ECHO, "prompt_echo", "repeats the prompt")                                                      \
    X(BF_REASON_DEGENERATE, "degenerate", "loops or has hardly any words")                                             \
    X(BF_REASON_THOUGHTS, "thoughts", "a reasoning model's thoughts, without the answer after them")                   \
    X(BF_REASON_DRIFT, "drift", "too far from the domain")                                                             \
    X(BF_REASON_LOW_MIN_K, "low_min_k", "membership inference: Min-K% prob below tau")                                 \
    X(BF_REASON_RETAIN_OVERLAP, "retain_overlap", "nearer to what must be retained")                                   \
    X(BF_REASON_FORGET_OVERLAP, "forget_overlap", "in a retain set, nearer to what is forgotten")                      \
    X(BF_REASON_NOT_QA, "not_qa", "not a question with an answer, which the prompt asked for")                         \
    X(BF_REASON_MEANING, "meaning", "a rewriting that means something else")                                           \
    X(BF_REASON_LOST_FACT, "lost_fact", "a rewriting without a name, number or date of its original")                  \
    X(BF_REASON_NEW_FACT, "new_fact", "a rewriting with a name, number or date that is not in its original")           \
    X(BF_REASON_GIVES_AWAY, "gives_away", "a question that holds its own answer")                                      \
    X(BF_REASON_NEEDS_TEXT, "needs_text", "a question that cannot be understood without its text")                     \
    X(BF_REASON_NOT_KNOWN, "not_known", "asked without the text, the model does not give the answer")                  \
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

/* One generated text and where it comes from. Strings are borrowed during a call. */
struct bf_sample {
    int64_t index; /* place in its stage, from 0 */
    enum bf_stage stage;
    const char *text;              /* cleaned UTF-8; cut to complete sentences when that filter is on */
    const char *raw;               /* cleaned UTF-8 as generated; NULL when equal to text */
    const char *question, *answer; /* of QA templates, when the answer could be parsed; else NULL */
    enum bf_reason reason;         /* BF_REASON_NONE = kept */
    int32_t point;                 /* index of the point, -1 when none */
    int32_t template_index;        /* in the template set */
    double temperature;
    uint64_t seed;
    int32_t n_tokens;
    enum bf_finish finish;
    double min_k_sampling; /* mean probability of the k % least likely tokens under the sampling distribution; 0..1 */
    double min_k_model;    /* the same under the model's own distribution; 0..1 */
    double mean_logp;      /* mean log-probability under the model's own distribution; <= 0 */
    double diversity; /* remote-clique of the kept Stage I samples up to this one; NaN outside Stage I or below two */
    double domain_similarity;  /* cosine to the domain's name; NaN when not embedded */
    const uint16_t *embedding; /* [n_embd] float16 bits, unit length; NULL when not embedded */
    int32_t n_embd;
    int64_t instance;     /* index of the original; -1 when there is none */
    double edit_distance; /* to the original, in words, 0..1; NaN when there is none */
    uint64_t text_hash;   /* of the folded text; equal for texts that count as duplicates; 0 when not kept */
    /* The sample of the same request that this one is made of: the text of a question or a pair, the pair of a wording.
     * BF_STAGE_POINTS, as in a zeroed struct: it is not made of a sample. */
    enum bf_stage source_stage;
    int64_t source_index;
    bool held_out; /* kept, but for probing only: no training may see it */
};

/* A point of the domain. */
struct bf_point {
    int32_t index, round; /* both from 0; points are numbered as they are found; asking about names of kept texts
                             counts as the rounds after those of the request */
    const char *text;
    const char *origin; /* "forms: points_concepts, points_tell" (the templates whose answers name it), BF_ORIGIN_FILE,
                           BF_ORIGIN_SNOWBALL, BF_ORIGIN_TOPIC; "" in a run of an earlier version. The first and the
                           third may end with BF_ORIGIN_BELONGS */
};
#define BF_ORIGIN_FORMS "forms: "
#define BF_ORIGIN_FILE "file"         /* the user named it */
#define BF_ORIGIN_SNOWBALL "snowball" /* recurs in kept texts, and the model says the same about it twice */
#define BF_ORIGIN_BELONGS "; belongs" /* asked about it without the domain's name, the model names the domain */
#define BF_ORIGIN_TOPIC "topic"       /* the model named nothing: the domain itself */

/* The names that a domain request asked about without the domain's name (template family "points-belong"), from its
 * committed samples. */
struct bf_checked_name {
    char *name;
    bool belongs; /* an answer about it names the domain */
};
struct bf_checked_names {
    struct bf_checked_name *items; /* [n], in the order in which they were asked about */
    size_t n;
};
/* Add question and answer of a sample, and the text of its template. Another template's question changes nothing. */
void bf_checked_names_add(struct bf_checked_names *names, const char *topic, const char *template_text,
                          const char *question, const char *answer);
/* Were names that do not belong left out? Not when the model hardly names the domain for any. */
bool bf_checked_names_tell(const struct bf_checked_names *names);
void bf_checked_names_release(struct bf_checked_names *names);

/* One check of the stop rule. */
struct bf_stop_check {
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

/* Does the model know the domain? Each number compares the domain's Stage I samples with texts on an invented topic. */
enum bf_knowledge { BF_KNOWLEDGE_UNKNOWN, BF_KNOWLEDGE_LITTLE, BF_KNOWLEDGE_SOME, BF_KNOWLEDGE_GOOD };
const char *bf_knowledge_word(enum bf_knowledge knowledge);
struct bf_knowledge_check {
    enum bf_knowledge verdict;
    int64_t n_domain, n_control;
    double min_k_domain, min_k_control;           /* mean Min-K% probability under the model's own distribution */
    double min_k_effect;                          /* difference in pooled standard deviations (Cohen's d) */
    double similarity_domain, similarity_control; /* mean cosine of the samples to their topic's name */
    double agreement_domain, agreement_control;   /* mean cosine between samples on the same point; NaN below two */
    /* Self-questioning: usable questions about the request's texts that were asked without the text, and those that the
     * model answered as the text does; the same for texts on the invented topic. 0 without self-questioning. */
    int64_t n_questions, n_verified, control_questions, control_verified;
};
/* Is the verdict decided by questions? Otherwise by agreement. */
bool bf_knowledge_by_questions(const struct bf_knowledge_check *check);

/* The progress of a request; at its end, the result. */
struct bf_progress {
    enum bf_stage stage; /* of the latest commit */
    int64_t committed[BF_STAGE_COUNT];
    int64_t kept[BF_STAGE_COUNT];
    int64_t planned[BF_STAGE_COUNT]; /* most prompts of a stage */
    int64_t rejected[BF_REASON_COUNT];
    int32_t n_points;
    double diversity, gain; /* of Stage I; gain NaN before the second check */
    enum bf_stop stop;      /* of Stage I */
    bool finished;
    struct bf_gen_stats engine;                         /* of this process, all generate calls so far */
    double embed_seconds, filter_seconds, sink_seconds; /* of this process */
    double list_seconds;                                /* of this process, for everything after the points */
    int64_t list_tokens;                                /* generated in that time */
    double elapsed_seconds;                             /* of this process */
    struct bf_knowledge_check knowledge;
    int64_t n_tasks, n_tasks_done; /* in a run of many requests */
    /* This request's share of the process: everything when it is alone, otherwise by its tokens. */
    int64_t generated_tokens;
    double generate_seconds, wall_seconds;
};

/* What an answer becomes, for one transaction of the receiver. */
struct bf_commit_item {
    struct bf_sample sample;
    bool checked; /* did this sample trigger a check of the stop rule? */
    struct bf_stop_check checkpoint;
};
struct bf_commit {
    int64_t number;                     /* of the answer, in the request's list */
    const struct bf_commit_item *items; /* [n_items] >= 1 */
    size_t n_items;
    const struct bf_point *points; /* [n_points] found in items[0] */
    size_t n_points;
};

/* An answer that came before its turn. Strings are borrowed during a call. */
struct bf_pending {
    int64_t number;   /* in the request's list */
    const char *text; /* raw bytes, NUL-terminated */
    size_t text_len;
    int32_t n_tokens;
    enum bf_finish finish;
    double min_k_sampling, min_k_model, mean_logp;
};

/* The receiver of commits. A status other than BF_OK ends the run. */
struct bf_sink {
    void *user;
    enum bf_status (*commit)(void *user, const struct bf_commit *commit, struct bf_err *err);
    /* Keep an answer until its number is committed or the request is finished; the same number may come again. NULL: a
     * resumed run generates the answer again. */
    enum bf_status (*answer)(void *user, const struct bf_pending *pending, struct bf_err *err);
};

/* What an earlier process committed: the receiver's samples in commit order, replayed once at the start. */
struct bf_replay {
    void *user;
    /* The next sample; *more is false at the end. Strings are valid until the next call. */
    enum bf_status (*next)(void *user, struct bf_sample *sample, const struct bf_point **points, size_t *n_points,
                           bool *more, struct bf_err *err);
    /* Then the kept answers, in the order of their numbers; may be NULL. */
    enum bf_status (*pending)(void *user, struct bf_pending *pending, bool *more, struct bf_err *err);
};

/* Samples of a request must not be closer to a guard than to their own domain (cosine). */
struct bf_guard {
    const char *name;
    bool centroid;         /* true: the vector is the centroid of texts, compared with the samples' own
                              centroid; false: that of a name, compared with the domain's name */
    const float *vector;   /* [n_embd] of the embedder, unit length */
    enum bf_reason reason; /* BF_REASON_RETAIN_OVERLAP or BF_REASON_FORGET_OVERLAP */
};

/* The originals of an instance request; the caller keeps them. */
struct bf_original {
    const char *text;              /* "Question: ...\nAnswer: ..." for a pair */
    const char *question, *answer; /* both are set, or neither */
};
struct bf_originals {
    void *user;
    int64_t n;
    /* Get original `index`; strings are valid until the next call of either function. */
    enum bf_status (*get)(void *user, int64_t index, struct bf_original *out, struct bf_err *err);
    /* Call `each` for every committed and kept sample of that original, first the original itself, with embeddings. */
    enum bf_status (*kept)(void *user, int64_t index, void *to, void (*each)(void *to, const struct bf_sample *sample),
                           struct bf_err *err);
};

/* One request to work on. All pointers must stay valid until the task is done. */
struct bf_task {
    int64_t id; /* the caller's number */
    const struct bf_request *request;
    struct bf_sink sink;
    const struct bf_replay *replay; /* NULL for a new request */
    const struct bf_guard *guards;  /* [n_guards] */
    size_t n_guards;
    const struct bf_originals *originals; /* for kind instance */
};

/* The source of requests: several share the engine, so that it stays busy when one of them ends. */
struct bf_task_source {
    void *user;
    int64_t n_tasks; /* for progress */
    /* The next request; called when those in progress leave the engine idle. *more is false when there is none. */
    enum bf_status (*next)(void *user, struct bf_task *task, bool *more, struct bf_err *err);
    /* Called once for each task of `next`: it is finished (progress->finished), or the run ends before. */
    enum bf_status (*done)(void *user, int64_t id, const struct bf_progress *progress, struct bf_err *err);
    /* Called often, after each engine step and commit, with the sum over the tasks; false stops soon with
     * BF_INTERRUPTED. May be NULL. */
    bool (*progress)(void *user, const struct bf_progress *progress);
};

/* Work until all requests of the source are finished. `embedder` may be `engine` itself. *sum is filled on every
 * return. BF_INTERRUPTED: progress returned false. Otherwise the status of the engine, the sink or the source. */
BF_MUST_CHECK enum bf_status bf_synth_run(const struct bf_task_source *source, const struct bf_template_set *templates,
                                          struct bf_engine *engine, struct bf_engine *embedder, struct bf_progress *sum,
                                          struct bf_err *err);

/* How many tokens of context one sequence of this request needs, for the longest prompt and its answer. Estimated from
 * bytes, before a model is open; originals have at most `original_bytes`. */
#define BF_QUESTIONED_MAX_BYTES 210 /* of a text that a question is written about; its beginning is enough */
int32_t bf_synth_context_estimate(const struct bf_request *request, const struct bf_template_set *templates,
                                  int64_t original_bytes);

/* How the variants of one original differ in their words. */
struct bf_variety {
    size_t n_variants;
    size_t n_distinct; /* at least 0.2 apart (word-level edit distance) from the original and from each other */
    double distinct_1,
        distinct_2;       /* distinct n-grams over all n-grams of the variants (Li et al., 2016); NaN without any */
    double edit_distance; /* mean to the original, 0..1; NaN without variants */
};
void bf_variety_of(const char *original, const char *const *variants, size_t n, struct bf_variety *out);

/* The threshold of --tau auto: the 95th percentile of n Min-K% probabilities of questions about an invented topic, of
 * which the model cannot be sure. The paper's 0.30 with fewer than BF_TAU_ANSWERS_MIN. Sorts the values. */
enum { BF_TAU_ANSWERS_MIN = 8 };
double bf_tau_of_control(double *values, size_t n);

/* Embed a text in the way samples are embedded: unit length, rounded to half precision. vector [n_embd]; half [n_embd],
 * nullable. */
BF_MUST_CHECK enum bf_status bf_synth_embed(struct bf_engine *embedder, const char *text, float *vector, uint16_t *half,
                                            struct bf_err *err);

#endif
