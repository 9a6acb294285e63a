#include <llama.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "engine/chat_template.h"
#include "engine/chat_tokens.h"
#include "base/banned.h"

enum { NAMES_MAX = 128 };

/* A special token: "<|im_end|>" or, in some vocabularies, a run of spaces. */
struct special {
    const char *text;
    size_t n;
    llama_token id;
    bool in_words; /* not a control token, so that a user's words may contain it, too */
    bool strips_left, strips_right;
};

struct bf_chat {
    const struct llama_vocab *vocab;
    struct bf_chat_template *template;
    struct special *specials; /* longest first */
    size_t n_specials;
    llama_token bos;            /* put before a text that does not begin with it; LLAMA_TOKEN_NULL = none */
    llama_token eos;            /* ends an answer when the template has no end; LLAMA_TOKEN_NULL = none */
    struct bf_token_list after; /* what follows an answer, up to its end token */
    int32_t n_tokens;
    bool plain;
};

/* ---- lists ---- */

void bf_token_list_append(struct bf_token_list *list, const int32_t *tokens, size_t n)
{
    if (list->n + n > list->allocated) {
        list->allocated = (list->n + n) * 2 + 16;
        list->items = bf_grow(list->items, list->allocated, sizeof *list->items);
    }
    if (n)
        memcpy(list->items + list->n, tokens, n * sizeof *tokens);
    list->n += n;
}

void bf_chat_text_tokens(const struct llama_vocab *vocab, const char *text, size_t n_bytes, struct bf_token_list *out)
{
    const int32_t n_text = n_bytes > (size_t)INT32_MAX / 2 ? INT32_MAX / 2 : (int32_t)n_bytes;
    int32_t capacity = n_text + 8; /* a token has at least one byte, except for a space that SentencePiece adds */
    llama_token *tokens = bf_array((size_t)capacity, sizeof *tokens);
    int32_t n = llama_tokenize(vocab, text, n_text, tokens, capacity, false, false);
    if (n < 0) {
        capacity = -n;
        tokens = bf_grow(tokens, (size_t)capacity, sizeof *tokens);
        n = llama_tokenize(vocab, text, n_text, tokens, capacity, false, false);
    }
    bf_token_list_append(out, tokens, n > 0 ? (size_t)n : 0);
    free(tokens);
}

/* ---- special tokens ---- */

static int longer_first(const void *a, const void *b)
{
    const struct special *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : (x->id > y->id) - (x->id < y->id);
}

static void find_specials(struct bf_chat *self)
{
    const int32_t n_vocab = llama_vocab_n_tokens(self->vocab);
    for (llama_token id = 0; id < n_vocab; id++) {
        const unsigned attributes = (unsigned)llama_vocab_get_attr(self->vocab, id);
        const char *text = llama_vocab_get_text(self->vocab, id);
        if (!(attributes & (LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_USER_DEFINED | LLAMA_TOKEN_ATTR_UNKNOWN)) ||
            !*text)
            continue;
        if ((self->n_specials & (self->n_specials - 1)) == 0)
            self->specials =
                bf_grow(self->specials, self->n_specials ? self->n_specials * 2 : 1, sizeof *self->specials);
        self->specials[self->n_specials++] = (struct special){
            .text = text,
            .n = strlen(text),
            .id = id,
            .in_words = !(attributes & (LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN)),
            .strips_left = attributes & LLAMA_TOKEN_ATTR_LSTRIP,
            .strips_right = attributes & LLAMA_TOKEN_ATTR_RSTRIP,
        };
    }
    if (self->n_specials)
        qsort(self->specials, self->n_specials, sizeof *self->specials, longer_first);
}

/* A text in pieces: special tokens, and the runs between them. */
struct piece {
    size_t from, to;
    llama_token special; /* LLAMA_TOKEN_NULL = a run of text */
};
struct pieces {
    struct piece *items;
    size_t n, allocated;
};

