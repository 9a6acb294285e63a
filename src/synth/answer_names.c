#include "synth/answer_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/letter_case.h"
#include "base/mem.h"
#include "base/sentences.h"
#include "base/utf8.h"
#include "base/words.h"
#include "base/refusal.h"
#include "synth/points.h"
#include "synth/prose_names.h"
#include "base/banned.h"

enum {
    LINE_WORDS_MAX = 8,  /* a longer line is a sentence */
    PIECE_WORDS_MAX = 5, /* between two commas of a list */
    NAMES_MAX = 64       /* of one answer */
};

/* ---- comparing names ---- */

void bf_name_key(struct bf_buf *out, const char *name)
{
    static const char *const articles[] = {"the ", "a ", "an "};
    struct bf_buf folded;
    const size_t start = out->len;
    bf_buf_init(&folded, SIZE_MAX);
    bf_letter_fold(&folded, name, strlen(name));
    for (size_t i = 0; i < folded.len;) {
        uint32_t cp = 0;
        const size_t length = bf_utf8_decode(folded.data + i, folded.len - i, &cp);
        if (length > 0 && (bf_letter_is(cp) || bf_letter_is_mark(cp) || bf_letter_digit(cp) >= 0)) {
            bf_buf_put(out, folded.data + i, length);
        } else if (length != 1 || folded.data[i] != '\'') { /* "Hera's" is one word */
            if (out->len > start && out->data[out->len - 1] != ' ')
                bf_buf_putc(out, ' ');
        }
        i += length > 0 ? length : 1;
    }
    if (out->len > start && out->data[out->len - 1] == ' ')
        out->data[--out->len] = 0;
    for (size_t a = 0; a < sizeof articles / sizeof *articles; a++) {
        const size_t n = strlen(articles[a]);
        if (out->len > start + n && strncmp(out->data + start, articles[a], n) == 0) {
            memmove(out->data + start, out->data + start + n, out->len - start - n + 1);
            out->len -= n;
            break;
        }
    }
    bf_buf_release(&folded);
}

bool bf_name_same(const char *a, const char *b)
{
    enum { LETTERS_MIN = 4, LONGER_WORDS_MAX = 3 };
    if (strcmp(a, b) == 0)
        return true;
    const char *shorter = strlen(a) < strlen(b) ? a : b;
    const char *longer = shorter == a ? b : a;
    const size_t n = strlen(shorter), n_longer = strlen(longer);
    size_t n_words = 1;
    for (const char *s = longer; *s; s++)
        n_words += *s == ' ' ? 1 : 0;
    if (n < LETTERS_MIN || n + 1 >= n_longer || strchr(shorter, ' ') || n_words > LONGER_WORDS_MAX)
        return false;
    return (strncmp(longer, shorter, n) == 0 && longer[n] == ' ') ||
           (longer[n_longer - n - 1] == ' ' && strcmp(longer + n_longer - n, shorter) == 0);
}

bool bf_name_within(const char *name, const char *text)
{
    for (const char *word = name; *word;) {
        const size_t n = strcspn(word, " ");
        bool found = false;
        for (const char *other = text; *other && !found;) {
            const size_t m = strcspn(other, " ");
            found = m == n && memcmp(other, word, n) == 0;
            other += m + (other[m] ? 1 : 0);
        }
        if (!found)
            return false;
        word += n + (word[n] ? 1 : 0);
    }
    return true;
}

/* ---- one name ---- */

/* How announcements and headings begin, or all that they consist of (with a full stop). */
static const char *const announcements[] = {
    "the answer", "answer",        "here are",  "here is",      "heres",         "sure", "certainly",
    "of course",  "the following", "following", "some of",      "i am",          "im ",  "as an ",
    "in summary", "key points",    "key facts", "key concepts", "in conclusion",
};
static const char *const headings[] = {"introduction", "conclusion", "summary", "overview", "references", "notes",
                                       "note",         "question",   "topic",   "yes",      "no",         "example",
                                       "examples",     "others",     "etc",     "and more", "and others", "none"};

static bool is_announcement(const char *key)
{
    for (size_t i = 0; i < sizeof announcements / sizeof *announcements; i++) {
        const size_t n = strlen(announcements[i]);
        if (strncmp(key, announcements[i], n) == 0 && (key[n] == 0 || key[n] == ' ' || key[n - 1] == ' '))
            return true;
    }
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        if (strcmp(key, headings[i]) == 0)
            return true;
    return false;
}

struct reading {
    struct bf_lines *out;
    size_t first;           /* names before it are of other answers */
    struct bf_buf question; /* key of question and topic */
};

