/* A model's own chat template, run by llama.cpp's Jinja engine. This is the only place where C meets C++; no exception
 * leaves it. Private to engine/. */
#ifndef BF_ENGINE_CHAT_JINJA_H
#define BF_ENGINE_CHAT_JINJA_H
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bf_jinja;

/* A template is a stranger's program. Its length, the depth of its brackets and the length of range() are limited here.
 * It may also use up memory, run for ever or overflow the stack, so it is first run in a child process that may crash
 * (llama_try.c). */

/* NULL when the template does not parse; why [n_why] then says where. Strings are copied. `bos` and `eos` are the
 * template's bos_token and eos_token; "" = none. */
struct bf_jinja *bf_jinja_parse(const char *source, const char *bos, const char *eos, char *why, size_t n_why);
void bf_jinja_free(struct bf_jinja *jinja); /* NULL is a no-op */

/* Render a conversation: a question and its answer; answer NULL: up to where the assistant begins to write. `typed`:
 * contents are lists of one {"type": "text"}, for templates that accept nothing else. strftime_now always gives 26 July
 * 2024, the date that Llama 3.1's template falls back on, so that no clock reaches a prompt. free(). NULL when the
 * template raises an error. */
char *bf_jinja_render(const struct bf_jinja *jinja, const char *question, const char *answer, bool typed, char *why,
                      size_t n_why);

#ifdef __cplusplus
}
#endif

#endif
