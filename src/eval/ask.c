/* The two ways to ask a model: greedy answers, and probabilities of given texts. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* What a prompt got: an answer, thoughts alone, tokens whose text a server withholds, or nothing. White space is an
 * empty answer, and scores as one: a model that gradient ascent has ruined writes just that. */
enum content { ANSWER, THOUGHTS, SILENT, EMPTY };

struct answers {
    const struct bf_eval *eval;
    const char *what;
    char *const *prompts;
    size_t n, next, n_done;
    int32_t max_tokens;
    const char *const *stops;
    size_t n_stops;
    char **answers;
    enum content *contents; /* [n] */
    const size_t *again;    /* [n_again] of the second pass, which has no stops; NULL in the first */
    size_t n_again;
};

static enum bf_source next_prompt(void *user, struct bf_gen_request *request)
{
    struct answers *a = user;
    if (a->next == (a->again ? a->n_again : a->n))
        return BF_SOURCE_END;
    const size_t index = a->again ? a->again[a->next] : a->next;
    *request = (struct bf_gen_request){
        .index = (int64_t)index,
        .prompt = a->prompts[index],
        .max_tokens = a->max_tokens,
        .temperature = 1.0,
        .top_k = 1,
        .top_p = 1.0,
        .stops = a->again ? NULL : a->stops,
        .n_stops = a->again ? 0 : a->n_stops,
    };
    a->next++;
    return BF_SOURCE_READY;
}

static bool is_blank(const struct bf_buf *text)
{
    return strspn(text->data, " \t\r\n") == text->len;
}

/* What follows a heading on a line of its own ("Answer:", "**Answer:**"); `text` when there is no heading. */
static const char *skip_heading(const char *text)
{
    static const char around[] = " \t*#_";
    const char *at = text + strspn(text, around);
    if (strncasecmp(at, "answer", 6) != 0)
        return text;
    at += 6;
    at += strspn(at, around);
    if (*at != ':')
        return text;
    at += 1 + strspn(at + 1, around);
    return *at == 0 || *at == '\r' || *at == '\n' ? at : text;
}

/* Where an answer begins: after blank lines, and after a heading with something below it. */
static const char *beginning_of(const char *text)
{
    static const char space[] = " \t\r\n";
    text += strspn(text, space);
    const char *below = skip_heading(text);
    below += strspn(below, space);
    return *below ? below : text;
}

/* Nothing but white space, or a heading over nothing. */
static bool says_nothing(const struct bf_buf *text)
{
    const char *begin = text->data + strspn(text->data, " \t\r\n");
    return *skip_heading(begin) == 0;
}

void bf_eval_cut_answer(struct bf_buf *text, const char *const *stops, size_t n_stops)
{
    static const char space[] = " \t\r\n";
    const char *first = text->data + strspn(text->data, space), *begin = beginning_of(text->data);
    const char *end = begin + strlen(begin), *from = begin == first ? text->data : begin;
    struct bf_buf cut;
    for (size_t s = 0; s < n_stops; s++) {
        const char *stop = strstr(begin, stops[s]);
        end = stop && stop < end ? stop : end;
    }
    bf_buf_init(&cut, SIZE_MAX);
    bf_buf_put(&cut, from, (size_t)(end - from));
    bf_buf_release(text);
    *text = cut;
}

static enum bf_status on_answer(void *user, const struct bf_gen_answer *answer, struct bf_err *err)
{
    struct answers *a = user;
    struct bf_buf whole, text;
    enum content *content = &a->contents[answer->index];
    (void)err;
    *content = ANSWER;
    bf_buf_init(&whole, SIZE_MAX);
    bf_buf_init(&text, SIZE_MAX);
    bf_utf8_clean(&whole, answer->text, answer->text_len);
    if (bf_thoughts_cut(&text, whole.data, whole.len) && is_blank(&text)) {
        *content = THOUGHTS;
        bf_buf_clear(&text);
        bf_buf_put(&text, whole.data, whole.len);
    }
    bf_buf_release(&whole);
    if (a->n_stops > 0)
        bf_eval_cut_answer(&text, a->stops, a->n_stops);
    if (*content == ANSWER && a->eval->remote && answer->text_len == 0 && answer->n_tokens >= SILENT_TOKENS)
        *content = SILENT;
    else if (*content == ANSWER && says_nothing(&text))
        *content = EMPTY;
    free(a->answers[answer->index]);
    a->answers[answer->index] = bf_buf_take(&text);
    a->n_done += a->again ? 0 : 1;
    return BF_OK;
}

static bool answer_step(void *user, const struct bf_gen_stats *stats)
{
    const struct answers *a = user;
    (void)stats;
    return !a->eval->progress || a->eval->progress(a->eval->user, a->what, a->n_done, a->n);
}

