#include "eval/csv_row.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/banned.h"

void bf_csv_row_release(struct bf_csv_row *row)
{
    for (size_t i = 0; i < row->n && i < BF_CSV_FIELDS_MAX; i++)
        free(row->fields[i]);
    *row = (struct bf_csv_row){0};
}

static void end_field(struct bf_csv_row *row, struct bf_buf *field)
{
    if (row->n < BF_CSV_FIELDS_MAX)
        row->fields[row->n] = bf_strdup(field->data);
    row->n++;
    bf_buf_clear(field);
}

enum bf_status bf_csv_next(struct bf_csv *csv, struct bf_csv_row *row, struct bf_err *err)
{
    struct bf_buf field;
    bool quoted = false, any = false;
    *row = (struct bf_csv_row){.line = csv->line};
    bf_buf_init(&field, (size_t)1 << 24);
    while (csv->at < csv->n) {
        const char c = csv->data[csv->at++];
        if (c == '\n')
            csv->line++;
        if (c == 0 || (quoted && csv->at == csv->n && c != '"')) {
            bf_buf_release(&field);
            return bf_fail(err, BF_INPUT, "%s:%lld: %s", csv->name, (long long)row->line,
                           c == 0 ? "there is a NUL byte; this is not a csv file" : "a quotation mark has no partner");
        }
        if (quoted && c == '"' && csv->at < csv->n && csv->data[csv->at] == '"') {
            bf_buf_putc(&field, '"');
            csv->at++;
        } else if (c == '"' && (quoted || field.len == 0)) {
            quoted = !quoted;
            any = true;
        } else if (!quoted && c == ',') {
            end_field(row, &field);
            any = true;
        } else if (!quoted && (c == '\n' || c == '\r')) {
            if (c == '\r') {
                csv->at += csv->at < csv->n && csv->data[csv->at] == '\n' ? 1 : 0;
                csv->line++;
            }
            break;
        } else {
            bf_buf_putc(&field, c);
            any = true;
        }
    }
    if (any)
        end_field(row, &field);
    const bool overflow = field.overflow;
    bf_buf_release(&field);
    if (quoted || overflow)
        return bf_fail(err, BF_INPUT, "%s:%lld: %s", csv->name, (long long)row->line,
                       quoted ? "a quotation mark has no partner" : "a field is longer than 16 MiB");
    return BF_OK;
}
