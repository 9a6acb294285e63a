#include <string.h>

#include "base/print.h"
#include "base/utf8.h"
#include "report/quality_cells.h"
#include "report/quality_table.h"
#include "base/banned.h"

enum { NAME_COLUMNS = 18, TITLE_CHARACTERS = 60 };

/* Tables of equal width: the metrics that the method is judged by, those of wording, and counts. */
struct text_column {
    const char *key;
    int width;
};
static const struct text_column meaning[] = {
    {"n", 8}, {"chunks", 7}, {"relevance", 23}, {"full_relevance", 21}, {"remote_clique", 21},
};
static const struct text_column wording[] = {
    {"self_bleu", 22},
    {"distinct_2", 12},
    {"duplicates", 22},
    {"near_duplicates", 22},
};
static const struct text_column points[] = {{"n_tokens", 12}, {"coverage", 24}};

/* Padded by code points: names may be in any script. */
static void put_cell(FILE *out, const char *text, int width, bool right)
{
    const size_t n = bf_utf8_count(text, strlen(text));
    const int pad = (size_t)width > n ? width - (int)n : 1; /* at least one space before its neighbour */
    bf_print(out, "%*s%s%*s", right ? pad : 0, "", text, right ? 0 : pad, "");
}

static void put_table(const json_t *sets, const struct text_column *places, size_t n, FILE *out)
{
    bool better = false;
    put_cell(out, "", 2 + NAME_COLUMNS, false);
    for (size_t c = 0; c < n; c++) {
        put_cell(out, bf_quality_column(places[c].key)->title, places[c].width, true);
        better = better || bf_quality_column(places[c].key)->better;
    }
    fputs("\n", out);
    if (better) {
        put_cell(out, "", 2 + NAME_COLUMNS, false);
        for (size_t c = 0; c < n; c++) {
            const char *word = bf_quality_column(places[c].key)->better;
            struct bf_buf text;
            bf_buf_init(&text, 64);
            if (word)
                bf_buf_printf(&text, places[c].width > 16 ? "%s is better" : "%s", word);
            put_cell(out, text.data, places[c].width, true);
            bf_buf_release(&text);
        }
        fputs("\n", out);
    }
    for (size_t s = 0; s < json_array_size(sets); s++) {
        const json_t *set = json_array_get(sets, s);
        struct bf_buf text;
        bf_buf_init(&text, 4096);
        bf_put_quality_name(&text, set, NAME_COLUMNS - 1);
        fputs("  ", out);
        put_cell(out, text.data, NAME_COLUMNS, false);
        for (size_t c = 0; c < n; c++) {
            bf_buf_clear(&text);
            bf_put_quality_value(&text, set, bf_quality_column(places[c].key), true, "-");
            put_cell(out, text.data, places[c].width, true);
        }
        fputs("\n", out);
        bf_buf_release(&text);
    }
    fputs("\n", out);
}

static void put_why(const json_t *sets, FILE *out)
{
    bool any = false;
    for (size_t s = 0; s < json_array_size(sets); s++) {
        json_t *set = json_array_get(sets, s);
        const char *key;
        json_t *value;
        json_object_foreach(json_object_get(set, "why"), key, value)
        {
            const struct bf_quality_column *column = bf_quality_column(key);
            if (!column || !json_string_value(value) || strcmp(key, "coverage") == 0)
                continue;
            struct bf_buf name;
            bf_buf_init(&name, 4096);
            bf_put_quality_name(&name, set, TITLE_CHARACTERS);
            bf_print(out, "  %s: no %s: %s\n", name.data, column->title, json_string_value(value));
            bf_buf_release(&name);
            any = true;
        }
    }
    if (any)
        fputs("\n", out);
}

static bool any_coverage(const json_t *sets)
{
    for (size_t s = 0; s < json_array_size(sets); s++)
        if (json_is_number(json_object_get(json_array_get(sets, s), "coverage")))
            return true;
    return false;
}

void bf_quality_text(const json_t *result, FILE *out)
{
    const json_t *sets = json_object_get(result, "sets");
    const json_t *sentences = json_object_get(result, "sentences");
    const char *domain = bf_json_string(result, "domain");
    const json_t *embedder = json_object_get(result, "embedder");
    struct bf_buf title;
    bf_buf_init(&title, 4096);
    bf_utf8_preview(&title, domain, strlen(domain), TITLE_CHARACTERS);
    bf_print(out, "\"%s\": %zu set%s, %s%s%s\n\n", title.data, json_array_size(sets),
             json_array_size(sets) == 1 ? "" : "s", bf_json_string(json_object_get(result, "model"), "desc"),
             json_is_object(embedder) ? ", compared by " : "", bf_json_string(embedder, "desc"));
    bf_buf_release(&title);
    put_table(sets, meaning, sizeof meaning / sizeof *meaning, out);
    put_table(sets, wording, sizeof wording / sizeof *wording, out);
    put_table(sets, points, any_coverage(sets) ? 2 : 1, out);
    put_why(sets, out);
    for (size_t i = 0; i < json_array_size(sentences); i++) {
        const char *sentence = json_string_value(json_array_get(sentences, i));
        bf_print(out, "  %s\n", sentence ? sentence : "");
    }
    bf_print(out,
             "%s  In brackets: 95 %% intervals. Chunks: pieces of 128 tokens. What each metric means:\n"
             "  docs/quality.md\n",
             json_array_size(sentences) > 0 ? "\n" : "");
}
