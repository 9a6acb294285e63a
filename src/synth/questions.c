#include "synth/questions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/thoughts.h"
#include "base/utf8.h"
#include "synth/filter.h"
#include "synth/question_check.h"
#include "synth/statement.h"
#include "base/banned.h"

enum {
    QUESTION_TOKENS = 56, /* a question with a short answer */
    ANSWER_TOKENS = 40,
    WORDING_TOKENS = 56,
    WRITTEN_SHARE = 10, /* BF_QUESTIONS_AUTO: a question is written for one text of so many */
    CONTROL_SHARE = 6,  /* one control text is questioned for so many texts */
    CONTROL_MIN = 6,
    DIRECT_WORDS_MAX = 14, /* a text that is a question with a longer answer gets a question of its own */
    FIRST_CHOICE = 75,     /* per cent of the questions, for texts of Stage I */
    INSTEAD_AFTER = 4,     /* texts before points may be asked about instead */
    INSTEAD_BELOW = 25     /* per cent of texts with a usable question */
};

/* ---- life ---- */

static int32_t *templates_of(const struct bf_template_set *set, enum bf_stage stage, bool for_points, int32_t *n)
{
    int32_t *out = bf_array(set->n, sizeof *out);
    *n = 0;
    for (size_t i = 0; i < set->n; i++)
        if (set->items[i].stage == stage && bf_template_asks_point(&set->items[i]) == for_points)
            out[(*n)++] = (int32_t)i;
    return out;
}

void bf_questions_init(struct bf_questions *q, struct bf_work *work, const struct bf_plan *plan,
                       struct bf_knowledge_sums *sums)
{
    *q = (struct bf_questions){.work = work, .plan = plan, .asked = bf_similar_new(), .sums = sums};
    q->templates = templates_of(work->templates, BF_STAGE_QUESTIONS, false, &q->n_templates);
    q->rewords = templates_of(work->templates, BF_STAGE_WORDINGS, false, &q->n_rewords);
    q->for_points = templates_of(work->templates, BF_STAGE_QUESTIONS, true, &q->n_for_points);
    q->on = work->request->questions != 0 && q->n_templates > 0;
    bf_held_out_init(&q->held_out, work->request->seed);
}

static void clear_entry(struct bf_question_entry *e)
{
    free(e->text);
    free(e->question);
    free(e->answer);
    free(e->written);
    e->text = e->question = e->answer = e->written = NULL;
}

static void clear_candidates(struct bf_questions *q)
{
    for (size_t i = 0; i < q->n_candidates; i++) {
        free(q->candidates[i].text);
        free(q->candidates[i].question);
        free(q->candidates[i].answer);
    }
    free(q->candidates);
    q->candidates = NULL;
    q->n_candidates = 0;
}

void bf_questions_release(struct bf_questions *q)
{
    for (size_t i = q->n_done; i < q->n; i++)
        clear_entry(&q->entries[i]);
    clear_candidates(q);
    free(q->entries);
    free(q->templates);
    free(q->rewords);
    free(q->for_points);
    bf_similar_free(q->asked);
    bf_held_out_release(&q->held_out);
    *q = (struct bf_questions){0};
}

/* ---- questions that were asked ---- */

bool bf_questions_knows(const struct bf_questions *q, const char *question)
{
    struct bf_signature signature;
    bf_signature_of_text(&signature, question);
    return bf_similar_has_exact(q->asked, &signature);
}

static void remember(struct bf_questions *q, const char *question)
{
    struct bf_signature signature;
    bf_signature_of_text(&signature, question);
    bf_similar_add(q->asked, &signature);
}

/* ---- entries ---- */

