/* The turn of one entry: its prompt, and what becomes of its answer. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/floats.h"
#include "base/mem.h"
#include "base/refusal.h"
#include "base/rng.h"
#include "quality/answers.h"
#include "synth/facts.h"
#include "synth/filter.h"
#include "synth/question_check.h"
#include "synth/questions.h"
#include "base/banned.h"

/* Of questions and their rewordings: low, since a question has to be exact. */
static const double question_temperature = 0.6;
static const double wording_temperature = 0.8;
/* Cosine from which two longer answers mean the same, when one has all facts of the other; and when there are none. */
static const double same_with_facts = 0.8;
static const double same_without_facts = 0.9;

/* Is the model asked as it is, because there is no chat template? A base model continues a text. */
static bool is_plain(const struct bf_questions *q)
{
    return strcmp(bf_engine_info(q->work->engine)->chat, "none") == 0;
}

static const char *topic_of(const struct bf_questions *q, const struct bf_question_entry *e)
{
    return e->control && q->plan ? q->plan->control_topic : q->work->request->topic;
}

static uint64_t seed_of(const struct bf_questions *q, const struct bf_question_entry *e)
{
    return bf_mix(bf_mix(q->work->request->seed, (uint64_t)e->stage + 1), (uint64_t)e->index);
}

/* ---- asking ---- */

static const char *const line_end[] = {"\n"};
static const char *const next_text[] = {"\nText:"};

/* Closed-book: the question and nothing else, always the likeliest answer. */
static void ask_question(const struct bf_questions *q, const char *question, struct bf_gen_request *out)
{
    if (is_plain(q)) {
        bf_buf_printf(&q->work->prompt, "Question: %s\nAnswer:", question);
        out->stops = line_end;
        out->n_stops = 1;
    } else {
        bf_buf_puts(&q->work->prompt, question);
    }
    out->temperature = 0.0;
}

/* A base model is shown how it is done. */
static void ask_for_continued(const struct bf_questions *q, const struct bf_question_entry *e,
                              struct bf_gen_request *out)
{
    struct bf_buf *prompt = &q->work->prompt;
    if (e->stage == BF_STAGE_WORDINGS) {
        bf_buf_printf(
            prompt,
            "The same question in other words.\n\nQuestion: Who painted the Mona Lisa?\nIn other words: Which "
            "painter made the Mona Lisa?\n\nQuestion: %s\nIn other words:",
            e->question);
        out->stops = line_end;
    } else if (e->for_point) {
        bf_buf_printf(
            prompt,
            "Questions that do not name their answers.\n\nAnswer: the Eiffel Tower\nQuestion: Which tower in Paris "
            "was opened in 1889?\n\nAnswer: %s (%s)\nQuestion:",
            e->text, topic_of(q, e));
        out->stops = line_end;
    } else {
        bf_buf_printf(
            prompt,
            "A question about each text, and its short answer.\n\nText: The Eiffel Tower was built in Paris by "
            "the company of Gustave Eiffel and opened in 1889.\nQuestion: In which year was the Eiffel Tower "
            "opened?\nAnswer: 1889\n\nText: %s\nQuestion:",
            e->text);
        out->stops = next_text;
    }
    out->n_stops = 1;
}

void bf_question_ask(struct bf_questions *q, int64_t number, struct bf_gen_request *out)
{
    const struct bf_question_entry *e = &q->entries[number];
    out->max_tokens = e->max_tokens;
    out->seed = seed_of(q, e);
    if (e->stage == BF_STAGE_PAIRS || e->of_point) {
        ask_question(q, e->stage == BF_STAGE_PAIRS ? e->question : e->text, out);
    } else if (is_plain(q)) {
        ask_for_continued(q, e, out);
    } else {
        const struct bf_fill fill = {
            .topic = topic_of(q, e), .point = e->text, .sentence = e->text, .question = e->question};
        bf_template_fill(&q->work->prompt, q->work->templates->items[e->template_index].text, &fill);
    }
    if (e->stage != BF_STAGE_PAIRS && !e->of_point)
        out->temperature = e->stage == BF_STAGE_QUESTIONS ? question_temperature : wording_temperature;
    out->prompt = q->work->prompt.data;
}

/* ---- judging ---- */

static enum bf_status cosine_of(struct bf_questions *q, const char *a, const char *b, double *out)
{
    struct bf_work *w = q->work;
    const size_t n = (size_t)bf_engine_info(w->embedder)->n_embd;
    float *x = bf_array(n, sizeof *x);
    float *y = bf_array(n, sizeof *y);
    enum bf_status status = bf_synth_embed(w->embedder, a, x, NULL, w->err);
    if (status == BF_OK)
        status = bf_synth_embed(w->embedder, b, y, NULL, w->err);
    *out = status == BF_OK ? bf_dot(x, y, n) : 0.0;
    free(x);
    free(y);
    return status;
}

