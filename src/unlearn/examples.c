#include "unlearn/examples.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/banned.h"

/* ---- texts ---- */

void bf_unlearn_texts_add(struct bf_unlearn_texts *texts, const char *text, const char *question, const char *answer)
{
    /* Grown by halves: a set may have a million lines. */
    if ((texts->n & (texts->n - 1)) == 0)
        texts->items = bf_grow(texts->items, texts->n ? texts->n * 2 : 1, sizeof *texts->items);
    const bool pair = question && answer;
    texts->items[texts->n++] = (struct bf_unlearn_text){.text = bf_strdup(text),
                                                        .question = pair ? bf_strdup(question) : NULL,
                                                        .answer = pair ? bf_strdup(answer) : NULL};
    texts->n_pairs += pair ? 1 : 0;
}

void bf_unlearn_texts_describe(struct bf_unlearn_texts *texts, const char *topic, const char *asked)
{
    struct bf_unlearn_text *last = &texts->items[texts->n - 1];
    free(last->topic);
    free(last->asked);
    last->topic = topic ? bf_strdup(topic) : NULL;
    last->asked = asked ? bf_strdup(asked) : NULL;
}

void bf_unlearn_texts_name(struct bf_unlearn_texts *texts, const char *name, size_t n)
{
    if ((texts->n_names & (texts->n_names - 1)) == 0) /* a power of two, or none: full */
        texts->names = bf_grow(texts->names, texts->n_names ? 2 * texts->n_names : 1, sizeof *texts->names);
    texts->names[texts->n_names++] = bf_strndup(name, n);
}

void bf_unlearn_texts_release(struct bf_unlearn_texts *texts)
{
    for (size_t i = 0; i < texts->n_names; i++)
        free(texts->names[i]);
    free(texts->names);
    for (size_t i = 0; i < texts->n; i++) {
        free(texts->items[i].text);
        free(texts->items[i].question);
        free(texts->items[i].answer);
        free(texts->items[i].topic);
        free(texts->items[i].asked);
    }
    free(texts->items);
    *texts = (struct bf_unlearn_texts){0};
}

/* ---- texts as tokens with labels ---- */

void bf_examples_release(struct bf_examples *examples)
{
    for (size_t i = 0; i < examples->n; i++)
        free(examples->items[i].tokens);
    free(examples->items);
    *examples = (struct bf_examples){0};
}

static void add(struct bf_examples *out, const int32_t *tokens, size_t n, size_t first_label)
{
    if ((out->n & (out->n - 1)) == 0)
        out->items = bf_grow(out->items, out->n ? out->n * 2 : 1, sizeof *out->items);
    struct bf_example *example = &out->items[out->n++];
    *example = (struct bf_example){
        .tokens = bf_array(n, sizeof *tokens), .n = (int32_t)n, .first_label = (int32_t)first_label};
    memcpy(example->tokens, tokens, n * sizeof *tokens);
    out->longest = example->n > out->longest ? example->n : out->longest;
    out->n_tokens += example->n;
    out->n_labels += example->n - example->first_label;
}

/* Two digests in a chain would do as well; one buffer of all tokens is simpler and small beside a model. */
void bf_examples_hash(struct bf_examples *out)
{
    struct bf_buf all;
    bf_buf_init(&all, SIZE_MAX);
    for (size_t i = 0; i < out->n; i++) {
        const struct bf_example *e = &out->items[i];
        bf_buf_put(&all, &e->n, sizeof e->n);
        bf_buf_put(&all, &e->first_label, sizeof e->first_label);
        bf_buf_put(&all, e->tokens, (size_t)e->n * sizeof *e->tokens);
    }
    bf_sha256_hex(all.data, all.len, out->sha256);
    bf_buf_release(&all);
}

static enum bf_status add_pair(const struct bf_vocabulary *vocabulary, const char *question, const char *answer,
                               size_t number, const struct bf_example_options *options, struct bf_token_list *tokens,
                               struct bf_examples *out, struct bf_err *err)
{
    const size_t max = (size_t)options->max_length;
    size_t n_prompt = 0;
    tokens->n = 0;
    const enum bf_status status = bf_vocabulary_pair(vocabulary, question, answer, tokens, &n_prompt, err);
    if (status != BF_OK)
        return status;
    if (!*answer)
        return bf_fail(err, BF_INPUT, "record %zu of the %s has an empty answer; there is nothing to take a loss of",
                       number, options->what);
    if (n_prompt >= max)
        return bf_fail(err, BF_INPUT,
                       "the answer of record %zu of the %s is cut away: its question alone takes %zu tokens; give "
                       "--max-length %zu or more",
                       number, options->what, n_prompt, tokens->n);
    if (tokens->n > max) {
        tokens->n = max;
        out->n_cut++;
    }
    const int64_t before = out->n_labels;
    add(out, tokens->items, tokens->n, n_prompt > 0 ? n_prompt : 1);
    out->made.n_chat++;
    out->made.chat_labels += out->n_labels - before;
    return BF_OK;
}