static struct bf_question_entry *push(struct bf_questions *q, enum bf_stage stage, enum bf_stage source_stage,
                                      int64_t source_index, int32_t point)
{
    static const int32_t max_tokens[BF_STAGE_COUNT] = {
        [BF_STAGE_QUESTIONS] = QUESTION_TOKENS, [BF_STAGE_PAIRS] = ANSWER_TOKENS, [BF_STAGE_WORDINGS] = WORDING_TOKENS};
    if (q->n == q->n_allocated) {
        q->n_allocated = q->n_allocated ? 2 * q->n_allocated : 64;
        q->entries = bf_grow(q->entries, q->n_allocated, sizeof *q->entries);
    }
    struct bf_question_entry *e = &q->entries[q->n++];
    *e = (struct bf_question_entry){
        .stage = stage,
        .index = q->n_of[stage]++,
        .source_stage = source_stage,
        .source_index = source_index,
        .point = point,
        .template_index = -1,
        /* An answer of a reasoning model follows its thoughts. */
        .max_tokens = max_tokens[stage] + (q->thinks ? q->work->request->max_new_tokens : 0),
    };
    return e;
}

/* A question as it is, to be asked without anything else. */
static void push_pair(struct bf_questions *q, const struct bf_question_entry *from, const char *question,
                      const char *answer)
{
    const struct bf_question_entry by = *from; /* push may move the entries */
    struct bf_question_entry *e = push(q, BF_STAGE_PAIRS, by.source_stage, by.source_index, by.point);
    e->control = by.control;
    e->of_point = by.of_point;
    e->for_point = by.for_point;
    e->trained = by.trained;
    e->template_index = by.template_index;
    e->question = bf_strdup(question);
    e->answer = bf_strdup(answer);
    q->n_usable += !by.control && !by.for_point;
    remember(q, question);
}

static char *beginning_of(const char *text)
{
    size_t n = strlen(text);
    if (n > BF_QUESTIONED_MAX_BYTES) {
        n = BF_QUESTIONED_MAX_BYTES;
        while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
            n--;
        n = bf_filter_trim_sentence(text, n);
    }
    return bf_strndup(text, n);
}

/* Give a text its entry; `nth` text of its point. */
static void question_text(struct bf_questions *q, const struct bf_question_candidate *c, bool control, int64_t nth)
{
    q->n_texts += !control;
    if (c->direct && c->question) {
        const struct bf_question_entry from = {.source_stage = c->stage,
                                               .source_index = c->index,
                                               .point = c->point,
                                               .template_index = -1,
                                               .control = control,
                                               .trained = true};
        if (!control)
            bf_held_out_train(&q->held_out, c->answer);
        push_pair(q, &from, c->question, c->answer);
        return;
    }
    struct bf_question_entry *e = push(q, BF_STAGE_QUESTIONS, c->stage, c->index, c->point);
    e->control = control;
    e->template_index = q->templates[nth % q->n_templates];
    e->text = bf_strdup(c->text);
    q->n_texts_left += !control;
    q->n_written += !control;
}

static struct bf_question_candidate candidate_of(const struct bf_sample *sample)
{
    const bool pair = sample->question && sample->answer && sample->question[0] && sample->answer[0];
    return (struct bf_question_candidate){
        .stage = sample->stage,
        .index = sample->index,
        .point = sample->point,
        .text = beginning_of(sample->text),
        .question = pair ? bf_strdup(sample->question) : NULL,
        .answer = pair ? bf_strdup(sample->answer) : NULL,
        .direct = pair && bf_words_count(sample->answer) <= DIRECT_WORDS_MAX &&
                  bf_question_check(sample->question, sample->answer, false) == BF_REASON_NONE,
    };
}

static void add_candidate(struct bf_questions *q, const struct bf_sample *sample)
{
    if ((q->n_candidates & (q->n_candidates - 1)) == 0) /* a power of two, or none: full */
        q->candidates = bf_grow(q->candidates, q->n_candidates ? 2 * q->n_candidates : 1, sizeof *q->candidates);
    struct bf_question_candidate *c = &q->candidates[q->n_candidates++];
    *c = candidate_of(sample);
    if (c->question)
        remember(q, c->question); /* it is in the set: nobody need write it again */
}

/* Have questions written to which the point is the answer. The text at source_stage, source_index is the first one
 * about it. */
static void ask_for_point(struct bf_questions *q, const struct bf_question_candidate *first, int32_t point,
                          const char *name, bool control)
{
    for (int32_t i = 0; i < q->work->request->point_questions && q->n_for_points > 0; i++) {
        struct bf_question_entry *e = push(q, BF_STAGE_QUESTIONS, first->stage, first->index, control ? -1 : point);
        e->control = control;
        e->for_point = true;
        e->template_index = q->for_points[i % q->n_for_points];
        e->text = bf_strdup(name);
    }
}

