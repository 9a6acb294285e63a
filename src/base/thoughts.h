/* The thoughts of reasoning models: what they write between <think> and </think> before an answer, and other spellings
 * of that. */
#ifndef BF_BASE_THOUGHTS_H
#define BF_BASE_THOUGHTS_H
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Does the text hold thoughts, or their end alone (the chat template began them)? */
bool bf_thoughts_in(const char *text, size_t n);

/* Append the text without its thoughts. Thoughts without an end reach to the end of the text; an end without a
 * beginning ends thoughts that began with the text. true when there were any. */
bool bf_thoughts_cut(struct bf_buf *out, const char *text, size_t n);

#endif
