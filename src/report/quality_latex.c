#include <stdint.h>
#include <string.h>

#include "base/print.h"
#include "base/utf8.h"
#include "report/quality_cells.h"
#include "report/quality_table.h"
#include "base/banned.h"

enum { NAME_CHARACTERS = 60 };

static const char *const shown[] = {"n", "chunks", "relevance", "full_relevance", "remote_clique", "self_bleu"};
static const char *const titles[] = {"Texts", "Chunks", "Relevance", "Full distance", "Diversity", "Self-BLEU"};
enum { N_SHOWN = sizeof shown / sizeof *shown };

static void put_clean_escaped(FILE *out, const char *text)
{
    for (const char *p = text; *p; p++)
        switch (*p) {
        case '\\':
            fputs("\\textbackslash{}", out);
            break;
        case '~':
            fputs("\\textasciitilde{}", out);
            break;
        case '^':
            fputs("\\textasciicircum{}", out);
            break;
        case '<':
            fputs("\\textless{}", out);
            break;
        case '>':
            fputs("\\textgreater{}", out);
            break;
        case '&':
        case '%':
        case '$':
        case '#':
        case '_':
        case '{':
        case '}':
            fputc('\\', out);
            fputc(*p, out);
            break;
        default:
            fputc(*p, out);
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

void bf_quality_latex(const json_t *result, FILE *out)
{
    const json_t *sets = json_object_get(result, "sets");
    fputs("% \\usepackage{booktabs}; in brackets: 95 % intervals\n\\begin{tabular}{l", out);
    for (size_t c = 0; c < N_SHOWN; c++)
        fputs("r", out);
    fputs("}\n\\toprule\nSet", out);
    for (size_t c = 0; c < N_SHOWN; c++) {
        const char *better = bf_quality_column(shown[c])->better;
        bf_print(out, " & %s%s", titles[c],
                 !better                          ? ""
                 : strcmp(better, "smaller") == 0 ? " $\\downarrow$"
                                                  : " $\\uparrow$");
    }
    fputs(" \\\\\n\\midrule\n", out);
    for (size_t s = 0; s < json_array_size(sets); s++) {
        const json_t *set = json_array_get(sets, s);
        struct bf_buf text;
        bf_buf_init(&text, 4096);
        bf_put_quality_name(&text, set, NAME_CHARACTERS);
        put_escaped(out, text.data);
        for (size_t c = 0; c < N_SHOWN; c++) {
            bf_buf_clear(&text);
            bf_put_quality_value(&text, set, bf_quality_column(shown[c]), true, "--");
            bf_print(out, " & %s", text.data);
        }
        fputs(" \\\\\n", out);
        bf_buf_release(&text);
    }
    fputs("\\bottomrule\n\\end{tabular}\n", out);
}
