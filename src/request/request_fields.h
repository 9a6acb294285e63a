/* The parameters of a request as a table, for the check of ranges and for writing and reading JSON. Not for other
 * rooms. A new parameter needs a field in struct bf_request, a row here and its value in profile.c. */
#ifndef BF_REQUEST_REQUEST_FIELDS_H
#define BF_REQUEST_REQUEST_FIELDS_H
#include <stdbool.h>
#include <stddef.h>

#include "request/request.h"

enum bf_field_kind {
    BF_FIELD_TEXT,    /* char *, owned, never NULL */
    BF_FIELD_SEED,    /* uint64_t; a decimal string in JSON, whose integers are signed */
    BF_FIELD_INT,     /* int32_t */
    BF_FIELD_DOUBLE,  /* double; with `words`, the first one is NaN in memory */
    BF_FIELD_DOUBLES, /* struct bf_doubles, at least one value */
    BF_FIELD_BOOL,    /* bool */
    BF_FIELD_LINES,   /* struct bf_lines; a list of strings in JSON */
    BF_FIELD_WORD     /* an enum, by one of `words` */
};

struct bf_field {
    const char *key; /* in JSON; the option has dashes instead */
    enum bf_field_kind kind;
    size_t offset;            /* in struct bf_request */
    double min, max;          /* for numbers; INFINITY means no bound, but the number must be finite */
    bool above_min;           /* `min` itself is not allowed */
    const char *const *words; /* BF_FIELD_WORD: by value, NULL at the end; BF_FIELD_DOUBLE: one word, or NULL */
    bool optional;            /* requests of an earlier version lack it; they have the value of bf_request_defaults */
};

extern const struct bf_field bf_fields[];
extern const size_t bf_n_fields;

/* What a stored request without a later field means: the paper's parameters for a domain, without texts, without
 * self-questioning and with one question for points a round, as the first versions had it. In profile.c. */
struct bf_request bf_request_defaults(void);

/* Read one parameter from JSON as people write it: as in the store, but a seed may be a whole number. bf_request_check
 * checks the range. BF_INPUT with "the request's key '...' is not ..." */
BF_MUST_CHECK enum bf_status bf_request_set_field(struct bf_request *request, const struct bf_field *field,
                                                  const json_t *value, struct bf_err *err);

/* Is it a name of a point: UTF-8 without control characters, 2 to BF_POINT_MAX_BYTES bytes? BF_INPUT: the sentence
 * begins with `what`. */
BF_MUST_CHECK enum bf_status bf_point_line_check(const char *line, size_t n, const char *what, struct bf_err *err);
/* Is the line among these, ignoring case and accents? */
bool bf_lines_have(const struct bf_lines *lines, const char *line);

/* Append the words of a WORD field as "a, b or c", each between two `quote`s, for sentences. */
void bf_field_words(const struct bf_field *field, const char *quote, struct bf_buf *out);

#endif