/* Pieces of at most max_length, BOS included; a rest of less than two tokens has no label. */
static void add_pieces(const struct bf_vocabulary *vocabulary, const struct bf_token_list *tokens, int32_t max_length,
                       struct bf_examples *out)
{
    const int32_t bos = bf_vocabulary_bos(vocabulary);
    const size_t n_bos = bos >= 0 ? 1 : 0, room = (size_t)max_length - n_bos;
    const int64_t before = out->n_labels;
    int32_t *piece = bf_array((size_t)max_length, sizeof *piece);
    for (size_t from = 0; from < tokens->n; from += room) {
        const size_t n = tokens->n - from < room ? tokens->n - from : room;
        piece[0] = bos;
        memcpy(piece + n_bos, tokens->items + from, n * sizeof *piece);
        if (n + n_bos < 2)
            continue;
        add(out, piece, n + n_bos, 1);
        out->made.n_raw++;
    }
    out->made.raw_labels += out->n_labels - before;
    free(piece);
}

static void make_text(const struct bf_vocabulary *vocabulary, const struct bf_unlearn_texts *texts,
                      const struct bf_example_options *options, struct bf_examples *out)
{
    struct bf_token_list tokens = {0};
    for (size_t i = 0; i < texts->n; i++) {
        bf_vocabulary_text(vocabulary, texts->items[i].text, &tokens);
        if (!options->pack) {
            add_pieces(vocabulary, &tokens, options->max_length, out);
            tokens.n = 0;
        } else if (i + 1 < texts->n) {
            bf_vocabulary_text(vocabulary, "\n\n", &tokens);
        }
    }
    if (options->pack)
        add_pieces(vocabulary, &tokens, options->max_length, out);
    free(tokens.items);
}

/* ---- mixed data ---- */

/* A walk over the examples of mixed data: the first of each record, then the second of each, and so on, so that every
 * n-th example is of all forms. */
struct walk {
    const struct bf_unlearn_texts *texts;
    const struct bf_example_options *options;
    struct bf_forms forms;
    struct bf_buf question;
    int32_t k;     /* which example of a record */
    size_t record; /* the next to look at */
    bool any;      /* had a record a k-th example? */
};

static void walk_begin(struct walk *w, const struct bf_vocabulary *vocabulary, const struct bf_unlearn_texts *texts,
                       const struct bf_example_options *options)
{
    *w = (struct walk){.texts = texts, .options = options, .forms = options->forms};
    if (bf_vocabulary_is_plain(vocabulary))
        w->forms = (struct bf_forms){.raw = 1, .pair = options->forms.pair};
    if (options->only_chat)
        w->forms.raw = 0;
    bf_buf_init(&w->question, SIZE_MAX);
}

/* The next example, of record *number (from 0); false at the end. */
static bool walk_next(struct walk *w, struct bf_formed *out, size_t *number)
{
    for (;; w->record++) {
        if (w->record == w->texts->n) {
            if (!w->any)
                return false;
            w->k++;
            w->record = 0;
            w->any = false;
        }
        const struct bf_unlearn_text *t = &w->texts->items[w->record];
        const struct bf_form_record record = {t->text, t->question, t->answer, t->topic, t->asked};
        if (bf_form_at(&w->forms, &record, w->options->seed, w->record, w->k, &w->question, out)) {
            w->any = true;
            *number = w->record++;
            return true;
        }
    }
}

/* Is there room for an answer after this question? One of a pair has to have it; one that was made for a text need not.
 */
static enum bf_status has_room(const struct walk *w, const struct bf_vocabulary *vocabulary, const char *question,
                               size_t number, struct bf_token_list *tokens, bool *room, struct bf_err *err)
{
    *room = true;
    if (w->texts->items[number].question)
        return BF_OK;
    tokens->n = 0;
    const enum bf_status status = bf_vocabulary_prompt(vocabulary, question, tokens, err);
    *room = tokens->n < (size_t)w->options->max_length;
    return status;
}

