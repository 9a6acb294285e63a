/* What unlearning changed: the run's closed-loop.json, when there is one (run/then_state.h says what is in it). */
#include <stdlib.h>

#include "base/file.h"
#include "report/page_internal.h"
#include "base/banned.h"

enum { FILE_MAX = 64 * 1024 * 1024, ROWS = 40, ANSWERS = 20 };

static json_t *text_of(const json_t *object, const char *key, size_t max_cp)
{
    return bf_page_text(json_string_value(json_object_get(object, key)), max_cp);
}

static json_t *number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? bf_page_number(json_number_value(value)) : json_null();
}

static json_t *section(const json_t *state)
{
    const json_t *figures = json_object_get(state, "figures"), *answers = json_object_get(state, "answers");
    const json_t *wish = json_object_get(state, "wish");
    json_t *rows = json_array(), *shown = json_array();
    for (size_t i = 0; i < json_array_size(figures) && i < ROWS; i++) {
        const json_t *row = json_array_get(figures, i);
        json_array_append_new(rows, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "set", text_of(row, "set", 40),
                                              "figure", text_of(row, "figure", 40), "before", number_of(row, "before"),
                                              "after", number_of(row, "after"), "n", number_of(row, "n"), "note",
                                              text_of(row, "note", 120)));
    }
    for (size_t i = 0; i < json_array_size(answers) && i < ANSWERS; i++) {
        const json_t *one = json_array_get(answers, i);
        json_array_append_new(shown, json_pack("{s:o, s:o, s:o}", "prompt", text_of(one, "prompt", 600), "before",
                                               text_of(one, "before", 600), "after", text_of(one, "after", 600)));
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "method", text_of(wish, "method", 40), "output",
                     text_of(state, "output", 120), "figures", rows, "answers", shown);
}

enum bf_status bf_page_closed_loop(struct bf_page *page, json_t **out, struct bf_err *err)
{
    struct bf_buf text;
    json_t *state = NULL;
    char *path = bf_path_join(bf_store_dir(page->store), "closed-loop.json");
    (void)err;
    bf_buf_init(&text, FILE_MAX);
    /* A file that cannot be read is no reason for a run without a page. */
    if (bf_file_exists(path) && bf_file_read(path, &text, NULL) == BF_OK &&
        bf_json_parse(text.data, text.len, path, &state, NULL) == BF_OK &&
        json_is_true(json_object_get(state, "finished")))
        *out = section(state);
    json_decref(state);
    bf_buf_release(&text);
    free(path);
    return BF_OK;
}
