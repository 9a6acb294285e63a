/* A model's own chat template, run by llama.cpp's Jinja engine. The one place where C++ meets C: nothing is thrown out
 * of it. Private to engine/. */
#ifndef BF_ENGINE_CHAT_JINJA_H
#define BF_ENGINE_CHAT_JINJA_H
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bf_jinja;

/* A template is a stranger's program: its length, the depth of its brackets and what range() makes are limited here.
 * What else it may do, use up memory, never end, overflow the stack, is tried in a process that may die of it
 * (llama_try.c) before it is run in this one. */

/* NULL when it does not parse: why[0..n_why) then says where. Strings are copied. `bos` and `eos` are what the template
 * sees as bos_token and eos_token; "" = none. */
struct bf_jinja *bf_jinja_parse(const char *source, const char *bos, const char *eos, char *why, size_t n_why);
void bf_jinja_free(struct bf_jinja *jinja); /* NULL is a no-op */

/* The text of a conversation: one question, and its answer or, without one (NULL), the place where the assistant begins
 * to write. `typed`: contents are lists of one {"type": "text"}, for templates that know nothing else. strftime_now
 * gives 26 July 2024 always (the date that Llama 3.1's template falls back on): no clock reaches a prompt. NULL when
 * the template raises an error, else free(). */
char *bf_jinja_render(const struct bf_jinja *jinja, const char *question, const char *answer, bool typed, char *why,
                      size_t n_why);

#ifdef __cplusplus
}
#endif

#endif