static void add_piece(struct pieces *pieces, size_t from, size_t to, llama_token special)
{
    if (from == to)
        return;
    if (pieces->n == pieces->allocated) {
        pieces->allocated = pieces->n * 2 + 8;
        pieces->items = bf_grow(pieces->items, pieces->allocated, sizeof *pieces->items);
    }
    pieces->items[pieces->n++] = (struct piece){from, to, special};
}

static bool touches(size_t from, size_t to, size_t words, size_t words_end)
{
    return from < words_end && to > words;
}

/* The next place of this token from `at` on; `to` when there is none. A place that overlaps the user's words does not
 * count. */
static size_t next_special(const struct special *special, const struct bf_chat_text *t, size_t at, size_t to)
{
    while (at + special->n <= to) {
        const char *found = memmem(t->text + at, to - at, special->text, special->n);
        if (!found)
            break;
        const size_t from = (size_t)(found - t->text), end = from + special->n;
        if (special->in_words ||
            (!touches(from, end, t->question, t->question_end) && !touches(from, end, t->answer, t->answer_end)))
            return from;
        at = from + 1;
    }
    return to;
}

static size_t skip_space(const char *text, size_t from, size_t to)
{
    uint32_t c = 0;
    while (from < to) {
        const size_t n = bf_utf8_decode(text + from, to - from, &c);
        if (n == 0 || !bf_utf8_is_space(c))
            break;
        from += n;
    }
    return from;
}

/* Cut one run at every place of one token. */
static void split_run(const struct special *special, const struct bf_chat_text *t, struct piece run, struct pieces *out)
{
    size_t at = run.from;
    while (at < run.to) {
        const size_t found = next_special(special, t, at, run.to);
        if (found == run.to)
            break;
        size_t before = found;
        while (special->strips_left && before > at && strchr(" \t\n\v\f\r", t->text[before - 1]))
            before--;
        add_piece(out, at, before, LLAMA_TOKEN_NULL);
        add_piece(out, found, found + special->n, special->id);
        at = found + special->n;
        if (special->strips_right)
            at = skip_space(t->text, at, run.to);
    }
    add_piece(out, at, run.to, LLAMA_TOKEN_NULL);
}

/* Cut the text as llama.cpp does before it tokenises the runs: longer tokens first. */
static struct pieces split(const struct bf_chat *self, const struct bf_chat_text *t)
{
    struct pieces pieces = {0};
    add_piece(&pieces, 0, t->n, LLAMA_TOKEN_NULL);
    for (size_t s = 0; s < self->n_specials; s++) {
        const struct special *special = &self->specials[s];
        if (!memmem(t->text, t->n, special->text, special->n))
            continue;
        struct pieces next = {0};
        for (size_t i = 0; i < pieces.n; i++) {
            const struct piece *p = &pieces.items[i];
            if (p->special == LLAMA_TOKEN_NULL)
                split_run(special, t, *p, &next);
            else
                add_piece(&next, p->from, p->to, p->special);
        }
        free(pieces.items);
        pieces = next;
    }
    return pieces;
}

/* ---- text to tokens ---- */

/* Tokenise the first `to` bytes as if nothing came after them. */
static void tokens_until(const struct bf_chat *self, const struct bf_chat_text *t, const struct pieces *pieces,
                         size_t to, struct bf_token_list *out)
{
    const size_t first = out->n;
    for (size_t i = 0; i < pieces->n && pieces->items[i].from < to; i++) {
        const struct piece *p = &pieces->items[i];
        const size_t end = p->to < to ? p->to : to;
        if (p->special != LLAMA_TOKEN_NULL && end == p->to)
            bf_token_list_append(out, &p->special, 1);
        else
            bf_chat_text_tokens(self->vocab, t->text + p->from, end - p->from, out);
    }
    if (self->bos != LLAMA_TOKEN_NULL && (out->n == first || out->items[first] != self->bos)) {
        bf_token_list_append(out, &self->bos, 1);
        memmove(out->items + first + 1, out->items + first, (out->n - first - 1) * sizeof *out->items);
        out->items[first] = self->bos;
    }
}

/* In a whole conversation: where the end of its answer is, and which token that is. answer_end and LLAMA_TOKEN_NULL
 * when there is none. */
