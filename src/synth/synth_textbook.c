/* The textbook baseline (Zhu et al., COLM 2025): the model names subfields of the domain, bullet points of each
 * subfield for each audience, and writes a chapter on each bullet point; the lines of the chapters are the set. Its
 * numbers are
 *
 *     0            1 ...................... B           B + C = end
 *     subfields    [ bullets: subfield x audience ]     [ chapters ]
 *
 * * Each part needs all of the part before it, so the list grows twice. Subfields are points of round 0, bullet points
 * those of round 1 + audience. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "synth/filter.h"
#include "synth/points.h"
#include "base/similar.h"
#include "synth/work.h"
#include "base/banned.h"

static const char *const audiences[] = {"elementary school pupils", "high school students", "undergraduate students",
                                        "PhD students"};
enum {
    N_AUDIENCES = sizeof audiences / sizeof *audiences,
    TOKENS_PER_SUBFIELD = 16,
    TOKENS_PER_BULLET = 40,
    LINES_MAX = 1024 /* of one chapter */
};

struct textbook {
    struct bf_points points; /* subfields, then bullet points */
    int32_t n_subfields;
    int64_t n_bullets, n_chapters;     /* prompts; known after the part before */
    int32_t templates[BF_STAGE_COUNT]; /* first of each stage */
    struct bf_similar *similar;
};

static struct textbook *textbook_of(struct bf_work *w)
{
    return w->own;
}

static enum bf_status open_textbook(struct bf_work *w)
{
    enum bf_status status = bf_template_set_serves(w->templates, BF_KIND_TEXTBOOK, w->err);
    if (status != BF_OK)
        return status;
    struct textbook *t = bf_alloc(sizeof *t);
    w->own = t;
    for (size_t i = w->templates->n; i-- > 0;)
        t->templates[w->templates->items[i].stage] = (int32_t)i;
    t->similar = bf_similar_new();
    w->progress.planned[BF_STAGE_SUBFIELDS] = 1;
    return BF_OK;
}

static void close_textbook(struct bf_work *w)
{
    struct textbook *t = textbook_of(w);
    bf_points_release(&t->points);
    bf_similar_free(t->similar);
    free(t);
}

static void remember(struct bf_work *w, struct bf_sample *sample)
{
    if (sample->reason != BF_REASON_NONE)
        return;
    struct bf_signature signature;
    bf_signature_of_text(&signature, sample->text);
    bf_similar_add(textbook_of(w)->similar, &signature);
    sample->text_hash = signature.exact;
}

/* Set the length of the list, by what has been committed. */
static void extend(struct bf_work *w)
{
    struct textbook *t = textbook_of(w);
    struct bf_progress *p = &w->progress;
    if (p->committed[BF_STAGE_SUBFIELDS] == 0) {
        w->list.end = 1;
        return;
    }
    p->planned[BF_STAGE_BULLETS] = t->n_bullets = (int64_t)t->n_subfields * N_AUDIENCES;
    w->list.end = 1 + t->n_bullets;
    if (p->committed[BF_STAGE_BULLETS] < t->n_bullets)
        return;
    t->n_chapters = t->points.n - t->n_subfields;
    if (w->request->chapters > 0 && t->n_chapters > w->request->chapters)
        t->n_chapters = w->request->chapters;
    p->planned[BF_STAGE_CHAPTERS] = t->n_chapters;
    w->list.end += t->n_chapters;
    w->list.final = true;
}

static enum bf_status replayed(struct bf_work *w, struct bf_sample *sample, const struct bf_point *points,
                               size_t n_points)
{
    struct textbook *t = textbook_of(w);
    for (size_t i = 0; i < n_points; i++)
        bf_points_add(&t->points, points[i].round, points[i].text, points[i].origin);
    if (sample->stage == BF_STAGE_SUBFIELDS)
        t->n_subfields = t->points.n;
    w->progress.n_points = t->points.n;
    bf_work_count(w, sample);
    remember(w, sample);
    return BF_OK;
}

static void see_end(struct bf_work *w)
{
    extend(w);
    if (w->list.final && w->progress.committed[BF_STAGE_CHAPTERS] >= textbook_of(w)->n_chapters)
        w->progress.stop = BF_STOP_EXHAUSTED;
}

static enum bf_status begin(struct bf_work *w)
{
    const struct bf_progress *p = &w->progress;
    bf_ordered_skip(&w->list, p->committed[BF_STAGE_SUBFIELDS] + p->committed[BF_STAGE_BULLETS] +
                                  p->committed[BF_STAGE_CHAPTERS]);
    see_end(w);
    return BF_OK;
}

/* ---- prompts ---- */

