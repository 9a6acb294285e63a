#include "eval/cloze.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/words.h"
#include "base/banned.h"

enum { WORDS_MAX = 128, MISSING_MAX = 6, WORD_BYTES = 64, AROUND_MIN = 2 };

void bf_cloze_release(struct bf_cloze *cloze)
{
    free(cloze->sentence);
    free(cloze->missing);
    *cloze = (struct bf_cloze){0};
}

/* ---- words between spaces ---- */

struct word {
    const char *text; /* without marks at its ends */
    size_t n;
};

static bool is_mark(char c)
{
    return c && strchr(".,;:!?\"'()[]", c) != NULL;
}

static size_t words_of(const char *text, struct word *out)
{
    size_t n = 0;
    for (const char *at = text; n < WORDS_MAX;) {
        at += strspn(at, " \t\r\n");
        size_t length = strcspn(at, " \t\r\n");
        const char *next = at + length;
        if (length == 0)
            break;
        for (; length > 0 && is_mark(*at); length--)
            at++;
        while (length > 0 && is_mark(at[length - 1]))
            length--;
        if (length > 0)
            out[n++] = (struct word){at, length};
        at = next;
    }
    return n;
}

static bool is_any(struct word w, const char *list)
{
    char padded[WORD_BYTES];
    if (w.n + 3 > sizeof padded)
        return false;
    padded[0] = ' ';
    for (size_t i = 0; i < w.n; i++)
        padded[i + 1] = (char)tolower((unsigned char)w.text[i]);
    padded[w.n + 1] = ' ';
    padded[w.n + 2] = '\0';
    return strstr(list, padded) != NULL;
}

static bool is_capital(struct word w)
{
    return w.text[0] >= 'A' && w.text[0] <= 'Z';
}

static bool ends_in(struct word w, const char *end)
{
    const size_t n = strlen(end);
    return w.n > n && strncasecmp(w.text + w.n - n, end, n) == 0;
}

static bool is_little(struct word w)
{
    return is_any(
        w, " a an the of to in on at by for from with and or as is are was were be been has have had do does did it "
           "he she they we i you its his her their our this that these those there which who what when where ");
}

static bool is_determiner(struct word w)
{
    return is_any(w, " the a an his her its their our this that these those ");
}

static bool has_word(const char *text, struct word w)
{
    char *word = bf_strndup(w.text, w.n);
    const bool found = bf_has_phrase(text, word);
    free(word);
    return found;
}

/* ---- leaving words out of a sentence ---- */

static bool leave_out(const char *sentence, const char *from, size_t n, struct bf_cloze *out)
{
    struct bf_buf text;
    bf_buf_init(&text, SIZE_MAX);
    bf_buf_put(&text, sentence, (size_t)(from - sentence));
    bf_buf_puts(&text, BF_CLOZE_GAP);
    bf_buf_puts(&text, from + n);
    *out = (struct bf_cloze){.sentence = bf_buf_take(&text), .missing = bf_strndup(from, n)};
    return true;
}

/* Where `phrase` is in the text as whole words, whatever the case; NULL when nowhere. */
static const char *find_phrase(const char *text, const char *phrase)
{
    const size_t n = strlen(phrase);
    for (const char *at = n > 0 ? text : ""; *at; at++)
        if (strncasecmp(at, phrase, n) == 0 && bf_is_word_edge(text, (size_t)(at - text)) &&
            bf_is_word_edge(text, (size_t)(at - text) + n))
            return at;
    return NULL;
}

static bool of_statement(const char *statement, const char *answer, const char *object, struct bf_cloze *out)
{
    const char *missing = object && *object ? object : answer;
    if (strstr(statement, BF_CLOZE_GAP)) {
        *out = (struct bf_cloze){.sentence = bf_strdup(statement), .missing = bf_strdup(missing)};
        return true;
    }
    const char *at = find_phrase(statement, missing);
    return at && leave_out(statement, at, strlen(missing), out);
}

/* Do enough words remain, one of them of the question, so that the sentence says what it is about? */
static bool speaks_of(const char *question, const struct word *words, size_t n, const char *gap, size_t n_gap)
{
    size_t n_around = 0, n_shared = 0;
    for (size_t i = 0; i < n; i++) {
        if (words[i].text >= gap && words[i].text < gap + n_gap)
            continue;
        n_around++;
        n_shared += !is_little(words[i]) && has_word(question, words[i]);
    }
    return n_around >= AROUND_MIN && n_shared > 0;
}

/* The words of the answer that the question lacks: the last run of them that has a capital or a digit, else the last.
 * Little words inside a run belong to it. */
static bool find_new(const char *question, const struct word *words, size_t n, const char **from, size_t *length)
{
    bool found = false, best_name = false;
    for (size_t i = 0; i < n; i++) {
        if (is_little(words[i]) || has_word(question, words[i]))
            continue;
        size_t last = i;
        bool name = false;
        for (size_t k = i; k < n && (is_little(words[k]) || !has_word(question, words[k])); k++) {
            if (is_little(words[k]))
                continue;
            last = k;
            name |= (is_capital(words[k]) && k > 0) || isdigit((unsigned char)words[k].text[0]) != 0;
        }
        if (last - i < MISSING_MAX && (name || !best_name)) {
            *from = words[i].text;
            *length = (size_t)(words[last].text + words[last].n - words[i].text);
            best_name = name;
            found = true;
        }
        i = last;
    }
    return found;
}

