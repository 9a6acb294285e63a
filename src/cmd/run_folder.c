#include "cmd/run_folder.h"

#include "base/banned.h"

enum bf_status bf_open_run(const struct bf_call *call, const char *example, struct bf_store **out, struct bf_err *err)
{
    *out = NULL;
    if (call->n_operands != 1)
        return bf_fail(err, BF_USAGE, "give the run folder: %s", example);
    return bf_store_open(call->operands[0], BF_STORE_READ, out, err);
}