struct place {
    enum bf_stage stage;
    int64_t index;
    int32_t point;    /* -1 for the subfields */
    int32_t audience; /* -1 for the subfields */
    uint64_t seed;
};

/* Fewer chapters than bullet points are spread over all of them, so that no subfield or audience is left out. */
static struct place place_of(struct bf_work *w, int64_t number)
{
    const struct textbook *t = textbook_of(w);
    struct place p = {.stage = BF_STAGE_SUBFIELDS, .point = -1, .audience = -1};
    if (number > t->n_bullets) {
        p.stage = BF_STAGE_CHAPTERS;
        p.index = number - 1 - t->n_bullets;
        const int64_t all = t->points.n - t->n_subfields;
        p.point = t->n_subfields + (int32_t)(p.index * all / t->n_chapters);
        p.audience = t->points.items[p.point].round - 1;
    } else if (number > 0) {
        p.stage = BF_STAGE_BULLETS;
        p.index = number - 1;
        p.point = (int32_t)(p.index / N_AUDIENCES);
        p.audience = (int32_t)(p.index % N_AUDIENCES);
    }
    if (p.audience < 0 || p.audience >= N_AUDIENCES)
        p.audience = 0; /* a point of a database that was edited */
    p.seed = bf_mix(bf_mix(w->request->seed, (uint64_t)p.stage + 1), (uint64_t)p.index);
    return p;
}

static double temperature_of(const struct bf_work *w, const struct place *p)
{
    return p->stage == BF_STAGE_CHAPTERS
               ? w->request->temperatures.values[(size_t)p->index % w->request->temperatures.n]
               : w->request->point_temperature;
}

static void put_prompt(struct bf_work *w, const struct place *p)
{
    struct textbook *t = textbook_of(w);
    char number[16];
    snprintf(number, sizeof number, "%d", p->stage == BF_STAGE_SUBFIELDS ? w->request->subfields : w->request->bullets);
    const struct bf_fill fill = {
        .topic = w->request->topic,
        .point = p->point >= 0 ? t->points.items[p->point].text : NULL,
        .n = number,
        .audience = audiences[p->audience],
    };
    bf_buf_clear(&w->prompt);
    bf_template_fill(&w->prompt, w->templates->items[t->templates[p->stage]].text, &fill);
}

static enum bf_status ask(struct bf_work *w, int64_t number, struct bf_gen_request *q)
{
    const struct place p = place_of(w, number);
    put_prompt(w, &p);
    q->prompt = w->prompt.data;
    q->max_tokens = p.stage == BF_STAGE_SUBFIELDS ? w->request->subfields * TOKENS_PER_SUBFIELD
                    : p.stage == BF_STAGE_BULLETS ? w->request->bullets * TOKENS_PER_BULLET
                                                  : w->request->max_new_tokens;
    q->temperature = temperature_of(w, &p);
    q->seed = p.seed;
    return BF_OK;
}

/* ---- committing ---- */

static struct bf_sample sample_of(struct bf_work *w, const struct place *p, enum bf_stage stage, int64_t index,
                                  const struct bf_waiting *answer)
{
    struct bf_sample sample = bf_work_sample(stage, index, answer);
    sample.point = p->point;
    sample.template_index = textbook_of(w)->templates[p->stage];
    sample.temperature = temperature_of(w, p);
    sample.seed = p->seed;
    return sample;
}

static enum bf_status commit_list(struct bf_work *w, int64_t number, const struct place *p,
                                  const struct bf_waiting *answer)
{
    struct textbook *t = textbook_of(w);
    const bool subfields = p->stage == BF_STAGE_SUBFIELDS;
    struct bf_commit_item item = {.sample = sample_of(w, p, p->stage, p->index, answer)};
    const char *list = bf_work_set_list(w, answer);
    item.sample.text = w->raw.data;
    item.sample.reason = BF_REASON_NOT_A_SAMPLE;
    const int32_t first = t->points.n;
    bf_points_add_list(&t->points, w->request->topic, subfields ? 0 : 1 + p->audience, list,
                       answer->finish == BF_FINISH_LENGTH, subfields ? w->request->subfields : w->request->bullets);
    if (subfields && t->points.n == 0) /* when the model lists nothing, the domain is the only subfield */
        bf_points_add(&t->points, 0, w->request->topic, BF_ORIGIN_TOPIC);
    if (subfields)
        t->n_subfields = t->points.n;
    /* When the model names no bullet points at all, it writes about the subfields themselves. */
    const bool none = !subfields && p->index + 1 == t->n_bullets && t->points.n == t->n_subfields;
    for (int32_t i = 0; none && i < t->n_subfields * N_AUDIENCES; i++)
        bf_points_add(&t->points, 1 + i % N_AUDIENCES, t->points.items[i / N_AUDIENCES].text, NULL);
    w->progress.n_points = t->points.n;
    bf_work_count(w, &item.sample);
    const struct bf_commit commit = {
        .number = number,
        .items = &item,
        .n_items = 1,
        .points = t->points.items + first,
        .n_points = (size_t)(t->points.n - first),
    };
    return bf_work_hand_over(w, &commit);
}

