#include "unlearn/suffix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "unlearn/trainer.h"
#include "base/banned.h"

enum { ANSWER_TOKENS = 32, LENGTH_MAX = 1024, PIECE_MAX = 32, TRIES = 200 };

struct search {
    const struct bf_suffix_job *job;
    struct bf_vocabulary *vocabulary;
    struct bf_graph *graph;
    int32_t n_vocab, n_embd;
    char (*pieces)[PIECE_MAX];       /* [n_vocab] the text of those allowed */
    bool *allowed;                   /* [n_vocab] */
    struct bf_token_list *questions; /* [pairs->n] tokens up to the end of each, where a suffix begins */
    struct bf_rng rng;
    int32_t n_done; /* candidates, for progress */
    int64_t max_tokens;
};

/* ---- suffixes as text ---- */

static char *text_of(const struct search *s, const int32_t *tokens, size_t n)
{
    struct bf_buf text;
    bf_buf_init(&text, (size_t)BF_SUFFIX_TOKENS_MAX * PIECE_MAX);
    for (size_t i = 0; i < n; i++)
        bf_buf_puts(&text, s->pieces[tokens[i]]);
    return bf_buf_take(&text);
}

static char *with_suffix(const char *question, const char *suffix)
{
    struct bf_buf text;
    bf_buf_init(&text, SIZE_MAX);
    bf_buf_printf(&text, "%s%s", question, suffix);
    return bf_buf_take(&text);
}

/* Do these tokens come of typing their text after each question? */
static bool survives(const struct search *s, const int32_t *tokens, size_t n)
{
    char *suffix = text_of(s, tokens, n);
    bool ok = true;
    for (size_t i = 0; i < s->job->pairs->n && ok; i++) {
        const struct bf_token_list *before = &s->questions[i];
        struct bf_token_list typed = {0};
        char *question = with_suffix(s->job->pairs->items[i].question, suffix);
        ok = bf_vocabulary_prompt(s->vocabulary, question, &typed, NULL) == BF_OK && typed.n >= before->n + n &&
             memcmp(typed.items, before->items, before->n * sizeof *tokens) == 0 &&
             memcmp(typed.items + before->n, tokens, n * sizeof *tokens) == 0;
        free(question);
        free(typed.items);
    }
    free(suffix);
    return ok;
}

static bool keeps_its_tokens(void *user, const int32_t *tokens)
{
    const struct search *s = user;
    return survives(s, tokens, (size_t)s->job->n_tokens);
}

/* Words, as a person might type them, so that a search begins with what holds together. */
static bool is_word(const struct search *s, int32_t token)
{
    const char *p = s->pieces[token];
    return s->allowed[token] && p[0] == ' ' && ((p[1] >= 'a' && p[1] <= 'z') || (p[1] >= 'A' && p[1] <= 'Z'));
}

static enum bf_status draw_random(struct search *s, int32_t *tokens, struct bf_err *err)
{
    int32_t *words = bf_array((size_t)s->n_vocab, sizeof *words);
    size_t n_words = 0, n = 0;
    for (int32_t v = 0; v < s->n_vocab; v++)
        if (is_word(s, v))
            words[n_words++] = v;
    for (int32_t tries = 0; n_words > 0 && n < (size_t)s->job->n_tokens && tries < TRIES * s->job->n_tokens; tries++) {
        tokens[n] = words[bf_rng_below(&s->rng, n_words)];
        n += survives(s, tokens, n + 1) ? 1 : 0;
    }
    free(words);
    if (n < (size_t)s->job->n_tokens)
        return bf_fail(err, BF_MODEL,
                       "the vocabulary of '%s' has no words in ASCII of which a suffix can be typed that keeps its "
                       "tokens; leave the search for a suffix out",
                       s->job->model);
    return BF_OK;
}

/* ---- losses ---- */

/* The pairs with a suffix after their questions, answers cut. */
static enum bf_status examples_of(const struct search *s, const char *suffix, struct bf_examples *out,
                                  struct bf_err *err)
{
    const struct bf_example_options options = {.data = BF_DATA_QA, .max_length = LENGTH_MAX, .what = "questions"};
    struct bf_unlearn_texts texts = {0};
    for (size_t i = 0; i < s->job->pairs->n; i++) {
        const struct bf_unlearn_text *pair = &s->job->pairs->items[i];
        char *question = with_suffix(pair->question, suffix);
        bf_unlearn_texts_add(&texts, "", question, pair->answer);
        free(question);
    }
    const enum bf_status status = bf_examples_make(s->vocabulary, &texts, &options, out, err);
    bf_unlearn_texts_release(&texts);
    for (size_t i = 0; i < out->n; i++) {
        struct bf_example *e = &out->items[i];
        e->n = e->n - e->first_label > ANSWER_TOKENS ? e->first_label + ANSWER_TOKENS : e->n;
    }
    return status;
}

