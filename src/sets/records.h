/* JSON records: a list, or one object a line (LF, CR LF or CR). */
#ifndef BF_SETS_RECORDS_H
#define BF_SETS_RECORDS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"

struct bf_records {
    struct bf_record_json {
        json_t *json; /* an object, owned */
        int64_t line; /* 1-based, where it begins; of a list the element's number */
    } * items;
    size_t n;
    char *name; /* of the file, for errors */
    bool is_list;
};

/* `name` is for errors. BF_INPUT with "NAME:LINE: ..." for what is no such file, for elements that are no objects, for
 * none at all. Release in every case but after a failure. */
BF_MUST_CHECK enum bf_status bf_records_parse(const char *data, size_t n, const char *name, struct bf_records *out,
                                              struct bf_err *err);
void bf_records_release(struct bf_records *records);

/* A failure that says where record i is: "NAME:LINE: ..." */
enum bf_status bf_records_fail(const struct bf_records *records, size_t i, struct bf_err *err, const char *format, ...)
    BF_PRINTF(4, 5);
/* What a value is, for sentences: "null", "a list", "an object", "true or false", "a number", "a text", or "missing"
 * for NULL. */
const char *bf_records_kind(const json_t *value);
/* A string, or a number as it is written: free(). NULL for all else. */
char *bf_records_scalar(const json_t *value);
/* The string or number under `key` as it is, white space at its ends included: free(). Errors as bf_records_text. */
BF_MUST_CHECK enum bf_status bf_records_verbatim(const struct bf_records *records, size_t i, const char *key,
                                                 char **out, struct bf_err *err);
/* The string or number under `key`, trimmed copy: free(). BF_INPUT when it is missing, null, of another kind, or empty:
 * each by its name. */
BF_MUST_CHECK enum bf_status bf_records_text(const struct bf_records *records, size_t i, const char *key, char **out,
                                             struct bf_err *err);

/* Whole file into memory, at most 1 GiB. data->data: release. BF_INPUT. */
BF_MUST_CHECK enum bf_status bf_records_read_file(const char *path, struct bf_buf *data, struct bf_err *err);

#endif
