/* JSON records: a list, or one object per line (LF, CR LF or CR). */
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
        int64_t line; /* from 1: the line where it begins; in a list the element's number */
    } * items;
    size_t n;
    char *name; /* of the file, for errors */
    bool is_list;
};

/* `name` is for errors. BF_INPUT with "NAME:LINE: ..." for text that is not JSON, for elements that are not objects,
 * and for a file without records. Release *out on success. O(n). */
BF_MUST_CHECK enum bf_status bf_records_parse(const char *data, size_t n, const char *name, struct bf_records *out,
                                              struct bf_err *err);
void bf_records_release(struct bf_records *records);

/* BF_INPUT with a sentence that begins with the place of record i: "NAME:LINE: ..." */
enum bf_status bf_records_fail(const struct bf_records *records, size_t i, struct bf_err *err, const char *format, ...)
    BF_PRINTF(4, 5);
/* The type of a value, for sentences: "null", "a list", "an object", "true or false", "a number", "a text", or
 * "missing" for NULL. Static. */
const char *bf_records_kind(const json_t *value);
/* A copy of a string, or of a number as it is written: free(). NULL for other types. */
char *bf_records_scalar(const json_t *value);
/* As bf_records_text, but with white space at both ends kept. */
BF_MUST_CHECK enum bf_status bf_records_verbatim(const struct bf_records *records, size_t i, const char *key,
                                                 char **out, struct bf_err *err);
/* *out: a trimmed copy of the string or number under `key`, free(). BF_INPUT, saying which, when it is missing, null,
 * of another type, or empty. */
BF_MUST_CHECK enum bf_status bf_records_text(const struct bf_records *records, size_t i, const char *key, char **out,
                                             struct bf_err *err);

/* Read a whole file into memory, at most 1 GiB. Release *data on success. BF_INPUT. */
BF_MUST_CHECK enum bf_status bf_records_read_file(const char *path, struct bf_buf *data, struct bf_err *err);

#endif
