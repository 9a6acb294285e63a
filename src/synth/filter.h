/* Why a text is not kept: the checks that need nothing but the text and its prompt. */
#ifndef BF_SYNTH_FILTER_H
#define BF_SYNTH_FILTER_H
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "synth/synth.h"
#include "base/words.h"

/* Append the text as it will be kept: cleaned UTF-8, without a reasoning model's thoughts, trimmed, surrounding quotes
 * and a leading "Sure! ..." line removed. */
void bf_filter_clean(struct bf_buf *out, const char *raw, size_t n);
/* Cut `text` after its last whole sentence when at least a third of it stands before; else leave it. Returns the new
 * length (bytes), white space at the end dropped. */
size_t bf_filter_trim_sentence(const char *text, size_t n);
/* Of an answer whose text to keep is `text`: was it all thoughts? */
bool bf_filter_only_thoughts(const char *text, const char *raw);
/* The first reason that holds, in this order: too_short, refusal, prompt_echo, degenerate; or BF_REASON_NONE. */
enum bf_reason bf_filter_text(const struct bf_request *request, const char *text, const struct bf_words *words,
                              const char *prompt);
/* A refusal: an apology or an inability at the start, or "as an AI"; in English, Spanish, French, German, Portuguese,
 * Italian, Russian, Chinese, Japanese, Korean, Arabic and Hindi. */
bool bf_is_refusal(const char *text);

/* Split "Question: ... Answer: ..." (also Q:/A:, with markdown stars). true when both parts are there; the parts are
 * trimmed and appended. */
bool bf_parse_qa(const char *text, struct bf_buf *question, struct bf_buf *answer);

#endif
