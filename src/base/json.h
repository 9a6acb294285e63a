/* JSON, by jansson. Only this header includes it; it adds the helpers that all rooms need. */
#ifndef BF_BASE_JSON_H
#define BF_BASE_JSON_H
#include <jansson.h>

#include "base/err.h"

/* Parse `n` bytes. NUL bytes inside strings and duplicate keys are refused; jansson limits nesting.
 * `what` names the source in the error ("profile 'quick'", "requests.jsonl line 3"), which carries line and column.
 * New reference in *out (json_decref). BF_INPUT on failure. */
BF_MUST_CHECK enum bf_status bf_json_parse(const char *data, size_t n, const char *what, json_t **out,
                                           struct bf_err *err);

/* Compact text with sorted keys and stable bytes; UTF-8 is not escaped. free(), never NULL. */
char *bf_json_dump(const json_t *value);
/* The same over many lines, for people: two spaces a level, a line feed at the end. A list whose first element is
 * neither a list nor an object takes one line. free(), never NULL. */
char *bf_json_dump_lines(const json_t *value);
/* Write the same and a line feed to a file, by bf_file_write_inside. */
BF_MUST_CHECK enum bf_status bf_json_write(const char *path, const json_t *value, struct bf_err *err);

/* A JSON string from untrusted bytes: invalid UTF-8 becomes U+FFFD. New reference, never NULL. */
json_t *bf_json_text(const char *s, size_t n);

/* The string under `key`, borrowed; "" when there is none. */
const char *bf_json_string(const json_t *object, const char *key);

#endif
