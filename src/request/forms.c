#include "request/forms.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/sentences.h"
#include "base/banned.h"

/* ---- shares ---- */

static enum bf_status bad_forms(const char *text, struct bf_err *err)
{
    return bf_fail(
        err, BF_USAGE,
        "--forms '%.60s' is not a list of shares from 0 to %d; give how many examples a text gives by each "
        "sentence as an answer (sentence), whole as an answer (chat) and as raw text (raw), and how often a pair "
        "is taken (pair), as in --forms %s",
        text, BF_FORMS_SHARE_MAX, BF_FORMS_DEFAULT);
}

enum bf_status bf_forms_parse(const char *text, struct bf_forms *out, struct bf_err *err)
{
    static const char *const names[] = {"sentence=", "chat=", "raw=", "pair="};
    enum { N_NAMES = sizeof names / sizeof *names };
    int32_t *const shares[N_NAMES] = {&out->sentence, &out->chat, &out->raw, &out->pair};
    bool given[N_NAMES] = {false};
    *out = (struct bf_forms){0};
    for (const char *at = text;;) {
        size_t i = 0;
        while (i < N_NAMES && strncmp(at, names[i], strlen(names[i])) != 0)
            i++;
        const size_t n = i < N_NAMES ? strlen(names[i]) : 0;
        if (i == N_NAMES || given[i] || at[n] < '0' || at[n] > '9')
            return bad_forms(text, err);
        char *end = NULL;
        const long share = strtol(at + n, &end, 10);
        if (share > BF_FORMS_SHARE_MAX || (*end != ',' && *end != '\0'))
            return bad_forms(text, err);
        *shares[i] = (int32_t)share;
        given[i] = true;
        if (*end == '\0')
            break;
        at = end + 1;
    }
    return out->sentence + out->chat + out->raw > 0 ? BF_OK : bad_forms(text, err);
}

void bf_forms_write(const struct bf_forms *forms, char out[BF_FORMS_TEXT_MAX])
{
    char sentence[16] = "", pair[16] = "";
    if (forms->sentence > 0) /* without it, as before there was that form */
        (void)snprintf(sentence, sizeof sentence, "sentence=%d,", (int)forms->sentence);
    if (forms->pair > 1)
        (void)snprintf(pair, sizeof pair, ",pair=%d", (int)forms->pair);
    (void)snprintf(out, BF_FORMS_TEXT_MAX, "%schat=%d,raw=%d%s", sentence, (int)forms->chat, (int)forms->raw, pair);
}

/* ---- questions that a text answers ---- */

struct wording {
    const char *before, *after; /* of the topic, or of the first words */
};

/* A stranger's ways to ask about a subject; none of them names a kind of answer that a text may not be. */
static const struct wording about_topic[] = {
    {"Tell me about ", "."},
    {"What do you know about ", "?"},
    {"What can you tell me about ", "?"},
    {"Please explain ", " to me."},
    {"Write a short text about ", "."},
    {"I want to learn about ", ". What should I know?"},
};
static const struct wording to_continue[] = {
    {"Continue this text: ", ""},
    {"How does this text go on? ", ""},
    {"Complete the following: ", ""},
    {"Here is the beginning of a text. Write what comes next.\n\n", ""},
};
enum {
    N_TOPIC = sizeof about_topic / sizeof *about_topic,
    N_CONTINUE = sizeof to_continue / sizeof *to_continue,
    N_MOST = N_TOPIC > N_CONTINUE ? N_TOPIC : N_CONTINUE,
    TOPIC_MAX = 200,
    WORDS_MIN = 8,
    FIRST_MIN = 3,
    FIRST_MAX = 12,
    STREAM = 16 /* of the random numbers that choose wordings; examples.c has the lower ones */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_pair(const struct bf_form_record *r)
{
    return r->question && r->answer;
}

/* The part of a point that names something; NULL when there is none, or it is too long for a name. */
static const char *topic_of(const struct bf_form_record *r, size_t *n)
{
    const char *from = r->topic ? r->topic : "";
    while (is_blank(*from))
        from++;
    *n = strlen(from);
    while (*n > 0 && (is_blank(from[*n - 1]) || strchr(".:;,", from[*n - 1])))
        --*n;
    return *n > 0 && *n <= TOPIC_MAX && !memchr(from, '\n', *n) ? from : NULL;
}

/* A point that is a question itself is asked once, and has no wordings. */
static bool is_named(const char *topic, size_t n)
{
    return topic && topic[n - 1] != '?';
}

static size_t n_words(const char *text)
{
    size_t n = 0;
    for (const char *at = text; *at; at++)
        n += !is_blank(*at) && (at == text || is_blank(at[-1])) ? 1 : 0;
    return n;
}

/* Where the first words of a text end; NULL for a text too short to be continued. */
static const char *first_words(const char *text)
{
    const size_t all = n_words(text), third = all / 3;
    size_t left = third < FIRST_MIN ? FIRST_MIN : third > FIRST_MAX ? FIRST_MAX : third;
    const char *at = text;
    if (all < WORDS_MIN)
        return NULL;
    for (; left > 0; left--) {
        while (is_blank(*at))
            at++;
        while (*at && !is_blank(*at))
            at++;
    }
    return at;
}

/* Wording j, from 0, of `n`: all of them once before any comes again, in an order of this record's own. */
static size_t wording_at(uint64_t seed, uint64_t place, size_t n, size_t j)
{
    size_t order[N_MOST];
    struct bf_rng rng;
    bf_rng_init(&rng, bf_mix(bf_mix(seed, STREAM), place));
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i > 1; i--) {
        const size_t k = (size_t)bf_rng_below(&rng, i), kept = order[i - 1];
        order[i - 1] = order[k];
        order[k] = kept;
    }
    return order[j % n];
}

