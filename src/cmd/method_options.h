/* The parameters of the method as options: one row each, ranges from request/, values from the profile unless given. */
#ifndef BF_CMD_METHOD_OPTIONS_H
#define BF_CMD_METHOD_OPTIONS_H
#include "base/opt.h"
#include "request/request.h"

enum { BF_METHOD_OPTIONS_MAX = 48 };

union bf_method_value {
    int64_t integer;
    double real;
    struct bf_doubles reals;
    bool flag;
    uint64_t seed;
    const char *text;
};

struct bf_method_values {
    const char *profile;
    union bf_method_value values[BF_METHOD_OPTIONS_MAX];
};

/* Append the rows of a kind of request, --profile first, to `table` (bf_opt_append); sets the defaults. */
struct bf_opt *bf_method_options(struct bf_method_values *values, enum bf_kind kind, struct bf_opt *table);
/* The profile with the options over it that were given by the parsed table, checked. Release *out with
 * bf_request_release. BF_USAGE. */
BF_MUST_CHECK enum bf_status bf_method_request(const struct bf_opt *table, const struct bf_method_values *values,
                                               enum bf_kind kind, const char *topic, struct bf_request *out,
                                               struct bf_err *err);

#endif
