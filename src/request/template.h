/* What the files template*.c and the tests share. Not for other rooms. */
#ifndef BF_REQUEST_TEMPLATE_H
#define BF_REQUEST_TEMPLATE_H
#include <stddef.h>

#include "request/request.h"

enum {
    BF_PLACEHOLDER_UNKNOWN = -2, /* has the form of a placeholder, but an unknown name */
    BF_PLACEHOLDER_NONE = -1,
    BF_PLACEHOLDER_TOPIC = 0,
    BF_PLACEHOLDER_POINT,
    BF_PLACEHOLDER_N,
    BF_PLACEHOLDER_KNOWN,
    BF_PLACEHOLDER_SENTENCE,
    BF_PLACEHOLDER_QUESTION,
    BF_PLACEHOLDER_ANSWER,
    BF_PLACEHOLDER_AUDIENCE,
    BF_PLACEHOLDER_COUNT
};

/* The placeholder that begins at text[0]: its length with braces, and *which it is. 0 and NONE when there is none. */
size_t bf_placeholder_at(const char *text, int *which);

/* As bf_template_set_load, from the bytes of its JSON; `what` names the source in errors. */
BF_MUST_CHECK enum bf_status bf_template_set_parse(const char *data, size_t n, const char *what,
                                                   struct bf_template_set *out, struct bf_err *err);

#endif
