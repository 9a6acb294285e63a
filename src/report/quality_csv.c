#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/print.h"
#include "report/quality_cells.h"
#include "report/quality_table.h"
#include "base/banned.h"

/* A field, in quotation marks where it needs them. A name that a spreadsheet would take for a formula gets an
 * apostrophe. */
static void put_clean_field(FILE *out, const char *text)
{
    const bool formula = text[0] && strchr("=+-@\t\r", text[0]);
    if (!formula && !strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputs(formula ? "\"'" : "\"", out);
    for (const char *p = text; *p; p++) {
        if (*p == '"')
            fputc('"', out);
        fputc(*p, out);
    }
    fputc('"', out);
}

static void put_field(FILE *out, const char *text)
{
    struct bf_buf clean;
    bf_buf_init(&clean, SIZE_MAX);
    bf_clean_text(&clean, text, strlen(text), false);
    put_clean_field(out, clean.data);
    bf_buf_release(&clean);
}

static void put_number(FILE *out, const json_t *value)
{
    if (json_is_integer(value))
        bf_print(out, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value) && isfinite(json_real_value(value)))
        bf_print(out, "%.17g", json_real_value(value));
}

void bf_quality_csv(const json_t *result, FILE *out)
{
    const json_t *sets = json_object_get(result, "sets");
    fputs("name,path,kind,variant", out);
    for (size_t c = 0; c < bf_quality_n_columns; c++) {
        const struct bf_quality_column *column = &bf_quality_columns[c];
        bf_print(out, ",%s", column->key);
        if (column->interval)
            bf_print(out, ",%s_low,%s_high", column->key, column->key);
    }
    fputs("\n", out);
    for (size_t s = 0; s < json_array_size(sets); s++) {
        const json_t *set = json_array_get(sets, s);
        static const char *const words[] = {"name", "path", "kind", "variant"};
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            fputs(i ? "," : "", out);
            put_field(out, bf_json_string(set, words[i]));
        }
        for (size_t c = 0; c < bf_quality_n_columns; c++) {
            const struct bf_quality_column *column = &bf_quality_columns[c];
            fputs(",", out);
            put_number(out, json_object_get(set, column->key));
            if (!column->interval)
                continue;
            struct bf_buf key;
            bf_buf_init(&key, 128);
            bf_buf_printf(&key, "%s_interval", column->key);
            const json_t *pair = json_object_get(set, key.data);
            for (size_t i = 0; i < 2; i++) {
                fputs(",", out);
                put_number(out, json_array_get(pair, i));
            }
            bf_buf_release(&key);
        }
        fputs("\n", out);
    }
}
