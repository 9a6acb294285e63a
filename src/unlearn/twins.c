#include "unlearn/twins.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

void bf_twins_release(struct bf_twins *twins)
{
    for (size_t i = 0; i < twins->n; i++) {
        free(twins->items[i].example.tokens);
        free(twins->items[i].own);
        free(twins->items[i].its);
        free(twins->items[i].rows);
    }
    free(twins->items);
    *twins = (struct bf_twins){0};
}

/* ---- alignment ---- */

/* Are the next two tokens of both the same? At the end of both, with the same one. */
static bool agree(const struct bf_example *a, int32_t i, const struct bf_example *b, int32_t j)
{
    if (i >= a->n || j >= b->n || a->tokens[i] != b->tokens[j])
        return false;
    const bool a_ends = i + 1 == a->n, b_ends = j + 1 == b->n;
    return a_ends || b_ends ? a_ends && b_ends : a->tokens[i + 1] == b->tokens[j + 1];
}

/* The next places that agree, those with the fewest tokens in between first. */
static bool meet(const struct bf_example *a, int32_t *i, const struct bf_example *b, int32_t *j)
{
    enum { NAME_TOKENS_MAX = 64 };
    for (int32_t between = 0; between <= 2 * NAME_TOKENS_MAX; between++)
        for (int32_t of_a = 0; of_a <= between; of_a++)
            if (agree(a, *i + of_a, b, *j + between - of_a)) {
                *i += of_a;
                *j += between - of_a;
                return true;
            }
    return false;
}

/* Does a name begin here that was not there before? Its tokens but the first, which may have a space in it or none, are
 * looked for in a row, a single one as it is. A name that begins an answer after a question with a name (`equal_so_far`
 * is false) is taken for that one. */
static bool is_new(const struct bf_example *e, int32_t from, int32_t to, bool equal_so_far)
{
    const int32_t *wanted = e->tokens + from + (to - from > 1);
    const int32_t n = to - from > 1 ? to - from - 1 : 1;
    if (from == e->first_label && !equal_so_far)
        return false;
    for (int32_t at = 0; at + n <= from; at++)
        if (memcmp(e->tokens + at, wanted, (size_t)n * sizeof *wanted) == 0)
            return false;
    return to > from;
}

static bool begins_equal(const struct bf_example *own, const struct bf_example *its)
{
    return own->first_label == its->first_label &&
           memcmp(own->tokens, its->tokens, (size_t)own->first_label * sizeof *own->tokens) == 0;
}

static void add_place(struct bf_twin *out, int32_t own, int32_t its, enum bf_twin_row row)
{
    out->own[out->n] = own;
    out->its[out->n] = its;
    out->rows[out->n++] = row;
}

static void free_places(struct bf_twin *twin)
{
    free(twin->own);
    free(twin->its);
    free(twin->rows);
}

bool bf_twin_align(const struct bf_example *own, const struct bf_example *its, bool names, struct bf_twin *out)
{
    const int32_t n_labels = own->n - own->first_label;
    int32_t i = own->first_label, j = its->first_label;
    bool equal_so_far = begins_equal(own, its);
    *out = (struct bf_twin){.own = bf_array((size_t)n_labels + 1, sizeof *out->own),
                            .its = bf_array((size_t)n_labels + 1, sizeof *out->its),
                            .rows = bf_array((size_t)n_labels + 1, sizeof *out->rows)};
    while (i < own->n && j < its->n) {
        const int32_t from = i, its_from = j;
        const bool same = own->tokens[i] == its->tokens[j], met = same || meet(own, &i, its, &j);
        if (!same && names && (!met || j > its_from) && is_new(own, from, met ? i : own->n, equal_so_far))
            add_place(out, from, its_from, equal_so_far ? BF_TWIN_ALONE : BF_TWIN_READS);
        equal_so_far = equal_so_far && same;
        if (!met)
            break;
        add_place(out, i++, j++, BF_TWIN_READS);
    }
    if (out->n > 0 && 2 * out->n >= n_labels)
        return true;
    free_places(out);
    *out = (struct bf_twin){0};
    return false;
}

