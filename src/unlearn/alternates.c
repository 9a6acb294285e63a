#include "unlearn/alternates.h"

#include <stdlib.h>
#include <string.h>

#include "base/letter_case.h"
#include "base/mem.h"
#include "base/banned.h"

/* "Who is  Zeus?" as "who is zeus". */
static char *folded(const char *text)
{
    struct bf_buf lower, out;
    bf_buf_init(&lower, SIZE_MAX);
    bf_buf_init(&out, SIZE_MAX);
    bf_letter_fold(&lower, text, strlen(text));
    bool space = false;
    for (size_t i = 0; i < lower.len; i++) {
        const unsigned char c = (unsigned char)lower.data[i];
        const bool part = c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
        if (part && space && out.len > 0)
            bf_buf_putc(&out, ' ');
        if (part)
            bf_buf_putc(&out, (char)c);
        space = !part;
    }
    bf_buf_release(&lower);
    return bf_buf_take(&out);
}

struct entry {
    char *question, *answer; /* folded */
    size_t place;            /* in the alternates */
};

static int by_question(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    const int order = strcmp(x->question, y->question);
    return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

/* The first entry of this question, n when there is none. */
static size_t first_of(const struct entry *entries, size_t n, const char *question)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(entries[middle].question, question) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && strcmp(entries[low].question, question) == 0 ? low : n;
}

bool bf_alternates_by_question(const struct bf_unlearn_texts *alternates)
{
    return alternates->n > 0 && alternates->n_pairs == alternates->n;
}

static bool add_all(const struct bf_unlearn_text *text, const struct bf_unlearn_texts *alternates,
                    const struct entry *entries, size_t n, struct bf_unlearn_texts *pairs,
                    struct bf_unlearn_texts *others)
{
    char *question = folded(text->question), *answer = folded(text->answer);
    bool any = false;
    for (size_t e = first_of(entries, n, question); e < n && strcmp(entries[e].question, question) == 0; e++) {
        const char *alternate = alternates->items[entries[e].place].answer;
        if (strcmp(entries[e].answer, answer) == 0)
            continue;
        bf_unlearn_texts_add(pairs, text->text, text->question, text->answer);
        bf_unlearn_texts_add(others, alternate, text->question, alternate);
        any = true;
    }
    free(question);
    free(answer);
    return any;
}

void bf_alternates_match(const struct bf_unlearn_texts *forget, const struct bf_unlearn_texts *alternates,
                         struct bf_unlearn_texts *pairs, struct bf_unlearn_texts *others, size_t *n_left_out)
{
    struct entry *entries = bf_array(alternates->n + 1, sizeof *entries);
    size_t n = 0;
    *n_left_out = 0;
    for (size_t i = 0; i < alternates->n; i++)
        if (alternates->items[i].question)
            entries[n++] =
                (struct entry){folded(alternates->items[i].question), folded(alternates->items[i].answer), i};
    qsort(entries, n, sizeof *entries, by_question);
    for (size_t i = 0; i < forget->n; i++) {
        const struct bf_unlearn_text *text = &forget->items[i];
        if (!text->question || !add_all(text, alternates, entries, n, pairs, others))
            ++*n_left_out;
    }
    for (size_t i = 0; i < n; i++) {
        free(entries[i].question);
        free(entries[i].answer);
    }
    free(entries);
}
