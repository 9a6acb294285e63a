/* A domain request. Its numbers are the rounds of points, followed by everything else as one list:
 *
 *     [ forms | checks ]... | Stage I [ snowball | Stage I ]... | MI | jailbreak | control
 *
 *  - The forms of a round do not depend on each other and are asked together. The names in their answers are then
 *    checked, when the template set asks whether they belong to the domain. A round shows the points before it, so it
 *    begins when the round before is committed. Numbers of rounds that are not needed are skipped; with checks, there
 *    are none.
 *  - The snowball: in the middle of a part of Stage I, names that recur in its kept texts are drawn. The questions
 * about them come after the part, so that the engine is busy meanwhile; the points that they give are the next part.
 *  - With --tau auto the control texts come before MI, which takes its threshold from them.
 *  - When the stop rule ends Stage I, its open prompts are dropped and the list jumps to MI, so that the engine stays
 *    busy across stages.
 *  - Self-questioning appends to the list (questions.h), whose end is open until nothing more can follow.
 *
 * What comes next follows from what was committed (`advance`), in the same way when a run is replayed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thoughts.h"
#include "base/utf8.h"
#include "synth/domain_list.h"
#include "synth/domain_points.h"
#include "synth/filter.h"
#include "synth/judge.h"
#include "synth/questions.h"
#include "synth/work.h"
#include "base/banned.h"

enum { QA_BYTES_MAX = 1 << 20, NEVER = -1, AFTER_SYNTHESIS = 3 };

/* The stages that follow Stage I, in the order of the list. */
static const enum bf_stage usual_order[AFTER_SYNTHESIS] = {BF_STAGE_MI, BF_STAGE_JAILBREAK, BF_STAGE_CONTROL};
static const enum bf_stage tau_auto_order[AFTER_SYNTHESIS] = {BF_STAGE_CONTROL, BF_STAGE_MI, BF_STAGE_JAILBREAK};

struct domain {
    struct bf_points points;
    struct bf_plan plan;
    struct bf_judge judge;
    struct bf_questions questions; /* their numbers follow the last piece */
    struct bf_domain_points ask;
    struct bf_pieces pieces;
    int64_t next;      /* the number whose commit comes next */
    int64_t round_end; /* number after the questions of the round of points, as far as they are known */
    bool listed;       /* the rounds of points are over */
    bool whole;        /* all pieces are known */
    int64_t draw_at;   /* candidates are drawn before this number; NEVER */
    int64_t asks_end;  /* number after the questions of a snowball under way; NEVER */
    int32_t wave;      /* snowballs so far */
    int64_t stage_two; /* the first number after Stage I, once `whole` */
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
    bf_plan_init(&d->plan, w->request, w->templates, &d->points);
    bf_domain_points_init(&d->ask, &d->plan, &d->points);
    d->draw_at = d->asks_end = NEVER;
    w->progress.planned[BF_STAGE_POINTS] = bf_domain_points_rounds(&d->ask) + d->ask.n_given;
    d->judge.work = w;
    bf_questions_init(&d->questions, w, &d->plan, &d->judge.knowledge);
    return bf_judge_init(&d->judge, &d->plan, w->embedder, w->err);
}

