/* The one place where a question and an answer become token ids: for generation, evaluation and training. Part of
 * engine/engine.h.
 *
 * The model's own template ("auto") is run as it stands, by llama.cpp's Jinja engine, and gives the ids that Hugging
 * Face's apply_chat_template gives: its system message, its BOS or none, its end of an answer. The whole text is
 * tokenised at once, words together with what stands before them; special tokens are recognised in the template's own
 * text and stay text in the words. */
#ifndef BF_ENGINE_CHAT_TOKENS_H
#define BF_ENGINE_CHAT_TOKENS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct bf_chat;
struct llama_model;
struct llama_vocab;

/* Tokens, growing: appended to, free(items). */
struct bf_token_list {
    int32_t *items;
    size_t n, allocated;
};
void bf_token_list_append(struct bf_token_list *list, const int32_t *tokens, size_t n);
/* Plain text: special tokens in it stay text, no BOS. */
void bf_chat_text_tokens(const struct llama_vocab *vocab, const char *text, size_t n_bytes, struct bf_token_list *out);

/* `chat`: "auto" = the model's own template (none where it has none), "none", or one of llama.cpp's names. The model is
 * borrowed and has to live as long; `what` names it in sentences. A named template and "none" begin with the model's
 * BOS where it asks for one.
 * BF_MODEL: the model's own template cannot be used; BF_USAGE: `chat` is no name. */
BF_MUST_CHECK enum bf_status bf_chat_open(const struct llama_model *model, const char *chat, const char *what,
                                          struct bf_chat **out, struct bf_err *err);
/* The same with a Jinja template of the caller's, for tests. */
BF_MUST_CHECK enum bf_status bf_chat_open_source(const struct llama_vocab *vocab, const char *source, const char *what,
                                                 struct bf_chat **out, struct bf_err *err);
void bf_chat_close(struct bf_chat *chat);          /* NULL is a no-op */
bool bf_chat_is_plain(const struct bf_chat *chat); /* no template */
/* The token that ends an answer: the first one that ends a turn in what the template puts after it, else the first
 * special one; the model's EOS where there is neither, and without a template. -1 = the model has none. */
int32_t bf_chat_end(const struct bf_chat *chat);
/* Tokens of the template itself, around an empty question. */
int32_t bf_chat_n_tokens(const struct bf_chat *chat);

/* Each appends to `out`. BF_MODEL: the template raises an error at these words. */

/* Up to where the assistant begins: what generation starts from. */
BF_MUST_CHECK enum bf_status bf_chat_prompt(const struct bf_chat *chat, const char *question, struct bf_token_list *out,
                                            struct bf_err *err);
/* Of that, what stands before the question and the question itself, tokenised as if nothing came after. */
BF_MUST_CHECK enum bf_status bf_chat_question(const struct bf_chat *chat, const char *question,
                                              struct bf_token_list *out, struct bf_err *err);
/* Question and answer as a conversation, cut after the answer or, with `with_end`, after the token that ends it (what
 * the template puts between the two belongs to the end). The first *n_prompt of the tokens are the prompt; a token
 * across the border counts for the answer. An answer without any words is the prompt of bf_chat_prompt, and the end. */
BF_MUST_CHECK enum bf_status bf_chat_pair(const struct bf_chat *chat, const char *question, const char *answer,
                                          bool with_end, struct bf_token_list *out, size_t *n_prompt,
                                          struct bf_err *err);

#endif
