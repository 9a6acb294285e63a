/* The closing words of a state, for people. Private to the room. */
#ifndef BF_RUN_THEN_WORDS_H
#define BF_RUN_THEN_WORDS_H
#include <stdio.h>

#include "run/then_state.h"

/* Nothing without wish.eval. */
void bf_then_words(const struct bf_then_state *state, FILE *out);

#endif
