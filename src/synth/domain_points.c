#include "synth/domain_points.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "synth/descriptions.h"
#include "base/banned.h"

enum {
    TOKENS_PER_POINT = 16, /* of an answer with names, some of them with a remark */
    CONFIRM_TOKENS = 64,
    CONFIRM_ANSWERS = 2,
    BELONG_TOKENS = 48,
    CHECKED_PER_POINT = 2 /* names that are asked about, for each point that may still be added */
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
        if (asks == BF_POINTS_BELONG && d->tally.checks)
            append(&d->belong, &d->n_belong, (int32_t)t);
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
    *d = (struct bf_domain_points){
        .plan = plan, .points = points, .n_given = given->n > 0, .check_from = -1, .asks_from = -1};
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
    free(d->belong);
    free(d->checked);
    free(d->drawn);
    free(d->answer);
    *d = (struct bf_domain_points){.asks_from = -1};
}

/* How many forms a round has. */
static int64_t n_forms(const struct bf_domain_points *d, int32_t round)
{
    return !d->plan->request->point_forms ? 1 : round == 0 ? d->n_first : d->n_later;
}

static int32_t n_rounds(const struct bf_domain_points *d)
{
    return d->plan->request->points_only ? 0 : d->plan->request->rounds;
}

int64_t bf_domain_points_rounds(const struct bf_domain_points *d)
{
    int64_t n = 0;
    for (int32_t round = 0; round < n_rounds(d); round++)
        n += n_forms(d, round);
    return n;
}

int64_t bf_domain_points_later(const struct bf_domain_points *d)
{
    int64_t n = 0;
    for (int32_t round = d->round + 1; round < n_rounds(d); round++)
        n += n_forms(d, round);
    return n;
}

void bf_domain_points_begin(struct bf_domain_points *d, int32_t round, int64_t index)
{
    d->round = round;
    d->n_before = d->points->n;
    d->round_from = index;
    d->check_from = -1;
    d->round_end = index + n_forms(d, round);
}

int64_t bf_domain_points_left(const struct bf_domain_points *d, int64_t index)
{
    return d->round_end - index;
}

/* ---- one question ---- */

struct question {
    int32_t template_index;
    int32_t candidate; /* that it is about; -1: it asks for names */
};

/* Of the rounds with forms, and of the snowball. */
static struct question question_of(const struct bf_domain_points *d, int64_t index)
{
    if (d->asks_from >= 0 && index >= d->asks_from) {
        const int64_t i = index - d->asks_from, k = i % d->n_asks;
        return (struct question){k < CONFIRM_ANSWERS ? d->confirm[k % d->n_confirm] : d->belong[k - CONFIRM_ANSWERS],
                                 d->drawn[i / d->n_asks]};
    }
    if (d->check_from >= 0 && index >= d->check_from) {
        const int64_t i = index - d->check_from;
        return (struct question){d->belong[i % d->n_belong], d->checked[i / d->n_belong]};
    }
    const int64_t i = index - d->round_from;
    return (struct question){d->round == 0 ? d->first[i] : d->later[i], -1};
}

static bool has_forms(const struct bf_domain_points *d)
{
    return d->plan->request->point_forms || d->asks_from >= 0;
}

void bf_domain_points_item(const struct bf_domain_points *d, int64_t index, struct bf_plan_item *out)
{
    const struct bf_request *r = d->plan->request;
    if (!has_forms(d))
        return;
    const struct question q = question_of(d, index);
    const bool belong = bf_template_asks(&d->plan->templates->items[q.template_index]) == BF_POINTS_BELONG;
    const int32_t most = belong ? BELONG_TOKENS : CONFIRM_TOKENS;
    out->template_index = q.template_index;
    out->max_tokens = q.candidate < 0            ? r->points_per_round * TOKENS_PER_POINT
                      : r->max_new_tokens < most ? r->max_new_tokens
                                                 : most;
    if (belong) /* what the model itself holds most likely */
        out->temperature = 0.0;
}

void bf_domain_points_prompt(const struct bf_domain_points *d, const struct bf_plan_item *item, struct bf_buf *out)
{
    const struct bf_template *template = &d->plan->templates->items[item->template_index];
    const bool control = bf_template_asks(template) == BF_POINTS_CONTROL;
    const int32_t candidate = has_forms(d) ? question_of(d, item->index).candidate : -1;
    char number[16];
    struct bf_buf known;
    snprintf(number, sizeof number, "%d", d->plan->request->points_per_round);
    bf_buf_init(&known, 1 << 20);
    if (candidate < 0 && !control)
        bf_points_join(d->points, &known);
    const struct bf_fill fill = {
        .topic = control ? d->plan->control_topic : d->plan->request->topic,
        .point = candidate >= 0 ? d->tally.items[candidate].name : NULL,
        .n = number,
        .known = known.data,
    };
    bf_template_fill(out, template->text, &fill);
    bf_buf_release(&known);
}