/* Of all points that have a text. */
static void ask_for_points(struct bf_questions *q)
{
    if (!q->plan)
        return;
    for (int32_t p = 0; p < q->plan->points->n; p++) {
        const char *name = q->plan->points->items[p].text;
        size_t i = 0;
        while (i < q->n_candidates && q->candidates[i].point != p)
            i++;
        if (i < q->n_candidates && strcmp(name, q->work->request->topic) != 0)
            ask_for_point(q, &q->candidates[i], p, name, false);
    }
}

static void see_control(struct bf_questions *q, const struct bf_sample *sample)
{
    if (!q->control_points) {
        const struct bf_question_candidate first = {.stage = sample->stage, .index = sample->index};
        q->control_points = true;
        for (int32_t p = 0; p < q->plan->control_points.n; p++)
            ask_for_point(q, &first, p, q->plan->control_points.items[p].text, true);
    }
    const int64_t most = (q->work->request->questions > 0 ? q->work->request->questions : q->n_texts) / CONTROL_SHARE;
    if (q->n_control >= (most > CONTROL_MIN ? most : CONTROL_MIN) || bf_words_count(sample->text) < 4 ||
        bf_plan_is_tau_question(q->plan, sample->stage, sample->index))
        return;
    struct bf_question_candidate c = candidate_of(sample);
    question_text(q, &c, true, q->n_control++);
    free(c.text);
    free(c.question);
    free(c.answer);
}

static void see_thoughts(struct bf_questions *q, const struct bf_sample *sample)
{
    const char *raw = sample->raw ? sample->raw : sample->text;
    q->thinks = q->thinks || bf_thoughts_in(raw, strlen(raw));
}

void bf_questions_see(struct bf_questions *q, const struct bf_sample *sample)
{
    if (!q->on || sample->stage == BF_STAGE_POINTS)
        return;
    see_thoughts(q, sample);
    if (sample->stage != BF_STAGE_SYNTHESIS)
        bf_questions_choose(q, false);
    q->n_seen += sample->stage != BF_STAGE_CONTROL;
    if (sample->stage == BF_STAGE_CONTROL)
        see_control(q, sample);
    else if (sample->reason == BF_REASON_NONE && !q->chosen)
        add_candidate(q, sample);
}

/* ---- choosing ---- */

/* How many texts of each point get a question, so that the points have as many as they can have, up to `most`
 * altogether. quotas, counts: [n]. */
static void share_out(int64_t *quotas, const int64_t *counts, size_t n, int64_t most)
{
    bool any = true;
    while (any && most > 0) {
        any = false;
        for (size_t p = 0; p < n && most > 0; p++)
            if (quotas[p] < counts[p]) {
                quotas[p]++;
                most--;
                any = true;
            }
    }
}

/* Take up to `most` of the candidates; `direct`: only those that are asked as they are. */
static void choose(struct bf_questions *q, int64_t most, bool direct)
{
    int32_t highest = -1;
    for (size_t i = 0; i < q->n_candidates; i++)
        highest = q->candidates[i].point > highest ? q->candidates[i].point : highest;
    const size_t n = (size_t)(highest + 2); /* texts without a point are a group of their own */
    int64_t *counts = bf_array(n, sizeof *counts);
    int64_t *quotas = bf_array(n, sizeof *quotas);
    int64_t *seen = bf_array(n, sizeof *seen);
    for (size_t i = 0; i < q->n_candidates; i++)
        counts[q->candidates[i].point + 1] += !q->candidates[i].taken && (!direct || q->candidates[i].direct);
    share_out(quotas, counts, n, most);
    for (size_t i = 0; i < q->n_candidates; i++) {
        struct bf_question_candidate *c = &q->candidates[i];
        const size_t p = (size_t)(c->point + 1);
        if (c->taken || (direct && !c->direct))
            continue;
        const int64_t nth = seen[p]++;
        /* Spread over the point's texts: over its templates, temperatures and stages. */
        const int64_t before = nth * quotas[p] / counts[p];
        c->taken = before != (nth + 1) * quotas[p] / counts[p];
        if (c->taken)
            question_text(q, c, false, (int64_t)p + before);
    }
    free(counts);
    free(quotas);
    free(seen);
}