static void close_domain(struct bf_work *w)
{
    struct domain *d = domain_of(w);
    bf_questions_release(&d->questions);
    bf_judge_release(&d->judge);
    bf_domain_points_release(&d->ask);
    bf_pieces_release(&d->pieces);
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
    if (sample->stage == BF_STAGE_SYNTHESIS && sample->reason == BF_REASON_NONE && domain_of(w)->draw_at != NEVER)
        bf_tally_text(&domain_of(w)->ask.tally, sample->text);
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

/* ---- what comes next ---- */

/* Stage I up to its end, and all that follows it. */
static void add_rest(struct bf_work *w)
{
    struct domain *d = domain_of(w);
    struct bf_progress *p = &w->progress;
    int64_t listed = 0; /* of Stage I */
    for (size_t i = 0; i < d->pieces.n; i++)
        listed += d->pieces.items[i].stage == BF_STAGE_SYNTHESIS ? d->pieces.items[i].count : 0;
    d->draw_at = d->asks_end = NEVER;
    p->planned[BF_STAGE_SYNTHESIS] = bf_plan_count(&d->plan, BF_STAGE_SYNTHESIS);
    if (!stopped(w))
        bf_pieces_add(&d->pieces, BF_STAGE_SYNTHESIS, listed, p->planned[BF_STAGE_SYNTHESIS] - listed);
    d->stage_two = bf_pieces_end(&d->pieces);
    for (int place = 0; place < AFTER_SYNTHESIS; place++) {
        const enum bf_stage stage = isnan(w->request->tau) ? tau_auto_order[place] : usual_order[place];
        p->planned[stage] = bf_plan_count(&d->plan, stage);
        bf_pieces_add(&d->pieces, stage, 0, p->planned[stage]);
    }
    d->whole = true;
}

/* The points since the last part are the next part of Stage I; its first index is `listed`. */
static void add_part(struct bf_work *w, int64_t listed)
{
    struct domain *d = domain_of(w);
    const int64_t end = bf_plan_add_part(&d->plan);
    const int64_t all = bf_plan_count(&d->plan, BF_STAGE_SYNTHESIS);
    const int64_t start = bf_pieces_end(&d->pieces);
    w->progress.planned[BF_STAGE_SYNTHESIS] = all;
    /* More points are of use when there are prompts for them, and this was not the last time to ask. */
    const bool room = w->request->max_samples == 0 || end < w->request->max_samples;
    if (!bf_domain_points_snowball(&d->ask) || !room || d->wave >= w->request->snowball || end <= listed) {
        add_rest(w);
        return;
    }
    bf_pieces_add(&d->pieces, BF_STAGE_SYNTHESIS, listed, end - listed);
    d->draw_at = start + (end - listed + 1) / 2;
}

static void begin_list(struct bf_work *w)
{
    struct domain *d = domain_of(w);
    d->listed = true;
    /* Answers that wait in the store of an earlier version are numbered after all its rounds, also those not asked. */
    if (!d->ask.tally.checks)
        bf_pieces_add(&d->pieces, BF_STAGE_POINTS, w->progress.committed[BF_STAGE_POINTS],
                      bf_domain_points_rounds(&d->ask) - bf_pieces_end(&d->pieces));
    d->next = bf_pieces_end(&d->pieces);
    w->progress.planned[BF_STAGE_POINTS] = w->progress.committed[BF_STAGE_POINTS];
    d->list_start = bf_seconds();
    d->list_tokens_before = w->taken_tokens;
    add_part(w, 0);
}

/* Add the questions of the round that are known by now and not in the list. False when there are none: it is over. */
static bool add_to_round(struct bf_work *w, int64_t index)
{
    struct domain *d = domain_of(w);
    const int64_t n = bf_domain_points_left(&d->ask, index);
    bf_pieces_add(&d->pieces, BF_STAGE_POINTS, index, n);
    d->round_end = bf_pieces_end(&d->pieces);
    w->progress.planned[BF_STAGE_POINTS] = index + n + bf_domain_points_later(&d->ask);
    return n > 0;
}

/* Open a round, or the list when no more points are wanted. */
static void next_round(struct bf_work *w, int32_t round)
{
    struct domain *d = domain_of(w);
    /* The user's points are item 0, which is committed with the first answer. */
    const int64_t index = round == 0 ? d->ask.n_given : w->progress.committed[BF_STAGE_POINTS];
    if (!bf_domain_points_go_on(&d->ask, round)) {
        begin_list(w);
        return;
    }
    bf_domain_points_begin(&d->ask, round, index);
    add_to_round(w, index);
}

/* Draw candidates, and add the questions about them. */
static void draw(struct bf_work *w)
{
    struct domain *d = domain_of(w);
    const int64_t index = w->progress.committed[BF_STAGE_POINTS];
    const int64_t n = bf_domain_points_draw(&d->ask, index);
    d->draw_at = NEVER;
    if (n == 0) {
        add_rest(w);
        return;
    }
    d->wave++;
    bf_pieces_add(&d->pieces, BF_STAGE_POINTS, index, n);
    w->progress.planned[BF_STAGE_POINTS] += n;
    d->asks_end = bf_pieces_end(&d->pieces);
}

/* Everything before d->next is committed: add the questions about texts that follow from it. */
static void add_questions(struct bf_work *w)
{
    struct domain *d = domain_of(w);
    if (!d->whole || d->next < d->stage_two)
        return;
    bf_questions_choose(&d->questions, d->next >= bf_pieces_end(&d->pieces));
    bf_questions_plan(&d->questions);
}

/* The sample of number d->next is accounted for. */
static void advance(struct bf_work *w)
{
    struct domain *d = domain_of(w);
    d->next++;
    if (!d->listed && d->next == d->round_end) {
        if (!add_to_round(w, w->progress.committed[BF_STAGE_POINTS]))
            next_round(w, d->ask.round + 1);
    } else if (d->listed && stopped(w) && d->next < (d->whole ? d->stage_two : INT64_MAX)) {
        if (!d->whole)
            add_rest(w);
        d->next = d->stage_two; /* Stage I is over: drop its open prompts */
    } else if (d->next == d->draw_at) {
        draw(w);
    } else if (d->next == d->asks_end) {
        d->asks_end = NEVER;
        if (d->points.n > d->plan.parts[d->plan.n_parts - 1])
            add_part(w, w->progress.committed[BF_STAGE_SYNTHESIS]);
        else
            add_rest(w);
    }
    if (d->whole && d->next >= d->stage_two && !stopped(w))
        w->progress.stop = BF_STOP_EXHAUSTED;
    add_questions(w);
}

/* Tell the engine what it may issue. */
static void show_list(struct bf_work *w)
{
    struct domain *d = domain_of(w);
    bf_ordered_skip(&w->list, d->next);
    w->list.end = d->listed ? bf_pieces_end(&d->pieces) + (int64_t)d->questions.n : d->round_end;
    w->list.final = d->whole && (!d->questions.on || d->next >= w->list.end);
}

/* ---- points ---- */

/* An answer in stage points, new (`choose`) or replayed. */
static void take_points(struct bf_work *w, int64_t index, bool choose, const char *text, bool cut)
{
    struct domain *d = domain_of(w);
    if (d->listed)
        bf_domain_points_confirm(&d->ask, index, w->request->rounds + d->wave - 1, choose, text);
    else
        bf_domain_points_take(&d->ask, index, choose, text, cut);
}

static bool is_given(const struct domain *d, const struct bf_sample *sample)
{
    return d->ask.n_given > 0 && sample->stage == BF_STAGE_POINTS && sample->index == 0;
}

static enum bf_status replayed(struct bf_work *w, struct bf_sample *sample, const struct bf_point *points,
                               size_t n_points)
{
    struct domain *d = domain_of(w);
    struct bf_stop_check checkpoint;
    if (sample->stage >= BF_STAGE_QUESTIONS) {
        bf_work_count(w, sample);
        const enum bf_status status = bf_questions_replayed(&d->questions, sample);
        d->next++;
        add_questions(w);
        return status;
    }
    if (is_given(d, sample)) { /* committed with number 0; the points are known */
        account(w, sample, &checkpoint);
        return BF_OK;
    }
    if (d->round_end == 0 && !d->listed)
        next_round(w, 0);
    if (d->next >= bf_pieces_end(&d->pieces) || bf_pieces_find(&d->pieces, d->next)->stage != sample->stage)
        return bf_fail(
            w->err, BF_STORE,
            "sample %lld of stage '%s' does not follow from those before it; another version of biforget, or "
            "another program, has written the run's run.db",
            (long long)sample->index, bf_stage_word(sample->stage));
    if (sample->stage == BF_STAGE_POINTS) {
        struct bf_buf text;
        bf_buf_init(&text, SIZE_MAX);
        (void)bf_thoughts_cut(&text, sample->text, strlen(sample->text));
        take_points(w, sample->index, false, text.data, sample->finish == BF_FINISH_LENGTH);
        bf_buf_release(&text);
    }
    for (size_t i = 0; i < n_points; i++)
        bf_points_add(&d->points, points[i].round, points[i].text, points[i].origin);
    w->progress.n_points = d->points.n;
    account(w, sample, &checkpoint);
    advance(w);
    return BF_OK;
}

static enum bf_status begin(struct bf_work *w)
{
    struct domain *d = domain_of(w);
    if (d->round_end == 0 && !d->listed)
        next_round(w, 0);
    show_list(w);
    return BF_OK;
}

/* ---- prompts ---- */

static void item_of(struct bf_work *w, int64_t number, struct bf_plan_item *item)
{
    struct domain *d = domain_of(w);
    const struct bf_piece *piece = bf_pieces_find(&d->pieces, number);
    const int64_t index = piece->index + number - piece->start;
    bf_plan_item(&d->plan, piece->stage, index, item);
    if (piece->stage == BF_STAGE_POINTS)
        bf_domain_points_item(&d->ask, index, item);
}

static void put_prompt(struct bf_work *w, const struct bf_plan_item *item, struct bf_buf *out)
{
    struct domain *d = domain_of(w);
    if (item->stage == BF_STAGE_POINTS)
        bf_domain_points_prompt(&d->ask, item, out);
    else
        bf_plan_prompt(&d->plan, item, out);
}

/* Is it one of self-questioning? */
static bool is_question(const struct bf_work *w, int64_t number)
{
    const struct domain *d = w->own;
    return d->whole && number >= bf_pieces_end(&d->pieces);
}

static enum bf_status ask(struct bf_work *w, int64_t number, struct bf_gen_request *q)
{
    struct bf_plan_item item;
    if (is_question(w, number)) {
        bf_question_ask(&domain_of(w)->questions, number - bf_pieces_end(&domain_of(w)->pieces), q);
        return BF_OK;
    }
    item_of(w, number, &item);
    put_prompt(w, &item, &w->prompt);
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

/* Hand over the item of `number`. The user's points, as a text of lines, are committed before number 0. `n_points` of
 * d->points are new. */
static enum bf_status hand_over(struct bf_work *w, int64_t number, const struct bf_commit_item *item, int32_t n_points)
{
    struct domain *d = domain_of(w);
    struct bf_commit_item items[2];
    struct bf_buf lines;
    size_t n = 0;
    bf_buf_init(&lines, SIZE_MAX);
    if (number == 0 && d->ask.n_given > 0) {
        for (size_t i = 0; i < w->request->points.n; i++)
            bf_buf_printf(&lines, "%s%s", i ? "\n" : "", w->request->points.items[i]);
        items[n] = (struct bf_commit_item){.sample = bf_work_sample(BF_STAGE_POINTS, 0, NULL)};
        items[n].sample.finish = BF_FINISH_STOP;
        items[n].sample.text = lines.data;
        items[n].sample.reason = BF_REASON_NOT_A_SAMPLE;
        bf_work_count(w, &items[n++].sample);
        n_points += (int32_t)w->request->points.n;
    }
    items[n++] = *item;
    const struct bf_commit commit = {
        .number = number,
        .items = items,
        .n_items = n,
        .points = d->points.items + d->points.n - n_points,
        .n_points = (size_t)n_points,
    };
    const enum bf_status status = bf_work_hand_over(w, &commit);
    bf_buf_release(&lines);
    return status;
}

static enum bf_status commit_points(struct bf_work *w, int64_t number, const struct bf_plan_item *planned,
                                    const struct bf_waiting *answer)
{
    struct domain *d = domain_of(w);
    const char *text = bf_work_set_list(w, answer);
    struct bf_commit_item item = {.sample = sample_of(planned, answer)};
    item.sample.text = w->raw.data;
    item.sample.reason = BF_REASON_NOT_A_SAMPLE;
    if (w->request->point_forms) { /* a reader sees the question */
        bf_buf_clear(&w->prompt);
        put_prompt(w, planned, &w->prompt);
        item.sample.question = w->prompt.data;
        item.sample.answer = item.sample.text;
    }
    const int32_t first = d->points.n;
    take_points(w, planned->index, true, text, answer->finish == BF_FINISH_LENGTH);
    w->progress.n_points = d->points.n;
    account(w, &item.sample, &item.checkpoint);
    return hand_over(w, number, &item, d->points.n - first);
}

static enum bf_status commit_text(struct bf_work *w, int64_t number, const struct bf_plan_item *planned,
                                  const struct bf_waiting *answer)
{
    struct domain *d = domain_of(w);
    bf_buf_clear(&w->prompt);
    put_prompt(w, planned, &w->prompt);
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
        status = hand_over(w, number, &item, 0);
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
        d->next++;
        add_questions(w);
    } else {
        item_of(w, number, &planned);
        status = planned.stage == BF_STAGE_POINTS ? commit_points(w, number, &planned, answer)
                                                  : commit_text(w, number, &planned, answer);
        if (status == BF_OK)
            advance(w);
    }
    if (status == BF_OK)
        show_list(w);
    return status;
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
