#include "report/lab_table.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/lab_compare.h"

#include "base/banned.h"

static const struct {
    const char *title, *key; /* of CSV */
    int digits;
    const char *path[3]; /* in a row */
} figures[BF_LAB_FIGURES] = {
    [BF_LAB_FORGET_QUALITY] = {"Forget Quality", "forget_quality", 3, {"tofu", "forget_quality", NULL}},
    [BF_LAB_MODEL_UTILITY] = {"Model Utility", "model_utility", 3, {"tofu", "model_utility", NULL}},
    [BF_LAB_PRIVLEAK] = {"PrivLeak", "privleak", 1, {"privleak", "privleak", NULL}},
    [BF_LAB_FORGET_NLL] = {"NLL of its own set", "forget_nll", 2, {"unlearn", "after", "forget_nll"}},
    [BF_LAB_FORGET_PROBABILITY] = {"probability", "forget_probability", 3, {"tofu", "forget", "probability"}},
    [BF_LAB_FORGET_ROUGE] = {"ROUGE-L", "forget_rouge_l", 3, {"tofu", "forget", "rouge_l"}},
    [BF_LAB_FORGET_OBJECT] = {"object accuracy", "forget_object_accuracy", 3, {"tofu", "forget", "object_accuracy"}},
    [BF_LAB_RETAIN_OBJECT] = {"object accuracy, retained",
                              "retain_object_accuracy",
                              3,
                              {"tofu", "retain", "object_accuracy"}},
};

/* More columns of CSV. */
static const struct {
    const char *key;
    const char *path[3];
} others[] = {
    {"forget_nll_before", {"unlearn", "before", "forget_nll"}},
    {"retain_nll_before", {"unlearn", "before", "retain_nll"}},
    {"retain_nll", {"unlearn", "after", "retain_nll"}},
    {"auc", {"privleak", "auc", NULL}},
};
enum { N_OTHERS = sizeof others / sizeof *others };

const char *bf_lab_figure_title(enum bf_lab_figure figure)
{
    return figures[figure].title;
}

int bf_lab_figure_digits(enum bf_lab_figure figure)
{
    return figures[figure].digits;
}

static double number_at(const json_t *row, const char *const path[3])
{
    for (size_t i = 0; i < 3 && path[i]; i++)
        row = json_object_get(row, path[i]);
    return json_is_number(row) ? json_number_value(row) : (double)NAN;
}

static bool is_gold(const json_t *row)
{
    const char *model = json_string_value(json_object_get(row, "model"));
    return model && strcmp(model, "gold") == 0;
}

double bf_lab_figure_of(const json_t *row, enum bf_lab_figure figure)
{
    const double x = number_at(row, figures[figure].path);
    /* The other rows are measured against its AUC; its own row has a PrivLeak against 0.5. */
    return figure == BF_LAB_PRIVLEAK && isfinite(x) && is_gold(row) ? 0.0 : x;
}

void bf_lab_add_value(struct bf_lab_value *value, double x)
{
    if (!isfinite(x))
        return;
    value->low = value->n == 0 || x < value->low ? x : value->low;
    value->high = value->n == 0 || x > value->high ? x : value->high;
    value->mean += (x - value->mean) / (double)++value->n;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

void bf_lab_lines_of(const json_t *results, struct bf_lab_lines *out)
{
    const json_t *rows = json_object_get(results, "rows");
    const size_t n = json_array_size(rows);
    *out = (struct bf_lab_lines){.items = bf_array(n ? n : 1, sizeof *out->items)};
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        const char *model = json_string_value(json_object_get(row, "model"));
        const char *set = model ? model : json_string_value(json_object_get(row, "set"));
        const char *method = json_string_value(json_object_get(row, "method"));
        size_t at = 0;
        while (at < out->n && !(same(out->items[at].set, set) && same(out->items[at].method, method)))
            at++;
        if (at == out->n)
            out->items[out->n++] = (struct bf_lab_line){.set = set ? set : "", .method = method};
        if (!out->items[at].why)
            out->items[at].why = json_string_value(json_object_get(row, "why"));
        out->items[at].n_failed += json_is_true(json_object_get(row, "failed"));
        for (size_t f = 0; f < BF_LAB_FIGURES; f++)
            bf_lab_add_value(&out->items[at].values[f], bf_lab_figure_of(row, (enum bf_lab_figure)f));
    }
}

char *bf_lab_line_method(const struct bf_lab_line *line)
{
    struct bf_buf out;
    bf_buf_init(&out, SIZE_MAX);
    bf_buf_puts(&out, line->method ? line->method : "as trained");
    if (line->n_failed > 0)
        bf_buf_printf(&out, " (%zu seed%s failed: %s)", line->n_failed, line->n_failed == 1 ? "" : "s",
                      line->why ? line->why : "?");
    else if (line->why)
        bf_buf_printf(&out, " (%s)", line->why);
    return bf_buf_take(&out);
}

/* A p value needs its order of magnitude: "3e-06". */
static void put_number(struct bf_buf *out, double x, int digits)
{
    if (digits == 3 && x > 0.0 && x < 0.0005)
        bf_buf_printf(out, "%.0e", x);
    else
        bf_buf_printf(out, "%.*f", digits, x);
}

static void put_value(struct bf_buf *out, const struct bf_lab_value *value, int digits)
{
    if (value->n == 0) {
        bf_buf_puts(out, " - |");
        return;
    }
    bf_buf_putc(out, ' ');
    put_number(out, value->mean, digits);
    if (value->n > 1) {
        bf_buf_puts(out, " [");
        put_number(out, value->low, digits);
        bf_buf_puts(out, ", ");
        put_number(out, value->high, digits);
        bf_buf_putc(out, ']');
    }
    bf_buf_puts(out, " |");
}

