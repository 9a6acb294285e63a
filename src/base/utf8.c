/* UTF-8. */
#include "base/utf8.h"

#include "base/banned.h"

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */
static const char ellipsis[] = "\xE2\x80\xA6";    /* U+2026 */

size_t bf_utf8_decode(const char *s, size_t n, uint32_t *cp)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t value;
    size_t length;

    if (n == 0)
        return 0;
    const unsigned char first = (unsigned char)s[0];
    if (first < 0x80) {
        *cp = first;
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        length = 2;
        value = first & 0x1FU;
    } else if (first >= 0xE0 && first <= 0xEF) {
        length = 3;
        value = first & 0x0FU;
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4;
        value = first & 0x07U;
    } else {
        return 0;
    }
    if (n < length)
        return 0;
    for (size_t i = 1; i < length; i++) {
        unsigned char next = (unsigned char)s[i];
        if ((next & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (next & 0x3FU);
    }
    if (value < smallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *cp = value;
    return length;
}

bool bf_utf8_valid(const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t length = bf_utf8_decode(s + i, n - i, &cp);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

bool bf_utf8_is_space(uint32_t cp)
{
    return (cp >= 0x09 && cp <= 0x0D) || cp == 0x20 || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F ||
           cp == 0x3000;
}

bool bf_utf8_is_control(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp <= 0x9F);
}

bool bf_utf8_turns_direction(uint32_t cp)
{
    return (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069);
}

size_t bf_utf8_see(const char *s, size_t n, struct bf_utf8_seen *out)
{
    uint32_t cp = 0;
    const size_t length = bf_utf8_decode(s, n, &cp);
    if (length == 0 || bf_utf8_turns_direction(cp))
        *out = (struct bf_utf8_seen){"\xEF\xBF\xBD", 3, 0xFFFD};
    else if (bf_utf8_is_control(cp))
        *out = (struct bf_utf8_seen){" ", 1, ' '};
    else
        *out = (struct bf_utf8_seen){s, length, cp};
    return length == 0 ? 1 : length;
}

void bf_utf8_clean(struct bf_buf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t length = bf_utf8_decode(s + i, n - i, &cp);
        if (length == 0) {
            bf_buf_puts(out, replacement);
            i++;
            continue;
        }
        if (!bf_utf8_is_control(cp) || cp == '\n' || cp == '\t')
            bf_buf_put(out, s + i, length);
        i += length;
    }
}

size_t bf_utf8_count(const char *s, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; count++) {
        uint32_t cp;
        size_t length = bf_utf8_decode(s + i, n - i, &cp);
        i += length == 0 ? 1 : length;
    }
    return count;
}

void bf_utf8_preview(struct bf_buf *out, const char *s, size_t n, size_t max_cp)
{
    struct bf_buf line;
    size_t count = 0;       /* code points in line */
    size_t before_last = 0; /* bytes of line without its last code point, which the ellipsis may replace */
    bool gap = false;       /* white space that is kept when a character follows */
    bool cut = false;

    if (max_cp == 0)
        return;
    bf_buf_init(&line, SIZE_MAX);
    for (size_t i = 0; i < n && !cut;) {
        uint32_t cp = 0xFFFD;
        size_t length = bf_utf8_decode(s + i, n - i, &cp);
        const char *from = length == 0 ? replacement : s + i;
        size_t bytes = length == 0 ? sizeof replacement - 1 : length;

        i += length == 0 ? 1 : length;
        if (bf_utf8_is_space(cp)) {
            gap = count > 0;
            continue;
        }
        if (bf_utf8_is_control(cp))
            continue;
        for (int step = gap ? 0 : 1; step < 2 && !cut; step++) {
            if (count == max_cp) {
                cut = true;
                break;
            }
            before_last = line.len;
            if (step == 0)
                bf_buf_putc(&line, ' ');
            else
                bf_buf_put(&line, from, bytes);
            count++;
        }
        gap = false;
    }
    if (cut) {
        while (before_last > 0 && line.data[before_last - 1] == ' ')
            before_last--;
        bf_buf_put(out, line.data, before_last);
        bf_buf_puts(out, ellipsis);
    } else {
        bf_buf_put(out, line.data, line.len);
    }
    bf_buf_release(&line);
}
