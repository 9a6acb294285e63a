/* Where and how a model runs, as options: what every command shares that opens a target model. */
#ifndef BF_CMD_MACHINE_OPTIONS_H
#define BF_CMD_MACHINE_OPTIONS_H
#include "base/opt.h"
#include "engine/machine.h"

/* With `fresh` the options that a run keeps from its start, too (--chat, --api-model, ...). */
size_t bf_machine_option_count(bool fresh);
void bf_machine_options(struct bf_machine_values *values, bool fresh, struct bf_opt *out);

#endif
