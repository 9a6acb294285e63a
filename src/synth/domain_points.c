#include "synth/domain_points.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

enum {
    TOKENS_PER_POINT = 16, /* of an answer with names, some of them with a remark */
    CONFIRM_TOKENS = 64,
    CONFIRM_ANSWERS = 2
};

static void append(int32_t **list, int32_t *n, int32_t value)
{
    *list = bf_grow(*list, (size_t)*n + 1, sizeof **list);
    (*list)[(*n)++] = value;
}

/* Which templates are asked when. {known} has no value in the first round. */
static void sort_templates(struct bf_domain_points *d)
{
    const struct bf_template_set *set = d->plan->templates;
    for (size_t t = 0; t < set->n; t++) {
        const struct bf_template *template = &set->items[t];
        if (template->stage != BF_STAGE_POINTS)
            continue;
        const enum bf_points_ask asks = bf_template_asks(template);
        if (asks == BF_POINTS_CONFIRM)
            append(&d->confirm, &d->n_confirm, (int32_t)t);
        if (asks == BF_POINTS_FORM)
            append(&d->later, &d->n_later, (int32_t)t);
        if (asks == BF_POINTS_FORM && !strstr(template->text, "{known}"))
            append(&d->first, &d->n_first, (int32_t)t);
    }
    for (int32_t i = 0; d->n_first == 0 && i < d->n_later; i++)
        append(&d->first, &d->n_first, d->later[i]);
    for (size_t t = 0; t < set->n; t++)
        if (set->items[t].stage == BF_STAGE_POINTS && bf_template_asks(&set->items[t]) == BF_POINTS_CONTROL)
            append(&d->first, &d->n_first, (int32_t)t);
}

void bf_domain_points_init(struct bf_domain_points *d, const struct bf_plan *plan, struct bf_points *points)
{
    const struct bf_lines *given = &plan->request->points;
    *d = (struct bf_domain_points){.plan = plan, .points = points, .n_given = given->n > 0, .asks_from = -1};
    bf_tally_init(&d->tally, plan->templates, plan->request->topic);
    sort_templates(d);
    for (size_t i = 0; i < given->n; i++)
        bf_points_add(points, 0, given->items[i], BF_ORIGIN_FILE);
    d->n_before = points->n;
}

void bf_domain_points_release(struct bf_domain_points *d)
{
    bf_tally_release(&d->tally);
    free(d->first);
    free(d->later);
    free(d->confirm);
    free(d->drawn);
    free(d->answer);
    *d = (struct bf_domain_points){.asks_from = -1};
}

int64_t bf_domain_points_round(const struct bf_domain_points *d, int32_t round)
{
    return !d->plan->request->point_forms ? 1 : round == 0 ? d->n_first : d->n_later;
}

int64_t bf_domain_points_rounds(const struct bf_domain_points *d)
{
    const int32_t rounds = d->plan->request->points_only ? 0 : d->plan->request->rounds;
    int64_t n = 0;
    for (int32_t round = 0; round < rounds; round++)
        n += bf_domain_points_round(d, round);
    return n;
}

static bool is_confirm(const struct bf_domain_points *d, int64_t index)
{
    return d->asks_from >= 0 && index >= d->asks_from;
}

/* The candidate that a question of the snowball is about. */
static const struct bf_candidate *candidate_of(const struct bf_domain_points *d, int64_t index)
{
    return &d->tally.items[d->drawn[(index - d->asks_from) / CONFIRM_ANSWERS]];
}

void bf_domain_points_item(const struct bf_domain_points *d, int64_t index, struct bf_plan_item *out)
{
    const struct bf_request *r = d->plan->request;
    if (is_confirm(d, index)) {
        out->template_index = d->confirm[(index - d->asks_from) % CONFIRM_ANSWERS % d->n_confirm];
        out->max_tokens = r->max_new_tokens < CONFIRM_TOKENS ? r->max_new_tokens : CONFIRM_TOKENS;
        return;
    }
    if (!r->point_forms)
        return;
    const int64_t i = index - d->n_given;
    out->template_index = i < d->n_first ? d->first[i] : d->later[(i - d->n_first) % d->n_later];
    out->max_tokens = r->points_per_round * TOKENS_PER_POINT;
}

