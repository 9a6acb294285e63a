/* The rows of a csv file in memory: RFC 4180, with LF, CR LF or CR at the ends of lines. Beside request/instance_csv.c,
 * which reads a stream of any length, keeps each row's bytes to say line and column of what is wrong with it, and skips
 * bad rows: here a file is in memory, all fields are wanted at once, and one bad row ends it. */
#ifndef BF_EVAL_CSV_ROW_H
#define BF_EVAL_CSV_ROW_H
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { BF_CSV_FIELDS_MAX = 64 };

struct bf_csv {
    const char *data, *name;   /* name: in errors */
    size_t n, at;              /* bytes; at: of the next row */
    int64_t line;              /* of the next row, from 1 */
};
struct bf_csv_row {
    char *fields[BF_CSV_FIELDS_MAX];
    size_t n;                  /* fields; counted beyond BF_CSV_FIELDS_MAX, which are dropped */
    int64_t line;              /* where it begins */
};

/* The next row of csv->at < csv->n; a row of no fields is a blank line. BF_INPUT for a NUL byte, a quotation mark
 * without its partner, a field of more than 16 MiB. Release in every case. */
BF_MUST_CHECK enum bf_status bf_csv_next(struct bf_csv *csv, struct bf_csv_row *row, struct bf_err *err);
void bf_csv_row_release(struct bf_csv_row *row);

#endif
