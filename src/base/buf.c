/* The growable buffer. Nothing is allocated before the first byte: empty buffers point at a shared NUL, which is
 * const, so that a stray write to it crashes. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

#define FIRST_SIZE 64

static const char empty[1] = "";

static char *no_data(void)
{
    return (char *)(uintptr_t)empty;
}

void bf_buf_init(struct bf_buf *b, size_t cap)
{
    b->data = no_data();
    b->len = 0;
    b->cap = cap < PTRDIFF_MAX ? cap : PTRDIFF_MAX - 1;
    b->allocated = 0;
    b->overflow = false;
}

void bf_buf_release(struct bf_buf *b)
{
    if (b->allocated > 0)
        free(b->data);
    bf_buf_init(b, b->cap);
}

void bf_buf_clear(struct bf_buf *b)
{
    b->len = 0;
    b->overflow = false;
    if (b->allocated > 0)
        b->data[0] = '\0';
}

/* Make room for n more bytes and the NUL; on failure returns false and sets overflow. */
static bool reserve(struct bf_buf *b, size_t n)
{
    size_t need, size;

    if (b->overflow)
        return false;
    if (n > b->cap - b->len) {
        b->overflow = true;
        return false;
    }
    need = b->len + n + 1;
    if (need <= b->allocated)
        return true;
    size = b->allocated < FIRST_SIZE ? FIRST_SIZE : b->allocated;
    while (size < need)
        size = size <= b->cap / 2 ? 2 * size : need;
    b->data = bf_grow(b->allocated > 0 ? b->data : NULL, size, 1);
    b->allocated = size;
    b->data[b->len] = '\0';
    return true;
}

void bf_buf_put(struct bf_buf *b, const void *data, size_t n)
{
    if (n == 0 || !reserve(b, n))
        return;
    memcpy(b->data + b->len, data, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void bf_buf_puts(struct bf_buf *b, const char *s)
{
    bf_buf_put(b, s, strlen(s));
}

void bf_buf_putc(struct bf_buf *b, char c)
{
    bf_buf_put(b, &c, 1);
}

void bf_buf_printf(struct bf_buf *b, const char *format, ...)
{
    va_list args, again;
    int n;

    va_start(args, format);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    if (n < 0) {
        b->overflow = true; /* longer than INT_MAX */
    } else if (n > 0 && reserve(b, (size_t)n)) {
        (void)vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
        b->len += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

char *bf_buf_take(struct bf_buf *b)
{
    char *data = b->allocated > 0 ? b->data : bf_strdup("");

    bf_buf_init(b, b->cap);
    return data;
}
