/* A domain request. Its numbers are the rounds of points, followed by everything else as one list:
 *
 *     0 .. rounds-1   rounds                                                         end
 *     points          [ Stage I ............ | MI ....... | jailbreak ... | control ]
 *
 * With --tau auto the control texts come before MI, which takes its threshold from them. Self-questioning appends to
 * the list (questions.h), whose end is open until nothing more can follow.
 *
 * Points come round by round, since the prompt of a round shows the points found so far. When the stop rule ends
 * Stage I, its open prompts are dropped and the list jumps to MI, so that the engine stays busy across stages. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "synth/filter.h"
#include "synth/judge.h"
#include "synth/questions.h"
#include "synth/work.h"
#include "base/banned.h"

enum { QA_BYTES_MAX = 1 << 20 };

/* The stages in the order of the list. */
static const enum bf_stage usual_order[BF_STAGE_DOMAIN_END] = {BF_STAGE_POINTS, BF_STAGE_SYNTHESIS, BF_STAGE_MI,
                                                               BF_STAGE_JAILBREAK, BF_STAGE_CONTROL};
static const enum bf_stage tau_auto_order[BF_STAGE_DOMAIN_END] = {BF_STAGE_POINTS, BF_STAGE_SYNTHESIS, BF_STAGE_CONTROL,
                                                                  BF_STAGE_MI, BF_STAGE_JAILBREAK};
enum { AFTER_SYNTHESIS = 2 }; /* the place in both orders of what follows Stage I */

struct domain {
    struct bf_points points;
    struct bf_plan plan;
    struct bf_judge judge;
    struct bf_questions questions;
    const enum bf_stage *order;            /* [BF_STAGE_DOMAIN_END] */
    int64_t base[BF_STAGE_DOMAIN_END + 1]; /* first number of each place in `order`; [END] = end, or the
                                              first number of self-questioning */
    bool listed;                           /* all points are known, and base is filled in */
    bool last_round_was_empty;
    double list_start;
    int64_t list_tokens_before;
};

static struct domain *domain_of(struct bf_work *w)
{
    return w->own;
}

static bool stopped(const struct bf_work *w)
{
    return w->progress.stop != BF_STOP_NOT_YET;
}

static enum bf_status open_domain(struct bf_work *w)
{
    struct domain *d = bf_alloc(sizeof *d);
    w->own = d;
    d->order = isnan(w->request->tau) ? tau_auto_order : usual_order;
    bf_plan_init(&d->plan, w->request, w->templates, &d->points);
    w->progress.planned[BF_STAGE_POINTS] = bf_plan_count(&d->plan, BF_STAGE_POINTS);
    d->judge.work = w;
    bf_questions_init(&d->questions, w, &d->plan, &d->judge.knowledge);
    return bf_judge_init(&d->judge, &d->plan, w->embedder, w->err);
}

static void close_domain(struct bf_work *w)
{
    struct domain *d = domain_of(w);
    bf_questions_release(&d->questions);
    bf_judge_release(&d->judge);
    bf_plan_release(&d->plan);
    bf_points_release(&d->points);
    free(d);
}

/* Count a decided sample, new or replayed. */
static bool account(struct bf_work *w, struct bf_sample *sample, struct bf_stop_check *checkpoint)
{
    struct bf_progress *p = &w->progress;
    bf_work_count(w, sample);
    bool checked = bf_judge_account(&domain_of(w)->judge, sample, checkpoint);
    if (sample->stage == BF_STAGE_SYNTHESIS && !isnan(sample->diversity))
        p->diversity = sample->diversity;
    if (checked) {
        p->gain = checkpoint->gain;
        if (checkpoint->stop)
            p->stop = BF_STOP_CONVERGED;
    }
    bf_questions_see(&domain_of(w)->questions, sample);
    return checked;
}

/* Everything before `next` is committed: add the questions that follow from it, and set the end of the list. */
static void settle_end(struct bf_work *w, int64_t next)
{
    struct domain *d = domain_of(w);
    const int64_t end = d->base[BF_STAGE_DOMAIN_END];
    if (next >= d->base[AFTER_SYNTHESIS])
        bf_questions_choose(&d->questions, next >= end);
    w->list.end = end + (int64_t)d->questions.n;
    w->list.final = !d->questions.on || next >= w->list.end;
    bf_questions_plan(&d->questions);
}

