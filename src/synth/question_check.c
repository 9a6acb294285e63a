#include "synth/question_check.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/letter_case.h"
#include "base/utf8.h"
#include "base/words.h"
#include "quality/answers.h"
#include "synth/facts.h"
#include "synth/filter.h"
#include "synth/qa_pair.h"
#include "synth/talk.h"
#include "base/banned.h"

enum { QUESTION_WORDS_MIN = 3, QUESTION_BYTES_MAX = 400, ANSWER_BYTES_MAX = 600, SHORT_ANSWER_WORDS = 6 };

/* ---- reading ---- */

static void put_line(struct bf_buf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bf_buf_putc(out, s[i] == '\n' || s[i] == '\r' || s[i] == '\t' ? ' ' : s[i]);
}

/* The line that begins with "Question", or the start: an announcement may come before it. */
static const char *skip_announcement(const char *text)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += strspn(line, "\r\n*# \t");
        if (strncasecmp(line, "question", 8) == 0)
            return line;
    }
    return text;
}

bool bf_question_read(const char *text, struct bf_buf *question, struct bf_buf *answer)
{
    struct bf_buf q, a, both;
    bf_buf_init(&q, SIZE_MAX);
    bf_buf_init(&a, SIZE_MAX);
    bf_buf_init(&both, SIZE_MAX);
    /* The first pair, then the strict check of that pair alone. */
    bool ok = bf_parse_qa(skip_announcement(text), &q, &a);
    if (ok) {
        const char *end = strstr(a.data, "\n\n"); /* remarks after the answer */
        bf_buf_printf(&both, "Question: %s\nAnswer: ", q.data);
        bf_buf_put(&both, a.data, end ? (size_t)(end - a.data) : a.len);
        bf_buf_clear(&q);
        bf_buf_clear(&a);
        ok = bf_parse_qa_pair(both.data, &q, &a, NULL) && q.len <= QUESTION_BYTES_MAX && a.len <= ANSWER_BYTES_MAX;
    }
    if (ok) {
        put_line(question, q.data, q.len);
        put_line(answer, a.data, a.len);
    }
    bf_buf_release(&q);
    bf_buf_release(&a);
    bf_buf_release(&both);
    return ok;
}

static bool has_question_mark(const char *s)
{
    return strchr(s, '?') || strstr(s, "\xef\xbc\x9f") || strstr(s, "\xd8\x9f") || strstr(s, "\xcd\xbe");
}

bool bf_question_reworded(const char *text, struct bf_buf *question)
{
    struct bf_buf clean;
    bf_buf_init(&clean, SIZE_MAX);
    bf_rewrite_clean(&clean, text, strlen(text));
    const char *s = clean.len > 0 ? clean.data : "";
    s += strspn(s, "*#> \t");
    if (strncasecmp(s, "question:", 9) == 0 || strncasecmp(s, "q:", 2) == 0)
        s = strchr(s, ':') + 1;
    s += strspn(s, "* \t\n");
    size_t n = strcspn(s, "\n");
    s = bf_talk_unwrap(s, &n);
    const size_t before = question->len;
    put_line(question, s, n);
    const bool ok = question->len > before && n <= QUESTION_BYTES_MAX && has_question_mark(question->data + before);
    if (!ok && question->len > before) {
        question->len = before;
        question->data[before] = 0;
    }
    bf_buf_release(&clean);
    return ok;
}

/* ---- checking ---- */

/* Words that point into a text which whoever is asked does not have, as whole words. */
static const char *const pointers[] = {
    "the text",     "this text",        "the passage",    "this passage",    "the paragraph",   "this paragraph",
    "the excerpt",  "the sentence",     "this sentence",  "the statement",   "this statement",  "the author",
    "the narrator", "the speaker",      "the writer",     "the article",     "the description", "the monologue",
    "the given",    "mentioned",        "described here", "described above", "as described",    "stated above",
    "the above",    "according to the", "in this scene",  "this story",      "the summary",     "this summary",
    "this topic",   "the information",  "is provided",    "the following",   "this domain",     "the domain",
    "el texto",     "este texto",       "le texte",       "ce texte",        "der text",        "dem text",
    "il testo",     "o texto",          "текст",          "тексте",
};
static const char *const unspaced_pointers[] = {"文中", "本文", "文章", "这段", "上述", "根据文"};

/* Words for somebody or something that only the text names. */
static const char *const pronouns[] = {"he",   "she", "it",    "they", "him",  "her",   "his",
                                       "hers", "its", "their", "them", "this", "these", "those"};

static bool points_into_a_text(const char *question)
{
    for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++)
        if (bf_has_phrase(question, pointers[i]))
            return true;
    for (size_t i = 0; i < sizeof unspaced_pointers / sizeof *unspaced_pointers; i++)
        if (strstr(question, unspaced_pointers[i]))
            return true;
    return false;
}

/* "What did he steal?" has a pronoun and names nobody; "Which god did Zeus send after he won?" may be asked. */
static bool means_somebody_unnamed(const char *question)
{
    const struct bf_facts_options names = {.names = true};
    bool pronoun = false;
    for (size_t i = 0; i < sizeof pronouns / sizeof *pronouns && !pronoun; i++)
        pronoun = bf_has_phrase(question, pronouns[i]);
    return pronoun && bf_facts_preserved(question, "", &names, NULL); /* without names, nothing is lost */
}

bool bf_answer_is_short(const char *answer)
{
    return bf_words_count(answer) <= SHORT_ANSWER_WORDS;
}

/* Half of all guesses at a yes or a no are right, and the fact is in the question. */
static bool is_yes_or_no(const char *answer)
{
    static const char *const words[] = {"yes", "no", "true", "false", "si", "oui", "non", "ja", "nein", "да", "нет"};
    struct bf_buf folded;
    bool found = false;
    bf_buf_init(&folded, SIZE_MAX);
    bf_letter_fold(&folded, answer, strlen(answer));
    for (size_t i = 0; i < sizeof words / sizeof *words && !found; i++) {
        const size_t n = strlen(words[i]);
        found = strncmp(folded.data, words[i], n) == 0 && (folded.data[n] == 0 || strchr(",.!;", folded.data[n]));
    }
    bf_buf_release(&folded);
    return found;
}

/* Does the question hold the answer? */
static bool gives_away(const char *question, const char *answer)
{
    const struct bf_answer_key key = {.answer = answer, .object = bf_answer_is_short(answer) ? answer : NULL};
    return is_yes_or_no(answer) || bf_answer_right(&key, question);
}

enum bf_reason bf_question_check(const char *question, const char *answer, bool for_name)
{
    struct bf_words words;
    enum bf_reason reason = BF_REASON_NONE;
    bf_words_of(&words, question, strlen(question));
    if (words.n < QUESTION_WORDS_MIN)
        reason = BF_REASON_TOO_SHORT;
    else if (bf_filter_degenerate(question, &words))
        reason = BF_REASON_DEGENERATE;
    else if (points_into_a_text(question) || (!for_name && means_somebody_unnamed(question)))
        reason = BF_REASON_NEEDS_TEXT;
    else if (gives_away(question, answer))
        reason = BF_REASON_GIVES_AWAY;
    bf_words_release(&words);
    return reason;
}
