/* An object is looked for in *units*: a name (capitalised words in a row), a run of characters of a script without
 * spaces, a number, or a word. Each unit must be found somewhere in the given answer; only the words of one unit must
 * be next to each other, so that "gold ring" is found in "a ring of gold". */
#include "quality/answers.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/letter_case.h"
#include "base/mem.h"
#include "quality/answer_words.h"
#include "quality/rouge.h"
#include "base/banned.h"

enum {
    OBJECT_WORDS = 6,     /* a longer expected answer is a sentence */
    OBJECT_CHARS = 8,     /* the same in a script without spaces */
    UNITS_MAX = 6,        /* of a sentence that is judged by what the question lacks */
    AGREE_ALL = 3,        /* so many units of the shorter answer must all be in the longer */
    NAME_LETTERS_MIN = 4, /* a last name that is enough by itself */
    NAME_GAP = 3          /* "Albus Percival Dumbledore" is "Albus Dumbledore" */
};

struct unit {
    size_t first, n; /* words */
    bool name, number;
};

struct units {
    struct unit *items; /* [n] */
    size_t n;
};

/* ---- units ---- */

static bool has_word(const struct bf_answer_words *words, const struct bf_answer_words *of, size_t i)
{
    for (size_t j = 0; words && j < words->n; j++)
        if (bf_answer_words_equal(of, i, words, j))
            return true;
    return false;
}

/* The units of `words`, without stop words and without the words of `known` (nullable). free(out->items). */
static void units_of(struct units *out, const struct bf_answer_words *words, const struct bf_answer_words *known)
{
    bool open = false; /* the last unit may grow */
    *out = (struct units){.items = bf_array(words->n + 1, sizeof *out->items)};
    for (size_t i = 0; i < words->n; i++) {
        const struct bf_answer_word *w = &words->items[i];
        struct unit *last = out->n > 0 ? &out->items[out->n - 1] : NULL;
        if (w->stop || has_word(known, words, i)) {
            open = false;
            continue;
        }
        const bool grows =
            open && w->glued && ((w->unspaced && words->items[i - 1].unspaced) || (w->capital && last && last->name));
        if (grows)
            last->n++;
        else
            out->items[out->n++] = (struct unit){i, 1, w->capital && !w->number, w->number};
        open = !w->number;
    }
}

static bool is_title(const struct bf_answer_words *words, size_t i)
{
    static const char *const titles[] = {"mr",    "mrs",  "ms",    "miss", "dr",        "prof",    "professor",
                                         "sir",   "lady", "lord",  "king", "queen",     "prince",  "princess",
                                         "mount", "mt",   "saint", "st",   "president", "captain", "general"};
    for (size_t t = 0; t < sizeof titles / sizeof *titles; t++)
        if (bf_answer_word_is(words, i, titles[t]))
            return true;
    return false;
}

/* "not Hagrid", "never was Hagrid", "isn't Hagrid": what comes after it is denied. */
static bool is_denied(const struct bf_answer_words *in, size_t at)
{
    static const char *const denials[] = {"not",   "never", "neither", "nor",    "cannot", "isnt",
                                          "wasnt", "arent", "werent",  "doesnt", "didnt",  "dont"};
    if (in->items[at].first)
        return false;
    for (size_t back = 1; back <= 2 && back <= at; back++) {
        for (size_t i = 0; i < sizeof denials / sizeof *denials; i++)
            if (bf_answer_word_is(in, at - back, denials[i]))
                return true;
        if (in->items[at - back].first)
            return false;
    }
    return false;
}

/* The whole unit from word `at` on; of a name, other names may be between the first word and the last. */
static bool is_whole_at(const struct bf_answer_words *of, const struct unit *unit, const struct bf_answer_words *in,
                        size_t at)
{
    size_t next = at;
    for (size_t k = 0; k < unit->n; k++) {
        const size_t limit = k > 0 && unit->name ? next + NAME_GAP : next;
        while (next < in->n && next < limit && !bf_answer_words_equal(of, unit->first + k, in, next) &&
               in->items[next].capital && in->items[next].glued)
            next++;
        if (next >= in->n || !bf_answer_words_equal(of, unit->first + k, in, next) || (k > 0 && !in->items[next].glued))
            return false;
        next++;
    }
    return true;
}

