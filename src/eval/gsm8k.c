#include "eval/gsm8k.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sets/records.h"
#include "base/banned.h"

static void release_item(struct bf_gsm8k_item *item)
{
    free(item->question);
    free(item->answer);
    free(item->number);
}

void bf_gsm8k_drop(struct bf_gsm8k *gsm8k, size_t i)
{
    release_item(&gsm8k->items[i]);
    memmove(gsm8k->items + i, gsm8k->items + i + 1, (gsm8k->n - i - 1) * sizeof *gsm8k->items);
    gsm8k->n--;
}

void bf_gsm8k_release(struct bf_gsm8k *gsm8k)
{
    for (size_t i = 0; i < gsm8k->n; i++)
        release_item(&gsm8k->items[i]);
    free(gsm8k->items);
    *gsm8k = (struct bf_gsm8k){0};
}

enum bf_status bf_gsm8k_parse(const char *data, size_t n, const char *name, struct bf_gsm8k *out, struct bf_err *err)
{
    struct bf_records records;
    *out = (struct bf_gsm8k){0};
    enum bf_status status = bf_records_parse(data, n, name, &records, err);
    if (status != BF_OK)
        return status;
    out->items = bf_array(records.n, sizeof *out->items);
    for (size_t i = 0; i < records.n && status == BF_OK; i++) {
        struct bf_gsm8k_item *item = &out->items[out->n++];
        item->index = i;
        status = bf_records_text(&records, i, "question", &item->question, err);
        if (status == BF_OK)
            status = bf_records_text(&records, i, "answer", &item->answer, err);
        if (status != BF_OK)
            break;
        item->number = bf_gsm8k_right(item->answer);
        if (!item->number)
            status = bf_records_fail(&records, i, err, "the answer has no \"#### NUMBER\"");
    }
    bf_records_release(&records);
    return status;
}

enum bf_status bf_gsm8k_read(const char *path, struct bf_gsm8k *out, struct bf_err *err)
{
    struct bf_buf data;
    *out = (struct bf_gsm8k){0};
    enum bf_status status = bf_records_read_file(path, &data, err);
    if (status != BF_OK)
        return status;
    status = bf_gsm8k_parse(data.data, data.len, path, out, err);
    bf_buf_release(&data);
    return status;
}
