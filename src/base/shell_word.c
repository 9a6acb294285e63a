#include "base/shell_word.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/banned.h"

static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:=@%+";

char *bf_shell_word(const char *text)
{
    struct bf_buf out;
    bf_buf_init(&out, SIZE_MAX);
    const bool bare = text[0] && strspn(text, safe) == strlen(text);
    if (!bare)
        bf_buf_putc(&out, '\'');
    if (text[0] == '-')
        bf_buf_puts(&out, "./");
    for (const char *p = text; *p; p++)
        if (*p == '\'')
            bf_buf_puts(&out, "'\\''");
        else
            bf_buf_putc(&out, *p);
    if (!bare)
        bf_buf_putc(&out, '\'');
    return bf_buf_take(&out);
}
