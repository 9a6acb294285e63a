/* The questions for points of a domain request: which question has which number in stage points, and what its answer
 * means. The index in the stage counts:
 *
 *     the user's points (0 or 1) | round 1: forms, control | round 2: all forms | ... | snowball: candidate x confirm
 *
 * Requests without point_forms have one question a round: the first template, then the second. */
#ifndef BF_SYNTH_DOMAIN_POINTS_H
#define BF_SYNTH_DOMAIN_POINTS_H
#include "synth/plan.h"
#include "synth/point_tally.h"

struct bf_domain_points {
    const struct bf_plan *plan;
    struct bf_points *points; /* of the request; the plan reads them */
    struct bf_tally tally;
    int32_t *first, *later, *confirm; /* templates of the first round, of a later round, of the snowball */
    int32_t n_first, n_later, n_confirm;
    int32_t n_given;  /* 1 when the user names points: they are item 0 of the stage */
    int32_t n_before; /* points at the start of the current round */
    int32_t *drawn;   /* [n_drawn] candidates that are asked about, all waves */
    size_t n_drawn;
    int64_t asks_from; /* index in the stage of the snowball's first question; -1 before */
    char *answer;      /* the first answer about the current candidate */
};

/* `plan` and `points` stay the caller's. The user's points are added. */
void bf_domain_points_init(struct bf_domain_points *d, const struct bf_plan *plan, struct bf_points *points);
void bf_domain_points_release(struct bf_domain_points *d);

/* How many questions a round has, and all rounds together. */
int64_t bf_domain_points_round(const struct bf_domain_points *d, int32_t round);
int64_t bf_domain_points_rounds(const struct bf_domain_points *d);
/* Fill in template, tokens and temperature of the item with this index; *out is that of the plan. */
void bf_domain_points_item(const struct bf_domain_points *d, int64_t index, struct bf_plan_item *out);
void bf_domain_points_prompt(const struct bf_domain_points *d, const struct bf_plan_item *item, struct bf_buf *out);

/* Take the answer to a question of a round; `text` is without thoughts. At the end of a round (`ends`), the points that
 * it gives are added when `choose`; a replayed run has them already. */
void bf_domain_points_take(struct bf_domain_points *d, int64_t index, int32_t round, bool ends, bool choose,
                           const char *text, bool cut);
/* Is another round of use? Not when the round before found nothing new, or there are as many points as all rounds are
 * meant to give. */
bool bf_domain_points_go_on(const struct bf_domain_points *d, int32_t next_round);

/* Can names of kept texts become points? */
bool bf_domain_points_snowball(const struct bf_domain_points *d);
/* Draw candidates from the kept texts so far. Returns how many questions they give; `index` is that of the first. */
int64_t bf_domain_points_draw(struct bf_domain_points *d, int64_t index);
/* Take the answer to a question of the snowball; with `choose`, the last one about a candidate adds it as a point of
 * this round when the answers agree. */
void bf_domain_points_confirm(struct bf_domain_points *d, int64_t index, int32_t round, bool choose, const char *text);

#endif
