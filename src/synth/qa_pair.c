#include "synth/qa_pair.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "synth/edit_distance.h"
#include "synth/talk.h"
#include "base/banned.h"

enum { BEFORE_MAX = 240, FIRST_WORDS = 4, LABEL_DIGITS_MAX = 3 };

/* Below this word-level edit distance, an answer or its beginning may repeat the question. */
static const double restated = 0.2;

enum label { QUESTION, ANSWER };

static const char *skip_set(const char *s, const char *set)
{
    return s + strspn(s, set);
}

/* "1. ", "2) ", "(3) " */
static const char *skip_numbering(const char *s)
{
    const char *at = *s == '(' ? s + 1 : s;
    size_t digits = strspn(at, "0123456789");
    if (digits == 0 || digits > LABEL_DIGITS_MAX || !at[digits] || !strchr(".)", at[digits]))
        return s;
    return skip_set(at + digits + 1, " \t");
}

/* Where the text after the label at s begins; NULL when there is no label. */
static const char *label_at(const char *s, enum label label)
{
    static const char *const adjectives[] = {"rewritten", "rephrased", "reworded", "paraphrased",
                                             "revised",   "new",       "modified", "rewrite"};
    static const char *const words[2][2] = {{"question", "q"}, {"answer", "a"}};
    s = skip_set(s, "*#_>- \t\"");
    s = skip_numbering(s);
    s = skip_set(s, "*_ \t");
    for (size_t i = 0; i < sizeof adjectives / sizeof *adjectives; i++) {
        size_t n = strlen(adjectives[i]);
        if (strncasecmp(s, adjectives[i], n) == 0 && s[n] == ' ') {
            s += n + 1;
            break;
        }
    }
    for (int i = 0; i < 2; i++) {
        size_t n = strlen(words[label][i]);
        if (strncasecmp(s, words[label][i], n) != 0)
            continue;
        const char *end = skip_set(s + n, "*_ \t#");
        end += strspn(end, "0123456789");
        end = skip_set(end, "*_ \t");
        if (*end == ':')
            return skip_set(end + 1, "*_ \t");
        if (strncmp(end, "\xef\xbc\x9a", 3) == 0) /* full-width colon */
            return skip_set(end + 3, "*_ \t");
    }
    return NULL;
}

/* The next label from s on: at the start of a line or, spelt out with a capital, after a space. `line_start`: does s
 * begin a line? *body is where its text begins. NULL when there is none. */
static const char *find_label(const char *s, enum label label, bool line_start, const char **body)
{
    const char *const spelt = label == QUESTION ? "Question:" : "Answer:";
    for (const char *at = s; *at; at++) {
        bool starts = at == s ? line_start : at[-1] == '\n';
        bool inside = at > s && (at[-1] == ' ' || at[-1] == '*') && strncmp(at, spelt, strlen(spelt)) == 0;
        *body = starts || inside ? label_at(at, label) : NULL;
        if (*body)
            return at;
    }
    return NULL;
}

static size_t trimmed_length(const char *s, const char *end)
{
    while (end > s && (isspace((unsigned char)end[-1]) || end[-1] == '*' || end[-1] == '_' || end[-1] == '#'))
        end--;
    return (size_t)(end - s);
}

struct part {
    const char *s;
    size_t n;
};

static struct part part_of(const char *s, const char *end)
{
    struct part part = {s, trimmed_length(s, end)};
    part.s = bf_talk_unwrap(part.s, &part.n);
    return part;
}

/* Is there nothing but an announcement before the question? */
static bool only_announces(const char *s, const char *end)
{
    s += strspn(s, " \t\r\n*_#\"");
    size_t n = s < end ? trimmed_length(s, end) : 0;
    return n == 0 || (n <= BEFORE_MAX && strchr(":!.", s[n - 1]) && !memchr(s, '?', n));
}

static bool has_question_mark(const struct part *part)
{
    static const char *const marks[] = {"?", "\xef\xbc\x9f", "\xd8\x9f", "\xcd\xbe"};
    for (size_t m = 0; m < sizeof marks / sizeof *marks; m++)
        for (size_t i = 0; i + strlen(marks[m]) <= part->n; i++)
            if (memcmp(part->s + i, marks[m], strlen(marks[m])) == 0)
                return true;
    return false;
}

/* Is it a question: a question mark, or a question word near the beginning ("In which year ...", "Name the ...")? True
 * for scripts other than ASCII. */
