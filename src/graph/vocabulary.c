#include "graph/vocabulary.h"

#include <llama.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/banned.h"

struct bf_vocabulary {
    struct llama_model *model;
    const struct llama_vocab *vocab;
    struct bf_chat *chat;
    bool with_words; /* "Question:" and "Answer:" in place of a template */
};

static void quiet(enum ggml_log_level level, const char *text, void *user)
{
    (void)level, (void)text, (void)user;
}

enum bf_status bf_vocabulary_open(const char *model_path, const char *chat, struct bf_vocabulary **out,
                                  struct bf_err *err)
{
    const bool bare = strcmp(chat, "bare") == 0;
    *out = NULL;
    enum bf_status status = bf_engine_check_model(model_path, NULL, BF_MODEL_VOCABULARY, bare ? "none" : chat, err);
    if (status != BF_OK)
        return status;
    struct bf_vocabulary *self = bf_alloc(sizeof *self);
    struct llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    llama_log_set(quiet, NULL);
    status = bf_engine_start_llama(err);
    if (status != BF_OK)
        goto out;
    self->model = llama_model_load_from_file(model_path, params);
    if (!self->model) {
        status = bf_fail(err, BF_MODEL, "cannot read the tokenizer of '%s'; is it a whole GGUF model", model_path);
        goto out;
    }
    self->vocab = llama_model_get_vocab(self->model);
    status = bf_chat_open(self->model, bare ? "none" : chat, model_path, &self->chat, err);
    if (status == BF_OK)
        self->with_words = !bare && bf_chat_is_plain(self->chat);
out:
    if (status != BF_OK)
        bf_vocabulary_close(self);
    else
        *out = self;
    return status;
}

void bf_vocabulary_close(struct bf_vocabulary *vocabulary)
{
    if (!vocabulary)
        return;
    bf_chat_close(vocabulary->chat);
    llama_model_free(vocabulary->model);
    free(vocabulary);
}

int32_t bf_vocabulary_size(const struct bf_vocabulary *vocabulary)
{
    return llama_vocab_n_tokens(vocabulary->vocab);
}

void bf_vocabulary_sha256(const struct bf_vocabulary *self, char out[65])
{
    bf_engine_vocabulary_sha256(self->vocab, out);
}

int32_t bf_vocabulary_bos(const struct bf_vocabulary *vocabulary)
{
    return llama_vocab_get_add_bos(vocabulary->vocab) ? llama_vocab_bos(vocabulary->vocab) : -1;
}

bool bf_vocabulary_is_plain(const struct bf_vocabulary *vocabulary)
{
    return bf_chat_is_plain(vocabulary->chat);
}

void bf_vocabulary_text(const struct bf_vocabulary *vocabulary, const char *text, struct bf_token_list *out)
{
    bf_chat_text_tokens(vocabulary->vocab, text, strlen(text), out);
}

static char *joined(const char *before, const char *words, const char *after)
{
    struct bf_buf text;
    bf_buf_init(&text, SIZE_MAX);
    bf_buf_printf(&text, "%s%s%s", before, words, after);
    return bf_buf_take(&text);
}

static char *asked(const struct bf_vocabulary *self, const char *question, bool whole)
{
    return self->with_words ? joined("Question: ", question, whole ? "\nAnswer:" : "") : bf_strdup(question);
}

enum bf_status bf_vocabulary_prompt(const struct bf_vocabulary *vocabulary, const char *question,
                                    struct bf_token_list *out, struct bf_err *err)
{
    char *text = asked(vocabulary, question, true);
    const enum bf_status status = bf_chat_prompt(vocabulary->chat, text, out, err);
    free(text);
    return status;
}

enum bf_status bf_vocabulary_question(const struct bf_vocabulary *vocabulary, const char *question,
                                      struct bf_token_list *out, struct bf_err *err)
{
    char *text = asked(vocabulary, question, false);
    const enum bf_status status = bf_chat_question(vocabulary->chat, text, out, err);
    free(text);
    return status;
}

enum bf_status bf_vocabulary_pair(const struct bf_vocabulary *vocabulary, const char *question, const char *answer,
                                  struct bf_token_list *out, size_t *n_prompt, struct bf_err *err)
{
    /* " Zeus" after "Answer:" is one token. */
    const bool spaced = bf_chat_is_plain(vocabulary->chat) && *answer;
    char *text = asked(vocabulary, question, true), *said = joined(spaced ? " " : "", answer, "");
    const enum bf_status status = bf_chat_pair(vocabulary->chat, text, said, true, out, n_prompt, err);
    free(text);
    free(said);
    return status;
}

bool bf_vocabulary_typed(const struct bf_vocabulary *vocabulary, int32_t token, char *out, size_t size)
{
    const enum llama_token_attr attributes = llama_vocab_get_attr(vocabulary->vocab, token);
    if (!(attributes & LLAMA_TOKEN_ATTR_NORMAL) || llama_vocab_is_control(vocabulary->vocab, token) ||
        llama_vocab_is_eog(vocabulary->vocab, token))
        return false;
    const int32_t n = llama_token_to_piece(vocabulary->vocab, token, out, (int32_t)size - 1, 0, false);
    bool visible = false;
    for (int32_t i = 0; i < n; i++) {
        if (out[i] < ' ' || out[i] > '~')
            return false;
        visible |= out[i] != ' ';
    }
    if (n > 0)
        out[n] = 0;
    return visible;
}