static size_t find_end(const struct bf_chat *self, const struct bf_chat_text *t, const struct pieces *pieces,
                       llama_token *end)
{
    for (int any = 0; any < 2; any++)
        for (size_t i = 0; i < pieces->n; i++) {
            const struct piece *p = &pieces->items[i];
            if (p->special == LLAMA_TOKEN_NULL || p->from < t->answer_end)
                continue;
            if (any ? llama_vocab_is_control(self->vocab, p->special) : llama_vocab_is_eog(self->vocab, p->special)) {
                *end = p->special;
                return p->to;
            }
        }
    *end = LLAMA_TOKEN_NULL;
    return t->answer_end;
}

static enum bf_status until(const struct bf_chat *self, const char *question, bool prompt, struct bf_token_list *out,
                            struct bf_err *err)
{
    struct bf_chat_text t;
    const enum bf_status status = bf_chat_template_render(self->template, question, NULL, &t, err);
    if (status != BF_OK)
        return status;
    struct pieces pieces = split(self, &t);
    tokens_until(self, &t, &pieces, prompt ? t.n : t.question_end, out);
    free(pieces.items);
    free(t.text);
    return BF_OK;
}

enum bf_status bf_chat_prompt(const struct bf_chat *self, const char *question, struct bf_token_list *out,
                              struct bf_err *err)
{
    return until(self, question, true, out, err);
}

enum bf_status bf_chat_question(const struct bf_chat *self, const char *question, struct bf_token_list *out,
                                struct bf_err *err)
{
    return until(self, question, false, out, err);
}

static void append_pair(const struct bf_chat *self, const struct bf_chat_text *t, bool with_end,
                        struct bf_token_list *out, size_t *n_prompt)
{
    struct pieces pieces = split(self, t);
    struct bf_token_list head = {0};
    const size_t first = out->n;
    llama_token end = LLAMA_TOKEN_NULL;
    const size_t to = with_end ? find_end(self, t, &pieces, &end) : t->answer_end;
    tokens_until(self, t, &pieces, to, out);
    if (with_end && end == LLAMA_TOKEN_NULL && self->eos != LLAMA_TOKEN_NULL)
        bf_token_list_append(out, &self->eos, 1);
    tokens_until(self, t, &pieces, t->answer, &head);
    size_t n = 0;
    while (n < head.n && n < out->n - first && head.items[n] == out->items[first + n])
        n++;
    *n_prompt = n;
    free(head.items);
    free(pieces.items);
}

enum bf_status bf_chat_pair(const struct bf_chat *self, const char *question, const char *answer, bool with_end,
                            struct bf_token_list *out, size_t *n_prompt, struct bf_err *err)
{
    struct bf_chat_text t = {0};
    enum bf_status status = *answer ? bf_chat_template_render(self->template, question, answer, &t, err) : BF_OK;
    if (status == BF_OK && t.answer < t.answer_end) {
        append_pair(self, &t, with_end, out, n_prompt);
    } else if (status == BF_OK) {
        const size_t first = out->n;
        status = bf_chat_prompt(self, question, out, err);
        *n_prompt = out->n - first;
        if (status == BF_OK && with_end)
            bf_token_list_append(out, self->after.items, self->after.n);
    }
    free(t.text);
    return status;
}

/* ---- opening ---- */

static void known_names(struct bf_buf *out)
{
    const char *names[NAMES_MAX];
    const int32_t n = llama_chat_builtin_templates(names, NAMES_MAX);
    for (int32_t i = 0; i < n && i < NAMES_MAX; i++)
        bf_buf_printf(out, "%s%s", i ? ", " : "", names[i]);
}

static enum bf_status refuse(const char *chat, bool own, const char *what, const struct bf_err *reason,
                             struct bf_err *err)
{
    char why[300];
    struct bf_buf names;
    bf_buf_init(&names, 2000);
    known_names(&names);
    snprintf(why, sizeof why, "%s", reason->text);
    if (own)
        bf_fail(err, BF_MODEL, "the chat template of '%s' cannot be used (%s); give --chat none, or one of: %s", what,
                why, names.data);
    else
        bf_fail(err, BF_USAGE, "--chat '%s' is not a template; give auto, none, or one of: %s", chat, names.data);
    bf_buf_release(&names);
    return own ? BF_MODEL : BF_USAGE;
}