static void add_name(struct reading *r, const char *s, size_t n)
{
    if (n < 2 || n > BF_POINT_MAX_BYTES || r->out->n - r->first >= NAMES_MAX || !bf_utf8_valid(s, n) ||
        memchr(s, '?', n) || memchr(s, '[', n) || memchr(s, '{', n) || memchr(s, '\n', n) || bf_point_words(s, n) == 0)
        return;
    char *name = bf_strndup(s, n);
    struct bf_buf key, other;
    bf_buf_init(&key, SIZE_MAX);
    bf_buf_init(&other, SIZE_MAX);
    bf_name_key(&key, name);
    bool fresh = key.len > 0 && !is_announcement(key.data) && !bf_name_within(key.data, r->question.data) &&
                 !strstr(key.data, "http") && !bf_reads_like_sentence(s, n);
    for (size_t i = r->first; i < r->out->n && fresh; i++) {
        bf_buf_clear(&other);
        bf_name_key(&other, r->out->items[i]);
        fresh = strcmp(other.data, key.data) != 0;
    }
    if (fresh)
        bf_lines_add(r->out, s, n);
    bf_buf_release(&key);
    bf_buf_release(&other);
    free(name);
}

/* ---- running prose ---- */

/* Titles in scripts without capitals: 《...》, 「...」, 『...』. */
static void add_quoted(struct reading *r, const char *text, size_t n)
{
    static const char *const marks[][2] = {{"《", "》"}, {"「", "」"}, {"『", "』"}};
    for (size_t i = 0; i < n; i++)
        for (size_t m = 0; m < sizeof marks / sizeof *marks; m++) {
            const size_t length = strlen(marks[m][0]);
            if (n - i < length || memcmp(text + i, marks[m][0], length) != 0)
                continue;
            const size_t start = i + length;
            for (size_t end = start; end + length <= n && end - start <= BF_POINT_MAX_BYTES; end++)
                if (memcmp(text + end, marks[m][1], length) == 0) {
                    add_name(r, text + start, end - start);
                    break;
                }
        }
}

static void take_name(void *to, const char *name, size_t n)
{
    add_name(to, name, n);
}

static void read_prose(struct reading *r, const char *text, size_t n)
{
    add_quoted(r, text, n);
    bf_prose_each(text, n, r, take_name);
}

void bf_prose_names(struct bf_lines *out, const char *text, size_t n)
{
    struct reading r = {.out = out, .first = out->n};
    bf_buf_init(&r.question, SIZE_MAX);
    read_prose(&r, text, n);
    bf_buf_release(&r.question);
}

/* ---- lines ---- */

/* "and Ares" -> "Ares"; "and" alone is left. */
static const char *skip_and(const char *s, size_t *n)
{
    static const char *const words[] = {"and ", "or ", "And ", "& ", "und ", "et ", "y ", "e ", "и "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t length = strlen(words[i]);
        if (*n > length && memcmp(s, words[i], length) == 0) {
            *n -= length;
            return s + length;
        }
    }
    return s;
}

/* Call for each piece between two commas. Returns how many pieces are longer than PIECE_WORDS_MAX. */
static size_t each_piece(const char *s, size_t n, struct reading *r, size_t skip_first, size_t *n_pieces)
{
    size_t n_long = 0;
    *n_pieces = 0;
    for (size_t start = 0; start < n;) {
        size_t end = start;
        while (end < n && bf_point_separator(s + end, n - end, false) == 0)
            end++;
        size_t length = end - start, n_name = 0;
        bool explained;
        const char *piece = s + start;
        while (length > 0 && *piece == ' ') {
            piece++;
            length--;
        }
        piece = skip_and(piece, &length);
        const char *name = bf_point_line(piece, length, &n_name, &explained);
        const size_t n_words = name ? bf_point_words(name, n_name) : 0;
        if (n_words > PIECE_WORDS_MAX)
            n_long++;
        else if (r && *n_pieces >= skip_first && n_words > 0)
            add_name(r, name, n_name);
        (*n_pieces)++;
        start = end < n ? end + bf_point_separator(s + end, n - end, false) : n;
    }
    return n_long;
}

static bool ends_a_sentence(const char *line, size_t n)
{
    while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\r' || line[n - 1] == '"' || line[n - 1] == '*'))
        n--;
    for (size_t length = 1; length <= 3 && length <= n; length++)
        if (bf_sentence_end(line, n, n - length) == length)
            return true;
    return false;
}

/* A sentence in a script without spaces: a clause of it looks like a name, but few names are that long. */
static bool is_unspaced_prose(const char *s, size_t n)
{
    enum { NAME_WORDS_MAX = 2 }; /* bf_point_words: six characters */
    uint32_t cp = 0;
    if (bf_utf8_decode(s, n, &cp) == 0 || !bf_letter_is_unspaced(cp))
        return false;
    for (size_t start = 0; start < n;) {
        size_t end = start;
        while (end < n && bf_point_separator(s + end, n - end, false) == 0)
            end++;
        if (bf_point_words(s + start, end - start) > NAME_WORDS_MAX)
            return true;
        start = end < n ? end + bf_point_separator(s + end, n - end, false) : n;
    }
    return false;
}

