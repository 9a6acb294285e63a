/* Any answer: what is kept is a part of it in valid UTF-8, and is not blank at its ends; a text with something in it
 * never becomes empty. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "synth/talk.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bf_buf clean, out;
    bool blank = true;

    bf_buf_init(&clean, SIZE_MAX);
    bf_buf_init(&out, SIZE_MAX);
    bf_utf8_clean(&clean, (const char *)data, size);
    bf_rewrite_clean(&out, (const char *)data, size);
    for (size_t i = 0; i < clean.len; i++)
        blank = blank && isspace((unsigned char)clean.data[i]);
    require(blank == (out.len == 0));
    require(strlen(out.data) == out.len && bf_utf8_valid(out.data, out.len) && strstr(clean.data, out.data));
    require(out.len == 0 || (!isspace((unsigned char)out.data[0]) && !isspace((unsigned char)out.data[out.len - 1])));
    bf_buf_release(&clean);
    bf_buf_release(&out);
    return 0;
}
