/* Which names become points: names that several forms of the question give before those that one gives, and names that
 * recur in kept texts. Everything follows from the answers and texts in commit order. */
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
};

struct bf_tally {
    const struct bf_template_set *templates;
    const char *topic;
    struct bf_candidate *items; /* [n], in the order in which they were first named */
    size_t n, size;
    bool *asked;                /* [templates->n] forms that were answered */
    int32_t n_asked, n_control; /* distinct forms, and control answers */
    int64_t n_texts;            /* kept texts */
};

void bf_tally_init(struct bf_tally *tally, const struct bf_template_set *templates, const char *topic);
void bf_tally_release(struct bf_tally *tally);
/* Count the names in an answer to the template with this index; `question` is its prompt. */
void bf_tally_answer(struct bf_tally *tally, int32_t template_index, const char *question, const char *text, bool cut);
/* Count the names in a kept text. */
void bf_tally_text(struct bf_tally *tally, const char *text);

/* Add up to `max` points of a round, those that most forms gave first: names that two or more forms gave, and when they
 * are fewer than `enough`, those that one gave. A name whose share of the control answers is at least its share of the
 * forms comes last of all, when there would be no point otherwise. Returns how many were added. */
int32_t bf_tally_choose(struct bf_tally *tally, struct bf_points *points, int32_t round, int32_t max, int32_t enough);

/* The next candidates of the snowball, at most `max`, into out [max] as indices: names in BF_SNOWBALL_TEXTS or more
 * kept texts that are not points yet, were not asked about, and were not given for the invented topic; those in most
 * texts first. Marks them as asked about. */
enum { BF_SNOWBALL_TEXTS = 3 };
int32_t bf_tally_draw(struct bf_tally *tally, const struct bf_points *points, int32_t max, int32_t *out);

/* Do two answers about the same name say the same? They share at least two content words, and at least three tenths of
 * the shorter one's. Words of `question`, small and ordinary words do not count; a refusal agrees with nothing. */
bool bf_descriptions_agree(const char *question, const char *a, const char *b);

#endif
