/* Which names become points: names that several forms of the question give before those that one gives, and names that
 * recur in kept texts. When the template set has the family "points-belong", names are also asked about without the
 * topic: the model names the domain of those that belong to it. Everything follows from the answers and texts in commit
 * order. */
#ifndef BF_SYNTH_POINT_TALLY_H
#define BF_SYNTH_POINT_TALLY_H
#include <stdbool.h>
#include <stdint.h>

#include "synth/points.h"

struct bf_candidate {
    char *name, *key;  /* as first written, and its bf_name_key */
    bool *forms;       /* [n_templates] which forms gave it */
    int32_t n_forms;   /* distinct forms that gave it */
    int32_t n_control; /* answers about the invented topic that gave it */
    int32_t n_texts;   /* kept texts that have it */
    int64_t last_text; /* the latest of them, from 1 */
    bool asked;        /* who or what it is */
    bool checked;      /* asked about without the topic */
    bool belongs;      /* an answer to that named the topic, or the name holds it */
};

struct bf_tally {
    const struct bf_template_set *templates;
    const char *topic;
    struct bf_candidate *items; /* [n], in the order in which they were first named */
    size_t n, size;
    bool *asked;                /* [templates->n] forms that were answered */
    int32_t n_asked, n_control; /* distinct forms, and control answers */
    int64_t n_texts;            /* kept texts */
    bool checks;                /* names are asked about without the topic */
};

void bf_tally_init(struct bf_tally *tally, const struct bf_template_set *templates, const char *topic);
void bf_tally_release(struct bf_tally *tally);
/* Count the names in an answer to the template with this index; `question` is its prompt. */
void bf_tally_answer(struct bf_tally *tally, int32_t template_index, const char *question, const char *text, bool cut);
/* Count the names in a kept text. */
void bf_tally_text(struct bf_tally *tally, const char *text);

/* The names that a round may choose and that were not asked about without the topic yet, at most `max`, into out [max]
 * as indices: in the order of bf_tally_choose, without points and those that hold the topic. Marks them as checked. */
int32_t bf_tally_draw_checks(struct bf_tally *tally, const struct bf_points *points, int32_t max, int32_t *out);
/* An answer to a question about the candidate that does not mention the topic. */
void bf_tally_check(struct bf_tally *tally, int32_t candidate, const char *text);
/* How many of the checked names belong. */
int32_t bf_tally_n_belong(const struct bf_tally *tally);
/* Does the check tell which names belong? At least BF_BELONG_MIN do, or all that were checked. Otherwise the model does
 * not name domains when it is asked in this way. */
enum { BF_BELONG_MIN = 3 };
bool bf_check_tells(int32_t n_belong, int32_t n_checked);
bool bf_tally_tells(const struct bf_tally *tally);

/* Add up to `max` points of a round, those that most forms gave first: names that two or more forms gave, and when they
 * are fewer than `enough`, those that one gave (up to `max` when no other form gave any). A name whose share of the
 * control answers is at least its share of the forms comes last of all, when there would be no point otherwise. When
 * the check tells, names that do not belong are left out. Returns how many were added. */
int32_t bf_tally_choose(struct bf_tally *tally, struct bf_points *points, int32_t round, int32_t max, int32_t enough);

/* The next candidates of the snowball, at most `max`, into out [max] as indices: names in BF_SNOWBALL_TEXTS or more
 * kept texts that are not points yet, were not asked about, were not given for the invented topic, and were not left
 * out by the check; those in most texts first. Marks them as asked about. */
enum { BF_SNOWBALL_TEXTS = 3 };
int32_t bf_tally_draw(struct bf_tally *tally, const struct bf_points *points, int32_t max, int32_t *out);

#endif
