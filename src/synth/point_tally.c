#include "synth/point_tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/letter_case.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "synth/answer_names.h"
#include "base/refusal.h"
#include "synth/name_words.h"
#include "base/banned.h"

enum { CANDIDATES_MAX = 20000, CONTENT_LETTERS_MIN = 4, SHARED_WORDS_MIN = 2 };
static const double shared_share = 0.3;

void bf_tally_init(struct bf_tally *tally, const struct bf_template_set *templates, const char *topic)
{
    *tally = (struct bf_tally){
        .templates = templates, .topic = topic, .asked = bf_array(templates->n, sizeof *tally->asked)};
}

void bf_tally_release(struct bf_tally *tally)
{
    for (size_t i = 0; i < tally->n; i++) {
        free(tally->items[i].name);
        free(tally->items[i].key);
        free(tally->items[i].forms);
    }
    free(tally->items);
    free(tally->asked);
    *tally = (struct bf_tally){.n = 0};
}

/* The candidate of this name, which is added when there is none; NULL when there are too many. */
static struct bf_candidate *candidate_of(struct bf_tally *tally, const char *name)
{
    struct bf_buf key;
    bf_buf_init(&key, SIZE_MAX);
    bf_name_key(&key, name);
    struct bf_candidate *found = NULL;
    for (size_t i = 0; i < tally->n && !found; i++)
        if (strcmp(tally->items[i].key, key.data) == 0)
            found = &tally->items[i];
    for (size_t i = 0; i < tally->n && !found; i++)
        if (bf_name_same(tally->items[i].key, key.data))
            found = &tally->items[i];
    if (!found && tally->n < CANDIDATES_MAX) {
        if (tally->n == tally->size) {
            tally->size = tally->size ? 2 * tally->size : 64;
            tally->items = bf_grow(tally->items, tally->size, sizeof *tally->items);
        }
        found = &tally->items[tally->n++];
        *found = (struct bf_candidate){
            .name = bf_strdup(name), .key = bf_strdup(key.data), .forms = bf_array(tally->templates->n, sizeof(bool))};
    }
    bf_buf_release(&key);
    return found;
}

void bf_tally_answer(struct bf_tally *tally, int32_t template_index, const char *question, const char *text, bool cut)
{
    const struct bf_template *template = &tally->templates->items[template_index];
    const bool control = bf_template_asks(template) == BF_POINTS_CONTROL;
    struct bf_lines names = {.n = 0};
    bf_answer_names(&names, tally->topic, question, text, cut);
    for (size_t i = 0; i < names.n; i++) {
        struct bf_candidate *c = candidate_of(tally, names.items[i]);
        if (!c)
            break;
        if (control)
            c->n_control++;
        else if (!c->forms[template_index]) {
            c->forms[template_index] = true;
            c->n_forms++;
        }
    }
    if (control) {
        tally->n_control++;
    } else if (!tally->asked[template_index]) {
        tally->asked[template_index] = true;
        tally->n_asked++;
    }
    bf_lines_release(&names);
}

void bf_tally_text(struct bf_tally *tally, const char *text)
{
    struct bf_lines names = {.n = 0};
    bf_prose_names(&names, text, strlen(text));
    tally->n_texts++;
    for (size_t i = 0; i < names.n; i++) {
        struct bf_candidate *c = candidate_of(tally, names.items[i]);
        if (!c || c->last_text == tally->n_texts) /* "Dumbledore" after "Albus Dumbledore": one text */
            continue;
        c->n_texts++;
        c->last_text = tally->n_texts;
    }
    bf_lines_release(&names);
}

/* ---- choosing ---- */

static bool is_point(const struct bf_points *points, const char *key)
{
    struct bf_buf other;
    bool found = false;
    bf_buf_init(&other, SIZE_MAX);
    for (int32_t i = 0; i < points->n && !found; i++) {
        bf_buf_clear(&other);
        bf_name_key(&other, points->items[i].text);
        found = bf_name_same(key, other.data);
    }
    bf_buf_release(&other);
    return found;
}

/* 1: several forms gave it; 2: one did; 3: as often given for the invented topic; 0: no form gave it. */
static int tier(const struct bf_tally *tally, const struct bf_candidate *c)
{
    if (c->n_forms == 0)
        return 0;
    if (c->n_control > 0 && (int64_t)c->n_control * tally->n_asked >= (int64_t)c->n_forms * tally->n_control)
        return 3;
    return c->n_forms >= 2 ? 1 : 2;
}

static void add_point(const struct bf_tally *tally, const struct bf_candidate *c, struct bf_points *points,
                      int32_t round)
{
    struct bf_buf origin;
    bool any = false;
    bf_buf_init(&origin, SIZE_MAX);
    bf_buf_puts(&origin, BF_ORIGIN_FORMS);
    for (size_t t = 0; t < tally->templates->n; t++)
        if (c->forms[t]) {
            bf_buf_printf(&origin, "%s%s", any ? ", " : "", tally->templates->items[t].name);
            any = true;
        }
    bf_points_add(points, round, c->name, origin.data);
    bf_buf_release(&origin);
}

