/* A growable byte buffer with a cap, always NUL-terminated. The cap is the largest size that the caller
 * expects. An append that would exceed it sets `overflow`, and later appends do nothing, so that one check after a
 * chain of appends is enough. */
#ifndef BF_BASE_BUF_H
#define BF_BASE_BUF_H
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct bf_buf {
    char *data;       /* never NULL after init; data[len] == 0 */
    size_t len;       /* bytes before the NUL */
    size_t cap;       /* largest len allowed */
    size_t allocated; /* private */
    bool overflow;    /* an append was refused */
};

void bf_buf_init(struct bf_buf *b, size_t cap);
void bf_buf_release(struct bf_buf *b); /* frees the content; the struct can be initialised again */
void bf_buf_clear(struct bf_buf *b);   /* len = 0, overflow = false, memory kept */
void bf_buf_put(struct bf_buf *b, const void *data, size_t n);
void bf_buf_puts(struct bf_buf *b, const char *s);
void bf_buf_putc(struct bf_buf *b, char c);
void bf_buf_printf(struct bf_buf *b, const char *format, ...) BF_PRINTF(2, 3);
char *bf_buf_take(struct bf_buf *b); /* returns the memory, for free(); the buffer is empty afterwards */

#endif
