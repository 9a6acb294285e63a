/* Self-questioning. For a kept text the model writes a question with a short answer about one fact of it (stage
 * questions). The question is asked again by itself, without the text, and greedily (pairs): when the answer agrees,
 * the model knows the fact, and the pair is kept. A kept pair's question is put in other words (wordings).
 *
 *     text ---> question ---> pair ---> wording 1 .. N
 *     text that is a question with an answer already ---> pair ---> ...
 *
 * These are further numbers at the end of the request's list. Each commit may append some, so what number n is depends
 * only on the commits before it, and nothing on parallelism, timing or a crash. A model that cannot write questions is
 * asked what each point is, in two wordings (points_instead). Beside the questions about texts, some have a point as
 * their answer (ask_for_points): texts name a thing and say what it is, a person who asks says what it is and wants the
 * name. Texts and points of the invented control topic are questioned likewise: what is "verified" there shows how
 * often an invention passes for knowledge. Private to the room. */
#ifndef BF_SYNTH_QUESTIONS_H
#define BF_SYNTH_QUESTIONS_H
#include "base/similar.h"
#include "synth/held_out.h"
#include "synth/knowledge.h"
#include "synth/plan.h"
#include "synth/work.h"

/* A number of the list. Strings are owned. */
struct bf_question_entry {
    enum bf_stage stage; /* QUESTIONS, PAIRS or WORDINGS */
    int64_t index;       /* within the stage */
    enum bf_stage source_stage;
    int64_t source_index;
    int32_t point, template_index; /* -1: none */
    int32_t ordinal;               /* of a wording, from 0 */
    int32_t max_tokens;
    bool control;   /* about a text on the invented topic */
    bool of_point;  /* asks about a point in fixed words; see above */
    bool for_point; /* asks for a point, which is `text` */
    bool trained;   /* the set has this very question already, so its fact cannot be held out */
    char *text;     /* QUESTIONS: what the question is to be about; of_point: the question itself */
    char *question; /* PAIRS and WORDINGS; of_point: the question in the pair's words */
    char *answer;   /* PAIRS: what must be answered; WORDINGS: what the model answered */
    char *written;  /* WORDINGS: the answer that the pair's question was written with */
};

/* A text that may be chosen for a question. */
struct bf_question_candidate {
    bool taken;
    bool direct; /* it is a question with a short answer already, and asked as it is */
    enum bf_stage stage;
    int64_t index;
    int32_t point;
    char *text, *question, *answer; /* the latter two NULL, when it is not a pair */
};

struct bf_questions {
    struct bf_work *work;
    const struct bf_plan *plan; /* NULL for an instance request */
    bool on;
    bool begun, chosen;           /* the first choice is made, and the last one: no more texts become candidates */
    bool thinks;                  /* the model's answers have begun with thoughts */
    int32_t *templates, *rewords; /* [n_templates], [n_rewords] of the set */
    int32_t n_templates, n_rewords;
    int32_t *for_points; /* [n_for_points] of the set: those that ask for a point */
    int32_t n_for_points;
    struct bf_question_candidate *candidates;
    size_t n_candidates;
    struct bf_question_entry *entries; /* [n]; the strings of the first n_done are gone */
    size_t n, n_allocated, n_done;
    int64_t n_of[BF_STAGE_COUNT]; /* entries of a stage */
    int64_t n_control;            /* control texts with an entry */
    bool control_points;          /* the points of the control topic were asked for */
    int64_t n_texts_left;         /* texts whose question is not committed yet */
    int64_t n_seen;               /* texts committed so far, kept or not */
    int64_t n_texts, n_written;   /* texts with an entry, and those for which a question has to be written */
    int64_t n_usable;             /* texts whose question could be asked */
    struct bf_similar *asked;     /* questions that were asked, or are in the set */
    struct bf_held_out held_out;
    struct bf_knowledge_sums *sums; /* its numbers of questions are counted here */
};

/* plan is NULL for an instance request. `sums` must outlive it. */
void bf_questions_init(struct bf_questions *q, struct bf_work *work, const struct bf_plan *plan,
                       struct bf_knowledge_sums *sums);
void bf_questions_release(struct bf_questions *q);

/* See a committed sample of the request's own stages, new or replayed, in commit order. */
void bf_questions_see(struct bf_questions *q, const struct bf_sample *sample);
/* Choose texts that get a question, evenly over the points: first, when Stage I is over, so that there is something to
 * ask while the last probes are under way; then (`last`), when all texts are committed. A second call has no effect.
 * With request->questions = BF_QUESTIONS_AUTO one is written for each tenth text, and texts that are questions already
 * are all asked: that costs about 40 % more time than the run without. */
void bf_questions_choose(struct bf_questions *q, bool last);
/* The same without waiting for the rest, for the originals of an instance request: original `index` of n. */
void bf_questions_original(struct bf_questions *q, const struct bf_sample *original, int64_t n);
/* See a committed rewriting of an instance request, in commit order: a question that is in the set is not held out,
 * too, as a wording. */
void bf_questions_rewriting(struct bf_questions *q, const struct bf_sample *rewriting);
/* Take a replayed sample of the stages above. BF_STORE when it is not the one whose turn it is. */
BF_MUST_CHECK enum bf_status bf_questions_replayed(struct bf_questions *q, const struct bf_sample *sample);
/* How many most prompts of each stage are to be expected, for progress. */
void bf_questions_plan(const struct bf_questions *q);

/* ---- question_turn.c: `number` counts the entries ---- */

void bf_question_ask(struct bf_questions *q, int64_t number, struct bf_gen_request *out);
/* Judge the answer, account for it, hand it over. `list_number`: its place in the request's list. */
BF_MUST_CHECK enum bf_status bf_question_commit(struct bf_questions *q, int64_t list_number,
                                                const struct bf_waiting *answer);

/* ---- for question_turn.c ---- */

/* Account for the sample of the entry whose turn it is: counts, and the entries that follow from it. Releases the
 * entry. */
void bf_questions_account(struct bf_questions *q, const struct bf_sample *sample);
/* Has this question been asked, or is it in the set? */
bool bf_questions_knows(const struct bf_questions *q, const char *question);

#endif