void bf_domain_points_prompt(const struct bf_domain_points *d, const struct bf_plan_item *item, struct bf_buf *out)
{
    const struct bf_template *template = &d->plan->templates->items[item->template_index];
    const bool control = bf_template_asks(template) == BF_POINTS_CONTROL;
    const bool confirm = is_confirm(d, item->index);
    char number[16];
    struct bf_buf known;
    snprintf(number, sizeof number, "%d", d->plan->request->points_per_round);
    bf_buf_init(&known, 1 << 20);
    if (!confirm && !control)
        bf_points_join(d->points, &known);
    const struct bf_fill fill = {
        .topic = control ? d->plan->control_topic : d->plan->request->topic,
        .point = confirm ? candidate_of(d, item->index)->name : NULL,
        .n = number,
        .known = known.data,
    };
    bf_template_fill(out, template->text, &fill);
    bf_buf_release(&known);
}

/* ---- rounds ---- */

static void take_list(struct bf_domain_points *d, int32_t round, const char *text, bool cut)
{
    const struct bf_request *r = d->plan->request;
    bf_points_add_list(d->points, r->topic, round, text, cut, r->points_per_round);
}

void bf_domain_points_take(struct bf_domain_points *d, int64_t index, int32_t round, bool ends, bool choose,
                           const char *text, bool cut)
{
    const struct bf_request *r = d->plan->request;
    if (r->point_forms) {
        struct bf_plan_item item = {.stage = BF_STAGE_POINTS, .index = index};
        struct bf_buf prompt;
        bf_buf_init(&prompt, SIZE_MAX);
        bf_domain_points_item(d, index, &item);
        bf_domain_points_prompt(d, &item, &prompt);
        bf_tally_answer(&d->tally, item.template_index, prompt.data, text, cut);
        bf_buf_release(&prompt);
    } else if (choose) {
        take_list(d, round, text, cut);
    }
    if (!ends || !choose)
        return;
    if (r->point_forms) {
        const int32_t given = (int32_t)r->points.n;
        const int32_t wanted = given + r->rounds * r->points_per_round;
        bf_tally_choose(&d->tally, d->points, round, wanted - d->points->n, (r->points_per_round + 1) / 2);
    }
    /* When the model names nothing, the topic is the only point. */
    if (d->points->n == 0 && (round + 1 == r->rounds || round > 0))
        bf_points_add(d->points, round, r->topic, BF_ORIGIN_TOPIC);
}

bool bf_domain_points_go_on(const struct bf_domain_points *d, int32_t next_round)
{
    const struct bf_request *r = d->plan->request;
    const struct bf_points *p = d->points;
    if (next_round >= r->rounds || r->points_only)
        return false;
    if (next_round == 0)
        return true;
    /* A round in which the topic itself became the point had found nothing. */
    const bool nothing = p->n == d->n_before || strcmp(p->items[d->n_before].text, r->topic) == 0;
    if (nothing && p->n > 0)
        return false;
    return !r->point_forms || p->n < (int32_t)r->points.n + r->rounds * r->points_per_round;
}

/* ---- snowball ---- */

bool bf_domain_points_snowball(const struct bf_domain_points *d)
{
    return d->n_confirm > 0 && d->plan->request->snowball > 0 && !d->plan->request->points_only;
}

int64_t bf_domain_points_draw(struct bf_domain_points *d, int64_t index)
{
    const int32_t most = d->plan->request->points_per_round;
    if (d->asks_from < 0)
        d->asks_from = index;
    d->drawn = bf_grow(d->drawn, d->n_drawn + (size_t)most, sizeof *d->drawn);
    const int32_t n = bf_tally_draw(&d->tally, d->points, most, d->drawn + d->n_drawn);
    d->n_drawn += (size_t)n;
    return (int64_t)n * CONFIRM_ANSWERS;
}

void bf_domain_points_confirm(struct bf_domain_points *d, int64_t index, int32_t round, bool choose, const char *text)
{
    if ((index - d->asks_from) % CONFIRM_ANSWERS == 0) {
        free(d->answer);
        d->answer = bf_strdup(text);
        return;
    }
    struct bf_plan_item item = {.stage = BF_STAGE_POINTS, .index = index};
    struct bf_buf prompt;
    bf_buf_init(&prompt, SIZE_MAX);
    bf_domain_points_item(d, index, &item);
    bf_domain_points_prompt(d, &item, &prompt);
    if (choose && d->answer && bf_descriptions_agree(prompt.data, d->answer, text))
        bf_points_add(d->points, round, candidate_of(d, index)->name, BF_ORIGIN_SNOWBALL);
    bf_buf_release(&prompt);
}
