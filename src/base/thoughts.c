#include "base/thoughts.h"

#include <string.h>

#include "base/banned.h"

static const struct {
    const char *begin, *end;
} marks[] = {
    {"<think>", "</think>"}, /* DeepSeek, Qwen, GLM ... */
    {"<thinking>", "</thinking>"},
    {"<thought>", "</thought>"}, /* Exaone, LG */
    {"<reasoning>", "</reasoning>"},
    {"<seed:think>", "</seed:think>"},                                   /* Seed-OSS */
    {"[THINK]", "[/THINK]"},                                             /* Magistral */
    {"\xE2\x97\x81think\xE2\x96\xB7", "\xE2\x97\x81/think\xE2\x96\xB7"}, /* Kimi */
};
enum { N_MARKS = sizeof marks / sizeof *marks };

static bool stands_at(const char *text, size_t n, size_t i, const char *mark)
{
    const size_t len = strlen(mark);
    return n - i >= len && memcmp(text + i, mark, len) == 0;
}

/* The place of `mark` from i on; n when there is none. */
static size_t find(const char *text, size_t n, size_t i, const char *mark)
{
    while (i < n && !stands_at(text, n, i, mark))
        i++;
    return i;
}

bool bf_thoughts_in(const char *text, size_t n)
{
    for (size_t m = 0; m < N_MARKS; m++)
        if (find(text, n, 0, marks[m].begin) < n || find(text, n, 0, marks[m].end) < n)
            return true;
    return false;
}

bool bf_thoughts_cut(struct bf_buf *out, const char *text, size_t n)
{
    const size_t start = out->len;
    bool any = false;
    for (size_t i = 0; i < n;) {
        size_t m = 0;
        while (m < N_MARKS && !stands_at(text, n, i, marks[m].begin) && !stands_at(text, n, i, marks[m].end))
            m++;
        if (m == N_MARKS) {
            bf_buf_putc(out, text[i++]);
            continue;
        }
        any = true;
        if (stands_at(text, n, i, marks[m].begin)) {
            i = find(text, n, i, marks[m].end);
        } else if (out->len > start) { /* the NUL of an empty buffer must not be written */
            out->len = start;
            out->data[start] = 0;
        }
        i += i < n ? strlen(marks[m].end) : 0;
    }
    return any;
}
