#include "synth/filter.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/sentences.h"
#include "base/refusal.h"
#include "base/thoughts.h"
#include "base/utf8.h"
#include "base/banned.h"

enum { ECHO_GRAM = 4, LOOP_GRAM = 3, LOOP_WORDS = 24 };

static const double echo_share = 0.5;    /* share of the answer's 4-grams that are in the prompt */
static const double loop_distinct = 0.4; /* share of distinct 3-grams below which a text loops */
static const double letter_share = 0.5;  /* least share of letters and digits among visible characters */

/* Beginnings of a first line that is only an announcement ("Sure! Here is ...:"). */
static size_t skip_announcement(const char *s, size_t n)
{
    static const char *const openings[] = {
        "sure",     "certainly", "of course", "here is",   "here's", "here are", "absolutely", "claro",  "por supuesto",
        "aquí",     "bien sûr",  "voici",     "natürlich", "gerne",  "hier ist", "hier sind",  "certo",  "certamente",
        "ecco",     "конечно",   "Конечно",   "вот",       "Вот",    "当然",     "好的",       "以下是", "以下は",
        "もちろん", "はい",      "물론",      "다음은",    "بالطبع", "إليك",     "बेशक"};
    static const char *const ends[] = {":", "!", "：", "！"};
    const char *newline = memchr(s, '\n', n);
    if (!newline || newline - s > 200 || newline == s)
        return 0;
    size_t length = (size_t)(newline - s);
    while (length > 0 && isspace((unsigned char)s[length - 1]))
        length--;
    bool announces = false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        announces |= length >= strlen(ends[i]) && strncmp(s + length - strlen(ends[i]), ends[i], strlen(ends[i])) == 0;
    for (size_t i = 0; i < sizeof openings / sizeof *openings && announces; i++)
        if (length >= strlen(openings[i]) && strncasecmp(s, openings[i], strlen(openings[i])) == 0)
            return (size_t)(newline - s) + 1;
    return 0;
}

void bf_filter_clean(struct bf_buf *out, const char *raw, size_t n)
{
    struct bf_buf whole, clean;
    bf_buf_init(&whole, 4 << 20);
    bf_buf_init(&clean, 4 << 20);
    bf_utf8_clean(&whole, raw, n);
    bf_thoughts_cut(&clean, whole.data, whole.len);
    bf_buf_release(&whole);
    const char *s = clean.data;
    size_t len = clean.len;
    for (int pass = 0; pass < 2; pass++) {
        while (len > 0 && isspace((unsigned char)*s))
            s++, len--;
        while (len > 0 && isspace((unsigned char)s[len - 1]))
            len--;
        if (pass == 0) {
            size_t skip = skip_announcement(s, len);
            s += skip;
            len -= skip;
        }
    }
    if (len >= 2 && s[0] == '"' && s[len - 1] == '"' && !memchr(s + 1, '"', len - 2)) {
        s++;
        len -= 2;
        while (len > 0 && isspace((unsigned char)*s))
            s++, len--;
        while (len > 0 && isspace((unsigned char)s[len - 1]))
            len--;
    }
    bf_buf_put(out, s, len);
    bf_buf_release(&clean);
}

bool bf_filter_only_thoughts(const char *text, const char *raw)
{
    return text[0] == 0 && raw && bf_thoughts_in(raw, strlen(raw));
}

size_t bf_filter_trim_sentence(const char *s, size_t n)
{
    size_t cut = 0;
    for (size_t i = 0; i < n; i++) {
        size_t len = bf_sentence_end(s, n, i);
        if (len > 0)
            cut = i + len;
    }
    return cut * 3 >= n && cut > 0 ? cut : n;
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The sorted hashes of *count n-grams. free(). */
static uint64_t *sorted_grams(const struct bf_words *words, size_t gram, size_t *count)
{
    *count = words->n >= gram ? words->n - gram + 1 : 0;
    uint64_t *grams = bf_array(*count + 1, sizeof *grams);
    for (size_t i = 0; i < *count; i++)
        grams[i] = bf_words_gram(words, i, gram);
    qsort(grams, *count, sizeof *grams, compare_hashes);
    return grams;
}

static bool echoes(const struct bf_words *words, const char *prompt)
{
    struct bf_words asked;
    bf_words_of(&asked, prompt, strlen(prompt));
    size_t n_asked = 0;
    uint64_t *grams = sorted_grams(&asked, ECHO_GRAM, &n_asked);
    size_t n = words->n >= ECHO_GRAM ? words->n - ECHO_GRAM + 1 : 0;
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t gram = bf_words_gram(words, i, ECHO_GRAM);
        found += bsearch(&gram, grams, n_asked, sizeof gram, compare_hashes) ? 1 : 0;
    }
    free(grams);
    bf_words_release(&asked);
    return n > 0 && (double)found > echo_share * (double)n;
}