/* A conversation of one word shows how long the template is, and what ends an answer. */
static enum bf_status learn(struct bf_chat *self, struct bf_err *err)
{
    static const char word[] = "BFANSWERWORDS";
    struct bf_token_list list = {0};
    size_t n_prompt = 0;
    enum bf_status status = bf_chat_prompt(self, "", &list, err);
    self->n_tokens = (int32_t)list.n;
    list.n = 0;
    if (status == BF_OK)
        status = bf_chat_pair(self, word, word, false, &list, &n_prompt, err);
    const size_t n_bare = list.n;
    list.n = 0;
    if (status == BF_OK)
        status = bf_chat_pair(self, word, word, true, &list, &n_prompt, err);
    if (status == BF_OK && list.n > n_bare)
        bf_token_list_append(&self->after, list.items + n_bare, list.n - n_bare);
    free(list.items);
    return status;
}

static const char *token_text(const struct llama_vocab *vocab, llama_token token)
{
    return token != LLAMA_TOKEN_NULL ? llama_vocab_get_text(vocab, token) : "";
}

static enum bf_status open_chat(const struct llama_vocab *vocab, const char *source, const char *chat, const char *what,
                                struct bf_chat **out, struct bf_err *err)
{
    if (llama_vocab_type(vocab) == LLAMA_VOCAB_TYPE_NONE)
        return bf_fail(err, BF_MODEL, "'%s' has no tokenizer; convert the model again, with its tokenizer", what);
    struct bf_chat *self = bf_alloc(sizeof *self);
    const llama_token bos = llama_vocab_bos(vocab), eos = llama_vocab_eos(vocab);
    struct bf_err reason = BF_ERR_INIT;
    enum bf_status status = BF_OK;
    *out = NULL;
    self->vocab = vocab;
    self->eos = eos;
    self->bos = !source && llama_vocab_get_add_bos(vocab) ? bos : LLAMA_TOKEN_NULL;
    self->plain = !source && strcmp(chat, "none") == 0;
    if (source)
        status = bf_chat_template_own(source, token_text(vocab, bos), token_text(vocab, eos), &self->template, &reason);
    else if (self->plain)
        self->template = bf_chat_template_none();
    else
        status = bf_chat_template_named(chat, &self->template, &reason);
    if (status == BF_OK) {
        find_specials(self);
        status = learn(self, &reason);
    }
    if (status != BF_OK) {
        bf_chat_close(self);
        return refuse(chat, source != NULL, what, &reason, err);
    }
    *out = self;
    return BF_OK;
}

enum bf_status bf_chat_open(const struct llama_model *model, const char *chat, const char *what, struct bf_chat **out,
                            struct bf_err *err)
{
    const bool automatic = strcmp(chat, "auto") == 0;
    const char *own = automatic ? llama_model_chat_template(model, NULL) : NULL;
    return open_chat(llama_model_get_vocab(model), own, automatic ? "none" : chat, what, out, err);
}

enum bf_status bf_chat_open_source(const struct llama_vocab *vocab, const char *source, const char *what,
                                   struct bf_chat **out, struct bf_err *err)
{
    return open_chat(vocab, source, "auto", what, out, err);
}

void bf_chat_close(struct bf_chat *chat)
{
    if (!chat)
        return;
    bf_chat_template_free(chat->template);
    free(chat->specials);
    free(chat->after.items);
    free(chat);
}

bool bf_chat_is_plain(const struct bf_chat *chat)
{
    return chat->plain;
}

int32_t bf_chat_end(const struct bf_chat *chat)
{
    return chat->after.n > 0 ? chat->after.items[chat->after.n - 1] : -1;
}

int32_t bf_chat_n_tokens(const struct bf_chat *chat)
{
    return chat->n_tokens;
}
