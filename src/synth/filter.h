/* Cleaning texts, and the filters that only need a text and its prompt. */
#ifndef BF_SYNTH_FILTER_H
#define BF_SYNTH_FILTER_H
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "synth/synth.h"
#include "base/words.h"

/* Append the text in the form that is kept: cleaned UTF-8, without the thoughts of a reasoning model, trimmed, without
 * surrounding quotes and a leading "Sure! ..." line. */
void bf_filter_clean(struct bf_buf *out, const char *raw, size_t n);
/* Cut `text` after its last complete sentence, unless that would remove more than two thirds. Returns the new length in
 * bytes, without white space at the end. */
size_t bf_filter_trim_sentence(const char *text, size_t n);
/* Was an answer, of which `text` remains, nothing but thoughts? */
bool bf_filter_only_thoughts(const char *text, const char *raw);
/* The first reason that applies, in this order: too_short, refusal, prompt_echo, degenerate; or BF_REASON_NONE. */
enum bf_reason bf_filter_text(const struct bf_request *request, const char *text, const struct bf_words *words,
                              const char *prompt);

/* Is it in loops, or hardly made of letters? */
bool bf_filter_degenerate(const char *text, const struct bf_words *words);

/* Split "Question: ... Answer: ..." (also Q:/A:, with markdown stars). true when it has both parts, which are trimmed
 * and appended. */
bool bf_parse_qa(const char *text, struct bf_buf *question, struct bf_buf *answer);

#endif
