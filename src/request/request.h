/* What the user wants: a domain, the parameters of the method, the prompts. Loaded, checked, hashed; no model here.
 * The paper's figures live once, in request/profile.c. */
#ifndef BF_REQUEST_REQUEST_H
#define BF_REQUEST_REQUEST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/opt.h"

#define BF_TOPIC_MAX_BYTES 2000 /* a longer domain name is refused */

/* Where a sample comes from. The order is the order of stages in a run and of sample indices. */
#define BF_STAGE_MAP(X)                                                                                                \
    X(BF_STAGE_POINTS, "points", "enumeration of points")                                                              \
    X(BF_STAGE_SYNTHESIS, "synthesis", "Stage I: seed-guided synthesis")                                               \
    X(BF_STAGE_MI, "mi", "Stage II: membership inference")                                                             \
    X(BF_STAGE_JAILBREAK, "jailbreak", "Stage II: jailbreak")                                                          \
    X(BF_STAGE_CONTROL, "control", "knowledge check: invented control topic")                                          \
    X(BF_STAGE_ORIGINAL, "original", "originals handed over by the user")                                              \
    X(BF_STAGE_REWRITE, "rewrite", "instance level: rewriting")                                                        \
    X(BF_STAGE_SUBFIELDS, "subfields", "textbook: enumeration of subfields")                                           \
    X(BF_STAGE_BULLETS, "bullets", "textbook: bullet points of a subfield")                                            \
    X(BF_STAGE_CHAPTERS, "chapters", "textbook: whole chapters")                                                       \
    X(BF_STAGE_TEXTBOOK, "textbook", "textbook: lines of the chapters")                                                \
    X(BF_STAGE_IMPORT, "import", "texts brought in from outside")

enum bf_stage {
#define X(name, word, text) name,
    BF_STAGE_MAP(X)
#undef X
        BF_STAGE_COUNT
};
enum { BF_STAGE_DOMAIN_END = BF_STAGE_CONTROL + 1 }; /* the stages of a domain are 0 .. END - 1 */
const char *bf_stage_word(enum bf_stage stage);      /* "synthesis": CLI, store and files */
const char *bf_stage_text(enum bf_stage stage);      /* for people */
/* The stage of a word; BF_STAGE_COUNT when there is none. */
enum bf_stage bf_stage_of(const char *word);

/* What is asked for: which stages a request has. */
enum bf_kind { BF_KIND_DOMAIN, BF_KIND_INSTANCE, BF_KIND_TEXTBOOK, BF_KIND_IMPORT, BF_KIND_COUNT };
const char *bf_kind_word(enum bf_kind kind); /* "domain": store, files and requests */
enum bf_kind bf_kind_of(const char *word);   /* BF_KIND_COUNT when there is none */

/* Is the set to be forgotten, or to be kept while forgetting? */
enum bf_role { BF_ROLE_FORGET, BF_ROLE_RETAIN, BF_ROLE_COUNT };
const char *bf_role_word(enum bf_role role); /* "forget", "retain" */
enum bf_role bf_role_of(const char *word);   /* BF_ROLE_COUNT when there is none */

/* A prompt with {topic}, {point}, {n}, {known}, {sentence}, {question}, {answer}, {audience}. */
struct bf_template {
    const char *name;   /* unique in its set: "qa_why" */
    const char *family; /* "information", "qa", "jailbreak", "mi", "points", "perspective", ... */
    enum bf_stage stage;
    const char *text;
    bool is_qa;            /* the answer holds a question and its answer */
    int32_t max_sentences; /* > 0: what the prompt asks for; for display only */
};

struct bf_template_set {
    char *name; /* "default" */
    struct bf_template *items;
    size_t n;
    char sha256[65]; /* of the canonical JSON, recorded with a run */
    json_t *json;    /* owner of the strings above */
};

/* The set compiled into the binary (templates/NAME.json), or a JSON file when `name` has a slash or ends in .json.
 * Checked: names unique, placeholders known, Stage I templates mention {point} or {topic}; every stage of one kind of
 * request present, at least. BF_INPUT on failure. Release with bf_template_set_release. */
BF_MUST_CHECK enum bf_status bf_template_set_load(const char *name, struct bf_template_set *out, struct bf_err *err);
void bf_template_set_release(struct bf_template_set *set);
/* Does the set have a template for each stage that such a request has? BF_INPUT naming the stage when not. */
BF_MUST_CHECK enum bf_status bf_template_set_serves(const struct bf_template_set *set, enum bf_kind kind,
                                                    struct bf_err *err);

