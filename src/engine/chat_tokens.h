/* The only place where a question and an answer become token ids: for generation, evaluation and training. Part of
 * engine/engine.h.
 *
 * The model's own template ("auto") is run unchanged by llama.cpp's Jinja engine and gives the ids that Hugging Face's
 * apply_chat_template gives: its system message, its BOS if any, its end of an answer. The whole text is tokenised at
 * once, the words together with the text before them. Special tokens are recognised in the template's own text, but
 * stay text in the words. */
#ifndef BF_ENGINE_CHAT_TOKENS_H
#define BF_ENGINE_CHAT_TOKENS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct bf_chat;
struct llama_model;
struct llama_vocab;

/* A growing list of tokens; zero it first, free(items). */
struct bf_token_list {
    int32_t *items;
    size_t n, allocated;
};
void bf_token_list_append(struct bf_token_list *list, const int32_t *tokens, size_t n);
/* Append the tokens of plain text: no BOS, and special tokens stay text. */
void bf_chat_text_tokens(const struct llama_vocab *vocab, const char *text, size_t n_bytes, struct bf_token_list *out);

/* `chat`: "auto" = the model's own template, or none when it has none; "none"; or the name of one of llama.cpp's. The
 * model is borrowed until bf_chat_close; `what` names it in error sentences. With a named template and with "none", the
 * text begins with the model's BOS if its tokenizer adds one. BF_MODEL: the model's own template cannot be used;
 * BF_USAGE: there is no template of the name `chat`. */
BF_MUST_CHECK enum bf_status bf_chat_open(const struct llama_model *model, const char *chat, const char *what,
                                          struct bf_chat **out, struct bf_err *err);
/* The same with the caller's Jinja template, for tests. */
BF_MUST_CHECK enum bf_status bf_chat_open_source(const struct llama_vocab *vocab, const char *source, const char *what,
                                                 struct bf_chat **out, struct bf_err *err);
void bf_chat_close(struct bf_chat *chat);          /* NULL is a no-op */
bool bf_chat_is_plain(const struct bf_chat *chat); /* is there no template? */
/* The token that ends an answer: of those that the template puts after it, the first that ends a turn, or else the
 * first special one; the model's EOS when there is neither, or no template. -1 = the model has none. */
int32_t bf_chat_end(const struct bf_chat *chat);
/* The number of tokens in the template itself, around an empty question. */
int32_t bf_chat_n_tokens(const struct bf_chat *chat);

/* Each of these appends to `out`. BF_MODEL: the template raises an error for these words. Linear in the text. */

/* The prompt of generation: up to where the assistant begins. */
BF_MUST_CHECK enum bf_status bf_chat_prompt(const struct bf_chat *chat, const char *question, struct bf_token_list *out,
                                            struct bf_err *err);
/* Only the part of the prompt up to the end of the question, tokenised as if nothing came after. */
BF_MUST_CHECK enum bf_status bf_chat_question(const struct bf_chat *chat, const char *question,
                                              struct bf_token_list *out, struct bf_err *err);
/* Question and answer as a conversation, cut after the answer or, with `with_end`, after the token that ends it,
 * including what the template puts between the two. The first *n_prompt tokens are the prompt; a token across the
 * border counts for the answer. With an empty answer: the prompt of bf_chat_prompt, and the end. */
BF_MUST_CHECK enum bf_status bf_chat_pair(const struct bf_chat *chat, const char *question, const char *answer,
                                          bool with_end, struct bf_token_list *out, size_t *n_prompt,
                                          struct bf_err *err);

#endif
