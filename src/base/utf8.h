/* UTF-8. All model, file and network text is untrusted bytes until it has passed through here. */
#ifndef BF_BASE_UTF8_H
#define BF_BASE_UTF8_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Decode one code point of s [n]: returns its length 1..4 and sets *cp, or 0 when n is 0 or the bytes are not
 * valid UTF-8 (overlong forms, surrogates and values beyond U+10FFFF are invalid). */
size_t bf_utf8_decode(const char *s, size_t n, uint32_t *cp);
bool bf_utf8_valid(const char *s, size_t n);
/* Append s with each invalid byte replaced by U+FFFD, and control characters other than \n and \t dropped. */
void bf_utf8_clean(struct bf_buf *out, const char *s, size_t n);
size_t bf_utf8_count(const char *s, size_t n); /* code points; an invalid byte counts as one */
/* Append a preview in one line: at most max_cp code points, trimmed, runs of white space (and newlines) folded to one
 * space, with an ellipsis (U+2026, counted in max_cp) when cut. Control characters are dropped. */
void bf_utf8_preview(struct bf_buf *out, const char *s, size_t n, size_t max_cp);
bool bf_utf8_is_space(uint32_t cp);        /* white space of Unicode, including line breaks and no-break spaces */
bool bf_utf8_is_control(uint32_t cp);      /* U+0000..1F (including \n and \t), U+7F..9F: may control a terminal */
bool bf_utf8_turns_direction(uint32_t cp); /* U+202A..202E, U+2066..2069: text looks different from what it is */

/* One character of s [n], n >= 1, as it is printed: control characters become a space, characters that turn the
 * direction of text and invalid bytes become U+FFFD. All printed text goes through this function. */
struct bf_utf8_seen {
    const char *text; /* [n] in `s`, or constant */
    size_t n;
    uint32_t cp; /* the printed code point */
};
size_t bf_utf8_see(const char *s, size_t n, struct bf_utf8_seen *out); /* returns the bytes of `s` that it used */

#endif