/* Values for placeholders; NULL leaves a placeholder out as empty. */
struct bf_fill {
    const char *topic, *point, *n, *known;
    const char *sentence, *question, *answer; /* the original, stage rewrite */
    const char *audience;                     /* stages bullets and chapters */
};
/* One pass, so that a topic containing "{point}" is not expanded again. */
void bf_template_fill(struct bf_buf *out, const char *text, const struct bf_fill *fill);

enum bf_order { BF_ORDER_BALANCED, BF_ORDER_POINT };

/* Everything that decides which bytes come out (with the model). JSON of this struct is hashed and stored. */
struct bf_request {
    enum bf_kind kind;
    char *topic;     /* UTF-8, trimmed, inner white space folded; instances, import: a name for people */
    char *profile;   /* "quick", "paper" */
    char *templates; /* template set */
    uint64_t seed;
    int32_t points_per_round;       /* 1..64 */
    int32_t rounds;                 /* 1..64 */
    double point_temperature;       /* for the lists of points; low, since a wrong point misleads all its samples */
    struct bf_doubles temperatures; /* each > 0 */
    int32_t samples_per_prompt;     /* per (point, template, temperature); 1..10,000 */
    int32_t max_new_tokens;         /* 8..8,192 */
    double top_p;                   /* (0, 1]; 1 = off */
    int32_t top_k;                  /* 0 = off; at most 1,024 */
    int32_t diversity_batch;        /* kept Stage I samples between two checks of the stop rule */
    double epsilon;                 /* stop when the gain is below it; negative = never stop */
    int32_t max_samples;            /* Stage I prompts at most; 0 = all */
    int32_t mi_samples;             /* generated, not kept; 0 = no MI */
    int32_t jailbreak_samples;
    int32_t control_samples;    /* for the knowledge check; 0 = none */
    double probe_temperature;   /* Stage II and control */
    double tau;                 /* Min-K% prob threshold of MI, 0..1 */
    double k_percent;           /* (0, 100]: the share of least likely tokens, 20 */
    bool mi_model_distribution; /* Min-K% under the model's own distribution instead of the sampling one */
    enum bf_order order;
    int32_t min_words;     /* filter too_short */
    double near_duplicate; /* estimated Jaccard similarity of word 3-grams that counts as near; > 1 = off */
    double drift_sigma;    /* filter drift: standard deviations below the mean; 0 = off */
    bool filter_refusal, filter_echo, filter_degenerate, trim_sentence;
    bool model_embedder;   /* the target model's own mean-pooled last hidden state embeds */
    double min_similarity; /* rewriting: least cosine of a variant to its original; 0 = off */
    bool keep_facts;       /* rewriting: names, numbers and dates must be the original's */
    int32_t subfields;     /* textbook: subfields of the domain */
    int32_t bullets;       /* textbook: bullet points per subfield and audience */
    int32_t chapters;      /* textbook: chapters at most; 0 = one per bullet point */
};

/* Names of the profiles, for help: "quick|paper". */
extern const char bf_profile_choices[];
/* Fill every parameter from the profile; topic NULL, seed 3407, kind domain. BF_USAGE for an unknown name. */
BF_MUST_CHECK enum bf_status bf_request_from_profile(const char *profile, struct bf_request *out, struct bf_err *err);
/* The same for another kind, whose figures differ (fewer tokens for a rewritten sentence, more for a chapter). */
BF_MUST_CHECK enum bf_status bf_request_of_kind(enum bf_kind kind, const char *profile, struct bf_request *out,
                                                struct bf_err *err);
void bf_request_release(struct bf_request *request);

/* Set the topic from untrusted bytes: BF_USAGE when empty, over BF_TOPIC_MAX_BYTES, or not UTF-8. */
BF_MUST_CHECK enum bf_status bf_request_set_topic(struct bf_request *request, const char *topic, struct bf_err *err);
/* Every range above; BF_USAGE with the option's name and its range. */
BF_MUST_CHECK enum bf_status bf_request_check(const struct bf_request *request, struct bf_err *err);

/* To and from the JSON that the store keeps. New reference / BF_INPUT naming the missing or wrong key. */
json_t *bf_request_to_json(const struct bf_request *request);
BF_MUST_CHECK enum bf_status bf_request_from_json(const json_t *json, struct bf_request *out, struct bf_err *err);

#endif
