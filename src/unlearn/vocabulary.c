/* As the engine prepares prompts (src/engine/llama_chat.c), so that what is unlearnt is what the engine would be asked: the template is
 * rendered once around a marker, and the words of a question are tokenised apart from it. */
#include "unlearn/vocabulary.h"

#include <llama.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/engine.h"
#include "base/banned.h"

enum { RENDERED_MAX = 65536 };

static const char question_marker[] = "BFQUESTIONWORDS", answer_marker[] = "BFANSWERWORDS";

struct bf_vocabulary {
    struct llama_model *model;
    const struct llama_vocab *vocab;
    struct bf_token_list before, between, after; /* around question and answer */
    bool plain;                                  /* no template */
    bool bare;                                   /* and no words in its place */
};

static void quiet(enum ggml_log_level level, const char *text, void *user)
{
    (void)level, (void)text, (void)user;
}

static void append(struct bf_token_list *out, const int32_t *tokens, size_t n)
{
    if (out->n + n > out->allocated) {
        out->allocated = (out->n + n) * 2 + 16;
        out->items = bf_grow(out->items, out->allocated, sizeof *out->items);
    }
    if (n)
        memcpy(out->items + out->n, tokens, n * sizeof *tokens);
    out->n += n;
}

static void tokenize(const struct bf_vocabulary *self, const char *text, size_t n_bytes, bool bos, bool special,
                     struct bf_token_list *out)
{
    int32_t capacity = (n_bytes > (size_t)INT32_MAX / 2 ? INT32_MAX / 2 : (int32_t)n_bytes) + 8;
    const int32_t len = capacity - 8;
    llama_token *tokens = bf_array((size_t)capacity, sizeof *tokens);
    int32_t n = llama_tokenize(self->vocab, text, len, tokens, capacity, bos, special);
    if (n < 0) {
        capacity = -n;
        tokens = bf_grow(tokens, (size_t)capacity, sizeof *tokens);
        n = llama_tokenize(self->vocab, text, len, tokens, capacity, bos, special);
    }
    append(out, tokens, n > 0 ? (size_t)n : 0);
    free(tokens);
}

/* The first token that ends a turn, of `list`; everything after it is cut. Without one the model's EOS is put there. */
static void end_turn(const struct bf_vocabulary *self, struct bf_token_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (llama_vocab_is_eog(self->vocab, list->items[i])) {
            list->n = i + 1;
            return;
        }
    const llama_token eos = llama_vocab_eos(self->vocab);
    if (eos != LLAMA_TOKEN_NULL)
        append(list, &eos, 1);
}

static void plain_parts(struct bf_vocabulary *self)
{
    self->plain = true;
    tokenize(self, "", 0, true, false, &self->before);
    while (self->before.n > 0 && llama_vocab_is_eog(self->vocab, self->before.items[self->before.n - 1]))
        self->before.n--;
    end_turn(self, &self->after);
}

static enum bf_status template_parts(struct bf_vocabulary *self, const char *template, const char *chat,
                                     struct bf_err *err)
{
    const struct llama_chat_message messages[2] = {{"user", question_marker}, {"assistant", answer_marker}};
    char *prompt = bf_alloc(RENDERED_MAX), *whole = bf_alloc(RENDERED_MAX);
    enum bf_status status = BF_OK;
    const int32_t n_prompt = llama_chat_apply_template(template, messages, 1, true, prompt, RENDERED_MAX - 1);
    const int32_t n_whole = llama_chat_apply_template(template, messages, 2, false, whole, RENDERED_MAX - 1);
    char *question = n_prompt > 0 && n_prompt < RENDERED_MAX - 1 ? strstr(prompt, question_marker) : NULL;
    char *answer = n_whole > 0 && n_whole < RENDERED_MAX - 1 ? strstr(whole, answer_marker) : NULL;
    if (!question || !answer) {
        const bool own = strcmp(chat, "auto") == 0;
        status = bf_fail(err, own ? BF_MODEL : BF_USAGE,
                         own ? "the chat template of the model is not one this program knows; give --chat none, or the "
                               "name of one that is like it (chatml, llama3, mistral-v7 ...)"
                             : "--chat '%s' is not a template; give auto, none, or a name such as chatml",
                         chat);
        goto out;
    }
    const char *rest = question + strlen(question_marker), *end = answer + strlen(answer_marker);
    tokenize(self, prompt, (size_t)(question - prompt), true, true, &self->before);
    tokenize(self, rest, strlen(rest), false, true, &self->between);
    tokenize(self, end, strlen(end), false, true, &self->after);
    end_turn(self, &self->after);
out:
    free(prompt);
    free(whole);
    return status;
}

enum bf_status bf_vocabulary_open(const char *model_path, const char *chat, struct bf_vocabulary **out,
                                  struct bf_err *err)
{
    struct bf_vocabulary *self = bf_alloc(sizeof *self);
    struct llama_model_params params = llama_model_default_params();
    enum bf_status status = BF_OK;
    *out = NULL;
    params.vocab_only = true;
    llama_log_set(quiet, NULL);
    self->model = llama_model_load_from_file(model_path, params);
    if (!self->model) {
        status = bf_fail(err, BF_MODEL, "cannot read the tokenizer of '%s'; is it a whole GGUF model", model_path);
        goto out;
    }
    self->vocab = llama_model_get_vocab(self->model);
    const char *own = llama_model_chat_template(self->model, NULL);
    self->bare = strcmp(chat, "bare") == 0;
    const char *template = strcmp(chat, "auto") == 0 ? own : self->bare || strcmp(chat, "none") == 0 ? NULL : chat;
    if (template)
        status = template_parts(self, template, chat, err);
    else
        plain_parts(self);
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
    llama_model_free(vocabulary->model);
    free(vocabulary->before.items);
    free(vocabulary->between.items);
    free(vocabulary->after.items);
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

void bf_vocabulary_text(const struct bf_vocabulary *vocabulary, const char *text, struct bf_token_list *out)
{
    tokenize(vocabulary, text, strlen(text), false, false, out);
}

void bf_vocabulary_prompt(const struct bf_vocabulary *vocabulary, const char *question, struct bf_token_list *out)
{
    append(out, vocabulary->before.items, vocabulary->before.n);
    const bool words = vocabulary->plain && !vocabulary->bare;
    if (words)
        bf_vocabulary_text(vocabulary, "Question: ", out);
    bf_vocabulary_text(vocabulary, question, out);
    if (words)
        bf_vocabulary_text(vocabulary, "\nAnswer:", out);
    append(out, vocabulary->between.items, vocabulary->between.n);
}

size_t bf_vocabulary_behind(const struct bf_vocabulary *vocabulary)
{
    struct bf_token_list words = {0};
    if (vocabulary->plain && !vocabulary->bare)
        bf_vocabulary_text(vocabulary, "\nAnswer:", &words);
    free(words.items);
    return words.n + vocabulary->between.n;
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

void bf_vocabulary_answer(const struct bf_vocabulary *vocabulary, const char *answer, struct bf_token_list *out)
{
    if (!*answer)
        return;
    if (vocabulary->plain) { /* " Zeus" after "Answer:" is one token */
        char *spaced = bf_alloc(strlen(answer) + 2);
        spaced[0] = ' ';
        memcpy(spaced + 1, answer, strlen(answer) + 1);
        bf_vocabulary_text(vocabulary, spaced, out);
        free(spaced);
    } else {
        bf_vocabulary_text(vocabulary, answer, out);
    }
    append(out, vocabulary->after.items, vocabulary->after.n);
}