static enum bf_status make_mixed(const struct bf_vocabulary *vocabulary, const struct bf_unlearn_texts *texts,
                                 const struct bf_example_options *options, struct bf_examples *out, struct bf_err *err)
{
    struct walk walk;
    struct bf_formed one;
    struct bf_token_list tokens = {0};
    enum bf_status status = BF_OK;
    size_t number = 0, n_records = 0;
    walk_begin(&walk, vocabulary, texts, options);
    while (status == BF_OK && walk_next(&walk, &one, &number)) {
        const size_t before = out->n;
        bool room = true;
        tokens.n = 0;
        if (one.form == BF_FORM_CHAT) {
            status = has_room(&walk, vocabulary, one.question, number, &tokens, &room, err);
            if (status == BF_OK && room)
                status = add_pair(vocabulary, one.question, one.text, number + 1, options, &tokens, out, err);
            out->n_no_room += room ? 0 : 1;
        } else {
            bf_vocabulary_text(vocabulary, one.text, &tokens);
            add_pieces(vocabulary, &tokens, options->max_length, out);
        }
        if (walk.k == 0) {
            n_records++;
            out->n_epoch += out->n > before ? out->n - before : 1;
        }
    }
    out->n_left_out = texts->n - n_records;
    out->pairs = out->made.n_raw == 0;
    bf_buf_release(&walk.question);
    free(tokens.items);
    return status;
}

/* ---- sets ---- */

static enum bf_status make_pairs(const struct bf_vocabulary *vocabulary, const struct bf_unlearn_texts *texts,
                                 const struct bf_example_options *options, struct bf_examples *out, struct bf_err *err)
{
    struct bf_token_list tokens = {0};
    enum bf_status status = BF_OK;
    if (texts->n_pairs == 0)
        return bf_fail(err, BF_INPUT, "the %s has no question-answer pairs; give --data text", options->what);
    for (size_t i = 0; i < texts->n && status == BF_OK; i++) {
        const struct bf_unlearn_text *text = &texts->items[i];
        if (text->question)
            status = add_pair(vocabulary, text->question, text->answer, i + 1, options, &tokens, out, err);
        else
            out->n_left_out++;
    }
    free(tokens.items);
    return status;
}

/* Ends a set: *out is released unless `status` is BF_OK. */
static enum bf_status finish(enum bf_status status, struct bf_examples *out)
{
    if (status == BF_OK)
        bf_examples_hash(out);
    else
        bf_examples_release(out);
    return status;
}

enum bf_status bf_examples_make(const struct bf_vocabulary *vocabulary, const struct bf_unlearn_texts *texts,
                                const struct bf_example_options *options, struct bf_examples *out, struct bf_err *err)
{
    const bool automatic = options->data == BF_DATA_AUTO, mixed = options->data == BF_DATA_MIXED;
    enum bf_status status = BF_OK;
    *out = (struct bf_examples){0};
    if (texts->n == 0)
        return bf_fail(err, BF_INPUT, "the %s is empty", options->what);
    out->pairs = automatic ? texts->n_pairs == texts->n : options->data == BF_DATA_QA;
    if (mixed)
        status = make_mixed(vocabulary, texts, options, out, err);
    else if (out->pairs)
        status = make_pairs(vocabulary, texts, options, out, err);
    else
        make_text(vocabulary, texts, options, out);
    if (!mixed)
        out->n_epoch = out->n;
    if (status == BF_OK && out->n == 0)
        status = bf_fail(err, BF_INPUT,
                         mixed && options->only_chat
                             ? "the %s has no question with an answer: no pair, and no text that is long enough for one"
                             : "the %s has no text of two tokens or more",
                         options->what);
    return finish(status, out);
}

enum bf_status bf_examples_alternate(const struct bf_vocabulary *vocabulary, const struct bf_unlearn_texts *texts,
                                     const struct bf_unlearn_texts *answers, const struct bf_example_options *options,
                                     struct bf_examples *out, struct bf_err *err)
{
    struct walk walk;
    struct bf_formed one;
    struct bf_token_list tokens = {0};
    enum bf_status status = BF_OK;
    size_t number = 0;
    *out = (struct bf_examples){.pairs = true};
    if (answers->n == 0)
        return bf_fail(err, BF_INPUT, "the file of alternate answers is empty");
    walk_begin(&walk, vocabulary, texts, options);
    if (options->data != BF_DATA_MIXED)
        walk.forms = (struct bf_forms){0}; /* pairs alone */
    while (status == BF_OK && walk_next(&walk, &one, &number)) {
        /* A pair's answer by its place, as ever; the other examples of a text by theirs. */
        const uint64_t place = number + (uint64_t)walk.k * texts->n;
        const char *answer = answers->items[bf_order_pick(options->seed, 2, place, answers->n)].text;
        bool room = true;
        status = has_room(&walk, vocabulary, one.question, number, &tokens, &room, err);
        if (status == BF_OK && room)
            status = add_pair(vocabulary, one.question, answer, number + 1, options, &tokens, out, err);
    }
    bf_buf_release(&walk.question);
    free(tokens.items);
    return finish(status, out);
}

