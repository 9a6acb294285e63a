/* What a model says around a rewritten text: "Sure! Here's a rewritten version:", "Note: I kept all names." Private to
 * the room. All of it is conservative: what might be the text itself stays. */
#ifndef BF_SYNTH_TALK_H
#define BF_SYNTH_TALK_H
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Bytes at the start that only announce, the white space after them included; 0 when there are none or nothing else. */
size_t bf_talk_before(const char *s, size_t n);
/* Length without remarks on lines of their own after the text, and without white space at the end. Never 0 for n > 0
 * unless all is white space. */
size_t bf_talk_after(const char *s, size_t n);
/* Take white space off both ends, then quotes, backquotes and stars that stand around the whole, two layers at most.
 * *n is the new length. */
const char *bf_talk_unwrap(const char *s, size_t *n);

/* ---- a rewritten sentence out of what the model answered ---- */

/* Append the text as it will be kept: valid UTF-8, without an announcement before it ("Sure! Here's a rewritten
 * version:", "Rewritten sentence:"), remarks on lines of their own after it ("Note: ..."), and quotes or stars around
 * the whole. What might be the text itself stays: "The rule: never look back." is kept as it is. */
void bf_rewrite_clean(struct bf_buf *out, const char *text, size_t n);

#endif