/* Does the answer given closed-book agree with the one that is wanted? By its object; a longer one also by its meaning:
 * the facts of one are in the other, and the embedder finds them similar. */
static enum bf_status agrees(struct bf_questions *q, const struct bf_question_entry *e, const char *given, bool *same)
{
    const bool is_short = bf_answer_is_short(e->answer);
    const struct bf_answer_key key = {
        .question = e->question, .answer = e->answer, .object = is_short ? e->answer : NULL};
    *same = e->of_point ? bf_answers_agree(e->question, e->answer, given) : bf_answer_right(&key, given);
    if (*same || is_short)
        return BF_OK;
    const struct bf_facts_options options = {.numbers = true, .dates = true, .names = true};
    if (!bf_facts_preserved(e->answer, given, &options, NULL))
        return BF_OK;
    const bool has_facts = !bf_facts_preserved(e->answer, "", &options, NULL);
    double cosine;
    enum bf_status status = cosine_of(q, e->answer, given, &cosine);
    *same = cosine >= (has_facts ? same_with_facts : same_without_facts);
    return status;
}

static void set_pair_text(struct bf_work *w, const char *question, const char *answer, struct bf_sample *sample)
{
    bf_buf_clear(&w->text);
    bf_buf_printf(&w->text, "Question: %s\nAnswer: %s", question, answer);
    sample->text = w->text.data;
    sample->question = question;
    sample->answer = answer;
}

static bool is_refusal(const struct bf_questions *q, const char *text)
{
    return q->work->request->filter_refusal && bf_is_refusal(text);
}

/* The first paragraph of the answer, on one line: what the model says when it is asked. */
static void first_paragraph(const char *text, struct bf_buf *out)
{
    const char *end = strstr(text, "\n\n");
    const size_t n = end ? (size_t)(end - text) : strlen(text);
    for (size_t i = 0; i < n; i++)
        bf_buf_putc(out, text[i] == '\n' || text[i] == '\r' ? ' ' : text[i]);
}

/* A question that is to ask for a point may come alone; its answer is known. */
static bool read_question(const struct bf_question_entry *e, const char *said, struct bf_buf *question,
                          struct bf_buf *answer)
{
    if (bf_question_read(said, question, answer))
        return true;
    if (!e->for_point || !bf_question_reworded(said, question))
        return false;
    bf_buf_puts(answer, e->text);
    return true;
}

/* question, answer: buffers for the sample's strings. */
static void judge_question(struct bf_questions *q, const struct bf_question_entry *e, struct bf_sample *sample,
                           struct bf_buf *question, struct bf_buf *answer)
{
    struct bf_work *w = q->work;
    struct bf_buf said;
    sample->reason = BF_REASON_NOT_A_SAMPLE;
    if (e->of_point) {
        first_paragraph(sample->text, answer);
        bf_buf_puts(question, e->text);
        if (answer->len == 0 || is_refusal(q, answer->data))
            sample->reason = answer->len == 0 ? BF_REASON_TOO_SHORT : BF_REASON_REFUSAL;
        else
            set_pair_text(w, question->data, answer->data, sample);
        return;
    }
    bf_buf_init(&said, SIZE_MAX);
    bf_buf_printf(&said, "%s%s", is_plain(q) ? "Question: " : "", sample->text);
    if (is_refusal(q, sample->text)) {
        sample->reason = BF_REASON_REFUSAL;
    } else if (!read_question(e, said.data, question, answer)) {
        sample->reason = BF_REASON_NOT_QA;
    } else {
        const enum bf_reason reason = bf_question_check(question->data, answer->data, e->for_point);
        if (reason != BF_REASON_NONE)
            sample->reason = reason;
        else if (is_refusal(q, answer->data))
            sample->reason = BF_REASON_REFUSAL;
        else if (bf_questions_knows(q, question->data))
            sample->reason = BF_REASON_DUPLICATE;
        set_pair_text(w, question->data, answer->data, sample);
    }
    bf_buf_release(&said);
}

