#include "base/url.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"

#include "base/banned.h"

/* A password may hold a slash that should have been escaped: the last @ before a question mark ends it. */
static void put_shown(struct bf_buf *out, const char *url, size_t n)
{
    static const char hidden[] = "...";
    const char *slashes = memmem(url, n, "//", 2);
    const size_t begin = slashes ? (size_t)(slashes - url) + 2 : 0;
    size_t end = begin;
    while (end < n && url[end] != '?' && url[end] != '#')
        end++;
    const char *at = memrchr(url + begin, '@', n - begin);
    if (at && (size_t)(at - url) > end) /* in the query */
        at = memrchr(url + begin, '@', end - begin);
    bf_buf_put(out, url, begin);
    if (at) {
        const size_t host = (size_t)(at - url);
        bf_buf_puts(out, hidden);
        bf_buf_put(out, url + host, end - host);
    } else {
        bf_buf_put(out, url + begin, end - begin);
    }
    if (end < n) {
        bf_buf_putc(out, url[end]);
        bf_buf_puts(out, hidden);
    }
}

char *bf_url_shown(const char *urls)
{
    struct bf_buf out;
    bf_buf_init(&out, SIZE_MAX);
    for (const char *url = urls;;) {
        const size_t n = strcspn(url, ",");
        put_shown(&out, url, n);
        if (url[n] == '\0')
            break;
        bf_buf_putc(&out, ',');
        url += n + 1;
    }
    return bf_buf_take(&out);
}
