/* What the user wants: a domain, the parameters of the method, the prompts. They are loaded, checked and hashed here,
 * without a model. The paper's parameters are in request/profile.c. */
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
#define BF_POINT_MAX_BYTES 120  /* a longer name of a point is refused, or left out when the model writes it */
#define BF_GIVEN_POINTS_MAX 1000

/* Where a sample comes from. The order is the order of stages in a run and of sample indices. */
#define BF_STAGE_MAP(X)                                                                                                \
    X(BF_STAGE_POINTS, "points", "enumeration of points")                                                              \
    X(BF_STAGE_SYNTHESIS, "synthesis", "Stage I: seed-guided synthesis")                                               \
    X(BF_STAGE_MI, "mi", "Stage II: membership inference")                                                             \
    X(BF_STAGE_JAILBREAK, "jailbreak", "Stage II: jailbreak")                                                          \
    X(BF_STAGE_CONTROL, "control", "knowledge check: invented control topic")                                          \
    X(BF_STAGE_ORIGINAL, "original", "originals provided by the user")                                                 \
    X(BF_STAGE_REWRITE, "rewrite", "instance level: rewriting")                                                        \
    X(BF_STAGE_SUBFIELDS, "subfields", "textbook: enumeration of subfields")                                           \
    X(BF_STAGE_BULLETS, "bullets", "textbook: bullet points of a subfield")                                            \
    X(BF_STAGE_CHAPTERS, "chapters", "textbook: whole chapters")                                                       \
    X(BF_STAGE_TEXTBOOK, "textbook", "textbook: lines of the chapters")                                                \
    X(BF_STAGE_IMPORT, "import", "imported texts")                                                                     \
    X(BF_STAGE_QUESTIONS, "questions", "self-questioning: a question about a text")                                    \
    X(BF_STAGE_PAIRS, "pairs", "self-questioning: the question asked closed-book")                                     \
    X(BF_STAGE_WORDINGS, "wordings", "the question of a pair in other words")

enum bf_stage {
#define X(name, word, text) name,
    BF_STAGE_MAP(X)
#undef X
        BF_STAGE_COUNT
};
enum { BF_STAGE_DOMAIN_END = BF_STAGE_CONTROL + 1 }; /* the stages of a domain are 0 .. END - 1 */
const char *bf_stage_word(enum bf_stage stage);      /* "synthesis": on the command line, in the store and in files */
const char *bf_stage_text(enum bf_stage stage);      /* for people */
/* The stage of this word; BF_STAGE_COUNT when there is none. */
enum bf_stage bf_stage_of(const char *word);

/* The kind of a request decides which stages it has. */
enum bf_kind { BF_KIND_DOMAIN, BF_KIND_INSTANCE, BF_KIND_TEXTBOOK, BF_KIND_IMPORT, BF_KIND_COUNT };
const char *bf_kind_word(enum bf_kind kind); /* "domain": in the store, in files and requests */
enum bf_kind bf_kind_of(const char *word);   /* BF_KIND_COUNT when there is none */

/* What a request's samples are for: to be forgotten, to be retained, or, a neighbour's, only to probe a training that
 * never sees them. */
enum bf_role { BF_ROLE_FORGET, BF_ROLE_RETAIN, BF_ROLE_NEIGHBOUR, BF_ROLE_COUNT };
#define BF_ROLE_TRAINED (BF_ROLE_RETAIN + 1) /* trainings and exports of sets have the roles 0 .. TRAINED - 1 */
const char *bf_role_word(enum bf_role role); /* "forget", "retain", "neighbour" */
enum bf_role bf_role_of(const char *word);   /* BF_ROLE_COUNT when there is none */

/* A prompt with {topic}, {point}, {n}, {known}, {sentence}, {question}, {answer}, {audience}. */
struct bf_template {
    const char *name;   /* unique in its set: "qa_why" */
    const char *family; /* "information", "qa", "jailbreak", "mi", "points", "perspective", ... */
    enum bf_stage stage;
    const char *text;
    bool is_qa;            /* the model's answer contains a question and its answer */
    int32_t max_sentences; /* > 0: how many the prompt asks for; only for display */
};