static bool asks(const struct part *part)
{
    static const char anywhere[] = " who whom whose what when where why how which ";
    static const char at_first[] =
        " is are was were do does did can could will would should shall has have had may might am name tell explain "
        "describe give list identify discuss state define say provide mention elaborate share specify outline "
        "summarise summarize compare please ";
    if (has_question_mark(part) || (part->n > 0 && (unsigned char)*part->s >= 0x80))
        return true;
    size_t i = 0;
    for (int w = 0; w < FIRST_WORDS && i < part->n; w++) {
        char word[18] = " ";
        size_t n = 0;
        while (i < part->n && !isalpha((unsigned char)part->s[i]))
            i++;
        for (; i < part->n && isalpha((unsigned char)part->s[i]); i++, n++)
            if (n < 15)
                word[n + 1] = (char)tolower((unsigned char)part->s[i]);
        if (n == 0 || n > 14)
            continue;
        word[n + 1] = ' ';
        word[n + 2] = '\0';
        if (strstr(anywhere, word) || (w == 0 && strstr(at_first, word)))
            return true;
    }
    return false;
}

static bool adds_nothing(const struct bf_words *asked, const struct bf_words *said)
{
    for (size_t i = 0; i < said->n; i++) {
        size_t j = 0;
        while (j < asked->n && asked->hashes[j] != said->hashes[i])
            j++;
        if (j == asked->n)
            return false;
    }
    return true;
}

/* Does the answer, or its part up to the first question mark, repeat the question? */
static bool repeats(const struct part *question, const struct part *answer)
{
    struct bf_words asked;
    struct bf_words said;
    struct bf_words first;
    const char *mark = memchr(answer->s, '?', answer->n);
    bf_words_of(&asked, question->s, question->n);
    bf_words_of(&said, answer->s, answer->n);
    bf_words_of(&first, answer->s, mark ? (size_t)(mark - answer->s) : 0);
    /* "What is the name of the hero of the novel?" - "Ajax is the name of the hero of the novel." adds a word. */
    bool again = (said.n > 0 && bf_edit_distance_unit(&asked, &said) < restated && adds_nothing(&asked, &said)) ||
                 (first.n > 0 && bf_edit_distance_unit(&asked, &first) < restated);
    bf_words_release(&asked);
    bf_words_release(&said);
    bf_words_release(&first);
    return again;
}

static bool has_words(const struct part *part)
{
    struct bf_words words;
    bf_words_of(&words, part->s, part->n);
    bool any = words.n > 0;
    bf_words_release(&words);
    return any;
}

/* Find both parts in clean text. Returns NULL, or the reason why not. */
static const char *split(const char *text, struct part *question, struct part *answer)
{
    const char *asked = NULL;
    const char *said = NULL;
    const char *body = NULL;
    const char *q_at = find_label(text, QUESTION, true, &asked);
    const char *a_at = find_label(text, ANSWER, true, &said);
    bool labelled = q_at && (!a_at || q_at < a_at);
    if (labelled)
        a_at = find_label(asked, ANSWER, false, &said);
    if (!a_at)
        return "no answer";
    if (!labelled) {
        size_t skip = bf_talk_before(text, strlen(text));
        asked = text + (skip < (size_t)(a_at - text) ? skip : 0);
        *question = part_of(asked, a_at);
        if (question->n == 0 || memchr(question->s, '\n', question->n) || !has_question_mark(question))
            return "no question";
    } else {
        if (!only_announces(text, q_at))
            return "text before the question";
        *question = part_of(asked, a_at);
    }
    *answer = part_of(said, said + bf_talk_after(said, strlen(said)));
    const char *end = answer->s + answer->n;
    const char *second = find_label(said, QUESTION, false, &body);
    if (second && second < end)
        return "a second question";
    second = find_label(said, ANSWER, false, &body);
    if (second && second < end)
        return "a second answer";
    return NULL;
}

bool bf_parse_qa_pair(const char *text, struct bf_buf *question, struct bf_buf *answer, const char **why_not)
{
    struct part q = {"", 0};
    struct part a = {"", 0};
    struct bf_buf clean;
    bf_buf_init(&clean, SIZE_MAX);
    bf_utf8_clean(&clean, text, strlen(text));
    const char *why = split(clean.data, &q, &a);
    if (!why && !has_words(&q))
        why = "an empty question";
    if (!why && !has_words(&a))
        why = "an empty answer";
    if (!why && !asks(&q))
        why = "a question that asks nothing";
    if (!why && repeats(&q, &a))
        why = "an answer that repeats the question";
    if (!why && a.s[a.n - 1] == '?')
        why = "an answer that is a question";
    if (!why && (q.n > question->cap - question->len || a.n > answer->cap - answer->len))
        why = "too long a text";
    if (!why) {
        bf_buf_put(question, q.s, q.n);
        bf_buf_put(answer, a.s, a.n);
    }
    if (why_not)
        *why_not = why;
    bf_buf_release(&clean);
    return why == NULL;
}