/* An answer that cannot be read is not an empty answer: counted as one, it would look forgotten. */
static enum bf_status check_content(const struct answers *a, struct bf_err *err)
{
    struct bf_err sentence = BF_ERR_INIT;
    size_t n_thoughts = 0, n_silent = 0;
    for (size_t i = 0; i < a->n; i++) {
        n_thoughts += a->contents[i] == THOUGHTS;
        n_silent += a->contents[i] == SILENT;
    }
    if (n_thoughts == 0 && n_silent == 0)
        return BF_OK;
    const bool all = n_thoughts + n_silent == a->n;
    if (n_thoughts > 0)
        bf_fail(
            &sentence, BF_MODEL,
            "%zu of %zu answers are thoughts of the model, like <think>...</think>, without an answer after them%s; "
            "turn thinking off (for a server with --api-extra '{\"chat_template_kwargs\": {\"enable_thinking\": "
            "false}}', or as the model's card says), or allow longer answers with --max-new-tokens",
            n_thoughts, a->n, all ? "" : "; they are scored as answers");
    else
        bf_fail(
            &sentence, BF_MODEL,
            "%zu of %zu answers have tokens but no text: the server withholds it, as with a parser for reasoning or "
            "tools; start it without",
            n_silent, a->n);
    if (all)
        return bf_fail(err, BF_MODEL, "%s", sentence.text);
    if (a->eval->warn)
        a->eval->warn(a->eval->user, sentence.text);
    return BF_OK;
}

/* An answer may begin with blank lines or thoughts, and a stop then ends it too early. Such prompts are asked again
 * without stops, and their answers are cut here. */
static enum bf_status ask_again(struct answers *a, const struct bf_gen_job *job, struct bf_err *err)
{
    size_t *again = bf_array(a->n, sizeof *again);
    for (size_t i = 0; i < a->n; i++)
        if (a->contents[i] != ANSWER)
            again[a->n_again++] = i;
    a->again = again;
    a->next = 0;
    const enum bf_status status = a->n_again > 0 ? bf_engine_generate(a->eval->engine, job, NULL, err) : BF_OK;
    free(again);
    a->again = NULL;
    return status;
}

enum bf_status bf_eval_answers(const struct bf_eval *eval, const char *what, char *const *prompts, size_t n,
                               int32_t max_tokens, const char *const *stops, size_t n_stops, char **answers,
                               struct bf_err *err)
{
    struct answers a = {.eval = eval,
                        .what = what,
                        .prompts = prompts,
                        .n = n,
                        .max_tokens = max_tokens,
                        .stops = stops,
                        .n_stops = n_stops,
                        .answers = answers,
                        .contents = bf_array(n, sizeof *a.contents)};
    const struct bf_gen_job job = {.user = &a, .source = next_prompt, .sink = on_answer, .step = answer_step};
    memset(answers, 0, n * sizeof *answers);
    enum bf_status status = bf_engine_generate(eval->engine, &job, NULL, err);
    if (status == BF_OK && n_stops > 0)
        status = ask_again(&a, &job, err);
    if (status == BF_OK)
        status = check_content(&a, err);
    free(a.contents);
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
    bool spread;
};

static enum bf_status on_score(void *user, const struct bf_continuation_score *score, struct bf_err *err)
{
    struct scores *s = user;
    struct bf_scored *out = &s->out[score->item];
    const size_t n = (size_t)score->n_tokens, n_choices = s->items[score->item].n_choices;
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
    if (!s->spread)
        return BF_OK;
    if (!score->mean_logp)
        return bf_fail(err, BF_MODEL,
                       "Min-K%%++ needs the probabilities of the whole vocabulary, which a server does not give; leave "
                       "min_k++ out of --attacks, or give the model as a GGUF file with -m");
    out->mean_logp = bf_array(n, sizeof *out->mean_logp);
    out->deviation_logp = bf_array(n, sizeof *out->deviation_logp);
    for (size_t i = 0; i < n; i++) {
        out->mean_logp[i] = score->mean_logp[i];
        out->deviation_logp[i] = score->deviation_logp[i];
    }
    return BF_OK;
}

static bool score_step(void *user, size_t n_done)
{
    const struct scores *s = user;
    return !s->eval->progress || s->eval->progress(s->eval->user, s->what, n_done, s->n);
}

static enum bf_status score(const struct bf_eval *eval, const char *what, const struct bf_continuation *items, size_t n,
                            bool spread, struct bf_scored *out, struct bf_err *err)
{
    struct scores s = {eval, what, items, n, 0, out, spread};
    const struct bf_continuation_job job = {.user = &s, .sink = on_score, .step = score_step, .spread = spread};
    return bf_engine_score_continuations(eval->engine, items, n, &job, err);
}

enum bf_status bf_eval_scores(const struct bf_eval *eval, const char *what, const struct bf_continuation *items,
                              size_t n, struct bf_scored *out, struct bf_err *err)
{
    return score(eval, what, items, n, false, out, err);
}

enum bf_status bf_eval_scores_spread(const struct bf_eval *eval, const char *what, const struct bf_continuation *items,
                                     size_t n, struct bf_scored *out, struct bf_err *err)
{
    return score(eval, what, items, n, true, out, err);
}

void bf_scored_release(struct bf_scored *scored, size_t n)
{
    for (size_t i = 0; scored && i < n; i++) {
        free(scored[i].logp);
        free(scored[i].greedy);
        free(scored[i].choices);
        free(scored[i].mean_logp);
        free(scored[i].deviation_logp);
        scored[i] = (struct bf_scored){0};
    }
}
