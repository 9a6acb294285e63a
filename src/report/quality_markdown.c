#include <stdint.h>
#include <string.h>

#include "base/print.h"
#include "base/utf8.h"
#include "report/quality_cells.h"
#include "report/quality_table.h"
#include "base/banned.h"

enum { NAME_CHARACTERS = 60 };

static const char *const shown[] = {"n",         "chunks",     "relevance",       "full_relevance", "remote_clique",
                                    "self_bleu", "distinct_2", "near_duplicates", "coverage"};
enum { N_SHOWN = sizeof shown / sizeof *shown };

/* Marks of Markdown and HTML stay text, also in a cell. */
static void put_clean_escaped(FILE *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '<')
            fputs("&lt;", out);
        else if (*p == '>')
            fputs("&gt;", out);
        else if (*p == '&')
            fputs("&amp;", out);
        else {
            if (strchr("\\`*_{}[]()#+-!|~$", *p))
                fputc('\\', out);
            fputc(*p, out);
        }
    }
}

static void put_escaped(FILE *out, const char *text)
{
    struct bf_buf clean;
    bf_buf_init(&clean, SIZE_MAX);
    bf_clean_text(&clean, text, strlen(text), true);
    put_clean_escaped(out, clean.data);
    bf_buf_release(&clean);
}

void bf_quality_markdown(const json_t *result, FILE *out)
{
    const json_t *sets = json_object_get(result, "sets");
    const json_t *sentences = json_object_get(result, "sentences");
    fputs("| Set |", out);
    for (size_t c = 0; c < N_SHOWN; c++) {
        const struct bf_quality_column *column = bf_quality_column(shown[c]);
        bf_print(out, " %s%s |", column->title,
                 !column->better                          ? ""
                 : strcmp(column->better, "smaller") == 0 ? " (smaller is better)"
                                                          : " (larger is better)");
    }
    fputs("\n|---|", out);
    for (size_t c = 0; c < N_SHOWN; c++)
        fputs("--:|", out);
    fputs("\n", out);
    for (size_t s = 0; s < json_array_size(sets); s++) {
        const json_t *set = json_array_get(sets, s);
        struct bf_buf text;
        bf_buf_init(&text, 4096);
        bf_put_quality_name(&text, set, NAME_CHARACTERS);
        fputs("| ", out);
        put_escaped(out, text.data);
        fputs(" |", out);
        for (size_t c = 0; c < N_SHOWN; c++) {
            bf_buf_clear(&text);
            bf_put_quality_value(&text, set, bf_quality_column(shown[c]), true, "-");
            bf_print(out, " %s |", text.data);
        }
        fputs("\n", out);
        bf_buf_release(&text);
    }
    fputs(json_array_size(sentences) > 0 ? "\n" : "", out);
    for (size_t i = 0; i < json_array_size(sentences); i++) {
        const char *sentence = json_string_value(json_array_get(sentences, i));
        fputs("- ", out);
        put_escaped(out, sentence ? sentence : "");
        fputs("\n", out);
    }
}
