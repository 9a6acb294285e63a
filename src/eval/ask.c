/* The two ways to ask a model: greedy answers, and probabilities of given texts. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/thoughts.h"
#include "base/utf8.h"
#include "eval/eval.h"
#include "base/banned.h"

enum { SILENT_TOKENS = 2 }; /* one may be an end token that a server counts */

bool bf_eval_is_plain(const struct bf_eval *eval)
{
    return strcmp(bf_engine_info(eval->engine)->chat, "none") == 0;
}

/* ---- answers ---- */

struct answers {
    const struct bf_eval *eval;
    const char *what;
    char *const *prompts;
    size_t n, next, n_done;
    int32_t max_tokens;
    const char *const *stops;
    size_t n_stops;
    char **answers;
    size_t n_thoughts, n_silent; /* nothing but thoughts; tokens without any text */
};

static enum bf_source next_prompt(void *user, struct bf_gen_request *request)
{
    struct answers *a = user;
    if (a->next == a->n)
        return BF_SOURCE_END;
    *request = (struct bf_gen_request){
        .index = (int64_t)a->next,
        .prompt = a->prompts[a->next],
        .max_tokens = a->max_tokens,
        .temperature = 1.0,
        .top_k = 1,
        .top_p = 1.0,
        .stops = a->stops,
        .n_stops = a->n_stops,
    };
    a->next++;
    return BF_SOURCE_READY;
}

static bool is_blank(const struct bf_buf *text)
{
    return strspn(text->data, " \t\r\n") == text->len;
}

static enum bf_status on_answer(void *user, const struct bf_gen_answer *answer, struct bf_err *err)
{
    struct answers *a = user;
    struct bf_buf whole, text;
    (void)err;
    bf_buf_init(&whole, SIZE_MAX);
    bf_buf_init(&text, SIZE_MAX);
    bf_utf8_clean(&whole, answer->text, answer->text_len);
    if (bf_thoughts_cut(&text, whole.data, whole.len) && is_blank(&text)) {
        a->n_thoughts++;
        bf_buf_clear(&text);
        bf_buf_put(&text, whole.data, whole.len);
    }
    a->n_silent += is_blank(&text) && answer->n_tokens >= SILENT_TOKENS;
    bf_buf_release(&whole);
    for (size_t s = 0; s < a->n_stops; s++) {
        char *stop = strstr(text.data, a->stops[s]);
        if (stop)
            *stop = 0;
    }
    a->answers[answer->index] = bf_buf_take(&text);
    a->n_done++;
    return BF_OK;
}

static bool answer_step(void *user, const struct bf_gen_stats *stats)
{
    const struct answers *a = user;
    (void)stats;
    return !a->eval->progress || a->eval->progress(a->eval->user, a->what, a->n_done, a->n);
}

/* An answer that cannot be read is not an answer that says nothing: counted so, it would look forgotten. */
static enum bf_status check_content(const struct answers *a, struct bf_err *err)
{
    struct bf_err sentence = BF_ERR_INIT;
    if (a->n_thoughts == 0 && a->n_silent == 0)
        return BF_OK;
    const bool all = a->n_thoughts + a->n_silent == a->n;
    if (a->n_thoughts > 0)
        bf_fail(
            &sentence, BF_MODEL,
            "%zu of %zu answers are thoughts of the model, like <think>...</think>, without an answer after them%s; "
            "turn thinking off (for a server --api-extra '{\"chat_template_kwargs\": {\"enable_thinking\": "
            "false}}', or as the model's card says), or give more room with --max-new-tokens",
            a->n_thoughts, a->n, all ? "" : ", and count as they are");
    else
        bf_fail(
            &sentence, BF_MODEL,
            "%zu of %zu answers have tokens but no text: the server keeps it back, as with a parser for reasoning or "
            "tools; start it without",
            a->n_silent, a->n);
    if (all)
        return bf_fail(err, BF_MODEL, "%s", sentence.text);
    if (a->eval->warn)
        a->eval->warn(a->eval->user, sentence.text);
    return BF_OK;
}

enum bf_status bf_eval_answers(const struct bf_eval *eval, const char *what, char *const *prompts, size_t n,
                               int32_t max_tokens, const char *const *stops, size_t n_stops, char **answers,
                               struct bf_err *err)
{
    struct answers a = {eval, what, prompts, n, 0, 0, max_tokens, stops, n_stops, answers, 0, 0};
    const struct bf_gen_job job = {.user = &a, .source = next_prompt, .sink = on_answer, .step = answer_step};
    memset(answers, 0, n * sizeof *answers);
    enum bf_status status = bf_engine_generate(eval->engine, &job, NULL, err);
    if (status == BF_OK)
        status = check_content(&a, err);
    for (size_t i = 0; i < n && status != BF_OK; i++) {
        free(answers[i]);
        answers[i] = NULL;
    }
    return status;
}

/* ---- probabilities ---- */

struct scores {
    const struct bf_eval *eval;
    const char *what;
    const struct bf_continuation *items;
    size_t n, n_done;
    struct bf_scored *out;
};

static enum bf_status on_score(void *user, const struct bf_continuation_score *score, struct bf_err *err)
{
    struct scores *s = user;
    struct bf_scored *out = &s->out[score->item];
    const size_t n = (size_t)score->n_tokens, n_choices = s->items[score->item].n_choices;
    (void)err;
    out->n = n;
    out->logp = bf_array(n, sizeof *out->logp);
    if (n > 0)
        memcpy(out->logp, score->logp, n * sizeof *out->logp);
    if (score->greedy) {
        out->greedy = bf_array(n, sizeof *out->greedy);
        memcpy(out->greedy, score->greedy, n * sizeof *out->greedy);
    }
    if (n_choices > 0) {
        out->choices = bf_array(n_choices, sizeof *out->choices);
        memcpy(out->choices, score->choices, n_choices * sizeof *out->choices);
    }
    s->n_done++;
    return BF_OK;
}

static bool score_step(void *user, size_t n_done)
{
    const struct scores *s = user;
    return !s->eval->progress || s->eval->progress(s->eval->user, s->what, n_done, s->n);
}

enum bf_status bf_eval_scores(const struct bf_eval *eval, const char *what, const struct bf_continuation *items,
                              size_t n, struct bf_scored *out, struct bf_err *err)
{
    struct scores s = {eval, what, items, n, 0, out};
    const struct bf_continuation_job job = {.user = &s, .sink = on_score, .step = score_step};
    return bf_engine_score_continuations(eval->engine, items, n, &job, err);
}

void bf_scored_release(struct bf_scored *scored, size_t n)
{
    for (size_t i = 0; scored && i < n; i++) {
        free(scored[i].logp);
        free(scored[i].greedy);
        free(scored[i].choices);
        scored[i] = (struct bf_scored){0};
    }
}