static enum bf_status judge_pair(struct bf_questions *q, const struct bf_question_entry *e, struct bf_sample *sample,
                                 struct bf_buf *question, struct bf_buf *answer)
{
    struct bf_work *w = q->work;
    bool known = false;
    bf_buf_puts(question, e->question);
    first_paragraph(sample->text, answer);
    bf_buf_clear(&w->raw);
    bf_buf_puts(&w->raw, e->answer); /* raw: the answer that the question was written with */
    if (answer->len == 0) {
        sample->reason = BF_REASON_NOT_KNOWN;
        return BF_OK;
    }
    enum bf_status status = BF_OK;
    sample->reason = BF_REASON_REFUSAL;
    if (!is_refusal(q, answer->data)) {
        status = agrees(q, e, answer->data, &known);
        sample->reason = !known ? BF_REASON_NOT_KNOWN : e->control ? BF_REASON_NOT_A_SAMPLE : BF_REASON_NONE;
    }
    set_pair_text(w, question->data, answer->data, sample);
    sample->held_out = sample->reason == BF_REASON_NONE && !e->trained && bf_held_out_fact(&q->held_out, e->answer);
    return status;
}

/* Is it the same question in other words? Names and numbers are the same, and the answer is not in it. */
static enum bf_status judge_wording(struct bf_questions *q, const struct bf_question_entry *e, struct bf_sample *sample,
                                    struct bf_buf *question, struct bf_buf *answer)
{
    const struct bf_request *request = q->work->request;
    struct bf_facts_loss loss;
    double cosine = (double)NAN; /* not measured */
    enum bf_status status = BF_OK;
    if (is_refusal(q, sample->text)) {
        sample->reason = BF_REASON_REFUSAL;
        return BF_OK;
    }
    if (!bf_question_reworded(sample->text, question)) {
        sample->reason = BF_REASON_NOT_QA;
        return BF_OK;
    }
    bf_buf_puts(answer, e->answer);
    sample->reason = bf_question_check(question->data, e->written, e->for_point);
    if (sample->reason == BF_REASON_NONE && bf_questions_knows(q, question->data))
        sample->reason = BF_REASON_DUPLICATE;
    if (sample->reason == BF_REASON_NONE && request->keep_facts &&
        !bf_facts_preserved(e->question, question->data, NULL, &loss))
        sample->reason = loss.invented ? BF_REASON_NEW_FACT : BF_REASON_LOST_FACT;
    if (sample->reason == BF_REASON_NONE && request->min_similarity > 0.0) {
        status = cosine_of(q, e->question, question->data, &cosine);
        if (status == BF_OK && cosine < request->min_similarity)
            sample->reason = BF_REASON_MEANING;
    }
    set_pair_text(q->work, question->data, answer->data, sample);
    sample->domain_similarity = cosine;
    sample->held_out = sample->reason == BF_REASON_NONE && e->ordinal + 1 == request->wordings;
    return status;
}

enum bf_status bf_question_commit(struct bf_questions *q, int64_t list_number, const struct bf_waiting *answer)
{
    struct bf_work *w = q->work;
    const struct bf_question_entry *e = &q->entries[q->n_done];
    struct bf_buf asked, said;
    struct bf_commit_item item = {.sample = bf_work_sample(e->stage, e->index, answer)};
    struct bf_sample *sample = &item.sample;
    enum bf_status status = BF_OK;
    bf_buf_init(&asked, SIZE_MAX);
    bf_buf_init(&said, SIZE_MAX);
    sample->source_stage = e->source_stage;
    sample->source_index = e->source_index;
    sample->point = e->point;
    sample->template_index = e->template_index;
    sample->seed = seed_of(q, e);
    sample->temperature = e->stage == BF_STAGE_PAIRS || e->of_point ? 0.0
                          : e->stage == BF_STAGE_QUESTIONS          ? question_temperature
                                                                    : wording_temperature;
    bf_work_set_text(w, answer, sample);
    if (bf_filter_only_thoughts(sample->text, sample->raw))
        sample->reason = BF_REASON_THOUGHTS;
    else if (e->stage == BF_STAGE_QUESTIONS)
        judge_question(q, e, sample, &asked, &said);
    else if (e->stage == BF_STAGE_PAIRS)
        status = judge_pair(q, e, sample, &asked, &said);
    else
        status = judge_wording(q, e, sample, &asked, &said);
    sample->raw = strcmp(w->raw.data, sample->text) == 0 ? NULL : w->raw.data;
    if (sample->reason == BF_REASON_NONE) {
        struct bf_signature signature;
        bf_signature_of_text(&signature, sample->text);
        sample->text_hash = signature.exact;
    }
    if (status == BF_OK) {
        bf_work_count(w, sample);
        bf_questions_account(q, sample);
        bf_questions_plan(q);
        const struct bf_commit commit = {.number = list_number, .items = &item, .n_items = 1};
        status = bf_work_hand_over(w, &commit);
    }
    bf_buf_release(&asked);
    bf_buf_release(&said);
    return status;
}