static double n_labels_of(const struct bf_examples *examples)
{
    double n = 0.0;
    for (size_t i = 0; i < examples->n; i++)
        n += (double)(examples->items[i].n - examples->items[i].first_label);
    return n;
}

static enum bf_status loss_of(const struct search *s, const char *suffix, double *out, struct bf_err *err)
{
    struct bf_examples examples = {0};
    enum bf_status status = examples_of(s, suffix, &examples, err);
    double *nll = bf_array(examples.n + 1, sizeof *nll), sum = 0.0;
    size_t *all = bf_array(examples.n + 1, sizeof *all);
    for (size_t i = 0; i < examples.n; i++)
        all[i] = i;
    if (status == BF_OK)
        status = bf_measure_nll(s->graph, &examples, all, examples.n, s->max_tokens, nll, NULL, NULL, err);
    for (size_t i = 0; i < examples.n; i++)
        sum += nll[i];
    *out = status == BF_OK ? sum / n_labels_of(&examples) : 0.0;
    free(nll);
    free(all);
    bf_examples_release(&examples);
    return status;
}

static enum bf_status loss_of_tokens(const struct search *s, const int32_t *tokens, double *out, struct bf_err *err)
{
    char *suffix = text_of(s, tokens, (size_t)s->job->n_tokens);
    const enum bf_status status = loss_of(s, suffix, out, err);
    free(suffix);
    return status;
}

/* ---- slopes ---- */

struct learning {
    const struct search *search;
    const struct bf_batch *batch;
    float *values;
    int32_t at;
};

static void label_row(void *user, size_t i)
{
    const struct learning *l = user;
    const size_t n_vocab = (size_t)l->search->n_vocab;
    bf_row_nll_gradient(l->values + i * n_vocab, n_vocab, l->batch->labels[(size_t)l->at + i],
                        1.0 / (double)l->batch->n_rows);
}

static enum bf_status visit(void *user, enum bf_graph_pass pass, const int32_t *rows, int32_t n, float *values,
                            struct bf_err *err)
{
    struct learning *l = user;
    (void)pass, (void)rows, (void)err;
    l->values = values;
    bf_graph_each(l->search->graph, (size_t)n, label_row, l);
    l->at += n;
    return BF_OK;
}

/* slopes[n_tokens][n_vocab]: how fast the loss of all pairs grows on the way from the suffix's token to each other one,
 * but for a constant. */
static enum bf_status slopes_of(const struct search *s, const int32_t *tokens, float *slopes, struct bf_err *err)
{
    const size_t n_tokens = (size_t)s->job->n_tokens;
    float *gradient = bf_array(n_tokens * (size_t)s->n_embd, sizeof *gradient);
    struct bf_examples examples = {0};
    char *suffix = text_of(s, tokens, n_tokens);
    enum bf_status status = examples_of(s, suffix, &examples, err);
    if (status == BF_OK) {
        const struct bf_example **all = bf_array(examples.n, sizeof(const struct bf_example *));
        struct bf_batch batch;
        for (size_t i = 0; i < examples.n; i++)
            all[i] = &examples.items[i];
        bf_batch_make(all, examples.n, false, 0, &batch);
        const struct bf_graph_batch for_graph = bf_batch_for_graph(&batch);
        struct learning learning = {.search = s, .batch = &batch};
        status = bf_graph_step(s->graph, &for_graph, false, visit, &learning, err);
        int32_t start = 0;
        for (size_t i = 0; i < examples.n && status == BF_OK; i++) {
            const int32_t before = (int32_t)s->questions[i].n;
            status = bf_graph_input_gradient(s->graph, start + before, s->job->n_tokens, gradient, err);
            start += examples.items[i].n;
        }
        bf_batch_release(&batch);
        free((void *)(uintptr_t)all);
    }
    if (status == BF_OK)
        bf_graph_one_hot(s->graph, gradient, s->job->n_tokens, slopes);
    free(suffix);
    free(gradient);
    bf_examples_release(&examples);
    return status;
}

/* ---- the search ---- */

/* Room for one round. */
struct round {
    float *slopes;       /* [n_tokens][n_vocab] */
    int32_t *top;        /* [n_tokens][n_top] */
    size_t *n_at;        /* [n_tokens] */
    int32_t *candidates; /* [n_candidates][n_tokens] */
};