/* The candidate of this tier that most forms gave, the first of equals; NULL when none is left. */
static const struct bf_candidate *best_of(const struct bf_tally *tally, const struct bf_points *points, int wanted)
{
    const struct bf_candidate *best = NULL;
    for (size_t i = 0; i < tally->n; i++) {
        const struct bf_candidate *c = &tally->items[i];
        if (tier(tally, c) == wanted && (!best || c->n_forms > best->n_forms) && !is_point(points, c->key))
            best = c;
    }
    return best;
}

int32_t bf_tally_choose(struct bf_tally *tally, struct bf_points *points, int32_t round, int32_t max, int32_t enough)
{
    const int32_t first = points->n;
    for (int wanted = 1; wanted <= 3; wanted++) {
        const int32_t limit = wanted == 1 ? max : enough < max ? enough : max;
        if (wanted == 3 && points->n > 0)
            break;
        while (points->n - first < limit) {
            const struct bf_candidate *c = best_of(tally, points, wanted);
            if (!c)
                break;
            add_point(tally, c, points, round);
        }
    }
    return points->n - first;
}

int32_t bf_tally_draw(struct bf_tally *tally, const struct bf_points *points, int32_t max, int32_t *out)
{
    struct bf_buf topic;
    int32_t n = 0;
    bf_buf_init(&topic, SIZE_MAX);
    bf_name_key(&topic, tally->topic);
    while (n < max) {
        struct bf_candidate *best = NULL;
        for (size_t i = 0; i < tally->n; i++) {
            struct bf_candidate *c = &tally->items[i];
            if (!c->asked && c->n_texts >= BF_SNOWBALL_TEXTS && (!best || c->n_texts > best->n_texts) &&
                c->n_control == 0 && !bf_name_within(c->key, topic.data) && !is_point(points, c->key))
                best = c;
        }
        if (!best)
            break;
        best->asked = true;
        out[n++] = (int32_t)(best - tally->items);
    }
    bf_buf_release(&topic);
    return n;
}

/* ---- agreement ---- */

/* Append the word with a space after it, unless it is there already or in `not_these`; both have spaces around words.
 */
static void add_word(struct bf_buf *out, const char *word, size_t n, const char *not_these)
{
    struct bf_buf padded;
    bf_buf_init(&padded, SIZE_MAX);
    bf_buf_putc(&padded, ' ');
    bf_buf_put(&padded, word, n);
    bf_buf_putc(&padded, ' ');
    if (!strstr(out->data, padded.data) && !strstr(not_these, padded.data))
        bf_buf_puts(out, padded.data + 1);
    bf_buf_release(&padded);
}

/* The content words of a text, each once, with a space before the first and after each. In scripts without spaces, two
 * characters that follow each other are a word. */
static void content_words(struct bf_buf *out, const char *text, const char *not_these)
{
    struct bf_buf key;
    bf_buf_init(&key, SIZE_MAX);
    bf_name_key(&key, text);
    bf_buf_putc(out, ' ');
    for (const char *word = key.data; *word;) {
        const size_t n = strcspn(word, " ");
        uint32_t cp = 0;
        const size_t length = bf_utf8_decode(word, n, &cp);
        if (length > 0 && bf_letter_is_unspaced(cp)) {
            for (size_t i = 0; i < n;) {
                const size_t one = bf_utf8_decode(word + i, n - i, &cp);
                const size_t two = one > 0 ? bf_utf8_decode(word + i + one, n - i - one, &cp) : 0;
                if (two > 0)
                    add_word(out, word + i, one + two, not_these);
                i += one > 0 ? one : 1;
            }
        } else if ((cp >= 0x80 || n >= CONTENT_LETTERS_MIN) && !bf_name_word_is_common(word, n)) {
            add_word(out, word, n, not_these);
        }
        word += n + (word[n] ? 1 : 0);
    }
    bf_buf_release(&key);
}

static int64_t count_words(const char *words)
{
    int64_t n = -1; /* each word has a space after it, and the first one before it */
    for (; *words; words++)
        n += *words == ' ';
    return n;
}

bool bf_descriptions_agree(const char *question, const char *a, const char *b)
{
    struct bf_buf asked, first, second;
    int64_t n_shared = 0;
    if (bf_is_refusal(a) || bf_is_refusal(b))
        return false;
    bf_buf_init(&asked, SIZE_MAX);
    bf_buf_init(&first, SIZE_MAX);
    bf_buf_init(&second, SIZE_MAX);
    content_words(&asked, question, "");
    content_words(&first, a, asked.data);
    content_words(&second, b, asked.data);
    for (const char *word = first.data + 1; *word;) {
        const size_t n = strcspn(word, " ");
        char *padded = bf_strndup(word - 1, n + 2);
        n_shared += strstr(second.data, padded) != NULL;
        free(padded);
        word += n + 1;
    }
    const int64_t n_first = count_words(first.data), n_second = count_words(second.data);
    const int64_t least = n_first < n_second ? n_first : n_second;
    bf_buf_release(&asked);
    bf_buf_release(&first);
    bf_buf_release(&second);
    return n_shared >= SHARED_WORDS_MIN && (double)n_shared >= shared_share * (double)least;
}
