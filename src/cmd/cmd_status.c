#include "cmd/cmd.h"
#include "store/store.h"
#include "run/session.h"
#include "base/banned.h"

struct status_values {
    bool json;
};

static struct bf_opt *status_options(void *target)
{
    struct status_values *v = target;
    return BF_OPT_TABLE(BF_OPT_JSON(&v->json, "the state"));
}

static enum bf_status status_run(const struct bf_call *call, struct bf_err *err)
{
    const struct status_values *v = call->values;
    struct bf_store *store = NULL;
    enum bf_status status = bf_open_run(call, "biforget status runs/harry-potter", &store, err);
    if (status == BF_OK)
        status = bf_session_print(store, v->json, 0, err);
    bf_store_close(store);
    return status;
}

const struct bf_command bf_cmd_status = {
    .help =
        {
            .name = "status",
            .summary = "how far a run is, and what it contains",
            .synopsis = "biforget status DIR [--json]",
            .examples = "  biforget status runs/harry-potter             also while it is being written\n"
                        "  biforget status runs/harry-potter --json | jq .kept\n",
        },
    .values_size = sizeof(struct status_values),
    .max_operands = 1,
    .options = status_options,
    .run = status_run,
};
