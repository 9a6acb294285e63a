#include "synth/points.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/letter_case.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/words.h"
#include "base/banned.h"

enum { POINT_WORDS_MAX = 10 };

void bf_points_release(struct bf_points *points)
{
    for (int32_t i = 0; i < points->n; i++) {
        free((char *)(uintptr_t)points->items[i].text);
        free((char *)(uintptr_t)points->items[i].origin);
    }
    free(points->items);
    *points = (struct bf_points){0};
}

void bf_points_add(struct bf_points *points, int32_t round, const char *text, const char *origin)
{
    points->items = bf_grow(points->items, (size_t)points->n + 1, sizeof *points->items);
    points->items[points->n] = (struct bf_point){
        .index = points->n, .round = round, .text = bf_strdup(text), .origin = bf_strdup(origin ? origin : "")};
    points->n++;
}

/* ---- marks of all scripts ---- */

/* The length of the mark at the start of s [n]; `marks` ends with NULL; 0 when there is none. */
static size_t mark_at(const char *s, size_t n, const char *const *marks)
{
    for (; *marks; marks++) {
        const size_t length = strlen(*marks);
        if (length <= n && memcmp(s, *marks, length) == 0)
            return length;
    }
    return 0;
}

/* The same at the end of s [n]. */
static size_t mark_before(const char *s, size_t n, const char *const *marks)
{
    for (; *marks; marks++) {
        const size_t length = strlen(*marks);
        if (length <= n && memcmp(s + n - length, *marks, length) == 0)
            return length;
    }
    return 0;
}

/* What is not part of a name at its ends: dashes, quotation marks, bullets, full stops, commas, colons, spaces, marks
 * of direction. */
static const char *const around[] = {"–",
                                     "—",
                                     "―",
                                     "“",
                                     "”",
                                     "„",
                                     "«",
                                     "»",
                                     "「",
                                     "」",
                                     "『",
                                     "』",
                                     "《",
                                     "》",
                                     "【",
                                     "】",
                                     "〈",
                                     "〉",
                                     "•",
                                     "・",
                                     "·",
                                     "●",
                                     "○",
                                     "■",
                                     "□",
                                     "▪",
                                     "◆",
                                     "◇",
                                     "★",
                                     "※",
                                     "。",
                                     "．",
                                     "、",
                                     "，",
                                     "：",
                                     "；",
                                     "،",
                                     "؛",
                                     "۔",
                                     "।",
                                     "॥",
                                     "\xe3\x80\x80",
                                     "\xc2\xa0",
                                     "\xe2\x80\x8e",
                                     "\xe2\x80\x8f",
                                     "\xef\xbb\xbf",
                                     NULL};
static const char *const number_ends[] = {".", ")", ":", "．", "。", "、", "）", "：", "\xef\xb8\x8f\xe2\x83\xa3",
                                          NULL};
static const char *const openings[] = {"(", "（", NULL};
static const char *const list_commas[] = {",", ";", "、", "，", "；", "،", "؛", NULL};
static const char *const line_ends[] = {"\n", NULL};

/* Strip everything that is not part of a name at both ends. Returns the new start; *n is the new length. */
static const char *strip(const char *s, size_t *n)
{
    bool changed = true;
    while (changed && *n > 0) {
        const size_t before = mark_at(s, *n, around), after = mark_before(s, *n, around);
        changed = true;
        if (isspace((unsigned char)*s) || strchr("-*#\"'`_.,;:>+", *s)) {
            s++;
            (*n)--;
        } else if (isspace((unsigned char)s[*n - 1]) || strchr("*\"`_.,;:", s[*n - 1])) {
            (*n)--;
        } else if (before > 0) {
            s += before;
            *n -= before;
        } else if (after > 0) {
            *n -= after;
        } else {
            changed = false;
        }
    }
    return s;
}

/* Bytes of the digit at s: of any script, or one of the Chinese numerals. */
static size_t digit_at(const char *s, size_t n)
{
    static const char *const numerals[] = {"一", "二", "三", "四", "五", "六", "七", "八", "九", "十", NULL};
    uint32_t cp = 0;
    const size_t length = n > 0 ? bf_utf8_decode(s, n, &cp) : 0;
    return length > 0 && bf_letter_digit(cp) >= 0 ? length : mark_at(s, n, numerals);
}

/* "12. Name", "3) Name", "(4) Name", "2、Name", "①Name": skip the number when a mark follows it. */
static const char *skip_number(const char *s, size_t *n)
{
    size_t i = mark_at(s, *n, openings), n_digits = 0;
    uint32_t cp = 0;
    for (size_t length = digit_at(s + i, *n - i); length > 0; length = digit_at(s + i, *n - i), n_digits++)
        i += length;
    const size_t mark = mark_at(s + i, *n - i, number_ends);
    if (n_digits > 0 && n_digits <= 3 && mark > 0)
        i += mark;
    else if (*n > 0 && bf_utf8_decode(s, *n, &cp) == 3 && cp >= 0x2460 && cp <= 0x2473) /* in a circle */
        i = 3;
    else
        return s;
    *n -= i;
    return s + i;
}

