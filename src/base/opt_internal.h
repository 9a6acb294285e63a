/* What the files opt*.c share. Not for other rooms. */
#ifndef BF_BASE_OPT_INTERNAL_H
#define BF_BASE_OPT_INTERNAL_H
#include "base/opt.h"

/* Read `value` into the option's target, which is not changed on failure. Not for flags. */
BF_MUST_CHECK enum bf_status bf_opt_set(const struct bf_opt *opt, const char *value, struct bf_err *err);

#endif
