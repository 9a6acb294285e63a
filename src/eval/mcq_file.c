#include "eval/mcq_file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "eval/mcq_internal.h"
#include "sets/records.h"
#include "base/banned.h"

static void release_item(struct bf_mcq_item *item)
{
    free(item->question);
    for (size_t c = 0; c < item->n_choices; c++)
        free(item->choices[c]);
    free(item->subject);
    *item = (struct bf_mcq_item){0};
}

void bf_mcq_release(struct bf_mcq *mcq)
{
    for (size_t i = 0; i < mcq->n; i++)
        release_item(&mcq->items[i]);
    free(mcq->items);
    *mcq = (struct bf_mcq){0};
}

void bf_mcq_drop(struct bf_mcq *mcq, size_t i)
{
    release_item(&mcq->items[i]);
    memmove(mcq->items + i, mcq->items + i + 1, (mcq->n - i - 1) * sizeof *mcq->items);
    mcq->n--;
}

void bf_mcq_limit(struct bf_mcq *mcq, size_t n)
{
    while (mcq->n > n)
        release_item(&mcq->items[--mcq->n]);
}

struct bf_mcq_item *bf_mcq_append(struct bf_mcq *mcq)
{
    if ((mcq->n & (mcq->n - 1)) == 0) /* a power of two, or 0: full */
        mcq->items = bf_grow(mcq->items, mcq->n ? 2 * mcq->n : 1, sizeof *mcq->items);
    mcq->items[mcq->n] = (struct bf_mcq_item){.index = mcq->n};
    return &mcq->items[mcq->n++];
}

char *bf_mcq_trimmed(const char *text)
{
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r\n", text[n - 1]))
        n--;
    while (n > 0 && strchr(" \t\r\n", *text)) {
        text++;
        n--;
    }
    return bf_strndup(text, n);
}

int bf_mcq_letter(const char *text, size_t n)
{
    text += strspn(text, " \t(");
    const char c = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
    if (c < 'A' || (size_t)(c - 'A') >= n || text[1 + strspn(text + 1, " \t\r\n.)")] != 0)
        return -1;
    return c - 'A';
}

int bf_mcq_choice(const struct bf_mcq_item *item, const char *text)
{
    char *wanted = bf_mcq_trimmed(text);
    int found = -1;
    for (size_t c = 0; c < item->n_choices && found != BF_MCQ_TWICE; c++)
        if (strcmp(item->choices[c], wanted) == 0)
            found = found == -1 ? (int)c : BF_MCQ_TWICE;
    free(wanted);
    return found;
}

enum bf_status bf_mcq_read(const char *path, struct bf_mcq *out, struct bf_err *err)
{
    struct bf_buf data;
    enum bf_status status = bf_records_read_file(path, &data, err);
    if (status != BF_OK)
        return status;
    const char *dot = strrchr(path, '.');
    status = dot && strcasecmp(dot, ".csv") == 0 ? bf_mcq_parse_csv(data.data, data.len, path, out, err)
                                                 : bf_mcq_parse_json(data.data, data.len, path, out, err);
    bf_buf_release(&data);
    return status;
}
