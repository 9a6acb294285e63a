/* JSON is jansson's; this header is its only door, with the few helpers that every room needs. */
#ifndef BF_BASE_JSON_H
#define BF_BASE_JSON_H
#include <jansson.h>

#include "base/err.h"

/* Parse `n` bytes. NUL bytes inside strings are refused, duplicate keys too, nesting is limited by jansson.
 * `what` names the source in the error ("profile 'quick'", "requests.jsonl line 3"), which carries line and column.
 * New reference in *out (json_decref). BF_INPUT on failure. */
BF_MUST_CHECK enum bf_status bf_json_parse(const char *data, size_t n, const char *what, json_t **out,
                                           struct bf_err *err);

/* Compact dump with sorted keys (stable bytes), UTF-8 not escaped. Free with free(). Never NULL. */
char *bf_json_dump(const json_t *value);
/* The same and a line feed, as a file: bf_file_write_inside. */
BF_MUST_CHECK enum bf_status bf_json_write(const char *path, const json_t *value, struct bf_err *err);

/* A JSON string from untrusted bytes: invalid UTF-8 becomes U+FFFD. New reference, never NULL. */
json_t *bf_json_text(const char *s, size_t n);

/* The string under `key`, borrowed; "" when there is none. */
const char *bf_json_string(const json_t *object, const char *key);

#endif
