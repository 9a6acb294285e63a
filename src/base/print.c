#include "base/print.h"

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/banned.h"

enum { AT_ONCE = 4096 };

bool bf_stdout_reader_is_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

void bf_clean_text(struct bf_buf *out, const char *text, size_t n, bool one_line)
{
    size_t kept = 0; /* text [kept, i) needs no change, and is not in `out` yet */
    for (size_t i = 0; i < n;) {
        struct bf_utf8_seen seen;
        const size_t next = i + bf_utf8_see(text + i, n - i, &seen);
        if (seen.text != text + i && (one_line || (text[i] != '\n' && text[i] != '\t'))) {
            bf_buf_put(out, text + kept, i - kept);
            bf_buf_put(out, seen.text, seen.n);
            kept = next;
        }
        i = next;
    }
    bf_buf_put(out, text + kept, n - kept);
}

static void put(FILE *out, const char *text, size_t n)
{
    struct bf_buf clean;
    bf_buf_init(&clean, SIZE_MAX);
    bf_clean_text(&clean, text, n, false);
    (void)fwrite(clean.data, 1, clean.len, out);
    bf_buf_release(&clean);
}

void bf_print(FILE *out, const char *format, ...)
{
    char small[AT_ONCE];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int n = vsnprintf(small, sizeof small, format, args);
    if (n >= 0 && (size_t)n < sizeof small) {
        put(out, small, (size_t)n);
    } else if (n >= 0) {
        char *text = bf_alloc((size_t)n + 1);
        (void)vsnprintf(text, (size_t)n + 1, format, again);
        put(out, text, (size_t)n);
        free(text);
    }
    va_end(again);
    va_end(args);
}

void bf_print_json(FILE *out, const char *json)
{
    const size_t n = strlen(json);
    size_t kept = 0;
    for (size_t i = 0; i < n;) {
        uint32_t cp = 0;
        const size_t length = bf_utf8_decode(json + i, n - i, &cp);
        const size_t next = i + (length == 0 ? 1 : length);
        if (length > 0 && (bf_utf8_turns_direction(cp) || (bf_utf8_is_control(cp) && cp != '\n' && cp != '\t'))) {
            char escape[8];
            const int wide = snprintf(escape, sizeof escape, "\\u%04x", (unsigned)cp);
            (void)fwrite(json + kept, 1, i - kept, out);
            (void)fwrite(escape, 1, (size_t)wide, out);
            kept = next;
        }
        i = next;
    }
    (void)fwrite(json + kept, 1, n - kept, out);
    (void)putc('\n', out);
}

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

void bf_percent(double share, char out[BF_PERCENT_MAX])
{
    const double percent = 100.0 * share < 1e9 ? 100.0 * share : 1e9;
    if (percent >= 9.95 || percent <= 0.0)
        (void)snprintf(out, BF_PERCENT_MAX, "%.0f", percent > 0.0 ? percent : 0.0);
    else if (percent < 0.005)
        (void)snprintf(out, BF_PERCENT_MAX, "less than 0.01");
    else
        (void)snprintf(out, BF_PERCENT_MAX, percent < 0.095 ? "%.2f" : "%.1f", percent);
}