/* ---- the order that examples come in ---- */

size_t bf_order_pick(uint64_t seed, uint64_t stream, uint64_t position, size_t n)
{
    struct bf_rng rng;
    bf_rng_init(&rng, bf_mix(bf_mix(seed, stream + 1), position));
    return (size_t)bf_rng_below(&rng, n);
}

size_t bf_order_at(struct bf_order *order, uint64_t position)
{
    const uint64_t epoch = position / order->n;
    if (!order->permutation || order->epoch != epoch) {
        struct bf_rng rng;
        if (!order->permutation)
            order->permutation = bf_array(order->n, sizeof *order->permutation);
        for (size_t i = 0; i < order->n; i++)
            order->permutation[i] = i;
        bf_rng_init(&rng, bf_mix(bf_mix(order->seed, 0), epoch));
        for (size_t i = order->n; i > 1; i--) {
            const size_t j = (size_t)bf_rng_below(&rng, i), kept = order->permutation[i - 1];
            order->permutation[i - 1] = order->permutation[j];
            order->permutation[j] = kept;
        }
        order->epoch = epoch;
    }
    return order->permutation[position % order->n];
}

void bf_order_release(struct bf_order *order)
{
    free(order->permutation);
    *order = (struct bf_order){0};
}

/* ---- examples as a batch of the graph ---- */

static int32_t first_row(const struct bf_example *e, int32_t skip)
{
    return skip < e->n - 1 - e->first_label ? e->first_label + skip : e->n - 1;
}

static void open_batch(struct bf_batch *out, size_t n, size_t n_tokens, size_t n_rows)
{
    *out = (struct bf_batch){.tokens = bf_array(n_tokens, sizeof *out->tokens),
                             .lengths = bf_array(n, sizeof *out->lengths),
                             .rows = bf_array(n_rows, sizeof *out->rows),
                             .labels = bf_array(n_rows, sizeof *out->labels),
                             .sequence = bf_array(n_rows, sizeof *out->sequence),
                             .n_labels = bf_array(n, sizeof *out->n_labels)};
}

static void add_row(struct bf_batch *out, const struct bf_example *e, int32_t t, bool states)
{
    out->rows[out->n_rows] = (int32_t)out->n_tokens + t - (states ? 0 : 1);
    out->labels[out->n_rows] = e->tokens[t];
    out->sequence[out->n_rows++] = out->n_sequences;
    out->n_labels[out->n_sequences]++;
}

static void end_sequence(struct bf_batch *out, const struct bf_example *e)
{
    memcpy(out->tokens + out->n_tokens, e->tokens, (size_t)e->n * sizeof *e->tokens);
    out->lengths[out->n_sequences++] = e->n;
    out->n_tokens += e->n;
}

void bf_batch_make(const struct bf_example *const *examples, size_t n, bool states, int32_t skip, struct bf_batch *out)
{
    size_t n_tokens = 0, n_rows = 0;
    for (size_t i = 0; i < n; i++) {
        n_tokens += (size_t)examples[i]->n;
        n_rows += (size_t)(examples[i]->n - first_row(examples[i], skip));
    }
    open_batch(out, n, n_tokens, n_rows);
    for (size_t i = 0; i < n; i++) {
        for (int32_t t = first_row(examples[i], skip); t < examples[i]->n; t++)
            add_row(out, examples[i], t, states);
        end_sequence(out, examples[i]);
    }
}

void bf_batch_make_at(const struct bf_example *const *examples, const struct bf_batch_labels *labels, size_t n,
                      struct bf_batch *out)
{
    size_t n_tokens = 0, n_rows = 0;
    for (size_t i = 0; i < n; i++) {
        n_tokens += (size_t)examples[i]->n;
        n_rows += (size_t)labels[i].n;
    }
    open_batch(out, n, n_tokens, n_rows);
    for (size_t i = 0; i < n; i++) {
        for (int32_t l = 0; l < labels[i].n; l++)
            add_row(out, examples[i], labels[i].at[l], false);
        end_sequence(out, examples[i]);
    }
}

void bf_batch_release(struct bf_batch *batch)
{
    free(batch->tokens);
    free(batch->lengths);
    free(batch->rows);
    free(batch->labels);
    free(batch->sequence);
    free(batch->n_labels);
    *batch = (struct bf_batch){0};
}

struct bf_graph_batch bf_batch_for_graph(const struct bf_batch *batch)
{
    return (struct bf_graph_batch){.tokens = batch->tokens,
                                   .lengths = batch->lengths,
                                   .n_sequences = batch->n_sequences,
                                   .rows = batch->rows,
                                   .n_rows = batch->n_rows};
}
