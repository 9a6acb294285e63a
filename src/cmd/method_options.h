/* The parameters of the method as options: one row each, ranges from the request room, values from the profile unless
 * given. */
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
    bool given[BF_METHOD_OPTIONS_MAX];
};

/* Number of rows for a kind of request, --profile included. */
size_t bf_method_option_count(enum bf_kind kind);
/* Fill `out` [bf_method_option_count(kind)] with rows whose targets point into *values; sets the defaults. */
void bf_method_options(struct bf_method_values *values, enum bf_kind kind, struct bf_opt *out);
/* The profile with the given options over it, checked. Release *out with bf_request_release. */
BF_MUST_CHECK enum bf_status bf_method_request(const struct bf_method_values *values, enum bf_kind kind,
                                               const char *topic, struct bf_request *out, struct bf_err *err);

#endif