/* ---- making them ---- */

struct making {
    const struct bf_vocabulary *vocabulary;
    bool names;
    const struct bf_example_options *options;
    struct bf_token_list tokens;
};

/* One example; *made is false when max_length leaves room for the prompt alone. tokens: free(). */
static enum bf_status make_one(struct making *m, const struct bf_formed *formed, struct bf_example *out, bool *made,
                               struct bf_err *err)
{
    const int32_t bos = bf_vocabulary_bos(m->vocabulary);
    size_t n_prompt = 0, n_bos = 0;
    enum bf_status status = BF_OK;
    m->tokens.n = 0;
    *made = false;
    if (formed->form == BF_FORM_CHAT) {
        status = bf_vocabulary_pair(m->vocabulary, formed->question, formed->text, &m->tokens, &n_prompt, err);
    } else {
        bf_vocabulary_text(m->vocabulary, formed->text, &m->tokens);
        n_bos = bos >= 0 ? 1 : 0;
    }
    const size_t max = (size_t)m->options->max_length - n_bos, n = m->tokens.n < max ? m->tokens.n : max;
    const size_t first = n_prompt > 0 ? n_prompt : 1;
    if (status != BF_OK || n + n_bos <= first)
        return status;
    *out = (struct bf_example){
        .tokens = bf_array(n + n_bos, sizeof *out->tokens), .n = (int32_t)(n + n_bos), .first_label = (int32_t)first};
    out->tokens[0] = bos;
    memcpy(out->tokens + n_bos, m->tokens.items, n * sizeof *out->tokens);
    *made = true;
    return BF_OK;
}

static void keep(struct bf_examples *out, struct bf_twins *twins, const struct bf_example *own,
                 const struct bf_twin *twin, enum bf_form form)
{
    if ((out->n & (out->n - 1)) == 0) {
        out->items = bf_grow(out->items, out->n ? out->n * 2 : 1, sizeof *out->items);
        twins->items = bf_grow(twins->items, out->n ? out->n * 2 : 1, sizeof *twins->items);
    }
    out->items[out->n++] = *own;
    twins->items[twins->n++] = *twin;
    out->longest = own->n > out->longest ? own->n : out->longest;
    out->longest = twin->example.n > out->longest ? twin->example.n : out->longest;
    out->n_tokens += own->n;
    out->n_labels += twin->n;
    *(form == BF_FORM_CHAT ? &out->made.n_chat : &out->made.n_raw) += 1;
    *(form == BF_FORM_CHAT ? &out->made.chat_labels : &out->made.raw_labels) += twin->n;
}

/* All labels of an example that has no name. */
static void stand_alone(const struct bf_example *own, struct bf_twin *out)
{
    const size_t n = (size_t)(own->n - own->first_label);
    *out = (struct bf_twin){.own = bf_array(n, sizeof *out->own),
                            .its = bf_array(n, sizeof *out->its),
                            .rows = bf_array(n, sizeof *out->rows)};
    for (int32_t i = own->first_label; i < own->n; i++)
        add_place(out, i, i, BF_TWIN_NONE);
}

/* An example of a record and that of its twin, when both are there and go together. */
static enum bf_status make_two(struct making *m, const struct bf_formed *formed, const struct bf_formed *other,
                               bool nameless, struct bf_examples *out, struct bf_twins *twins, struct bf_err *err)
{
    struct bf_example own = {0}, its = {0};
    struct bf_twin twin;
    bool made = false, both = false;
    enum bf_status status = make_one(m, formed, &own, &made, err);
    if (status == BF_OK && made)
        status = make_one(m, other, &its, &both, err);
    if (nameless && both)
        stand_alone(&own, &twin);
    if (status == BF_OK && both && (nameless || bf_twin_align(&own, &its, m->names, &twin))) {
        twin.example = its;
        keep(out, twins, &own, &twin, formed->form);
        return BF_OK;
    }
    free(own.tokens);
    free(its.tokens);
    return status;
}

static bool equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Does this form of a record with names have none of them? Then there is nothing to learn from it. */
static bool says_the_same(const struct bf_formed *formed, const struct bf_formed *twin)
{
    return equal(formed->question, twin->question) && equal(formed->text, twin->text);
}

