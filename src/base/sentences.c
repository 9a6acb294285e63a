#include "base/sentences.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/banned.h"

/* Bytes of the closing quotation mark or bracket at s; 0 when there is none. */
static size_t closing_at(const char *s, size_t n)
{
    static const char *const marks[] = {"」", "』", "”", "）", "》"};
    for (size_t m = 0; m < sizeof marks / sizeof *marks; m++)
        if (n >= 3 && memcmp(s, marks[m], 3) == 0)
            return 3;
    return 0;
}

size_t bf_sentence_end(const char *s, size_t n, size_t i)
{
    size_t len = 0;
    if (s[i] == '.' || s[i] == '!' || s[i] == '?')
        len = 1;
    else if (i + 3 <= n && (memcmp(s + i, "。", 3) == 0 || memcmp(s + i, "！", 3) == 0 || memcmp(s + i, "？", 3) == 0))
        return 3 + closing_at(s + i + 3, n - i - 3);   /* no space is needed after ideographic marks */
    else if (i + 3 <= n && memcmp(s + i, "।", 3) == 0) /* the danda */
        len = 3;
    else if (i + 2 <= n && (memcmp(s + i, "؟", 2) == 0 || memcmp(s + i, "۔", 2) == 0))
        len = 2;
    if (len == 0)
        return 0;
    while (i + len < n) {
        if (strchr("\"')]*", s[i + len]) && s[i + len])
            len++;
        else if (i + len + 3 <= n && memcmp(s + i + len, "\xe2\x80\x9d", 3) == 0)
            len += 3;
        else
            break;
    }
    bool boundary = i + len == n || isspace((unsigned char)s[i + len]);
    /* "1. " and "J. " do not end a sentence. */
    bool numbering = s[i] == '.' && i >= 1 && (isdigit((unsigned char)s[i - 1]) || isupper((unsigned char)s[i - 1])) &&
                     (i == 1 || isspace((unsigned char)s[i - 2])) && i + len < n;
    return boundary && !numbering ? len : 0;
}

size_t bf_sentence_next(const char *s, size_t n, size_t least)
{
    for (size_t i = 0; i < n; i++) {
        const size_t length = bf_sentence_end(s, n, i);
        if (length > 0 && i + length >= least)
            return i + length;
    }
    return n;
}