/* A line without markdown: heading marks, list marks, stars around words. Empty when nothing is left. */
static void clean_line(struct bf_buf *out, const char *line, size_t n)
{
    size_t i = 0;
    while (i < n && strchr("#>*-+ \t=_", line[i]))
        i++;
    size_t digits = i;
    while (digits < n && line[digits] >= '0' && line[digits] <= '9')
        digits++;
    if (digits > i && digits + 1 < n && (line[digits] == '.' || line[digits] == ')') && line[digits + 1] == ' ')
        i = digits + 2;
    while (i < n && (line[i] == ' ' || line[i] == '*'))
        i++;
    for (; i < n; i++) {
        if ((line[i] == '*' || line[i] == '`') && (i + 1 == n || line[i + 1] == line[i] || line[i + 1] != ' '))
            continue;
        if (line[i] == '*' && i > 0 && line[i - 1] != ' ')
            continue;
        bf_buf_putc(out, line[i]);
    }
    while (out->len > 0 &&
           (out->data[out->len - 1] == ' ' || out->data[out->len - 1] == '\t' || out->data[out->len - 1] == '\r'))
        out->data[--out->len] = 0;
}

static enum bf_reason judge_line(struct bf_work *w, const char *text)
{
    const struct textbook *t = textbook_of(w);
    struct bf_words words;
    struct bf_signature signature;
    bf_words_of(&words, text, strlen(text));
    bf_signature_of(&signature, &words, text, strlen(text));
    enum bf_reason reason = bf_filter_text(w->request, text, &words, w->prompt.data);
    bf_words_release(&words);
    if (reason == BF_REASON_NONE && bf_similar_has_exact(t->similar, &signature))
        reason = BF_REASON_DUPLICATE;
    if (reason == BF_REASON_NONE && bf_similar_has_near(t->similar, &signature, w->request->near_duplicate))
        reason = BF_REASON_NEAR_DUPLICATE;
    return reason;
}

/* Commit the chapter as it was written, and its lines, in one transaction. */
static enum bf_status commit_chapter(struct bf_work *w, int64_t number, const struct place *p,
                                     const struct bf_waiting *answer)
{
    struct bf_commit_item *items = bf_array(LINES_MAX + 1, sizeof *items);
    size_t n = 1;
    put_prompt(w, p);
    items[0].sample = sample_of(w, p, BF_STAGE_CHAPTERS, p->index, answer);
    bf_work_set_text(w, answer, &items[0].sample);
    items[0].sample.raw = NULL; /* its text is the whole answer */
    items[0].sample.text = w->raw.data;
    items[0].sample.reason = BF_REASON_NOT_A_SAMPLE;
    bf_work_count(w, &items[0].sample);
    for (const char *line = w->text.data; *line && n <= LINES_MAX;) {
        const size_t len = strcspn(line, "\n");
        struct bf_buf text;
        bf_buf_init(&text, len + 1);
        clean_line(&text, line, len);
        line += len + (line[len] == '\n');
        if (text.len == 0) {
            bf_buf_release(&text);
            continue;
        }
        struct bf_sample *sample = &items[n++].sample;
        *sample = sample_of(w, p, BF_STAGE_TEXTBOOK, w->progress.committed[BF_STAGE_TEXTBOOK], NULL);
        sample->finish = BF_FINISH_STOP;
        sample->text = bf_buf_take(&text);
        sample->reason = judge_line(w, sample->text);
        bf_work_count(w, sample);
        remember(w, sample);
    }
    const struct bf_commit commit = {.number = number, .items = items, .n_items = n};
    enum bf_status status = bf_work_hand_over(w, &commit);
    for (size_t i = 1; i < n; i++)
        free((char *)(uintptr_t)items[i].sample.text);
    free(items);
    return status;
}

static enum bf_status commit(struct bf_work *w, int64_t number, const struct bf_waiting *answer)
{
    const struct place p = place_of(w, number);
    enum bf_status status =
        p.stage == BF_STAGE_CHAPTERS ? commit_chapter(w, number, &p, answer) : commit_list(w, number, &p, answer);
    if (status == BF_OK)
        see_end(w);
    return status;
}

const struct bf_work_ops bf_textbook_ops = {
    .open = open_textbook,
    .replayed = replayed,
    .begin = begin,
    .ask = ask,
    .commit = commit,
    .close = close_textbook,
};
