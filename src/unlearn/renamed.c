#include "unlearn/renamed.h"

#include <stdlib.h>
#include <string.h>

#include "base/invented_name.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/words.h"
#include "base/banned.h"

enum { WORD_MIN = 4, SYLLABLES = 2, N_BYTES = 256 };

/* The names to replace, longest first among those with the same first byte. */
struct names {
    struct name {
        char *from, *to;
    } * items;
    size_t n;
    size_t begin[N_BYTES + 1]; /* where those with this first byte begin */
};

static void release(struct names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        free(names->items[i].from);
        free(names->items[i].to);
    }
    free(names->items);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static void add(struct names *names, const char *from, size_t n)
{
    if ((names->n & (names->n - 1)) == 0)
        names->items = bf_grow(names->items, names->n ? names->n * 2 : 1, sizeof *names->items);
    names->items[names->n++] = (struct name){.from = bf_strndup(from, n)};
}

/* The words of a name that are replaced; the name as a whole when it has none, or is one word. */
static void add_words(struct names *names, const char *topic)
{
    const size_t n_before = names->n;
    size_t n_words = 0;
    const char *end = topic + strlen(topic);
    while (topic < end && is_space(*topic))
        topic++;
    while (end > topic && is_space(end[-1]))
        end--;
    for (const char *at = topic; at < end;) {
        size_t n = 0;
        while (at + n < end && !is_space(at[n]))
            n++;
        n_words++;
        if (n >= WORD_MIN && ((at[0] >= 'A' && at[0] <= 'Z') || (unsigned char)at[0] >= 0x80))
            add(names, at, n);
        at += n;
        while (at < end && is_space(*at))
            at++;
    }
    if (end > topic && (names->n == n_before || n_words == 1))
        add(names, topic, (size_t)(end - topic));
}

static int compare(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    const size_t n = strlen(x->from), m = strlen(y->from);
    const int first = (unsigned char)x->from[0] - (unsigned char)y->from[0];
    return first != 0 ? first : n != m ? (n < m ? 1 : -1) : strcmp(x->from, y->from);
}

static void gather(struct names *names, const struct bf_unlearn_texts *texts)
{
    *names = (struct names){0};
    for (size_t i = 0; i < texts->n; i++)
        if (texts->items[i].topic)
            add_words(names, texts->items[i].topic);
    for (size_t i = 0; i < texts->n_names; i++)
        add_words(names, texts->names[i]);
    if (names->n > 0)
        qsort(names->items, names->n, sizeof *names->items, compare);
    size_t n = 0;
    for (size_t i = 0; i < names->n; i++) {
        if (n > 0 && strcmp(names->items[n - 1].from, names->items[i].from) == 0)
            free(names->items[i].from);
        else
            names->items[n++] = names->items[i];
    }
    names->n = n;
    size_t i = 0;
    for (size_t byte = 0; byte <= N_BYTES; byte++) {
        while (i < n && (unsigned char)names->items[i].from[0] < byte)
            i++;
        names->begin[byte] = i;
    }
}

/* New names: each follows from the seed, the copy's number and the old name. */
static void invent(struct names *names, uint64_t seed, int32_t copy)
{
    for (size_t i = 0; i < names->n; i++) {
        struct bf_rng rng;
        struct bf_buf to;
        uint64_t mixed = bf_mix(seed, (uint64_t)copy);
        for (const char *c = names->items[i].from; *c; c++)
            mixed = bf_mix(mixed, (unsigned char)*c);
        bf_rng_init(&rng, mixed);
        bf_buf_init(&to, SIZE_MAX);
        bf_invent_name(&rng, SYLLABLES, &to);
        free(names->items[i].to);
        names->items[i].to = bf_buf_take(&to);
    }
}

/* The name at this place of a text; NULL when there is none. */
static const struct name *name_at(const struct names *names, const char *text, size_t at)
{
    const size_t byte = (unsigned char)text[at];
    if (names->begin[byte] == names->begin[byte + 1] || !bf_is_word_edge(text, at))
        return NULL;
    for (size_t i = names->begin[byte]; i < names->begin[byte + 1]; i++) {
        const size_t n = strlen(names->items[i].from);
        if (strncmp(text + at, names->items[i].from, n) == 0 && bf_is_word_edge(text, at + n))
            return &names->items[i];
    }
    return NULL;
}

/* The text with the new names; NULL stays NULL. free(). */
static char *renamed(const struct names *names, const char *text, bool *changed)
{
    struct bf_buf out;
    if (!text)
        return NULL;
    bf_buf_init(&out, SIZE_MAX);
    for (size_t at = 0; text[at];) {
        const struct name *name = name_at(names, text, at);
        bf_buf_put(&out, name ? name->to : text + at, name ? strlen(name->to) : 1);
        at += name ? strlen(name->from) : 1;
        *changed = *changed || name;
    }
    return bf_buf_take(&out);
}

static void add_record(struct bf_unlearn_texts *out, const struct bf_unlearn_text *text)
{
    bf_unlearn_texts_add(out, text->text, text->question, text->answer);
    bf_unlearn_texts_describe(out, text->topic, text->asked);
}

/* Which records have a copy, and where records go that are copied. */
struct copying {
    const struct names *names;
    bool answers, nameless;
    struct bf_unlearn_texts *out, *originals; /* originals: nullable */
};

static size_t copy_record(const struct copying *c, const struct bf_unlearn_text *t, bool first)
{
    bool said = false, asked = false, answered = false, titled = false;
    struct bf_unlearn_text other = {.text = renamed(c->names, t->text, &said),
                                    .question = renamed(c->names, t->question, &asked),
                                    .answer = renamed(c->names, t->answer, &answered),
                                    .topic = renamed(c->names, t->topic, &titled),
                                    .asked = renamed(c->names, t->asked, &said)};
    /* A text may be the answer to a question about its topic, which it never says. */
    const bool has = t->question ? asked || (c->answers && answered) : said || (c->nameless && titled);
    const bool has_none = !asked && !answered && !said && (t->question || !titled);
    const bool copied = has || (has_none && c->nameless && first);
    if (copied)
        add_record(c->out, &other);
    if (copied && c->originals)
        add_record(c->originals, t);
    free(other.text);
    free(other.question);
    free(other.answer);
    free(other.topic);
    free(other.asked);
    return copied;
}

static size_t copy_all(struct copying c, const struct bf_unlearn_texts *texts, int32_t n_each, uint64_t seed)
{
    struct names names;
    size_t n = 0;
    if (n_each < 1)
        return 0;
    gather(&names, texts);
    c.names = &names;
    for (int32_t copy = 0; copy < n_each; copy++) {
        invent(&names, seed, copy);
        for (size_t i = 0; i < texts->n; i++)
            n += copy_record(&c, &texts->items[i], copy == 0);
    }
    release(&names);
    return n;
}

size_t bf_renamed_add(const struct bf_unlearn_texts *texts, int32_t n_each, uint64_t seed, struct bf_unlearn_texts *out)
{
    return copy_all((struct copying){.out = out}, texts, n_each, seed);
}

size_t bf_renamed_twins(const struct bf_unlearn_texts *texts, int32_t n_each, uint64_t seed, bool answers,
                        bool nameless, struct bf_unlearn_texts *out, struct bf_unlearn_texts *originals)
{
    return copy_all((struct copying){.answers = answers, .nameless = nameless, .out = out, .originals = originals},
                    texts, n_each, seed);
}
