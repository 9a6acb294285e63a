/* How a file of instances is read, as options: what `instance` and `import` share. */
#ifndef BF_CMD_INSTANCE_OPTIONS_H
#define BF_CMD_INSTANCE_OPTIONS_H
#include "base/opt.h"
#include "request/instance_file.h"

struct bf_instance_values {
    const char *format, *text_key, *question_key, *answer_key;
    bool skip_bad, paragraphs;
};

/* Append the rows to `table` (bf_opt_append); sets the defaults. */
struct bf_opt *bf_instance_options(struct bf_instance_values *values, struct bf_opt *table);
/* `long_texts`: the larger limit, for import. */
struct bf_instance_options bf_instance_file_options(const struct bf_instance_values *values, bool long_texts);

#endif
