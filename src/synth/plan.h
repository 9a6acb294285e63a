/* A run is a numbered list: the plan gives item i of a stage its prompt, temperature and seed, which depend only on the
 * request and the points (docs/architecture.md, docs/determinism.md). */
#ifndef BF_SYNTH_PLAN_H
#define BF_SYNTH_PLAN_H
#include <stdint.h>

#include "base/buf.h"
#include "synth/points.h"
#include "synth/synth.h"

struct bf_plan {
    const struct bf_request *request;
    const struct bf_template_set *templates;
    const struct bf_points *points;
    char *control_topic; /* invented, from the seed */
    struct bf_points control_points;
    int32_t *parts; /* [n_parts] the number of points at the end of each part of Stage I */
    size_t n_parts;
};

struct bf_plan_item {
    enum bf_stage stage;
    int64_t index;
    int32_t point; /* -1 when the template has no {point} */
    int32_t template_index;
    double temperature;
    uint64_t seed;
    int32_t max_tokens;
};

void bf_plan_init(struct bf_plan *plan, const struct bf_request *request, const struct bf_template_set *templates,
                  const struct bf_points *points);
void bf_plan_release(struct bf_plan *plan);

/* The most prompts of a stage; for Stage I the points must be known. */
int64_t bf_plan_count(const struct bf_plan *plan, enum bf_stage stage);
/* Is this control text a question of membership inference about the invented topic, for --tau auto? Those come after
 * the control_samples texts of the knowledge check. */
bool bf_plan_is_tau_question(const struct bf_plan *plan, enum bf_stage stage, int64_t index);
/* The points since the last call are the next part of Stage I; without any, nothing happens. Returns the index after
 * the part's last item. */
int64_t bf_plan_add_part(struct bf_plan *plan);
/* Item `index` (from 0) of a stage. In BF_ORDER_BALANCED the point varies fastest, then template, temperature, sample,
 * so that any prefix is balanced; BF_ORDER_POINT is the order of the official code: point, template, temperature,
 * sample. Stage I in several parts: the points of each part with each template once (BF_ORDER_POINT: in every way),
 * part after part; then all points with the other temperatures and samples. In one part, that is the order above. */
void bf_plan_item(const struct bf_plan *plan, enum bf_stage stage, int64_t index, struct bf_plan_item *out);
/* The prompt of an item, without the chat template. */
void bf_plan_prompt(const struct bf_plan *plan, const struct bf_plan_item *item, struct bf_buf *out);

#endif