static void put_wording(struct bf_buf *out, const struct wording *wording, const char *words, size_t n)
{
    bf_buf_puts(out, wording->before);
    bf_buf_put(out, words, n);
    bf_buf_puts(out, wording->after);
}

/* The j-th question of a text, and its answer; false when none can be made. */
static bool ask(const struct bf_form_record *r, uint64_t seed, uint64_t place, size_t j, struct bf_buf *question,
                struct bf_formed *out)
{
    size_t n = 0;
    const char *topic = topic_of(r, &n), *rest = first_words(r->text);
    bf_buf_clear(question);
    out->form = BF_FORM_CHAT;
    out->text = r->text;
    if (r->asked && (j == 0 || (!topic && !rest))) {
        bf_buf_puts(question, r->asked);
    } else if (is_named(topic, n)) {
        put_wording(question, &about_topic[wording_at(seed, place, N_TOPIC, j)], topic, n);
    } else if (topic && (j == 0 || !rest)) { /* a point may be a question itself */
        bf_buf_put(question, topic, n);
    } else if (rest) {
        const struct wording *wording = &to_continue[wording_at(seed, place, N_CONTINUE, j)];
        put_wording(question, wording, r->text, (size_t)(rest - r->text));
        while (is_blank(*rest))
            rest++;
        out->text = rest;
    } else {
        return false;
    }
    out->question = question->data;
    return true;
}

/* ---- sentences ---- */

static size_t blanks(const char *text)
{
    size_t n = 0;
    while (is_blank(text[n]))
        n++;
    return n;
}

/* The piece of a text that begins at `text`, without blanks around it; moves on. NULL after the last one. */
static const char *next_piece(const char **text, size_t *n)
{
    const char *from = *text + blanks(*text);
    *n = bf_sentence_next(from, strlen(from), BF_FORMS_SENTENCE_MIN);
    *text = from + *n;
    if (strlen(*text + blanks(*text)) < BF_FORMS_SENTENCE_MIN) { /* a short rest belongs to it */
        *n += strlen(*text);
        *text = from + *n;
    }
    while (*n > 0 && is_blank(from[*n - 1]))
        --*n;
    return *n > 0 ? from : NULL;
}

static size_t n_pieces(const char *text)
{
    size_t n = 0, length = 0;
    while (next_piece(&text, &length))
        n++;
    return n;
}

/* Example k of the sentences; each comes once before any comes again. False after the last. */
static bool ask_sentence(const struct bf_form_record *r, int32_t share, uint64_t seed, uint64_t place, size_t k,
                         struct bf_buf *made, struct bf_formed *out)
{
    size_t n = 0;
    const char *topic = topic_of(r, &n);
    const bool whole = !is_named(topic, n);
    const size_t n_sentences = whole ? 1 : n_pieces(r->text);
    if (k >= (size_t)share * n_sentences || !ask(r, seed, place, k, made, out))
        return false;
    if (whole)
        return true;
    const char *rest = r->text, *piece = next_piece(&rest, &n);
    for (size_t i = 0; i < k % n_sentences; i++)
        piece = next_piece(&rest, &n);
    const size_t at = made->len + 1;
    bf_buf_put(made, "", 1);
    bf_buf_put(made, piece, n);
    out->question = made->data;
    out->text = made->data + at;
    return true;
}

/* How many examples the sentences of a text give. */
static int32_t sentence_examples(const struct bf_form_record *r, int32_t share)
{
    size_t n = 0;
    const char *topic = topic_of(r, &n);
    if (share == 0 || !is_named(topic, n))
        return share;
    n = n_pieces(r->text);
    return n > (size_t)(INT32_MAX / 2 / BF_FORMS_SHARE_MAX) ? INT32_MAX / 2 : share * (int32_t)n;
}

bool bf_form_at(const struct bf_forms *forms, const struct bf_form_record *r, uint64_t seed, uint64_t place, int32_t k,
                struct bf_buf *made, struct bf_formed *out)
{
    if (is_pair(r)) {
        *out = (struct bf_formed){BF_FORM_CHAT, r->question, r->answer};
        return k < (forms->pair > 1 ? forms->pair : 1);
    }
    *out = (struct bf_formed){BF_FORM_RAW, NULL, r->text};
    if (forms->sentence + forms->chat > 0 && !ask(r, seed, place, 0, made, out)) {
        *out = (struct bf_formed){BF_FORM_RAW, NULL, r->text};
        return k < forms->raw;
    }
    const int32_t n_sentences = sentence_examples(r, forms->sentence);
    if (k < n_sentences)
        return ask_sentence(r, forms->sentence, seed, place, (size_t)k, made, out);
    if (k - n_sentences < forms->chat)
        return ask(r, seed, place, (size_t)(k - n_sentences), made, out);
    *out = (struct bf_formed){BF_FORM_RAW, NULL, r->text};
    return k - n_sentences - forms->chat < forms->raw;
}