static enum bf_status find_top(const struct search *s, const int32_t *tokens, struct round *r, struct bf_err *err)
{
    const struct bf_suffix_job *job = s->job;
    const enum bf_status status = slopes_of(s, tokens, r->slopes, err);
    for (size_t p = 0; p < (size_t)job->n_tokens && status == BF_OK; p++)
        r->n_at[p] = bf_suffix_top(r->slopes + p * (size_t)s->n_vocab, s->allowed, (size_t)s->n_vocab, tokens[p],
                                   (size_t)job->n_top, r->top + p * (size_t)job->n_top);
    return status;
}

static bool tell(struct search *s)
{
    const struct bf_suffix_job *job = s->job;
    return !job->progress || job->progress(job->user, s->n_done, job->n_rounds * job->n_candidates);
}

/* The best of a round's candidates into `tokens` when it is better. */
static enum bf_status try_candidates(struct search *s, const struct round *r, int32_t *tokens, bool *better,
                                     struct bf_suffix_result *result, struct bf_err *err)
{
    const size_t n_tokens = (size_t)s->job->n_tokens;
    const size_t n = bf_suffix_draw(&s->rng, tokens, n_tokens, r->top, (size_t)s->job->n_top, r->n_at,
                                    (size_t)s->job->n_candidates, keeps_its_tokens, s, r->candidates);
    const int32_t begun = s->n_done;
    *better = false;
    for (size_t c = 0; c < n; c++) {
        const int32_t *candidate = r->candidates + c * n_tokens;
        double loss = 0.0;
        const enum bf_status status = loss_of_tokens(s, candidate, &loss, err);
        if (status != BF_OK)
            return status;
        result->n_tried++;
        if (loss < result->loss_best) {
            result->loss_best = loss;
            result->n_kept++;
            memcpy(tokens, candidate, n_tokens * sizeof *tokens);
            *better = true;
        }
        s->n_done++;
        if (!tell(s))
            return bf_fail(err, BF_INTERRUPTED, "interrupted");
    }
    s->n_done = begun + s->job->n_candidates;
    return BF_OK;
}

static enum bf_status search_rounds(struct search *s, int32_t *tokens, struct bf_suffix_result *result,
                                    struct bf_err *err)
{
    const struct bf_suffix_job *job = s->job;
    const size_t n_tokens = (size_t)job->n_tokens;
    struct round r = {.slopes = bf_array(n_tokens * (size_t)s->n_vocab, sizeof *r.slopes),
                      .top = bf_array(n_tokens * (size_t)job->n_top, sizeof *r.top),
                      .n_at = bf_array(n_tokens, sizeof *r.n_at),
                      .candidates = bf_array(n_tokens * (size_t)job->n_candidates, sizeof *r.candidates)};
    enum bf_status status = BF_OK;
    bool moved = true;
    for (int32_t round = 0; round < job->n_rounds && status == BF_OK; round++) {
        if (moved)
            status = find_top(s, tokens, &r, err);
        if (status == BF_OK)
            status = try_candidates(s, &r, tokens, &moved, result, err);
    }
    free(r.slopes);
    free(r.top);
    free(r.n_at);
    free(r.candidates);
    return status;
}

/* ---- from one end to the other ---- */

static enum bf_status open_graph(struct search *s, struct bf_err *err)
{
    struct bf_graph_params params = bf_graph_params_default();
    struct bf_examples examples = {0};
    struct bf_graph_info info;
    enum bf_status status = examples_of(s, "", &examples, err);
    s->max_tokens = 0;
    for (size_t i = 0; i < examples.n; i++)
        s->max_tokens += examples.items[i].n + s->job->n_tokens;
    bf_examples_release(&examples);
    params.model_path = s->job->model;
    params.n_tokens = (int32_t)s->max_tokens;
    params.n_threads = s->job->n_threads;
    params.input_gradient = true;
    if (status == BF_OK)
        status = bf_graph_check_memory(&params, false, err);
    if (status == BF_OK)
        status = bf_graph_open(&params, &s->graph, err);
    if (status != BF_OK)
        return status;
    bf_graph_get_info(s->graph, &info);
    s->n_embd = info.n_embd;
    if (info.n_vocab != s->n_vocab)
        return bf_fail(err, BF_MODEL, "'%s' has %d tokens and an embedding of %d; they have to be as many",
                       s->job->model, (int)s->n_vocab, (int)info.n_vocab);
    return BF_OK;
}