enum bf_status bf_twins_make(const struct bf_vocabulary *vocabulary, const struct bf_unlearn_texts *texts,
                             const struct bf_unlearn_texts *renamed, bool names,
                             const struct bf_example_options *options, struct bf_examples *out, struct bf_twins *twins,
                             size_t *n_nameless, struct bf_err *err)
{
    struct making making = {.vocabulary = vocabulary, .names = names, .options = options};
    struct bf_forms forms = options->data == BF_DATA_MIXED ? options->forms : (struct bf_forms){0};
    struct bf_buf own, its;
    enum bf_status status = BF_OK;
    *out = (struct bf_examples){0};
    *twins = (struct bf_twins){0};
    *n_nameless = 0;
    if (options->data == BF_DATA_MIXED && bf_vocabulary_is_plain(vocabulary))
        forms = (struct bf_forms){.raw = 1, .pair = options->forms.pair};
    bf_buf_init(&own, SIZE_MAX);
    bf_buf_init(&its, SIZE_MAX);
    bool any = true;
    for (int32_t k = 0; any && status == BF_OK; k++) {
        any = false;
        for (size_t i = 0; i < texts->n && status == BF_OK; i++) {
            const struct bf_unlearn_text *a = &texts->items[i], *b = &renamed->items[i];
            const struct bf_form_record record = {a->text, a->question, a->answer, a->topic, a->asked};
            const struct bf_form_record other = {b->text, b->question, b->answer, b->topic, b->asked};
            const bool nameless = equal(a->text, b->text) && equal(a->question, b->question) &&
                                  equal(a->answer, b->answer) && equal(a->asked, b->asked) &&
                                  (a->question || equal(a->topic, b->topic));
            struct bf_formed formed, twin;
            *n_nameless += k == 0 && nameless;
            if (!bf_form_at(&forms, &record, options->seed, i, k, &own, &formed))
                continue;
            any = true;
            if (bf_form_at(&forms, &other, options->seed, i, k, &its, &twin) && twin.form == formed.form &&
                (nameless || !says_the_same(&formed, &twin)))
                status = make_two(&making, &formed, &twin, nameless, out, twins, err);
        }
        out->n_epoch = k == 0 ? out->n : out->n_epoch;
    }
    out->n_epoch = out->n_epoch > 0 ? out->n_epoch : 1;
    out->pairs = out->made.n_raw == 0;
    bf_buf_release(&own);
    bf_buf_release(&its);
    free(making.tokens.items);
    if (status == BF_OK && out->n == 0)
        status = bf_fail(err, BF_INPUT,
                         "no text of the %s has the name of its point in it, and this method learns from texts with "
                         "other names; give records with \"point\", or another --method",
                         options->what);
    if (status == BF_OK)
        bf_examples_hash(out);
    if (status != BF_OK) {
        bf_examples_release(out);
        bf_twins_release(twins);
    }
    return status;
}

/* ---- batches ---- */

void bf_twins_batch(const struct bf_examples *examples, const struct bf_twins *twins, const size_t *indices, size_t n,
                    bool twin, struct bf_batch *out)
{
    const struct bf_example **chosen = bf_array(n, sizeof(const struct bf_example *));
    struct bf_batch_labels *labels = bf_array(n, sizeof *labels);
    for (size_t i = 0; i < n; i++) {
        const struct bf_twin *t = &twins->items[indices[i]];
        chosen[i] = twin ? &t->example : &examples->items[indices[i]];
        labels[i] = (struct bf_batch_labels){.at = twin ? t->its : t->own, .n = t->n};
    }
    bf_batch_make_at(chosen, labels, n, out);
    free(chosen);
    free(labels);
}

void bf_twins_rows(const struct bf_twins *twins, const size_t *indices, size_t n, enum bf_twin_row *out)
{
    for (size_t i = 0; i < n; i++) {
        const struct bf_twin *t = &twins->items[indices[i]];
        for (int32_t l = 0; l < t->n; l++)
            *out++ = t->rows[l];
    }
}
