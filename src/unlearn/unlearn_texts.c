#include <stdlib.h>

#include "base/mem.h"
#include "unlearn/unlearn.h"
#include "base/banned.h"

void bf_unlearn_texts_add(struct bf_unlearn_texts *texts, const char *text, const char *question, const char *answer)
{
    /* Grown by halves: a set may have a million lines. */
    if ((texts->n & (texts->n - 1)) == 0)
        texts->items = bf_grow(texts->items, texts->n ? texts->n * 2 : 1, sizeof *texts->items);
    const bool pair = question && answer;
    texts->items[texts->n++] = (struct bf_unlearn_text){.text = bf_strdup(text),
                                                        .question = pair ? bf_strdup(question) : NULL,
                                                        .answer = pair ? bf_strdup(answer) : NULL};
    texts->n_pairs += pair ? 1 : 0;
}

void bf_unlearn_texts_release(struct bf_unlearn_texts *texts)
{
    for (size_t i = 0; i < texts->n; i++) {
        free(texts->items[i].text);
        free(texts->items[i].question);
        free(texts->items[i].answer);
    }
    free(texts->items);
    *texts = (struct bf_unlearn_texts){0};
}
