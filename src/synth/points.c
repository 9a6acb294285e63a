#include "synth/points.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "base/words.h"
#include "base/banned.h"

enum { POINT_WORDS_MAX = 10 };

void bf_points_release(struct bf_points *points)
{
    for (int32_t i = 0; i < points->n; i++)
        free((char *)(uintptr_t)points->items[i].text);
    free(points->items);
    *points = (struct bf_points){0};
}

void bf_points_add(struct bf_points *points, int32_t round, const char *text)
{
    points->items = bf_grow(points->items, (size_t)points->n + 1, sizeof *points->items);
    points->items[points->n] = (struct bf_point){.index = points->n, .round = round, .text = bf_strdup(text)};
    points->n++;
}

/* Strip at both ends what is no part of a name; *n shrinks, the new start is returned. */
static const char *strip(const char *s, size_t *n)
{
    static const char *const marks[] = {"\xe2\x80\xa2", "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x80\x9c", "\xe2\x80\x9d"};
    bool changed = true;
    while (changed && *n > 0) {
        changed = false;
        if (isspace((unsigned char)*s) || strchr("-*#\"'`_.,;:>+", *s)) {
            s++;
            (*n)--;
            changed = true;
        } else if (isspace((unsigned char)s[*n - 1]) || strchr("*\"`_.,;:", s[*n - 1])) {
            (*n)--;
            changed = true;
        }
        for (size_t m = 0; m < sizeof marks / sizeof *marks && *n >= 3; m++) {
            if (memcmp(s, marks[m], 3) == 0) {
                s += 3;
                *n -= 3;
                changed = true;
            } else if (memcmp(s + *n - 3, marks[m], 3) == 0) {
                *n -= 3;
                changed = true;
            }
        }
    }
    return s;
}

/* "12. Name", "3) Name", "(4) Name": skip the number when a mark follows it. */
static const char *skip_number(const char *s, size_t *n)
{
    size_t i = 0;
    if (i < *n && s[i] == '(')
        i++;
    size_t digits = i;
    while (i < *n && isdigit((unsigned char)s[i]))
        i++;
    if (i == digits || i - digits > 3 || i >= *n || !strchr(".):", s[i]))
        return s;
    i++;
    *n -= i;
    return s + i;
}

/* "Name: what it is", "Name - what it is", "Name (what it is)": keep the name. */
static size_t name_length(const char *s, size_t n)
{
    for (size_t i = 2; i < n; i++) {
        bool colon = s[i] == ':' && i + 1 < n && (isspace((unsigned char)s[i + 1]) || s[i + 1] == '*');
        bool dash = s[i] == '-' && isspace((unsigned char)s[i - 1]) && i + 1 < n && isspace((unsigned char)s[i + 1]);
        bool long_dash = i + 3 <= n && (memcmp(s + i, "\xe2\x80\x93", 3) == 0 || memcmp(s + i, "\xe2\x80\x94", 3) == 0);
        bool bracket = s[i] == '(' && isspace((unsigned char)s[i - 1]);
        if (colon || dash || long_dash || bracket)
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

static bool add_line(struct bf_points *points, const char *topic, int32_t round, const char *line, size_t n)
{
    const char *s = strip(line, &n);
    s = skip_number(s, &n);
    s = strip(s, &n);
    /* "Sure, here are six concepts:" announces; it names nothing. */
    if (n > 0 && line[0] && memchr(line, ':', n + (size_t)(s - line) + 1) && name_length(s, n) == n && s[n] == ':')
        return false;
    n = name_length(s, n);
    s = strip(s, &n);
    if (n < 2 || n > BF_POINT_MAX_BYTES)
        return false;
    struct bf_words words;
    bf_words_of(&words, s, n);
    bool short_name = words.n >= 1 && words.n <= POINT_WORDS_MAX && words.n_letters >= 2;
    bf_words_release(&words);
    if (!short_name)
        return false;
    char *name = bf_strndup(s, n);
    bool fresh = strcasecmp(name, topic) != 0 && !known(points, name);
    if (fresh)
        bf_points_add(points, round, name);
    free(name);
    return fresh;
}

int32_t bf_points_add_list(struct bf_points *points, const char *topic, int32_t round, const char *text, bool cut,
                           int32_t max)
{
    size_t n = strlen(text);
    while (n > 0 && isspace((unsigned char)text[n - 1]))
        n--;
    /* A model that writes one line means commas. */
    const char *separator = memchr(text, '\n', n) ? "\n" : ",;";
    if (cut) {
        size_t last = n;
        while (last > 0 && !strchr(separator, text[last - 1]))
            last--;
        n = last > 0 ? last - 1 : n;
    }
    int32_t added = 0;
    for (size_t start = 0; start < n && added < max;) {
        size_t end = start;
        while (end < n && !strchr(separator, text[end]))
            end++;
        added += add_line(points, topic, round, text + start, end - start) ? 1 : 0;
        start = end + 1;
    }
    return added;
}

void bf_points_join(const struct bf_points *points, struct bf_buf *out)
{
    for (int32_t i = 0; i < points->n; i++)
        bf_buf_printf(out, "%s%s", i ? ", " : "", points->items[i].text);
}
