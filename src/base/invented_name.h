/* Names that no model has read about. */
#ifndef BF_BASE_INVENTED_NAME_H
#define BF_BASE_INVENTED_NAME_H
#include "base/buf.h"
#include "base/rng.h"

/* Append a word of n_syllables (>= 1), with a capital letter: the next one of `rng`. */
void bf_invent_name(struct bf_rng *rng, int n_syllables, struct bf_buf *out);

#endif
