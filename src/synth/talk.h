/* What a model adds around a rewritten text: "Sure! Here's a rewritten version:", "Note: I kept all names." Private to
 * the room. Everything here is conservative: what might be part of the text stays. */
#ifndef BF_SYNTH_TALK_H
#define BF_SYNTH_TALK_H
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Length in bytes of an announcement at the start, with the white space after it; 0 when there is none, or nothing
 * else. */
size_t bf_talk_before(const char *s, size_t n);
/* Length without remarks on separate lines after the text, and without white space at the end. Only 0 when everything
 * is white space. */
size_t bf_talk_after(const char *s, size_t n);
/* Trim white space at both ends, then quotes, backquotes and stars around the whole text, at most two layers. *n is the
 * new length. */
const char *bf_talk_unwrap(const char *s, size_t *n);

/* ---- reading a rewritten sentence from the model's answer ---- */

/* Append the text in the form that is kept: valid UTF-8, without an announcement before it ("Sure! Here's a rewritten
 * version:", "Rewritten sentence:"), remarks on separate lines after it ("Note: ..."), and quotes or stars around the
 * whole. What might be part of the text stays: "The rule: never look back." is kept as it is. */
void bf_rewrite_clean(struct bf_buf *out, const char *text, size_t n);

#endif