/* What a template of stage points asks for, by its family. "points-control": the points of an invented topic; names
 * that the model gives there, too, say nothing about the domain. "points-confirm": who or what the candidate {point}
 * is. "points-belong": the same without the topic, so that an answer which names the topic says that the candidate
 * belongs to it. Every other family: the points of the domain. */
enum bf_points_ask { BF_POINTS_FORM, BF_POINTS_CONTROL, BF_POINTS_CONFIRM, BF_POINTS_BELONG };
enum bf_points_ask bf_template_asks(const struct bf_template *item);
/* Is it a template of stage questions with the family "questions-point": a question whose answer is {point}? The others
 * of that stage ask about {sentence}. */
bool bf_template_asks_point(const struct bf_template *item);

struct bf_template_set {
    char *name; /* "default" */
    struct bf_template *items;
    size_t n;
    char sha256[65]; /* of the canonical JSON; stored with a run */
    json_t *json;    /* owner of the strings above */
};

/* Load a set that is compiled into the program (templates/NAME.json), or a JSON file when `name` has a slash or ends in
 * .json. Checks that names are unique, placeholders known, that Stage I templates mention {point} or {topic}, and that
 * at least one kind of request has all of its stages. BF_INPUT on failure. Release with bf_template_set_release. */
BF_MUST_CHECK enum bf_status bf_template_set_load(const char *name, struct bf_template_set *out, struct bf_err *err);
void bf_template_set_release(struct bf_template_set *set);
/* Does the set have a template for each stage of this kind of request? If not, BF_INPUT names the stage. */
BF_MUST_CHECK enum bf_status bf_template_set_serves(const struct bf_template_set *set, enum bf_kind kind,
                                                    struct bf_err *err);

/* Values for placeholders; NULL is an empty text. */
struct bf_fill {
    const char *topic, *point, *n, *known;
    const char *sentence, *question, *answer; /* the original; in stage rewrite */
    const char *audience;                     /* in stages bullets and chapters */
};
/* Append `text` with its placeholders filled in. One pass, so that a topic with "{point}" in it is not expanded again.
 */
void bf_template_fill(struct bf_buf *out, const char *text, const struct bf_fill *fill);

#define BF_TAU_PAPER 0.30 /* threshold of membership inference in the paper and its code */

enum bf_order { BF_ORDER_BALANCED, BF_ORDER_POINT };

enum { BF_QUESTIONS_AUTO = -1 }; /* as many as cost about 40 % more time than a run without */

/* A list of lines. */
struct bf_lines {
    char **items; /* [n], owned */
    size_t n;
};
void bf_lines_release(struct bf_lines *lines);
void bf_lines_add(struct bf_lines *lines, const char *line, size_t n_bytes);

