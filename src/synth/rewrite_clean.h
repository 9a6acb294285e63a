/* A rewritten sentence out of what the model answered. */
#ifndef BF_SYNTH_REWRITE_CLEAN_H
#define BF_SYNTH_REWRITE_CLEAN_H
#include <stddef.h>

#include "base/buf.h"

/* Append the text as it will be kept: valid UTF-8, without an announcement before it ("Sure! Here's a rewritten version:",
 * "Rewritten sentence:"), remarks on lines of their own after it ("Note: ..."), and quotes or stars around the whole. What
 * might be the text itself stays: "The rule: never look back." is kept as it is. */
void bf_rewrite_clean(struct bf_buf *out, const char *text, size_t n);

#endif