/* A line without an explanation. */
static void read_plain(struct reading *r, const char *s, size_t n, bool sentence)
{
    size_t n_pieces = 0;
    const size_t n_words = bf_point_words(s, n);
    const size_t n_long = each_piece(s, n, NULL, 0, &n_pieces);
    const size_t before = r->out->n;
    const bool prose = bf_reads_like_sentence(s, n) || (sentence && is_unspaced_prose(s, n));
    if (n_pieces >= 2 && n_long == 0 && !prose) {
        each_piece(s, n, r, 0, &n_pieces);
        return;
    }
    if (n_words > 0 && n_words <= LINE_WORDS_MAX && n_pieces == 1 && !prose && (!sentence || n_words <= 4)) {
        add_name(r, s, n);
        return;
    }
    read_prose(r, s, n);
    if (r->out->n == before && n_pieces >= 3) /* "It needs light, water, and carbon dioxide" */
        each_piece(s, n, r, 1, &n_pieces);
}

/* Labels before an answer: what follows is the list. */
static bool is_label(const char *s, size_t n)
{
    static const char *const labels[] = {"Answer",  "Answers", "A",    "Names",   "List",  "Key concepts",
                                         "Persons", "Places",  "Name", "Subject", "Title", "Topic"};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (strlen(labels[i]) == n && memcmp(labels[i], s, n) == 0)
            return true;
    return false;
}

static void read_line(struct reading *r, const char *line, size_t n)
{
    size_t n_name = 0;
    bool explained = false;
    const char *name = bf_point_line(line, n, &n_name, &explained);
    if (!name || n_name == 0)
        return;
    if (explained && is_label(name, n_name)) {
        const char *rest = name + n_name + strspn(name + n_name, ":* ");
        if (rest < line + n)
            read_line(r, rest, (size_t)(line + n - rest));
        return;
    }
    const size_t n_words = bf_point_words(name, n_name);
    if (explained && n_words > 0 && n_words <= LINE_WORDS_MAX && !bf_reads_like_sentence(name, n_name) &&
        !bf_is_one_clause(name, n_name)) {
        size_t n_pieces = 0;
        if (each_piece(name, n_name, NULL, 0, &n_pieces) == 0 && n_pieces == 1) {
            add_name(r, name, n_name);
            return;
        }
    }
    if (explained)
        read_prose(r, line, n);
    else
        read_plain(r, name, n_name, ends_a_sentence(line, n));
}

/* A line of several sentences, sentence by sentence. */
static void read_sentences(struct reading *r, const char *line, size_t n)
{
    size_t start = 0;
    for (size_t i = 1; i + 2 < n; i++)
        if ((line[i] == '.' || line[i] == '!') && line[i + 1] == ' ' && i - start > 20 && line[i - 1] != '.' &&
            line[i - 2] != '.' && line[i - 2] != ' ') {
            read_line(r, line + start, i + 1 - start);
            start = i + 2;
        }
    read_line(r, line + start, n - start);
}

/* The length of text [n] without the unfinished piece at its end: a line, a sentence, or a part between commas. */
static size_t whole_part(const char *text, size_t n)
{
    const size_t by_line = memchr(text, '\n', n) ? bf_point_cut(text, n, true) : 0;
    size_t by_sentence = n;
    while (by_sentence > 1 && !((text[by_sentence - 1] == '.' || text[by_sentence - 1] == '!') &&
                                (by_sentence == n || text[by_sentence] == ' ' || text[by_sentence] == '\n')))
        by_sentence--;
    if (by_sentence <= 3 || (by_sentence > 1 && text[by_sentence - 2] >= '0' && text[by_sentence - 2] <= '9'))
        by_sentence = 0; /* "12." is a number of the list */
    if (by_line > 0 || by_sentence > 0)
        return by_line > by_sentence ? by_line : by_sentence;
    return bf_point_cut(text, n, false);
}

void bf_answer_names(struct bf_lines *out, const char *topic, const char *question, const char *text, bool cut)
{
    struct reading r = {.out = out, .first = out->n};
    size_t n = strlen(text);
    if (bf_is_refusal(text))
        return;
    bf_buf_init(&r.question, SIZE_MAX);
    bf_name_key(&r.question, topic);
    bf_buf_putc(&r.question, ' ');
    bf_name_key(&r.question, question);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' ' || text[n - 1] == '\r'))
        n--;
    if (cut)
        n = whole_part(text, n);
    for (size_t start = 0; start < n;) {
        const char *end = memchr(text + start, '\n', n - start);
        const size_t length = end ? (size_t)(end - (text + start)) : n - start;
        read_sentences(&r, text + start, length);
        start += length + 1;
    }
    bf_buf_release(&r.question);
}
