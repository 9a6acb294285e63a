/* Tokens that are struck out at every place of the forget set, beside the label: the words of --targets. */
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "unlearn/trainer.h"
#include "base/banned.h"

static void add_word(struct bf_trainer *t, const struct bf_vocabulary *vocabulary, const char *word)
{
    struct bf_buf inside;
    bf_vocabulary_text(vocabulary, word, &t->target_tokens);
    bf_buf_init(&inside, SIZE_MAX);
    bf_buf_printf(&inside, " %s", word);
    bf_vocabulary_text(vocabulary, inside.data, &t->target_tokens);
    bf_buf_release(&inside);
}

static int by_number(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

enum bf_status bf_targets_read(struct bf_trainer *t, const struct bf_vocabulary *vocabulary, struct bf_err *err)
{
    const struct bf_unlearn_texts *words = t->job->targets;
    struct bf_token_list *list = &t->target_tokens;
    if (!words || words->n == 0)
        return BF_OK;
    for (size_t i = 0; i < words->n; i++)
        add_word(t, vocabulary, words->items[i].text);
    if (list->n == 0)
        return bf_fail(err, BF_INPUT, "the file of --targets has no word that is a token; give one word a line");
    qsort(list->items, list->n, sizeof *list->items, by_number);
    size_t n = 1;
    for (size_t i = 1; i < list->n; i++)
        if (list->items[i] != list->items[n - 1])
            list->items[n++] = list->items[i];
    list->n = n;
    bf_sha256_hex(list->items, n * sizeof *list->items, t->targets_sha256);
    bf_trainer_notice(t, "%zu words are %zu tokens that are struck out everywhere in the forget set", words->n, n);
    return BF_OK;
}

void bf_targets_mask(struct bf_trainer *t)
{
    if (t->target_tokens.n == 0)
        return;
    t->targets = bf_array((size_t)t->info.n_vocab, sizeof *t->targets);
    for (size_t i = 0; i < t->target_tokens.n; i++)
        if (t->target_tokens.items[i] < t->info.n_vocab)
            t->targets[t->target_tokens.items[i]] = 1;
}

void bf_targets_release(struct bf_trainer *t)
{
    free(t->target_tokens.items);
    free(t->targets);
}
