/* A question and an answer inside a chat template, as text that still knows which bytes a person or the model said.
 * Private to engine/.
 *
 *     <|im_start|>user\nWho rules the sea?<|im_end|>\n<|im_start|>assistant\nPoseidon.<|im_end|>\n
 *                       question         ^question_end                       answer   ^answer_end
 */
#ifndef BF_ENGINE_CHAT_TEMPLATE_H
#define BF_ENGINE_CHAT_TEMPLATE_H
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct bf_chat_template;

/* The model's own: Jinja source. BF_MODEL: it does not parse, it raises an error, or the question is not in what it
 * makes. */
BF_MUST_CHECK enum bf_status bf_chat_template_own(const char *source, const char *bos, const char *eos,
                                                  struct bf_chat_template **out, struct bf_err *err);
/* One that llama.cpp has under a name ("chatml"). BF_USAGE: it has none. */
BF_MUST_CHECK enum bf_status bf_chat_template_named(const char *name, struct bf_chat_template **out,
                                                    struct bf_err *err);
/* None: the text is the question, and then the answer. */
struct bf_chat_template *bf_chat_template_none(void);
void bf_chat_template_free(struct bf_chat_template *template); /* NULL is a no-op */

struct bf_chat_text {
    char *text; /* free() */
    size_t n;
    size_t question, question_end; /* what the template left of the question: many trim it */
    size_t answer, answer_end;     /* the same; both are n without an answer */
};
/* `answer` NULL: up to where the assistant begins. Else the whole conversation, what comes after the answer too.
 * BF_MODEL: the template raises an error, or writes the question in another way when an answer comes after it. */
BF_MUST_CHECK enum bf_status bf_chat_template_render(const struct bf_chat_template *template, const char *question,
                                                     const char *answer, struct bf_chat_text *out, struct bf_err *err);

#endif
