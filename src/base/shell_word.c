#include "base/shell_word.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/banned.h"

static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:=@%+";

const char *bf_shell_word(char out[BF_SHELL_WORD_MAX], const char *text)
{
    struct bf_buf word;
    bf_buf_init(&word, BF_SHELL_WORD_MAX - 1);
    const bool bare = text[0] && strspn(text, safe) == strlen(text);
    if (!bare)
        bf_buf_putc(&word, '\'');
    if (text[0] == '-')
        bf_buf_puts(&word, "./");
    for (const char *p = text; *p; p++)
        if (*p == '\'')
            bf_buf_puts(&word, "'\\''");
        else
            bf_buf_putc(&word, *p);
    if (!bare)
        bf_buf_putc(&word, '\'');
    (void)snprintf(out, BF_SHELL_WORD_MAX, "%s", word.overflow ? text : word.data);
    bf_buf_release(&word);
    return out;
}
