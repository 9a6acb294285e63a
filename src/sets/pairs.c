#include "sets/pairs.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "sets/sets.h"
#include "sets/records.h"
#include "base/banned.h"

void bf_set_texts_release(struct bf_set_texts *texts)
{
    for (size_t i = 0; i < texts->n; i++)
        free(texts->texts[i]);
    free(texts->texts);
    *texts = (struct bf_set_texts){0};
}

struct text_taking {
    struct bf_set_texts *out;
    size_t limit;
};

static enum bf_status take_text(void *user, const struct bf_set_text *text, struct bf_err *err)
{
    struct text_taking *t = user;
    (void)err;
    if (t->limit > 0 && t->out->n == t->limit)
        return BF_OK;
    if ((t->out->n & (t->out->n - 1)) == 0)
        t->out->texts = bf_grow(t->out->texts, t->out->n ? 2 * t->out->n : 1, sizeof *t->out->texts);
    t->out->texts[t->out->n++] = bf_strdup(text->text);
    return BF_OK;
}

enum bf_status bf_set_texts_load(const char *name, size_t limit, struct bf_log *log, struct bf_set_texts *out,
                                 struct bf_err *err)
{
    struct bf_set_runs runs = {.read_only = true, .log = log};
    struct bf_set set = {0};
    struct text_taking taking = {out, limit};
    *out = (struct bf_set_texts){0};
    enum bf_status status = bf_set_open(name, NULL, NULL, false, &runs, &set, err);
    if (status == BF_OK) {
        set.options.hints = BF_HINTS_NONE;
        status = bf_set_each(&set, &taking, take_text, err);
        bf_set_release(&set);
    }
    bf_set_runs_close(&runs);
    return status;
}

void bf_pairs_release(struct bf_pairs *pairs)
{
    for (size_t i = 0; i < pairs->n; i++) {
        free(pairs->items[i].question);
        free(pairs->items[i].answer);
    }
    free(pairs->items);
    *pairs = (struct bf_pairs){0};
}

static void add(struct bf_pairs *pairs, const char *question, const char *answer)
{
    if ((pairs->n & (pairs->n - 1)) == 0)
        pairs->items = bf_grow(pairs->items, pairs->n ? 2 * pairs->n : 1, sizeof *pairs->items);
    pairs->items[pairs->n] = (struct bf_pair){bf_strdup(question), bf_strdup(answer), pairs->n};
    pairs->n++;
    pairs->has_texts |= question[0] == 0;
}

static bool is_json(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (strcasecmp(dot, ".json") == 0 || strcasecmp(dot, ".jsonl") == 0 || strcasecmp(dot, ".ndjson") == 0);
}

/* MUSE's verbmem files: {"prompt", "gt"}. *found = false when the first record lacks these keys. */
static enum bf_status load_prompts(const char *path, size_t limit, struct bf_pairs *out, bool *found,
                                   struct bf_err *err)
{
    struct bf_buf data;
    struct bf_records records;
    enum bf_status status = bf_records_read_file(path, &data, err);
    *found = false;
    if (status != BF_OK)
        return status;
    if (bf_records_parse(data.data, data.len, path, &records, NULL) == BF_OK) {
        *found = json_object_get(records.items[0].json, "prompt") && json_object_get(records.items[0].json, "gt");
        for (size_t i = 0; *found && i < records.n && (limit == 0 || i < limit) && status == BF_OK; i++) {
            char *prompt = NULL, *target = NULL;
            /* The space between the two belongs to one of them, and affects the tokens. */
            status = bf_records_verbatim(&records, i, "prompt", &prompt, err);
            if (status == BF_OK)
                status = bf_records_verbatim(&records, i, "gt", &target, err);
            if (status == BF_OK)
                add(out, prompt, target);
            free(prompt);
            free(target);
        }
        bf_records_release(&records);
    }
    bf_buf_release(&data);
    return status;
}

static enum bf_status load_file(const char *path, size_t limit, struct bf_pairs *out, struct bf_err *err)
{
    const struct bf_instance_options options = {.hints = BF_HINTS_NONE, .max_text = BF_IMPORT_TEXT_MAX};
    struct bf_instance_file *file = NULL;
    bool more = true;
    enum bf_status status = bf_instance_file_open(path, &options, &file, err);
    while (status == BF_OK && more && (limit == 0 || out->n < limit)) {
        struct bf_instance instance;
        status = bf_instance_file_next(file, &instance, &more, err);
        if (status == BF_OK && more)
            add(out, instance.question ? instance.question : "", instance.question ? instance.answer : instance.text);
    }
    bf_instance_file_close(file);
    return status;
}

enum bf_status bf_pairs_load(const char *set, size_t limit, struct bf_log *log, struct bf_pairs *out,
                             struct bf_err *err)
{
    struct bf_set_texts texts;
    bool found = false;
    *out = (struct bf_pairs){0};
    if (bf_file_exists(set) && !bf_is_dir(set)) {
        enum bf_status status = is_json(set) ? load_prompts(set, limit, out, &found, err) : BF_OK;
        return status == BF_OK && !found ? load_file(set, limit, out, err) : status;
    }
    const enum bf_status status = bf_set_texts_load(set, limit, log, &texts, err);
    for (size_t i = 0; i < texts.n && status == BF_OK; i++)
        add(out, "", texts.texts[i]);
    bf_set_texts_release(&texts);
    return status;
}

void bf_pairs_halve(struct bf_pairs *pairs)
{
    for (size_t i = 0; i < pairs->n; i++) {
        struct bf_pair *pair = &pairs->items[i];
        if (pair->question[0])
            continue;
        /* At the first space after the middle; a text of one word stays whole, after an empty prompt. */
        const char *text = pair->answer;
        const size_t n = strlen(text);
        const char *cut = strpbrk(text + n / 2, " \n\t");
        if (!cut)
            for (cut = text + n / 2; cut > text && !strchr(" \n\t", *cut); cut--)
                ;
        if (cut == text)
            continue;
        char *head = bf_strndup(text, (size_t)(cut - text));
        char *tail = bf_strdup(cut);
        free(pair->question);
        free(pair->answer);
        *pair = (struct bf_pair){head, tail, pair->index};
    }
}
