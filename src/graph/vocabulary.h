/* The tokenizer and the chat template of a GGUF, without its weights: questions, answers and texts become tokens.
 * Read-only after open. */
#ifndef BF_GRAPH_VOCABULARY_H
#define BF_GRAPH_VOCABULARY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/engine.h"

struct bf_vocabulary;

/* `chat`: "auto" = the model's own template (none where it has none), "none" = "Question: ...\nAnswer: ...",
 * "bare" = the question and nothing around it, as the engine asks without a template; or a template's name.
 * BF_MODEL: not a GGUF, a template of the model's own that is not supported. BF_USAGE: `chat` is not a template's name.
 * *out is the caller's. */
BF_MUST_CHECK enum bf_status bf_vocabulary_open(const char *model_path, const char *chat, struct bf_vocabulary **out,
                                                struct bf_err *err);
void bf_vocabulary_close(struct bf_vocabulary *vocabulary); /* NULL is a no-op */
int32_t bf_vocabulary_size(const struct bf_vocabulary *vocabulary);
void bf_vocabulary_sha256(const struct bf_vocabulary *vocabulary, char out[65]); /* bf_engine_vocabulary_sha256 */
/* The token that texts begin with; -1 when they do not begin with one. */
int32_t bf_vocabulary_bos(const struct bf_vocabulary *vocabulary);

/* Is there no chat template around questions? */
bool bf_vocabulary_is_plain(const struct bf_vocabulary *vocabulary);

/* Plain text, special tokens in it stay text, no BOS. */
void bf_vocabulary_text(const struct bf_vocabulary *vocabulary, const char *text, struct bf_token_list *out);
/* The rest as in engine/chat_tokens.h, each appending to `out`. The prompt: up to where the assistant begins. */
BF_MUST_CHECK enum bf_status bf_vocabulary_prompt(const struct bf_vocabulary *vocabulary, const char *question,
                                                  struct bf_token_list *out, struct bf_err *err);
/* Up to the question's last word. */
BF_MUST_CHECK enum bf_status bf_vocabulary_question(const struct bf_vocabulary *vocabulary, const char *question,
                                                    struct bf_token_list *out, struct bf_err *err);
/* The prompt, the answer and the end of its turn; the first *n_prompt tokens are the prompt. */
BF_MUST_CHECK enum bf_status bf_vocabulary_pair(const struct bf_vocabulary *vocabulary, const char *question,
                                                const char *answer, struct bf_token_list *out, size_t *n_prompt,
                                                struct bf_err *err);
/* The text of an ordinary token that anybody can type: printable ASCII, not of spaces alone. Writes [size] with NUL;
 * false for every other token. */
bool bf_vocabulary_typed(const struct bf_vocabulary *vocabulary, int32_t token, char *out, size_t size);

#endif