static void put_share(struct bf_buf *out, const json_t *set, const char *part, const char *whole)
{
    const json_int_t k = json_integer_value(json_object_get(set, part)),
                     n = json_integer_value(json_object_get(set, whole));
    if (n > 0)
        bf_buf_printf(out, " %.3f (%lld of %lld) |", (double)k / (double)n, (long long)k, (long long)n);
    else
        bf_buf_puts(out, " - |");
}

void bf_lab_put_cell(struct bf_buf *out, const char *text)
{
    for (; *text; text++)
        if (*text == '<') /* Markdown lets HTML through */
            bf_buf_puts(out, "&lt;");
        else {
            if (*text == '|')
                bf_buf_putc(out, '\\');
            bf_buf_putc(out, *text == '\n' ? ' ' : *text);
        }
}

static void put_gold_auc(const json_t *results, struct bf_buf *out)
{
    const json_t *rows = json_object_get(results, "rows");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const double auc = number_at(json_array_get(rows, i), (const char *const[3]){"privleak", "auc", NULL});
        if (is_gold(json_array_get(rows, i)) && isfinite(auc))
            bf_buf_printf(
                out,
                "\nPrivLeak is the distance to the gold standard's AUC, %.3f, in per cent of it; its own is 0 "
                "by definition.\n",
                auc);
    }
}

void bf_lab_markdown(const json_t *results, struct bf_buf *out)
{
    const json_t *sets = json_object_get(results, "sets");
    struct bf_lab_lines lines;
    bf_buf_puts(out, "| Forget set | Texts | on the domain | Recall of planted facts | Precision of its claims |\n"
                     "|---|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < json_array_size(sets); i++) {
        const json_t *set = json_array_get(sets, i), *f = json_object_get(set, "figures");
        const char *name = json_string_value(json_object_get(set, "name"));
        bf_buf_puts(out, "| ");
        bf_lab_put_cell(out, name ? name : "");
        if (f)
            bf_buf_printf(out, " | %lld |", (long long)json_integer_value(json_object_get(f, "n")));
        else
            bf_buf_puts(out, " | - |");
        put_share(out, f, "on_topic", "n");
        put_share(out, f, "covered", "facts");
        put_share(out, f, "true", "claims");
        bf_buf_putc(out, '\n');
    }
    bf_buf_puts(out, "\n| Forget set | Method |");
    for (size_t f = 0; f < BF_LAB_FIGURES; f++)
        bf_buf_printf(out, " %s |", figures[f].title);
    bf_buf_puts(out, "\n|---|---|");
    for (size_t f = 0; f < BF_LAB_FIGURES; f++)
        bf_buf_puts(out, "--:|");
    bf_buf_putc(out, '\n');
    bf_lab_lines_of(results, &lines);
    for (size_t i = 0; i < lines.n; i++) {
        const struct bf_lab_line *line = &lines.items[i];
        char *method = bf_lab_line_method(line);
        bf_buf_puts(out, "| ");
        bf_lab_put_cell(out, line->set);
        bf_buf_puts(out, " | ");
        bf_lab_put_cell(out, method);
        free(method);
        bf_buf_puts(out, " |");
        for (size_t f = 0; f < BF_LAB_FIGURES; f++)
            put_value(out, &line->values[f], figures[f].digits);
        bf_buf_putc(out, '\n');
    }
    free(lines.items);
    put_gold_auc(results, out);
    bf_lab_comparison_markdown(json_object_get(results, "comparison"), out);
}

static void put_quoted(struct bf_buf *out, const char *text)
{
    bf_buf_putc(out, '"');
    for (; text && *text; text++) {
        if (*text == '"')
            bf_buf_putc(out, '"');
        bf_buf_putc(out, *text);
    }
    bf_buf_putc(out, '"');
}

static void put_csv_number(struct bf_buf *out, double x)
{
    bf_buf_putc(out, ',');
    if (isfinite(x))
        bf_buf_printf(out, "%.9g", x);
}

void bf_lab_csv(const json_t *results, struct bf_buf *out)
{
    const json_t *rows = json_object_get(results, "rows");
    bf_buf_puts(out, "set,method,seed");
    for (size_t f = 0; f < BF_LAB_FIGURES; f++)
        bf_buf_printf(out, ",%s", figures[f].key);
    for (size_t f = 0; f < N_OTHERS; f++)
        bf_buf_printf(out, ",%s", others[f].key);
    bf_buf_puts(out, ",why\r\n");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i), *seed = json_object_get(row, "seed");
        const char *model = json_string_value(json_object_get(row, "model"));
        put_quoted(out, model ? model : json_string_value(json_object_get(row, "set")));
        bf_buf_putc(out, ',');
        put_quoted(out, json_string_value(json_object_get(row, "method")));
        bf_buf_putc(out, ',');
        if (json_is_integer(seed))
            bf_buf_printf(out, "%lld", (long long)json_integer_value(seed));
        for (size_t f = 0; f < BF_LAB_FIGURES; f++)
            put_csv_number(out, bf_lab_figure_of(row, (enum bf_lab_figure)f));
        for (size_t f = 0; f < N_OTHERS; f++)
            put_csv_number(out, number_at(row, others[f].path));
        bf_buf_putc(out, ',');
        if (json_object_get(row, "why"))
            put_quoted(out, json_string_value(json_object_get(row, "why")));
        bf_buf_puts(out, "\r\n");
    }
}
