/* Where and how a model runs, as options: what every command shares that opens a target model. */
#ifndef BF_CMD_SHARED_OPTIONS_H
#define BF_CMD_SHARED_OPTIONS_H
#include "base/opt.h"
#include "engine/machine.h"

/* Append the rows to `table` (bf_opt_append); sets the defaults. With `fresh` also the options whose values a run keeps
 * from its start (--chat, --api-model, ...). */
struct bf_opt *bf_machine_options(struct bf_machine_values *values, bool fresh, struct bf_opt *table);

#endif