/* The last word of a name of several, unless another name is before it. */
static bool is_last_name_at(const struct bf_answer_words *of, const struct unit *unit, const struct bf_answer_words *in,
                            size_t at)
{
    const struct bf_answer_word *last = &of->items[unit->first + unit->n - 1];
    if (!unit->name || unit->n < 2 || last->len < NAME_LETTERS_MIN ||
        !bf_answer_words_equal(of, unit->first + unit->n - 1, in, at))
        return false;
    const bool follows_name = at > 0 && in->items[at].glued && in->items[at - 1].capital && !in->items[at - 1].stop;
    return !follows_name || is_title(in, at - 1);
}

static bool holds_unit(const struct bf_answer_words *of, const struct unit *unit, const struct bf_answer_words *in)
{
    for (size_t at = 0; at < in->n; at++)
        if ((is_whole_at(of, unit, in, at) || is_last_name_at(of, unit, in, at)) && !is_denied(in, at))
            return true;
    return false;
}

struct held {
    size_t n;      /* units that were found */
    double weight; /* 0..1: their share; names and numbers weigh twice what words do */
    bool numbers;  /* all numbers were found */
};

static struct held held_of(const struct bf_answer_words *of, const struct units *units,
                           const struct bf_answer_words *in)
{
    struct held out = {.numbers = true};
    double found = 0.0, all = 0.0;
    for (size_t u = 0; u < units->n; u++) {
        const struct unit *unit = &units->items[u];
        const bool held = holds_unit(of, unit, in);
        const double weight = (unit->name || unit->number ? 2.0 : 1.0) * (double)unit->n;
        out.n += held;
        out.numbers = out.numbers && (held || !unit->number);
        found += held ? weight : 0.0;
        all += weight;
    }
    out.weight = all > 0.0 ? found / all : 0.0;
    return out;
}

/* ---- yes and no ---- */

/* 1 for an answer that begins with yes, -1 with no ("No, ..."; not "No one"), else 0. */
static int polarity(const struct bf_answer_words *words)
{
    const bool alone = words->n == 1 || (words->n > 1 && !words->items[1].glued);
    return words->n == 0                                ? 0
           : bf_answer_word_is(words, 0, "yes")         ? 1
           : alone && bf_answer_word_is(words, 0, "no") ? -1
                                                        : 0;
}

/* ---- right ---- */

/* The expected answer without what is in brackets, unless nothing else is left. free() it. */
static char *without_brackets(const char *text)
{
    struct bf_buf out;
    int depth = 0;
    bf_buf_init(&out, SIZE_MAX);
    for (const char *p = text; *p; p++) {
        depth += *p == '(' || *p == '[';
        if (depth == 0)
            bf_buf_putc(&out, *p);
        if (depth > 0 && (*p == ')' || *p == ']'))
            depth--;
    }
    struct bf_answer_words words;
    bf_answer_words_of(&words, out.data);
    if (words.n_content == 0 || depth > 0) {
        bf_buf_clear(&out);
        bf_buf_puts(&out, text);
    }
    bf_answer_words_release(&words);
    return bf_buf_take(&out);
}

/* "He sailed west", "Paris is big". */
static bool is_sentence(const struct bf_answer_words *words)
{
    static const char *const verbs[] = {"is", "are", "was", "were", "be", "has", "have", "had", "did", "does"};
    static const char *const subjects[] = {"he", "she", "it", "they", "we", "i", "you", "there"};
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
        if (words->n > 1 && bf_answer_word_is(words, 0, subjects[i]))
            return true;
    for (size_t w = 1; w < words->n; w++)
        for (size_t i = 0; i < sizeof verbs / sizeof *verbs && !words->items[w].capital; i++)
            if (bf_answer_word_is(words, w, verbs[i]))
                return true;
    return false;
}

static bool is_object(const struct bf_answer_words *words)
{
    size_t n_unspaced = 0;
    for (size_t i = 0; i < words->n; i++)
        n_unspaced += words->items[i].unspaced;
    return words->n - n_unspaced <= OBJECT_WORDS && n_unspaced <= OBJECT_CHARS && !is_sentence(words);
}

