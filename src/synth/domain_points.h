/* The questions for points of a domain request: which question has which number in stage points, and what its answer
 * means. The index in the stage counts:
 *
 *     the user's points (0 or 1) | round 1: forms, control | candidate x belong | round 2: all forms | candidate x
 * belong | ... | snowball: candidate x (confirm, belong)
 *
 * After the forms of a round, the names that it may choose are asked about without the topic, when the template set has
 * the family "points-belong" and the topic has words to look for; the last of these answers ends the round. The
 * snowball asks the same when these checks have told which names belong. Requests without point_forms have one question
 * a round: the first template, then the second. */
#ifndef BF_SYNTH_DOMAIN_POINTS_H
#define BF_SYNTH_DOMAIN_POINTS_H
#include "synth/plan.h"
#include "synth/point_tally.h"

struct bf_domain_points {
    const struct bf_plan *plan;
    struct bf_points *points; /* of the request; the plan reads them */
    struct bf_tally tally;
    int32_t *first, *later, *confirm, *belong; /* templates of the first round, of a later round, of each family */
    int32_t n_first, n_later, n_confirm, n_belong;
    int32_t n_given; /* 1 when the user names points: they are item 0 of the stage */
    /* The current round. Indices are those in the stage. */
    int32_t round;
    int32_t n_before;   /* points at its start */
    int64_t round_from; /* its first form */
    int64_t check_from; /* its first check; -1 before */
    int64_t round_end;  /* after its last question so far */
    int32_t *checked;   /* candidates that its checks ask about */
    /* The snowball. */
    int32_t *drawn; /* [n_drawn] candidates that are asked about, all waves */
    size_t n_drawn;
    int64_t asks_from;  /* index in the stage of its first question; -1 before */
    int32_t n_asks;     /* questions about a candidate */
    char *answer;       /* the first answer about the current candidate */
    bool answers_agree; /* and the second says the same */
};

/* `plan` and `points` stay the caller's. The user's points are added. */
void bf_domain_points_init(struct bf_domain_points *d, const struct bf_plan *plan, struct bf_points *points);
void bf_domain_points_release(struct bf_domain_points *d);

/* How many questions all rounds have, without checks. */
int64_t bf_domain_points_rounds(const struct bf_domain_points *d);
/* Begin a round; its first question has this index in the stage. */
void bf_domain_points_begin(struct bf_domain_points *d, int32_t round, int64_t index);
/* How many questions of the current round there are from this index on, its checks as soon as they are known. 0: it is
 * over. */
int64_t bf_domain_points_left(const struct bf_domain_points *d, int64_t index);
/* How many questions there may be in all rounds after the current one, without checks. */
int64_t bf_domain_points_later(const struct bf_domain_points *d);
/* Fill in template, tokens and temperature of the item with this index; *out is that of the plan. */
void bf_domain_points_item(const struct bf_domain_points *d, int64_t index, struct bf_plan_item *out);
void bf_domain_points_prompt(const struct bf_domain_points *d, const struct bf_plan_item *item, struct bf_buf *out);

/* Take the answer to a question of the current round; `text` is without thoughts. At its end, the points that it gives
 * are added when `choose`; a replayed run has them already. */
void bf_domain_points_take(struct bf_domain_points *d, int64_t index, bool choose, const char *text, bool cut);
/* Is another round of use? Not when the round before found nothing new, or there are as many points as all rounds are
 * meant to give. */
bool bf_domain_points_go_on(const struct bf_domain_points *d, int32_t next_round);

/* Can names of kept texts become points? */
bool bf_domain_points_snowball(const struct bf_domain_points *d);
/* Draw candidates from the kept texts so far. Returns how many questions they give; `index` is that of the first. */
int64_t bf_domain_points_draw(struct bf_domain_points *d, int64_t index);
/* Take the answer to a question of the snowball; with `choose`, the last one about a candidate adds it as a point of
 * this round when the answers agree and, if it was asked about without the topic, it belongs. */
void bf_domain_points_confirm(struct bf_domain_points *d, int64_t index, int32_t round, bool choose, const char *text);

#endif
