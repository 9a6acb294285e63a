#include "report/quality_cells.h"

#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "base/banned.h"

const struct bf_quality_column bf_quality_columns[] = {
    {"n", "texts", 0, false, NULL},
    {"n_tokens", "tokens", 0, false, NULL},
    {"chunks", "chunks", 0, false, NULL},
    {"relevance", "relevance", 2, true, "smaller"},
    {"full_relevance", "full distance", 3, true, "smaller"},
    {"remote_clique", "diversity", 3, true, "larger"},
    {"self_bleu", "Self-BLEU", 3, true, "smaller"},
    {"distinct_1", "distinct-1", 3, false, "larger"},
    {"distinct_2", "distinct-2", 3, false, "larger"},
    {"distinct_3", "distinct-3", 3, false, "larger"},
    {"distinct_4", "distinct-4", 3, false, "larger"},
    {"duplicates", "duplicates", 3, true, "smaller"},
    {"near_duplicates", "near duplicates", 3, true, "smaller"},
    {"coverage", "coverage", 3, true, "larger"},
};
const size_t bf_quality_n_columns = sizeof bf_quality_columns / sizeof *bf_quality_columns;

const struct bf_quality_column *bf_quality_column(const char *key)
{
    for (size_t i = 0; i < bf_quality_n_columns; i++)
        if (strcmp(bf_quality_columns[i].key, key) == 0)
            return &bf_quality_columns[i];
    return NULL;
}

void bf_put_quality_value(struct bf_buf *out, const json_t *set, const struct bf_quality_column *column, bool interval,
                          const char *unknown)
{
    const json_t *value = json_object_get(set, column->key);
    if (json_is_integer(value)) {
        bf_buf_printf(out, "%lld", (long long)json_integer_value(value));
        return;
    }
    if (!json_is_real(value) || !isfinite(json_real_value(value))) {
        bf_buf_puts(out, unknown);
        return;
    }
    bf_buf_printf(out, "%.*f", column->digits, json_real_value(value));
    struct bf_buf key;
    bf_buf_init(&key, 128);
    bf_buf_printf(&key, "%s_interval", column->key);
    const json_t *pair = json_object_get(set, key.data);
    if (interval && json_array_size(pair) == 2)
        bf_buf_printf(out, " [%.*f, %.*f]", column->digits, json_number_value(json_array_get(pair, 0)), column->digits,
                      json_number_value(json_array_get(pair, 1)));
    bf_buf_release(&key);
}

void bf_put_quality_name(struct bf_buf *out, const json_t *set, size_t max_cp)
{
    const char *name = bf_json_string(set, "name");
    bf_utf8_preview(out, name, strlen(name), max_cp);
}
