/* Names in a model's answer: out of a list by lines or commas, or out of prose. */
#ifndef BF_SYNTH_ANSWER_NAMES_H
#define BF_SYNTH_ANSWER_NAMES_H
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "request/request.h"

/* Append the names that an answer to `question` gives, in their order, each once. Left out: the topic and other words
 * of the question alone, announcements ("Here are six:", "The answer to this question is"), and everything in a
 * refusal. `cut`: the answer hit its token limit, so its last piece is dropped. A name is valid UTF-8 on one line, of 2
 * to BF_POINT_MAX_BYTES bytes. */
void bf_answer_names(struct bf_lines *out, const char *topic, const char *question, const char *text, bool cut);
/* Append the names in running prose [n]: capitalised words that belong together ("Order of the Phoenix"), but not those
 * that are only capitalised because a sentence begins with them. Nothing in scripts without capitals, except what is
 * between their quotation marks for titles. */
void bf_prose_names(struct bf_lines *out, const char *text, size_t n);

/* Append the form in which names are compared: folded words with one space between them, without an article at the
 * start. */
void bf_name_key(struct bf_buf *out, const char *name);
/* Are two keys the same name? "dumbledore" is "albus dumbledore": the first or last word of a longer name is the same
 * name, when it has four letters or more. */
bool bf_name_same(const char *a, const char *b);
/* Does every word of the key `name` appear in the key `text`? */
bool bf_name_within(const char *name, const char *text);

#endif
