/* The table of samples: all of them, or every k-th when they need more bytes than the page has left. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "report/page_internal.h"
#include "base/banned.h"

/* Words that many rows share are stored once; the rows have their numbers. */
struct words {
    json_t *list, *index; /* the words in order; word -> number */
};

static json_t *number_of_word(struct words *words, const char *word)
{
    json_t *text = bf_page_text(word, 300);
    const char *key = json_string_value(text);
    json_t *known = json_object_get(words->index, key);
    if (!known) {
        known = json_integer((json_int_t)json_array_size(words->list));
        json_object_set_new(words->index, key, known);
        json_array_append(words->list, text);
    }
    json_decref(text);
    return json_incref(known);
}

static json_t *row_json(const struct bf_page *page, struct words *words, const struct bf_row *row)
{
    const struct bf_sample *s = &row->sample;
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)s->seed);
    json_t *out = json_array();
    json_array_append_new(out, json_integer(row->id));
    json_array_append_new(out, number_of_word(words, bf_page_request_name(page, row->request)));
    json_array_append_new(out, number_of_word(words, bf_stage_word(s->stage)));
    json_array_append_new(out, number_of_word(words, bf_reason_word(s->reason)));
    json_array_append_new(out, number_of_word(words, row->point_text));
    json_array_append_new(out, number_of_word(words, row->template_name));
    json_array_append_new(out, s->stage == BF_STAGE_IMPORT || s->stage == BF_STAGE_ORIGINAL
                                   ? json_null()
                                   : bf_page_number(s->temperature));
    json_array_append_new(out, json_string(seed));
    json_array_append_new(out, s->n_tokens > 0 ? json_integer(s->n_tokens) : json_null());
    json_array_append_new(out, bf_page_number(s->min_k_sampling));
    json_array_append_new(out, bf_page_number(s->domain_similarity));
    json_array_append_new(out, json_integer(row->same_as));
    json_array_append_new(out, bf_page_text(s->text, BF_PAGE_TEXT_CHARACTERS));
    return out;
}

static size_t bytes_of(const json_t *value)
{
    struct bf_buf text;
    bf_buf_init(&text, SIZE_MAX);
    bf_page_put_json(&text, value);
    const size_t n = text.len + 1;
    bf_buf_release(&text);
    return n;
}

enum bf_status bf_page_samples(struct bf_page *page, size_t max_bytes, json_t **out, struct bf_err *err)
{
    const struct bf_page_walk *walk = page->walk;
    const struct bf_query query = {.by_state = false};
    struct words words = {json_array(), json_object()};
    json_t *rows = json_array();
    struct bf_cursor *cursor = NULL;
    const uint64_t every = walk->n_bytes / (max_bytes > 0 ? max_bytes : 1) + 1;
    uint64_t at = 0;
    size_t used = 0;
    bool full = false;
    bf_store_select(page->store, 0);
    enum bf_status status = bf_store_query(page->store, &query, &cursor, err);
    for (bool more = status == BF_OK; more && status == BF_OK && !full;) {
        struct bf_row row;
        status = bf_cursor_next(cursor, &row, &more, err);
        if (status != BF_OK || !more)
            continue;
        if ((!bf_stage_is_sample(row.sample.stage) && !bf_stage_is_pair(row.sample.stage)) || at++ % every != 0)
            continue;
        const size_t n_words = json_array_size(words.list);
        json_t *json = row_json(page, &words, &row);
        used += bytes_of(json);
        for (size_t w = n_words; w < json_array_size(words.list); w++)
            used += bytes_of(json_array_get(words.list, w));
        full = used > max_bytes;
        if (!full)
            json_array_append(rows, json);
        json_decref(json);
    }
    bf_cursor_close(cursor);
    *out = json_pack("{s:I, s:I, s:o, s:o}", "n", (json_int_t)walk->n_samples, "every", (json_int_t)every, "words",
                     words.list, "rows", rows);
    json_decref(words.index);
    if (status != BF_OK) {
        json_decref(*out);
        *out = NULL;
    }
    return status;
}
