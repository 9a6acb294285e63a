/* A question and an answer in a chat template: the rendered text, and which of its bytes are the question and the
 * answer. Private to engine/.
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

/* The model's own template, from its Jinja source. BF_MODEL: it does not parse, raises an error, or does not show the
 * question. */
BF_MUST_CHECK enum bf_status bf_chat_template_own(const char *source, const char *bos, const char *eos,
                                                  struct bf_chat_template **out, struct bf_err *err);
/* One of llama.cpp's templates, by name ("chatml"). BF_USAGE: there is none of this name. */
BF_MUST_CHECK enum bf_status bf_chat_template_named(const char *name, struct bf_chat_template **out,
                                                    struct bf_err *err);
/* No template: the text is the question followed by the answer. */
struct bf_chat_template *bf_chat_template_none(void);
void bf_chat_template_free(struct bf_chat_template *template); /* NULL is a no-op */

struct bf_chat_text {
    char *text; /* free() */
    size_t n;
    size_t question, question_end; /* bytes [question, question_end) of text; many templates trim the question */
    size_t answer, answer_end;     /* the same for the answer; both are n without one */
};
/* Render a question and its answer, with what comes after the answer. answer NULL: only up to where the assistant
 * begins. BF_MODEL: the template raises an error, or writes the question differently when an answer follows. */
BF_MUST_CHECK enum bf_status bf_chat_template_render(const struct bf_chat_template *template, const char *question,
                                                     const char *answer, struct bf_chat_text *out, struct bf_err *err);

#endif
