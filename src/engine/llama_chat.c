/* The chat template, split once at the place of the user's words. What the user says (a topic, a point that a model
 * wrote) is tokenised apart from it, so that "<|im_end|>" inside a topic stays text. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "engine/llama_private.h"
#include "base/banned.h"

static const char marker[] = "BFUSERWORDS";

enum { RENDERED_MAX = 65536, NAMES_MAX = 128 };

llama_token *bf_llama_tokens(const struct llama_vocab *vocab, const char *text, size_t n_bytes, bool bos, bool special,
                             int32_t *n_tokens)
{
    int32_t len = n_bytes > (size_t)INT32_MAX / 2 ? INT32_MAX / 2 : (int32_t)n_bytes;
    int32_t capacity = len + 8; /* a token has at least one byte, but for BOS and EOS */
    llama_token *tokens = bf_array((size_t)capacity, sizeof *tokens);
    int32_t n = llama_tokenize(vocab, text, len, tokens, capacity, bos, special);
    if (n < 0) {
        capacity = -n;
        tokens = bf_grow(tokens, (size_t)capacity, sizeof *tokens);
        n = llama_tokenize(vocab, text, len, tokens, capacity, bos, special);
    }
    *n_tokens = n > 0 ? n : 0;
    return tokens;
}

static void known_names(struct bf_buf *out)
{
    const char *names[NAMES_MAX];
    int32_t n = llama_chat_builtin_templates(names, NAMES_MAX);
    for (int32_t i = 0; i < n && i < NAMES_MAX; i++)
        bf_buf_printf(out, "%s%s", i ? ", " : "", names[i]);
}

enum bf_status bf_llama_chat_init(struct bf_llama *self, const char *chat, struct bf_err *err)
{
    struct bf_engine_info *info = &self->base.info;
    const char *own = llama_model_chat_template(self->model, NULL);
    info->has_chat_template = own != NULL;
    bool automatic = strcmp(chat, "auto") == 0;
    const char *template = automatic ? own : chat;
    if (!template || strcmp(chat, "none") == 0) {
        self->chat_prefix = bf_llama_tokens(self->vocab, "", 0, true, false, &self->n_chat_prefix);
        /* A tokenizer that adds EOS would end the prompt before the answer. */
        while (self->n_chat_prefix > 0 && llama_vocab_is_eog(self->vocab, self->chat_prefix[self->n_chat_prefix - 1]))
            self->n_chat_prefix--;
        self->chat_suffix = bf_array(1, sizeof *self->chat_suffix);
        memcpy(info->chat, "none", sizeof "none");
        return BF_OK;
    }
    char *rendered = bf_alloc(RENDERED_MAX);
    struct llama_chat_message message = {"user", marker};
    int32_t n = llama_chat_apply_template(template, &message, 1, true, rendered, RENDERED_MAX - 1);
    char *middle = n > 0 && n < RENDERED_MAX - 1 ? strstr(rendered, marker) : NULL;
    if (!middle) {
        struct bf_buf names;
        bf_buf_init(&names, 700);
        known_names(&names);
        if (automatic)
            bf_fail(err, BF_MODEL,
                    "the chat template of '%s' is not one this program knows; give --chat none, or one of: %s",
                    info->model_desc, names.data);
        else
            bf_fail(err, BF_USAGE, "--chat '%s' is not a template; give auto, none, or one of: %s", chat, names.data);
        bf_buf_release(&names);
        free(rendered);
        return automatic ? BF_MODEL : BF_USAGE;
    }
    const char *after = middle + strlen(marker);
    self->chat_prefix =
        bf_llama_tokens(self->vocab, rendered, (size_t)(middle - rendered), true, true, &self->n_chat_prefix);
    self->chat_suffix = bf_llama_tokens(self->vocab, after, strlen(after), false, true, &self->n_chat_suffix);
    size_t len = strlen(chat);
    memcpy(info->chat, chat, len < sizeof info->chat - 1 ? len : sizeof info->chat - 1);
    free(rendered);
    return BF_OK;
}

llama_token *bf_llama_chat_prompt(const struct bf_llama *self, const char *prompt, int32_t *n_tokens)
{
    int32_t n_words = 0;
    llama_token *words = bf_llama_tokens(self->vocab, prompt, strlen(prompt), false, false, &n_words);
    int32_t n = self->n_chat_prefix + n_words + self->n_chat_suffix;
    llama_token *all = bf_array((size_t)n + 1, sizeof *all);
    memcpy(all, self->chat_prefix, (size_t)self->n_chat_prefix * sizeof *all);
    memcpy(all + self->n_chat_prefix, words, (size_t)n_words * sizeof *all);
    memcpy(all + self->n_chat_prefix + n_words, self->chat_suffix, (size_t)self->n_chat_suffix * sizeof *all);
    free(words);
    *n_tokens = n;
    return all;
}