static bool of_answer(const char *question, const char *answer, const char *object, struct bf_cloze *out)
{
    struct word words[WORDS_MAX];
    const size_t n = words_of(answer, words);
    const char *from = object && *object ? find_phrase(answer, object) : NULL;
    size_t length = from ? strlen(object) : 0;
    if (!from && !find_new(question, words, n, &from, &length))
        return false;
    return speaks_of(question, words, n, from, length) && leave_out(answer, from, length, out);
}

/* ---- from a question ---- */

struct sentence {
    struct bf_buf text;
    bool begun;
};

static void say(struct sentence *s, const char *text, size_t n)
{
    if (n == 0)
        return;
    if (s->begun)
        bf_buf_putc(&s->text, ' ');
    bf_buf_putc(&s->text, s->begun ? text[0] : (char)toupper((unsigned char)text[0]));
    bf_buf_put(&s->text, text + 1, n - 1);
    s->begun = true;
}

/* The words [from, to) as they are in the question, marks between them included. */
static void say_words(struct sentence *s, const struct word *w, size_t from, size_t to)
{
    if (from < to)
        say(s, w[from].text, (size_t)(w[to - 1].text + w[to - 1].n - w[from].text));
}

static void say_gap(struct sentence *s)
{
    say(s, BF_CLOZE_GAP, strlen(BF_CLOZE_GAP));
}

/* Where a subject that begins at word `from` ends: a name, or "the" and what follows up to a closing participle. */
static size_t subject_end(const struct word *w, size_t from, size_t n)
{
    size_t to = from;
    if (from < n && is_determiner(w[from])) {
        const bool participle =
            ends_in(w[n - 1], "ed") || is_any(w[n - 1], " born built found held made written called ");
        return n - from > 2 && participle ? n - 1 : n;
    }
    while (to < n && is_capital(w[to]))
        to++;
    return to;
}

static bool is_copula(struct word w)
{
    return is_any(w, " is are was were ");
}

/* "What is the capital of Norway?", "Who was born in Estvik?" */
static bool say_what_is(struct sentence *s, const struct word *w, size_t n)
{
    const bool named = is_any(w[n - 1], " called named ");
    if (n < 3)
        return false;
    if (!is_determiner(w[2]) && !is_capital(w[2])) {
        say_gap(s);
        say_words(s, w, 1, n);
        return is_any(w[0], " who ");
    }
    say_words(s, w, 2, named ? n - 1 : n);
    say_words(s, w, 1, 2);
    if (named)
        say_words(s, w, n - 1, n);
    say_gap(s);
    return true;
}

/* "Which planet comes next after Mars?" */
static bool say_which(struct sentence *s, const struct word *w, size_t n)
{
    if (n < 4 || is_capital(w[1]))
        return false;
    const bool verb = is_any(w[2], " is are was were has have had can ") || ends_in(w[2], "s") || ends_in(w[2], "ed");
    if (!verb || is_any(w[2], " does ") || is_determiner(w[3]))
        return false;
    if (is_copula(w[2]) && is_capital(w[3]))
        return false;
    say(s, "the", 3);
    say_words(s, w, 1, 2);
    say_gap(s);
    say_words(s, w, 2, n);
    return true;
}

/* "Where did Mira live?", "When was the mill built?": the subject goes before the verb, the gap to the end. */
static bool say_turned(struct sentence *s, const struct word *w, size_t n, const char *answer)
{
    struct word first[WORDS_MAX];
    const size_t to = subject_end(w, 2, n);
    const bool place = is_any(w[0], " where when ");
    if (to == 2 || (to == n && !(place && is_copula(w[1]))))
        return false;
    say_words(s, w, 2, to);
    say_words(s, w, 1, 2);
    say_words(s, w, to, n);
    if (place && !(words_of(answer, first) > 0 && is_any(first[0], " in on at near by under over between ")))
        say(s, "in", 2);
    say_gap(s);
    return true;
}

static bool say_question(struct sentence *s, const char *question, const char *answer)
{
    struct word w[WORDS_MAX];
    const size_t n = words_of(question, w);
    if (n < 3 || n == WORDS_MAX)
        return false;
    const bool does = is_any(w[1], " do does did ");
    if (is_any(w[0], " where when ") && (does || is_copula(w[1])))
        return say_turned(s, w, n, answer);
    if (is_any(w[0], " what who ") && does)
        return say_turned(s, w, n, answer);
    if (is_any(w[0], " what who ") && is_copula(w[1]))
        return say_what_is(s, w, n);
    if (is_any(w[0], " which what "))
        return say_which(s, w, n);
    if (!is_any(w[0], " who ") || is_any(w[1], " else can could will would should "))
        return false;
    say_gap(s);
    say_words(s, w, 1, n);
    return true;
}

static bool of_question(const char *question, const char *answer, const char *object, struct bf_cloze *out)
{
    struct word words[WORDS_MAX];
    struct sentence s = {.begun = false};
    const size_t n = words_of(answer, words);
    if (n == 0 || n > MISSING_MAX || is_any(words[0], " yes no ") || strpbrk(question, "\n\""))
        return false;
    bf_buf_init(&s.text, SIZE_MAX);
    const bool said = say_question(&s, question, answer);
    bf_buf_putc(&s.text, '.');
    char *sentence = bf_buf_take(&s.text);
    if (said)
        *out = (struct bf_cloze){.sentence = bf_strdup(sentence),
                                 .missing = bf_strdup(object && *object ? object : answer)};
    free(sentence);
    return said;
}

bool bf_cloze_of(const char *question, const char *answer, const char *object, const char *statement,
                 struct bf_cloze *out)
{
    *out = (struct bf_cloze){0};
    return (statement && of_statement(statement, answer, object, out)) || of_answer(question, answer, object, out) ||
           of_question(question, answer, object, out);
}
