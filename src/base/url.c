#include "base/url.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"

#include "base/banned.h"

static const char *last_of(const char *text, size_t n, char c)
{
    while (n > 0)
        if (text[--n] == c)
            return text + n;
    return NULL;
}

/* A password may contain a slash that should have been escaped: the last '@' ends it. An '@' after a '?' or '#' may
 * belong to a password or to the query, so then only the scheme is shown. */
static void put_shown(struct bf_buf *out, const char *url, size_t n)
{
    static const char hidden[] = "...";
    const char *slashes = memmem(url, n, "//", 2);
    const size_t begin = slashes ? (size_t)(slashes - url) + 2 : 0;
    const char *at = last_of(url + begin, n - begin, '@');
    size_t end = begin;
    while (end < n && url[end] != '?' && url[end] != '#')
        end++;
    bf_buf_put(out, url, begin);
    if (at && (size_t)(at - url) > end) {
        bf_buf_puts(out, hidden);
        return;
    }
    const size_t host = at ? (size_t)(at - url) : begin;
    bf_buf_puts(out, at ? hidden : "");
    bf_buf_put(out, url + host, end - host);
    if (end < n) {
        bf_buf_putc(out, url[end]);
        bf_buf_puts(out, hidden);
    }
}

/* The length of the first address in a list. A comma without a scheme after it belongs to the address: to a password or
 * a key. */
static size_t length_of_first(const char *urls)
{
    for (const char *comma = urls; (comma = strchr(comma, ',')); comma++) {
        const char *next = comma + 1 + strspn(comma + 1, " ");
        const size_t n_word = strcspn(next, ":/?#@,");
        if (strncmp(next + n_word, "://", 3) == 0)
            return (size_t)(comma - urls);
    }
    return strlen(urls);
}

char *bf_url_shown(const char *urls)
{
    struct bf_buf out;
    bf_buf_init(&out, SIZE_MAX);
    for (const char *url = urls;;) {
        const size_t n = length_of_first(url);
        put_shown(&out, url, n);
        if (url[n] == '\0')
            break;
        bf_buf_putc(&out, ',');
        url += n + 1;
    }
    return bf_buf_take(&out);
}
