/* The name of a run's folder. */
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "run/start.h"
#include "base/banned.h"

/* Punctuation that two topics hardly differ in. Of all else that a name cannot hold (C++, C#, letters beyond ASCII) a hash is kept. */
static bool is_small(uint32_t cp)
{
    return cp < 0x80 ? cp == ' ' || strchr("-'\"`.,;:!?()[]/&_", (int)cp)
                     : bf_utf8_is_space(cp) || (cp >= 0x2010 && cp <= 0x2026);
}

char *bf_start_dir(const char *prefix, const char *text)
{
    struct bf_buf name;
    const size_t n = strlen(text);
    bool lossy = false;
    bf_buf_init(&name, 160);
    bf_buf_printf(&name, "runs/%s", prefix);
    const size_t start = name.len;
    for (size_t i = 0; i < n;) {
        uint32_t cp = 0xfffd;
        const size_t length = bf_utf8_decode(text + i, n - i, &cp);
        const bool fits = name.len < 64;
        i += length ? length : 1;
        if (cp < 0x80 && isalnum((int)cp)) {
            lossy |= !fits;
            if (fits)
                bf_buf_putc(&name, (char)tolower((int)cp));
        } else {
            lossy |= !is_small(cp);
            if (fits && name.len > start && name.data[name.len - 1] != '-')
                bf_buf_putc(&name, '-');
        }
    }
    while (name.len > start && name.data[name.len - 1] == '-')
        name.data[--name.len] = 0;
    if (name.len == start)
        bf_buf_printf(&name, "topic-%08x", (unsigned)bf_hash64(text, n));
    else if (lossy)
        bf_buf_printf(&name, "-%08x", (unsigned)bf_hash64(text, n));
    return bf_buf_take(&name);
}
