/* The comparison of sets as Markdown and as LaTeX: one walk over the rows, which each language marks in its own way. */
#include <stdint.h>
#include <string.h>

#include "base/print.h"
#include "base/utf8.h"
#include "report/quality_cells.h"
#include "report/quality_table.h"
#include "base/banned.h"

enum { NAME_CHARACTERS = 60, SHOWN_MAX = 9 };

struct markup {
    const char *shown[SHOWN_MAX];             /* keys of the columns; NULL ends them */
    const char *begin, *between, *end;        /* of a row of cells */
    const char *smaller, *larger;             /* after the title of a column: which values are better */
    const char *unknown;                      /* a value that is not known */
    bool capitals;                            /* titles begin with a capital letter */
    void (*put)(FILE *out, const char *text); /* escaped: the language's own marks stay text */
};

/* Marks of Markdown and HTML stay text, also in a cell. */
static void put_markdown(FILE *out, const char *text)
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

static void put_latex(FILE *out, const char *text)
{
    static const char *const words[][2] = {{"\\", "\\textbackslash{}"},
                                           {"~", "\\textasciitilde{}"},
                                           {"^", "\\textasciicircum{}"},
                                           {"<", "\\textless{}"},
                                           {">", "\\textgreater{}"}};
    for (const char *p = text; *p; p++) {
        const char *word = NULL;
        for (size_t w = 0; w < sizeof words / sizeof *words; w++)
            word = words[w][0][0] == *p ? words[w][1] : word;
        if (word) {
            fputs(word, out);
            continue;
        }
        if (strchr("&%$#_{}", *p))
            fputc('\\', out);
        fputc(*p, out);
    }
}

static const struct markup markdown = {
    .shown = {"n", "chunks", "relevance", "full_relevance", "remote_clique", "self_bleu", "distinct_2",
              "near_duplicates", "coverage"},
    .begin = "| ",
    .between = " | ",
    .end = " |\n",
    .smaller = " (smaller is better)",
    .larger = " (larger is better)",
    .unknown = "-",
    .put = put_markdown,
};
static const struct markup latex = {
    .shown = {"n", "chunks", "relevance", "full_relevance", "remote_clique", "self_bleu"},
    .begin = "",
    .between = " & ",
    .end = " \\\\\n",
    .smaller = " $\\downarrow$",
    .larger = " $\\uparrow$",
    .unknown = "--",
    .capitals = true,
    .put = put_latex,
};

static size_t n_shown(const struct markup *m)
{
    size_t n = 0;
    while (n < SHOWN_MAX && m->shown[n])
        n++;
    return n;
}

static void put_escaped(const struct markup *m, FILE *out, const char *text)
{
    struct bf_buf clean;
    bf_buf_init(&clean, SIZE_MAX);
    bf_clean_text(&clean, text, strlen(text), true);
    m->put(out, clean.data);
    bf_buf_release(&clean);
}

static void put_titles(const struct markup *m, FILE *out)
{
    bf_print(out, "%sSet", m->begin);
    for (size_t c = 0; c < n_shown(m); c++) {
        const struct bf_quality_column *column = bf_quality_column(m->shown[c]);
        const char *better = column->better, *title = column->title;
        const bool capital = m->capitals && title[0] >= 'a' && title[0] <= 'z';
        bf_print(out, "%s%c%s%s", m->between, capital ? title[0] - 'a' + 'A' : title[0], title + 1,
                 !better                          ? ""
                 : strcmp(better, "smaller") == 0 ? m->smaller
                                                  : m->larger);
    }
    fputs(m->end, out);
}

static void put_rows(const struct markup *m, const json_t *sets, FILE *out)
{
    for (size_t s = 0; s < json_array_size(sets); s++) {
        const json_t *set = json_array_get(sets, s);
        struct bf_buf text;
        bf_buf_init(&text, 4096);
        bf_put_quality_name(&text, set, NAME_CHARACTERS);
        fputs(m->begin, out);
        put_escaped(m, out, text.data);
        for (size_t c = 0; c < n_shown(m); c++) {
            bf_buf_clear(&text);
            bf_put_quality_value(&text, set, bf_quality_column(m->shown[c]), true, m->unknown);
            bf_print(out, "%s%s", m->between, text.data);
        }
        fputs(m->end, out);
        bf_buf_release(&text);
    }
}

void bf_quality_markdown(const json_t *result, FILE *out)
{
    const json_t *sentences = json_object_get(result, "sentences");
    put_titles(&markdown, out);
    fputs("|---|", out);
    for (size_t c = 0; c < n_shown(&markdown); c++)
        fputs("--:|", out);
    fputs("\n", out);
    put_rows(&markdown, json_object_get(result, "sets"), out);
    fputs(json_array_size(sentences) > 0 ? "\n" : "", out);
    for (size_t i = 0; i < json_array_size(sentences); i++) {
        const char *sentence = json_string_value(json_array_get(sentences, i));
        fputs("- ", out);
        put_escaped(&markdown, out, sentence ? sentence : "");
        fputs("\n", out);
    }
}

void bf_quality_latex(const json_t *result, FILE *out)
{
    fputs("% \\usepackage{booktabs}; in brackets: 95 % intervals\n\\begin{tabular}{l", out);
    for (size_t c = 0; c < n_shown(&latex); c++)
        fputs("r", out);
    fputs("}\n\\toprule\n", out);
    put_titles(&latex, out);
    fputs("\\midrule\n", out);
    put_rows(&latex, json_object_get(result, "sets"), out);
    fputs("\\bottomrule\n\\end{tabular}\n", out);
}