bool bf_filter_degenerate(const char *text, const struct bf_words *words)
{
    if ((double)words->n_letters < letter_share * (double)words->n_points)
        return true;
    size_t run = 0;
    for (size_t i = 1; text[i - 1] && text[i]; i++) {
        run = text[i] == text[i - 1] && !isspace((unsigned char)text[i]) ? run + 1 : 0;
        if (run >= 15)
            return true;
    }
    if (words->n < LOOP_WORDS)
        return false;
    size_t n = 0;
    uint64_t *grams = sorted_grams(words, LOOP_GRAM, &n);
    size_t distinct = n > 0 ? 1 : 0;
    for (size_t i = 1; i < n; i++)
        distinct += grams[i] != grams[i - 1] ? 1 : 0;
    free(grams);
    return (double)distinct < loop_distinct * (double)n;
}

enum bf_reason bf_filter_text(const struct bf_request *request, const char *text, const struct bf_words *words,
                              const char *prompt)
{
    if (words->n < (size_t)request->min_words)
        return BF_REASON_TOO_SHORT;
    if (request->filter_refusal && bf_is_refusal(text))
        return BF_REASON_REFUSAL;
    if (request->filter_echo && echoes(words, prompt))
        return BF_REASON_PROMPT_ECHO;
    if (request->filter_degenerate && bf_filter_degenerate(text, words))
        return BF_REASON_DEGENERATE;
    return BF_REASON_NONE;
}

/* The length of a label ("question", "q") at s, with stars, spaces and its colon; 0 when there is none. */
static size_t label_at(const char *s, const char *word)
{
    size_t i = 0;
    while (s[i] == '*' || s[i] == '#' || s[i] == ' ' || s[i] == '-')
        i++;
    size_t n = strlen(word);
    if (strncasecmp(s + i, word, n) != 0)
        return 0;
    i += n;
    while (s[i] == '*' || s[i] == ' ' || isdigit((unsigned char)s[i]))
        i++;
    if (s[i] != ':' && strncmp(s + i, "：", 3) != 0)
        return 0;
    i += s[i] == ':' ? 1 : 3;
    while (s[i] == '*' || s[i] == ' ')
        i++;
    return i;
}

static void put_trimmed(struct bf_buf *out, const char *s, size_t n)
{
    while (n > 0 && (isspace((unsigned char)*s) || *s == '*'))
        s++, n--;
    while (n > 0 && (isspace((unsigned char)s[n - 1]) || s[n - 1] == '*'))
        n--;
    bf_buf_put(out, s, n);
}

static size_t any_label_at(const char *s, const char *const *words)
{
    size_t length = 0;
    for (; *words && length == 0; words++)
        length = label_at(s, *words);
    return length;
}

/* Models answer in the language of the topic, and also translate the labels of the prompt. */
static const char *const question_words[] = {"question", "pregunta", "frage", "pergunta", "domanda", "вопрос",
                                             "Вопрос",   "问题",     "問題",  "質問",     "问",      "질문",
                                             "السؤال",   "سؤال",     "प्रश्न",  "सवाल",     NULL};
static const char *const answer_words[] = {
    "answer", "respuesta", "réponse", "antwort", "resposta", "risposta", "ответ", "Ответ", "答案", "回答",
    "答え",   "答",        "답변",    "답",      "الإجابة",  "الجواب",   "उत्तर",  "जवाब",  NULL};

bool bf_parse_qa(const char *text, struct bf_buf *question, struct bf_buf *answer)
{
    size_t skip = any_label_at(text, question_words);
    if (skip == 0)
        skip = label_at(text, "q");
    const char *q = text + skip;
    const char *a = NULL;
    size_t a_skip = 0;
    for (const char *p = q; *p; p++) {
        if (p != q && p[-1] != '\n' && p[-1] != ' ')
            continue;
        a_skip = any_label_at(p, answer_words);
        if (a_skip == 0 && p != q && p[-1] == '\n')
            a_skip = label_at(p, "a");
        if (a_skip > 0) {
            a = p;
            break;
        }
    }
    if (!a)
        return false;
    const char *end = a + a_skip;
    /* A second question after the answer is not part of it. */
    const char *stop = end;
    while (*stop && !(stop[0] == '\n' && (any_label_at(stop + 1, question_words) > 0 || label_at(stop + 1, "q") > 0)))
        stop++;
    put_trimmed(question, q, (size_t)(a - q));
    put_trimmed(answer, end, (size_t)(stop - end));
    return question->len > 0 && answer->len > 0;
}