/* Everything that, together with the model, decides the bytes of a result. Its JSON is hashed and stored. */
struct bf_request {
    enum bf_kind kind;
    char *topic;     /* UTF-8, trimmed, inner white space folded; for instances and imports only a name */
    char *profile;   /* "quick", "paper" */
    char *templates; /* template set */
    uint64_t seed;
    int32_t points_per_round;       /* 1..64 */
    int32_t rounds;                 /* 1..64 */
    double point_temperature;       /* for lists of points; low, since a wrong point misleads all of its samples */
    struct bf_doubles temperatures; /* each > 0 */
    int32_t samples_per_prompt;     /* per (point, template, temperature); 1..10,000 */
    int32_t max_new_tokens;         /* 8..8,192 */
    double top_p;                   /* (0, 1]; 1 = off */
    int32_t top_k;                  /* 0 = off; at most 1,024 */
    int32_t diversity_batch;        /* kept Stage I samples between two checks of the stop rule */
    double epsilon;                 /* stop when the gain is below it; negative = never stop */
    int32_t max_samples;            /* most Stage I prompts; 0 = all */
    int32_t mi_samples;             /* how many to generate, not to keep; 0 = no MI */
    int32_t jailbreak_samples;
    int32_t control_samples;    /* for the knowledge check; 0 = none */
    double probe_temperature;   /* Stage II and control */
    double tau;                 /* Min-K% prob threshold of MI, 0..1; NaN ("auto") = from the control texts */
    double k_percent;           /* (0, 100]: the share of least likely tokens, 20 */
    bool mi_model_distribution; /* Min-K% under the model's own distribution instead of the sampling one */
    enum bf_order order;
    int32_t min_words;     /* for the filter too_short */
    double near_duplicate; /* estimated Jaccard similarity of word 3-grams that counts as near; > 1 = off */
    double drift_sigma;    /* for the filter drift: standard deviations below the mean; 0 = off */
    bool filter_refusal, filter_echo, filter_degenerate, trim_sentence;
    bool model_embedder;     /* embed with the target model's mean-pooled last hidden states */
    double min_similarity;   /* rewriting: smallest cosine of a variant to its original; 0 = off */
    bool keep_facts;         /* rewriting: a variant must have the original's names, numbers and dates */
    int32_t subfields;       /* textbook: subfields of the domain */
    int32_t bullets;         /* textbook: bullet points per subfield and audience */
    int32_t chapters;        /* textbook: most chapters; 0 = one per bullet point */
    int32_t questions;       /* domain, instance: most texts that get a question; 0 = none; or BF_QUESTIONS_AUTO */
    int32_t wordings;        /* other wordings of each verified pair's question; 0..8 */
    int32_t point_questions; /* domain: questions of each point whose answer it is; 0..16; none when questions is 0 */
    bool point_forms;        /* ask for points in all forms of the template set; false: one question a round */
    int32_t snowball;        /* how often to ask about names that recur in kept texts; 0 = never; at most 64 */
    struct bf_lines points;  /* that the user names */
    bool points_only;        /* those are all points; the model is not asked for any */
};

/* Names of the profiles, for help: "quick|paper". */
extern const char bf_profile_choices[];
/* Set every parameter as in the profile; topic NULL, seed 3407, kind domain. BF_USAGE for an unknown name. Release with
 * bf_request_release. */
BF_MUST_CHECK enum bf_status bf_request_from_profile(const char *profile, struct bf_request *out, struct bf_err *err);
/* The same for another kind, with its own parameters (fewer tokens for a rewritten sentence, more for a chapter). */
BF_MUST_CHECK enum bf_status bf_request_of_kind(enum bf_kind kind, const char *profile, struct bf_request *out,
                                                struct bf_err *err);
void bf_request_release(struct bf_request *request);

/* Set the topic from untrusted bytes. BF_USAGE: it is empty, longer than BF_TOPIC_MAX_BYTES, or not UTF-8. */
BF_MUST_CHECK enum bf_status bf_request_set_topic(struct bf_request *request, const char *topic, struct bf_err *err);
/* Read points from a file: one per line, UTF-8; blank lines and lines that begin with '#' are left out, and so is a
 * line that repeats an earlier one (ignoring case and accents), which *n_twice counts. Replaces *out. BF_INPUT: the
 * file cannot be read, has no point or more than BF_GIVEN_POINTS_MAX, or a line is not UTF-8, shorter than two bytes or
 * longer than BF_POINT_MAX_BYTES; the sentence names it. */
BF_MUST_CHECK enum bf_status bf_points_file_read(const char *path, struct bf_lines *out, size_t *n_twice,
                                                 struct bf_err *err);
/* Check all ranges above. BF_USAGE: the sentence names the option and its range. */
BF_MUST_CHECK enum bf_status bf_request_check(const struct bf_request *request, struct bf_err *err);

/* To the JSON that the store keeps, a new reference; and back. BF_INPUT: the sentence names the missing or wrong key.
 */
json_t *bf_request_to_json(const struct bf_request *request);
BF_MUST_CHECK enum bf_status bf_request_from_json(const json_t *json, struct bf_request *out, struct bf_err *err);

#endif
