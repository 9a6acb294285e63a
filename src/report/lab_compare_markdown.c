#include <math.h>

#include "report/lab_compare.h"
#include "report/lab_table.h"

#include "base/banned.h"

static void put_difference(const json_t *d, int digits, struct bf_buf *out)
{
    const json_t *low = json_object_get(d, "low");
    const double mean = json_number_value(json_object_get(d, "mean"));
    if (!json_is_object(d)) {
        bf_buf_puts(out, " - |");
        return;
    }
    bf_buf_printf(out, " %+.*f", digits, mean);
    if (json_is_number(low))
        bf_buf_printf(out, " [%+.*f, %+.*f] %s", digits, json_number_value(low), digits,
                      json_number_value(json_object_get(d, "high")), json_string_value(json_object_get(d, "word")));
    else
        bf_buf_puts(out, " (one seed)");
    bf_buf_puts(out, json_integer_value(json_object_get(d, "left_out")) > 0 ? " \\* |" : " |");
}

static void put_head(bool by_method, struct bf_buf *out)
{
    bf_buf_puts(out, by_method ? "\n| Method | Forget set |" : "\n| Forget set |");
    for (size_t f = 0; f < BF_LAB_COMPARED; f++) {
        bf_buf_putc(out, ' ');
        bf_lab_put_cell(out, bf_lab_compared_title((enum bf_lab_compared)f));
        bf_buf_puts(out, " |");
    }
    bf_buf_puts(out, by_method ? "\n|---|---|" : "\n|---|");
    for (size_t f = 0; f < BF_LAB_COMPARED; f++)
        bf_buf_puts(out, "--:|");
    bf_buf_putc(out, '\n');
}

void bf_lab_comparison_markdown(const json_t *comparison, struct bf_buf *out)
{
    const json_t *rows = json_object_get(comparison, "rows");
    const json_int_t floors = json_integer_value(json_object_get(comparison, "floored"));
    const char *before = NULL;
    if (json_array_size(rows) == 0)
        return;
    bf_buf_puts(out, "\nEach set against ");
    bf_lab_put_cell(out, json_string_value(json_object_get(comparison, "reference")));
    bf_buf_puts(
        out,
        ": differences (set minus reference) paired by method and seed, averaged over the methods within a "
        "seed, then over seeds; in brackets the 95 % Student-t interval over seeds. Forget Quality is a p "
        "value: its log10 is compared. |PrivLeak|: smaller is better; Model Utility and Forget Quality: "
        "larger is better; ROUGE-L has no direction, since less than the gold standard's is not better. \\*: without "
        "methods that were not tried with every seed.");
    if (floors > 0)
        bf_buf_printf(out, " Forget Quality was 0 in %lld row%s, which counts as 2e-308.", (long long)floors,
                      floors == 1 ? "" : "s");
    bf_buf_putc(out, '\n');
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i), *differences = json_object_get(row, "differences");
        const char *method = json_string_value(json_object_get(row, "method"));
        if (i == 0 || (method && !before))
            put_head(method != NULL, out);
        before = method;
        bf_buf_puts(out, "| ");
        if (method) {
            bf_lab_put_cell(out, method);
            bf_buf_puts(out, " | ");
        }
        bf_lab_put_cell(out, json_string_value(json_object_get(row, "set")));
        bf_buf_puts(out, " |");
        for (size_t f = 0; f < BF_LAB_COMPARED; f++)
            put_difference(json_object_get(differences, bf_lab_compared_key((enum bf_lab_compared)f)),
                           bf_lab_compared_digits((enum bf_lab_compared)f), out);
        bf_buf_putc(out, '\n');
    }
}