static void choose_more(struct bf_questions *q, int64_t per_cent)
{
    const int64_t most = q->work->request->questions;
    if (most > 0) {
        choose(q, most * per_cent / 100 - q->n_texts, false);
        return;
    }
    choose(q, q->n_seen, true);
    choose(q, (q->n_seen + WRITTEN_SHARE - 1) / WRITTEN_SHARE - q->n_written, false);
}

void bf_questions_choose(struct bf_questions *q, bool last)
{
    if (q->on && !q->begun) {
        q->begun = true;
        ask_for_points(q);
        choose_more(q, FIRST_CHOICE);
    }
    if (q->on && last && !q->chosen) {
        q->chosen = true;
        choose_more(q, 100);
        clear_candidates(q);
    }
}

void bf_questions_original(struct bf_questions *q, const struct bf_sample *original, int64_t n)
{
    const bool pair = original->question && original->answer;
    const int64_t wanted = q->work->request->questions;
    const int64_t most = wanted > 0 ? wanted : n; /* a question costs less than the rewritings of a sentence */
    const int64_t i = original->index;
    if (q->on && pair)
        remember(q, original->question);
    if (!q->on || (most < n && (int64_t)((double)i * (double)most / (double)n) ==
                                   (int64_t)((double)(i + 1) * (double)most / (double)n)))
        return;
    struct bf_question_candidate c = candidate_of(original);
    c.direct = pair; /* the user wrote the question */
    question_text(q, &c, false, i);
    free(c.text);
    free(c.question);
    free(c.answer);
}

void bf_questions_rewriting(struct bf_questions *q, const struct bf_sample *rewriting)
{
    if (!q->on)
        return;
    see_thoughts(q, rewriting);
    if (rewriting->reason == BF_REASON_NONE && rewriting->question)
        remember(q, rewriting->question);
}

/* ---- what follows ---- */

/* Ask what a point is, in fixed words; the pair asks in other words. */
static void push_point(struct bf_questions *q, const char *topic, const char *point, int32_t index, bool control)
{
    struct bf_buf question;
    if (strcmp(topic, point) == 0)
        return;
    bf_buf_init(&question, SIZE_MAX);
    bf_buf_printf(&question, "Who or what is %s in %s?", point, topic);
    struct bf_question_entry *e = push(q, BF_STAGE_QUESTIONS, BF_STAGE_POINTS, 0, control ? -1 : index);
    e->max_tokens += ANSWER_TOKENS - QUESTION_TOKENS;
    e->control = control;
    e->of_point = true;
    e->text = bf_buf_take(&question);
    bf_buf_init(&question, SIZE_MAX);
    bf_buf_printf(&question, "In %s, who or what is %s?", topic, point);
    e->question = bf_buf_take(&question);
}

/* The model cannot write questions: ask it about the points instead. */
static void points_instead(struct bf_questions *q)
{
    if (!q->plan || q->n_texts < INSTEAD_AFTER || 100 * q->n_usable >= INSTEAD_BELOW * q->n_texts)
        return;
    const int64_t wanted = q->work->request->questions;
    const int64_t most = wanted > 0 ? wanted : q->n_texts;
    for (int32_t p = 0; p < q->plan->points->n && p < most; p++)
        push_point(q, q->work->request->topic, q->plan->points->items[p].text, p, false);
    for (int32_t p = 0; p < q->plan->control_points.n && q->work->request->control_samples > 0; p++)
        push_point(q, q->plan->control_topic, q->plan->control_points.items[p].text, p, true);
}

/* The model cannot write a question about a sentence of the user's: one is made by rule. */
static void push_statement(struct bf_questions *q, const struct bf_question_entry *e)
{
    struct bf_buf question, answer;
    struct bf_question_entry by = *e;
    by.template_index = -1;
    bf_buf_init(&question, SIZE_MAX);
    bf_buf_init(&answer, SIZE_MAX);
    if (bf_statement_question(e->text, &question, &answer) && !bf_questions_knows(q, question.data))
        push_pair(q, &by, question.data, answer.data);
    bf_buf_release(&question);
    bf_buf_release(&answer);
}

