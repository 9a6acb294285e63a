/* Options that several commands have: where and how a model runs, and how a file of instances is read. Each function
 * appends its rows to `table` (bf_opt_append) and sets the defaults. */
#ifndef BF_CMD_SHARED_OPTIONS_H
#define BF_CMD_SHARED_OPTIONS_H
#include "base/opt.h"
#include "engine/machine.h"
#include "request/instance_file.h"

/* Of every command that opens a target model. With `fresh` also the options whose values a run keeps
 * from its start (--chat, --api-model, ...). */
struct bf_opt *bf_machine_options(struct bf_machine_values *values, bool fresh, struct bf_opt *table);

/* How a file of instances is read. */
struct bf_instance_values {
    const char *format, *text_key, *question_key, *answer_key;
    bool skip_bad, paragraphs;
};

struct bf_opt *bf_instance_options(struct bf_instance_values *values, struct bf_opt *table);
/* `long_texts`: the larger limit, for import. */
struct bf_instance_options bf_instance_file_options(const struct bf_instance_values *values, bool long_texts);

#endif