static void put_question(const struct bf_domain_points *d, int64_t index, struct bf_plan_item *item, struct bf_buf *out)
{
    *item = (struct bf_plan_item){.stage = BF_STAGE_POINTS, .index = index};
    bf_domain_points_item(d, index, item);
    bf_domain_points_prompt(d, item, out);
}

/* ---- rounds ---- */

/* How many points the rounds may still add. */
static int32_t n_wanted(const struct bf_domain_points *d)
{
    const struct bf_request *r = d->plan->request;
    return (int32_t)r->points.n + r->rounds * r->points_per_round - d->points->n;
}

/* All forms of the round are answered: ask about its names, from this index on. */
static void begin_check(struct bf_domain_points *d, int64_t index)
{
    const int32_t most = CHECKED_PER_POINT * n_wanted(d);
    if (d->n_belong == 0 || most <= 0)
        return;
    d->checked = bf_grow(d->checked, (size_t)most, sizeof *d->checked);
    const int32_t n = bf_tally_draw_checks(&d->tally, d->points, most, d->checked);
    if (n > 0)
        d->check_from = index;
    d->round_end = index + (int64_t)n * d->n_belong;
}

static void take_form(struct bf_domain_points *d, int64_t index, const char *text, bool cut)
{
    const struct question q = question_of(d, index);
    if (q.candidate >= 0) {
        bf_tally_check(&d->tally, q.candidate, text);
        return;
    }
    struct bf_plan_item item;
    struct bf_buf prompt;
    bf_buf_init(&prompt, SIZE_MAX);
    put_question(d, index, &item, &prompt);
    bf_tally_answer(&d->tally, item.template_index, prompt.data, text, cut);
    bf_buf_release(&prompt);
    if (index + 1 == d->round_end)
        begin_check(d, index + 1);
}

void bf_domain_points_take(struct bf_domain_points *d, int64_t index, bool choose, const char *text, bool cut)
{
    const struct bf_request *r = d->plan->request;
    if (r->point_forms)
        take_form(d, index, text, cut);
    else if (choose)
        bf_points_add_list(d->points, r->topic, d->round, text, cut, r->points_per_round);
    if (index + 1 != d->round_end || !choose)
        return;
    if (r->point_forms) {
        /* One form is enough for a name that the model itself places in the domain. */
        const int32_t enough = bf_tally_tells(&d->tally) ? r->points_per_round : (r->points_per_round + 1) / 2;
        bf_tally_choose(&d->tally, d->points, d->round, n_wanted(d), enough);
    }
    /* When the model names nothing, the topic is the only point. */
    if (d->points->n == 0 && (d->round + 1 == r->rounds || d->round > 0))
        bf_points_add(d->points, d->round, r->topic, BF_ORIGIN_TOPIC);
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
    if (d->asks_from < 0) {
        d->asks_from = index;
        d->n_asks = CONFIRM_ANSWERS + (bf_tally_n_belong(&d->tally) >= BF_BELONG_MIN ? d->n_belong : 0);
    }
    d->drawn = bf_grow(d->drawn, d->n_drawn + (size_t)most, sizeof *d->drawn);
    const int32_t n = bf_tally_draw(&d->tally, d->points, most, d->drawn + d->n_drawn);
    d->n_drawn += (size_t)n;
    return (int64_t)n * d->n_asks;
}

void bf_domain_points_confirm(struct bf_domain_points *d, int64_t index, int32_t round, bool choose, const char *text)
{
    const int64_t k = (index - d->asks_from) % d->n_asks;
    const int32_t candidate = question_of(d, index).candidate;
    if (k == 0) {
        free(d->answer);
        d->answer = bf_strdup(text);
    } else if (k < CONFIRM_ANSWERS) {
        struct bf_plan_item item;
        struct bf_buf prompt;
        bf_buf_init(&prompt, SIZE_MAX);
        put_question(d, index, &item, &prompt);
        d->answers_agree = d->answer && bf_descriptions_agree(prompt.data, d->answer, text);
        bf_buf_release(&prompt);
    } else {
        bf_tally_check(&d->tally, candidate, text);
    }
    if (k + 1 < d->n_asks || !choose || !d->answers_agree)
        return;
    const bool checked = d->n_asks > CONFIRM_ANSWERS;
    if (!checked || d->tally.items[candidate].belongs)
        bf_points_add(d->points, round, d->tally.items[candidate].name,
                      checked ? BF_ORIGIN_SNOWBALL BF_ORIGIN_BELONGS : BF_ORIGIN_SNOWBALL);
}