static bool holds_object(const char *object, const struct bf_answer_words *given)
{
    struct bf_answer_words words;
    struct units units;
    bf_answer_words_of(&words, object);
    units_of(&units, &words, NULL);
    if (units.n == 0 && words.n > 0) /* "The Who": stop words are the object */
        units.items[units.n++] = (struct unit){.n = words.n};
    const bool held = units.n > 0 && held_of(&words, &units, given).n == units.n;
    free(units.items);
    bf_answer_words_release(&words);
    return held;
}

/* By what the question lacks; *decided = false when that is nothing, or too much. */
static bool holds_news(const char *question, const struct bf_answer_words *expected,
                       const struct bf_answer_words *given, double recall, bool *decided)
{
    struct bf_answer_words asked;
    struct units units;
    bf_answer_words_of(&asked, question);
    units_of(&units, expected, &asked);
    *decided = units.n > 0 && units.n <= UNITS_MAX;
    const struct held held = *decided ? held_of(expected, &units, given) : (struct held){0};
    free(units.items);
    bf_answer_words_release(&asked);
    return held.n > 0 && held.numbers && held.weight >= recall;
}

bool bf_answer_right(const struct bf_answer_key *key, const char *given)
{
    const double recall = key->recall > 0.0 ? key->recall : BF_ANSWER_RECALL;
    struct bf_answer_words words, expected;
    char *answer = without_brackets(key->answer);
    bool right = false, decided = false;
    bf_answer_words_of(&words, given);
    bf_answer_words_of(&expected, answer);
    const int wanted = polarity(&expected);
    if (words.n == 0)
        goto out;
    if (wanted != 0 && (expected.n == 1 || wanted * polarity(&words) < 0)) {
        right = wanted == polarity(&words);
        goto out;
    }
    if (key->object && key->object[0])
        right = holds_object(key->object, &words);
    else if (is_object(&expected))
        right = holds_object(answer, &words);
    else {
        if (key->question && key->question[0])
            right = holds_news(key->question, &expected, &words, recall, &decided);
        if (!decided) {
            struct bf_rouge rouge;
            bf_rouge_of(answer, given, true, NULL, &rouge);
            right = rouge.recall >= recall;
        }
    }
out:
    bf_answer_words_release(&words);
    bf_answer_words_release(&expected);
    free(answer);
    return right;
}

/* ---- agreement ---- */

static size_t n_numbers(const struct units *units)
{
    size_t n = 0;
    for (size_t u = 0; u < units->n; u++)
        n += units->items[u].number;
    return n;
}

bool bf_answers_agree(const char *question, const char *a, const char *b)
{
    struct bf_answer_words x, y, asked;
    struct units in_x, in_y;
    bf_answer_words_of(&x, a);
    bf_answer_words_of(&y, b);
    bf_answer_words_of(&asked, question ? question : "");
    units_of(&in_x, &x, &asked);
    units_of(&in_y, &y, &asked);
    if (in_x.n == 0 || in_y.n == 0) { /* "Zeus or Hera?" "Zeus": the question has the answer's words */
        free(in_x.items);
        free(in_y.items);
        units_of(&in_x, &x, NULL);
        units_of(&in_y, &y, NULL);
    }
    bool agree = in_x.n > 0 && in_y.n > 0 && polarity(&x) * polarity(&y) >= 0;
    if (agree) {
        const bool x_shorter = in_x.n < in_y.n || (in_x.n == in_y.n && x.n <= y.n);
        const struct bf_answer_words *shorter = x_shorter ? &x : &y, *longer = x_shorter ? &y : &x;
        const struct units *few = x_shorter ? &in_x : &in_y, *many = x_shorter ? &in_y : &in_x;
        const size_t few_numbers = n_numbers(few), many_numbers = n_numbers(many);
        const struct held held = held_of(shorter, few, longer);
        agree = few->n <= AGREE_ALL ? held.n == few->n : 4 * held.n >= 3 * few->n;
        if (agree && few_numbers > 0 && many_numbers > 0)
            agree = few_numbers <= many_numbers ? held.numbers : held_of(longer, many, shorter).numbers;
    }
    free(in_x.items);
    free(in_y.items);
    bf_answer_words_release(&x);
    bf_answer_words_release(&y);
    bf_answer_words_release(&asked);
    return agree;
}
