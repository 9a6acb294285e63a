/* Where sentences end, in scripts with and without spaces. */
#ifndef BF_BASE_SENTENCES_H
#define BF_BASE_SENTENCES_H
#include <stddef.h>

/* The bytes of the end of a sentence at s[i] of s [n], with closing quotes and brackets; 0 when there is none. "1. "
 * and "J. " do not end one. */
size_t bf_sentence_end(const char *s, size_t n, size_t i);
/* The bytes of the first sentences of s [n] that together have `least` bytes or more; n without such an end. */
size_t bf_sentence_next(const char *s, size_t n, size_t least);

#endif