/* All points are known: number the other stages. */
static void begin_list(struct bf_work *w)
{
    struct domain *d = domain_of(w);
    struct bf_progress *p = &w->progress;
    p->planned[BF_STAGE_POINTS] = p->committed[BF_STAGE_POINTS];
    d->base[0] = 0;
    d->base[1] = w->request->rounds;
    int64_t next = d->base[1];
    for (int place = 1; place < BF_STAGE_DOMAIN_END; place++) {
        const enum bf_stage stage = d->order[place];
        p->planned[stage] = bf_plan_count(&d->plan, stage);
        d->base[place + 1] = d->base[place] + p->planned[stage];
        /* Replayed samples are the first of their stage. */
        if (p->committed[stage] > 0)
            next = d->base[place] + p->committed[stage];
    }
    if (!stopped(w) && next >= d->base[AFTER_SYNTHESIS])
        p->stop = BF_STOP_EXHAUSTED;
    if (stopped(w) && next < d->base[AFTER_SYNTHESIS])
        next = d->base[AFTER_SYNTHESIS];
    if (d->questions.n_done > 0)
        next = d->base[BF_STAGE_DOMAIN_END] + (int64_t)d->questions.n_done;
    bf_ordered_skip(&w->list, next);
    settle_end(w, next);
    d->listed = true;
    d->list_start = bf_seconds();
    d->list_tokens_before = w->taken_tokens;
}

/* Add one more round, or none when the next stages have begun or a round found nothing new. */
static void next_round(struct bf_work *w)
{
    struct domain *d = domain_of(w);
    const int64_t round = w->progress.committed[BF_STAGE_POINTS];
    bool over = w->progress.committed[BF_STAGE_SYNTHESIS] > 0;
    if (over || round >= w->request->rounds || (d->last_round_was_empty && d->points.n > 0)) {
        begin_list(w);
        return;
    }
    bf_ordered_skip(&w->list, round);
    w->list.end = round + 1;
}

static enum bf_status replayed(struct bf_work *w, struct bf_sample *sample, const struct bf_point *points,
                               size_t n_points)
{
    struct domain *d = domain_of(w);
    if (sample->stage >= BF_STAGE_QUESTIONS) {
        bf_work_count(w, sample);
        return bf_questions_replayed(&d->questions, sample);
    }
    for (size_t i = 0; i < n_points; i++)
        bf_points_add(&d->points, points[i].round, points[i].text);
    if (sample->stage == BF_STAGE_POINTS) {
        /* A round in which the topic itself became the point had found nothing (commit_points). */
        d->last_round_was_empty = n_points == 0 || strcmp(points[0].text, w->request->topic) == 0;
        w->progress.n_points = d->points.n;
    }
    struct bf_stop_check checkpoint;
    account(w, sample, &checkpoint);
    return BF_OK;
}

static enum bf_status begin(struct bf_work *w)
{
    next_round(w);
    return BF_OK;
}

/* ---- prompts ---- */

static void item_of(struct bf_work *w, int64_t number, struct bf_plan_item *item)
{
    struct domain *d = domain_of(w);
    int place = 0;
    while (d->listed && place + 1 < BF_STAGE_DOMAIN_END && (place == 0 || number >= d->base[place + 1]))
        place++;
    bf_plan_item(&d->plan, d->order[place], number - d->base[place], item);
}

static bool is_question(const struct bf_work *w, int64_t number)
{
    const struct domain *d = w->own;
    return d->listed && number >= d->base[BF_STAGE_DOMAIN_END];
}

static enum bf_status ask(struct bf_work *w, int64_t number, struct bf_gen_request *q)
{
    struct bf_plan_item item;
    if (is_question(w, number)) {
        bf_question_ask(&domain_of(w)->questions, number - domain_of(w)->base[BF_STAGE_DOMAIN_END], q);
        return BF_OK;
    }
    item_of(w, number, &item);
    bf_plan_prompt(&domain_of(w)->plan, &item, &w->prompt);
    q->prompt = w->prompt.data;
    q->max_tokens = item.max_tokens;
    q->temperature = item.temperature;
    q->seed = item.seed;
    return BF_OK;
}

/* ---- committing ---- */

static struct bf_sample sample_of(const struct bf_plan_item *item, const struct bf_waiting *answer)
{
    struct bf_sample sample = bf_work_sample(item->stage, item->index, answer);
    sample.point = item->point;
    sample.template_index = item->template_index;
    sample.temperature = item->temperature;
    sample.seed = item->seed;
    return sample;
}