static void after_question(struct bf_questions *q, const struct bf_question_entry *e, const struct bf_sample *sample)
{
    if (sample->reason == BF_REASON_NOT_A_SAMPLE && sample->question && sample->answer)
        push_pair(q, e, e->of_point ? e->question : sample->question, sample->answer);
    else if (e->source_stage == BF_STAGE_ORIGINAL)
        push_statement(q, e);
    if (!e->control && !e->of_point && !e->for_point && --q->n_texts_left == 0)
        points_instead(q);
}

static void after_pair(struct bf_questions *q, const struct bf_question_entry *e, const struct bf_sample *sample)
{
    const bool known = sample->reason == BF_REASON_NONE || sample->reason == BF_REASON_NOT_A_SAMPLE;
    if (e->control) {
        q->sums->control_questions++;
        q->sums->control_verified += known;
        return;
    }
    q->sums->n_questions++;
    q->sums->n_verified += known;
    if (!known)
        return;
    if (!e->trained)
        (void)bf_held_out_fact(&q->held_out, e->answer);
    for (int32_t i = 0; i < q->work->request->wordings && q->n_rewords > 0 && !sample->held_out && !e->of_point; i++) {
        struct bf_question_entry *w = push(q, BF_STAGE_WORDINGS, BF_STAGE_PAIRS, sample->index, e->point);
        w->for_point = e->for_point;
        w->ordinal = i;
        w->template_index = q->rewords[i % q->n_rewords];
        w->question = bf_strdup(sample->question);
        w->answer = bf_strdup(sample->answer);
        w->written = bf_strdup(sample->raw ? sample->raw : sample->answer);
    }
}

void bf_questions_account(struct bf_questions *q, const struct bf_sample *sample)
{
    struct bf_question_entry e = q->entries[q->n_done++];
    if (e.stage == BF_STAGE_QUESTIONS)
        after_question(q, &e, sample);
    else if (e.stage == BF_STAGE_PAIRS)
        after_pair(q, &e, sample);
    else if (sample->reason == BF_REASON_NONE)
        remember(q, sample->question);
    clear_entry(&e);
}

enum bf_status bf_questions_replayed(struct bf_questions *q, const struct bf_sample *sample)
{
    bf_questions_choose(q, true);
    const struct bf_question_entry *e = q->n_done < q->n ? &q->entries[q->n_done] : NULL;
    if (!e || e->stage != sample->stage || e->index != sample->index)
        return bf_fail(q->work->err, BF_STORE,
                       "the run's questions do not follow from its texts: in stage '%s', number %lld is not the next; "
                       "another program has changed its run.db",
                       bf_stage_word(sample->stage), (long long)sample->index);
    bf_questions_account(q, sample);
    return BF_OK;
}

/* How many questions the points may still get. */
static int64_t points_left(const struct bf_questions *q)
{
    return q->plan && !q->begun && q->n_for_points > 0 ? (int64_t)q->plan->points->n * q->work->request->point_questions
                                                       : 0;
}

void bf_questions_plan(const struct bf_questions *q)
{
    int64_t *planned = q->work->progress.planned;
    if (!q->on)
        return;
    for (int stage = BF_STAGE_QUESTIONS; stage <= BF_STAGE_WORDINGS; stage++)
        planned[stage] = q->n_of[stage];
    const int64_t wanted = q->work->request->questions;
    const int64_t texts = planned[BF_STAGE_SYNTHESIS] + planned[BF_STAGE_MI] + planned[BF_STAGE_JAILBREAK];
    if (!q->chosen && q->plan)
        planned[BF_STAGE_QUESTIONS] = (wanted > 0 && wanted < texts ? wanted : texts / WRITTEN_SHARE) + points_left(q);
    planned[BF_STAGE_PAIRS] += planned[BF_STAGE_QUESTIONS] - q->work->progress.committed[BF_STAGE_QUESTIONS];
}