/* "Name: what it is", "Name - what it is", "Name (what it is)", "Name：what it is": keep the name. */
static size_t name_length(const char *s, size_t n)
{
    static const char *const ends[] = {"–", "—", "：", "（", NULL};
    for (size_t i = 2; i < n; i++) {
        /* After a letter of a script without capitals, the mark needs no space. */
        const bool other = (unsigned char)s[i - 1] >= 0x80;
        const bool colon = s[i] == ':' && i + 1 < n && (other || isspace((unsigned char)s[i + 1]) || s[i + 1] == '*');
        const bool dash =
            s[i] == '-' && isspace((unsigned char)s[i - 1]) && i + 1 < n && isspace((unsigned char)s[i + 1]);
        const bool bracket = s[i] == '(' && (other || isspace((unsigned char)s[i - 1]));
        if (colon || dash || bracket || mark_at(s + i, n - i, ends) > 0)
            return i;
    }
    return n;
}

static bool known(const struct bf_points *points, const char *name)
{
    for (int32_t i = 0; i < points->n; i++)
        if (strcasecmp(points->items[i].text, name) == 0)
            return true;
    return false;
}

const char *bf_point_line(const char *line, size_t n, size_t *n_name, bool *explained)
{
    const char *end = line + n;
    const char *s = strip(line, &n);
    s = skip_number(s, &n);
    s = strip(s, &n);
    *n_name = 0;
    *explained = false;
    /* "Sure, here are six concepts:" is an announcement, not a name. */
    if (n > 0 && name_length(s, n) == n && (size_t)(end - (s + n)) >= 3 && memcmp(s + n, "：", 3) == 0)
        return NULL;
    if (n > 0 && line < end && line[0] && memchr(line, ':', n + (size_t)(s - line) + (s + n < end)) &&
        name_length(s, n) == n && s + n < end && s[n] == ':')
        return NULL;
    *n_name = name_length(s, n);
    *explained = *n_name < n;
    return strip(s, n_name);
}

size_t bf_point_words(const char *s, size_t n)
{
    struct bf_words words;
    bf_words_of(&words, s, n);
    /* In scripts without spaces, the length of a name is measured in characters, not in words. */
    const size_t n_words = words.n - words.n_unspaced + words.n_unspaced / 3;
    const bool any = words.n >= 1 && words.n_letters >= 2;
    bf_words_release(&words);
    return !any ? 0 : n_words > 0 ? n_words : 1;
}

static bool add_line(struct bf_points *points, const char *topic, int32_t round, const char *line, size_t n)
{
    bool explained;
    const char *s = bf_point_line(line, n, &n, &explained);
    if (!s || n < 2 || n > BF_POINT_MAX_BYTES)
        return false;
    const size_t n_words = bf_point_words(s, n);
    if (n_words == 0 || n_words > POINT_WORDS_MAX)
        return false;
    char *name = bf_strndup(s, n);
    bool fresh = strcasecmp(name, topic) != 0 && !known(points, name);
    if (fresh)
        bf_points_add(points, round, name, NULL);
    free(name);
    return fresh;
}

size_t bf_point_cut(const char *text, size_t n, bool lines)
{
    const char *const *separators = lines ? line_ends : list_commas;
    size_t last = n;
    while (last > 0 && mark_before(text, last, separators) == 0)
        last--;
    return last > 0 ? last - mark_before(text, last, separators) : n;
}

size_t bf_point_separator(const char *s, size_t n, bool lines)
{
    return mark_at(s, n, lines ? line_ends : list_commas);
}

int32_t bf_points_add_list(struct bf_points *points, const char *topic, int32_t round, const char *text, bool cut,
                           int32_t max)
{
    size_t n = strlen(text);
    while (n > 0 && isspace((unsigned char)text[n - 1]))
        n--;
    /* A model that writes a single line separates points by commas. */
    const bool lines = memchr(text, '\n', n) != NULL;
    if (cut)
        n = bf_point_cut(text, n, lines);
    int32_t added = 0;
    for (size_t start = 0; start < n && added < max;) {
        size_t end = start;
        while (end < n && bf_point_separator(text + end, n - end, lines) == 0)
            end++;
        added += add_line(points, topic, round, text + start, end - start) ? 1 : 0;
        start = end < n ? end + bf_point_separator(text + end, n - end, lines) : n;
    }
    return added;
}

void bf_points_join(const struct bf_points *points, struct bf_buf *out)
{
    for (int32_t i = 0; i < points->n; i++)
        bf_buf_printf(out, "%s%s", i ? ", " : "", points->items[i].text);
}
