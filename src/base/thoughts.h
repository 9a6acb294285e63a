/* The thoughts of reasoning models: text between <think> and </think>, or other markers, before an answer. */
#ifndef BF_BASE_THOUGHTS_H
#define BF_BASE_THOUGHTS_H
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Does the text contain thoughts, or only their end, because the chat template began them? */
bool bf_thoughts_in(const char *text, size_t n);

/* Append the text without its thoughts. Without an end marker, thoughts extend to the end of the text; without a begin
 * marker, from its start. true when there were any. Linear in the text. */
bool bf_thoughts_cut(struct bf_buf *out, const char *text, size_t n);

#endif