static enum bf_status commit_points(struct bf_work *w, const struct bf_plan_item *planned,
                                    const struct bf_waiting *answer)
{
    struct domain *d = domain_of(w);
    const int32_t round = (int32_t)planned->index;
    const char *list = bf_work_set_list(w, answer);
    struct bf_commit_item item = {.sample = sample_of(planned, answer)};
    item.sample.text = w->raw.data;
    item.sample.reason = BF_REASON_NOT_A_SAMPLE;
    int32_t first = d->points.n;
    bf_points_add_list(&d->points, w->request->topic, round, list, answer->finish == BF_FINISH_LENGTH,
                       w->request->points_per_round);
    /* When the model lists nothing, the topic is the only point. */
    bool last_round = round + 1 == w->request->rounds;
    d->last_round_was_empty = d->points.n == first;
    if (d->points.n == 0 && (last_round || round > 0))
        bf_points_add(&d->points, round, w->request->topic);
    account(w, &item.sample, &item.checkpoint);
    w->progress.n_points = d->points.n;
    const struct bf_commit commit = {
        .number = round,
        .items = &item,
        .n_items = 1,
        .points = d->points.items + first,
        .n_points = (size_t)(d->points.n - first),
    };
    enum bf_status status = bf_work_hand_over(w, &commit);
    if (status == BF_OK)
        next_round(w);
    return status;
}

static enum bf_status commit_text(struct bf_work *w, int64_t number, const struct bf_plan_item *planned,
                                  const struct bf_waiting *answer)
{
    struct domain *d = domain_of(w);
    bf_buf_clear(&w->prompt);
    bf_plan_prompt(&d->plan, planned, &w->prompt);
    struct bf_buf question;
    struct bf_buf reply;
    bf_buf_init(&question, QA_BYTES_MAX);
    bf_buf_init(&reply, QA_BYTES_MAX);
    struct bf_commit_item item = {.sample = sample_of(planned, answer)};
    struct bf_sample *sample = &item.sample;
    if (planned->stage == BF_STAGE_CONTROL)
        sample->point = -1; /* an invented point is not one of the domain's points */
    bf_work_set_text(w, answer, sample);
    if (w->templates->items[planned->template_index].is_qa && bf_parse_qa(sample->text, &question, &reply)) {
        sample->question = question.data;
        sample->answer = reply.data;
    }
    enum bf_status status = bf_judge_decide(&d->judge, w->prompt.data, sample, w->err);
    if (status == BF_OK) {
        item.checked = account(w, sample, &item.checkpoint);
        const struct bf_commit commit = {.number = number, .items = &item, .n_items = 1};
        status = bf_work_hand_over(w, &commit);
    }
    bf_buf_release(&question);
    bf_buf_release(&reply);
    return status;
}

static enum bf_status commit(struct bf_work *w, int64_t number, const struct bf_waiting *answer)
{
    struct domain *d = domain_of(w);
    struct bf_plan_item planned;
    enum bf_status status;
    if (is_question(w, number)) {
        status = bf_question_commit(&d->questions, number, answer);
        settle_end(w, number + 1);
        return status;
    }
    item_of(w, number, &planned);
    if (planned.stage == BF_STAGE_POINTS)
        return commit_points(w, &planned, answer);
    status = commit_text(w, number, &planned, answer);
    if (status != BF_OK)
        return status;
    if (planned.stage == BF_STAGE_SYNTHESIS && stopped(w))
        bf_ordered_skip(&w->list, d->base[AFTER_SYNTHESIS]); /* Stage I is over: drop its open prompts */
    else if (number + 1 == d->base[AFTER_SYNTHESIS] && !stopped(w))
        w->progress.stop = BF_STOP_EXHAUSTED;
    settle_end(w, w->list.next_commit > number ? w->list.next_commit : number + 1);
    return BF_OK;
}

static void summarise(struct bf_work *w)
{
    struct domain *d = domain_of(w);
    struct bf_progress *p = &w->progress;
    p->n_points = d->points.n;
    bf_knowledge_judge(&d->judge.knowledge, &p->knowledge);
    p->embed_seconds = d->judge.embed_seconds;
    p->filter_seconds = d->judge.filter_seconds;
    if (d->listed) {
        p->list_seconds = bf_seconds() - d->list_start;
        p->list_tokens = w->taken_tokens - d->list_tokens_before;
    }
}

const struct bf_work_ops bf_domain_ops = {
    .open = open_domain,
    .replayed = replayed,
    .begin = begin,
    .ask = ask,
    .commit = commit,
    .summarise = summarise,
    .close = close_domain,
};