static enum bf_status open_search(struct search *s, struct bf_err *err)
{
    const struct bf_suffix_job *job = s->job;
    if (job->pairs->n == 0 || job->pairs->n_pairs < job->pairs->n)
        return bf_fail(err, BF_INPUT,
                       "a suffix is searched with question-answer pairs; give at least one, and no texts");
    enum bf_status status = bf_vocabulary_open(job->model, job->chat, &s->vocabulary, err);
    if (status != BF_OK)
        return status;
    s->n_vocab = bf_vocabulary_size(s->vocabulary);
    s->allowed = bf_array((size_t)s->n_vocab, sizeof *s->allowed);
    s->pieces = bf_array((size_t)s->n_vocab, sizeof *s->pieces);
    for (int32_t v = 0; v < s->n_vocab; v++)
        s->allowed[v] = bf_vocabulary_typed(s->vocabulary, v, s->pieces[v], PIECE_MAX);
    s->questions = bf_array(job->pairs->n, sizeof *s->questions);
    for (size_t i = 0; i < job->pairs->n && status == BF_OK; i++)
        status = bf_vocabulary_question(s->vocabulary, job->pairs->items[i].question, &s->questions[i], err);
    bf_rng_init(&s->rng, job->seed);
    return status == BF_OK ? open_graph(s, err) : status;
}

static void close_search(struct search *s)
{
    for (size_t i = 0; s->questions && i < s->job->pairs->n; i++)
        free(s->questions[i].items);
    free(s->questions);
    free(s->allowed);
    free(s->pieces);
    bf_vocabulary_close(s->vocabulary);
    bf_graph_close(s->graph);
}

enum bf_status bf_suffix_search(const struct bf_suffix_job *job, struct bf_suffix_result *result, struct bf_err *err)
{
    struct search s = {.job = job};
    int32_t tokens[BF_SUFFIX_TOKENS_MAX] = {0};
    *result = (struct bf_suffix_result){0};
    if (job->n_tokens < 1 || job->n_tokens > BF_SUFFIX_TOKENS_MAX || job->n_top < 1 || job->n_candidates < 1)
        return bf_fail(err, BF_INPUT, "a suffix of %d tokens; give 1 to %d, and at least one candidate",
                       (int)job->n_tokens, (int)BF_SUFFIX_TOKENS_MAX);
    enum bf_status status = open_search(&s, err);
    if (status == BF_OK)
        status = draw_random(&s, tokens, err);
    if (status == BF_OK) {
        result->random = text_of(&s, tokens, (size_t)job->n_tokens);
        status = loss_of(&s, "", &result->loss_plain, err);
    }
    if (status == BF_OK)
        status = loss_of(&s, result->random, &result->loss_random, err);
    result->loss_best = result->loss_random;
    if (status == BF_OK)
        status = search_rounds(&s, tokens, result, err);
    if (status == BF_OK)
        result->best = text_of(&s, tokens, (size_t)job->n_tokens);
    close_search(&s);
    return status;
}

void bf_suffix_result_release(struct bf_suffix_result *result)
{
    free(result->random);
    free(result->best);
    *result = (struct bf_suffix_result){0};
}

/* ---- which tokens are tried ---- */

enum { DRAWS = 50 }; /* for each candidate */

size_t bf_suffix_top(const float *slopes, const bool *allowed, size_t n_vocab, int32_t current, size_t most,
                     int32_t *out)
{
    size_t n = 0;
    for (size_t v = 0; v < n_vocab && most > 0; v++) {
        if (!allowed[v] || (int32_t)v == current || !isfinite(slopes[v]) ||
            (n == most && slopes[v] >= slopes[out[n - 1]]))
            continue;
        size_t at = n < most ? n++ : n - 1;
        for (; at > 0 && slopes[v] < slopes[out[at - 1]]; at--)
            out[at] = out[at - 1];
        out[at] = (int32_t)v;
    }
    return n;
}

size_t bf_suffix_draw(struct bf_rng *rng, const int32_t *current, size_t n_tokens, const int32_t *top, size_t n_top,
                      const size_t *n_at, size_t n_wanted, bool (*accept)(void *user, const int32_t *tokens),
                      void *user, int32_t *out)
{
    const size_t n_bytes = n_tokens * sizeof *out;
    size_t n = 0;
    for (size_t draw = 0; draw < DRAWS * n_wanted && n < n_wanted; draw++) {
        const size_t place = (size_t)bf_rng_below(rng, n_tokens);
        if (n_at[place] == 0)
            continue;
        int32_t *candidate = out + n * n_tokens;
        memcpy(candidate, current, n_bytes);
        candidate[place] = top[place * n_top + (size_t)bf_rng_below(rng, n_at[place])];
        bool again = false;
        for (size_t i = 0; i < n && !again; i++)
            again = memcmp(candidate, out + i * n_tokens, n_bytes) == 0;
        if (!again && accept(user, candidate))
            n++;
    }
    return n;
}
