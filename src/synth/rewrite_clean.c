#include "synth/rewrite_clean.h"

#include "base/utf8.h"
#include "synth/talk.h"
#include "base/banned.h"

void bf_rewrite_clean(struct bf_buf *out, const char *text, size_t n)
{
    struct bf_buf clean;
    bf_buf_init(&clean, SIZE_MAX);
    bf_utf8_clean(&clean, text, n);
    /* Quotes may stand around all of it, announcement included, or around the text alone. */
    size_t len = clean.len;
    const char *s = bf_talk_unwrap(clean.data, &len);
    size_t skip = bf_talk_before(s, len);
    s += skip;
    len = bf_talk_after(s, len - skip);
    s = bf_talk_unwrap(s, &len);
    bf_buf_put(out, s, len);
    bf_buf_release(&clean);
}
