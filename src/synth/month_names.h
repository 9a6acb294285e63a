/* English months in dates: "3 March 1998", "Sept. 4", "in may". */
#ifndef BF_SYNTH_MONTH_NAMES_H
#define BF_SYNTH_MONTH_NAMES_H
#include <stddef.h>

#include "synth/fact_tokens.h"

/* 1..12 when the word at token i is a month here, else 0. "May", "March", "August", "April" and "June" may be a verb, an
 * adjective or a person: they count beside a figure, after "in" or "since", or as a capitalised word by itself. An
 * abbreviation counts beside a figure only. */
int bf_month_at(const struct bf_tokens *tokens, size_t i);

#endif
