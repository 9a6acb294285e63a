#include <stdlib.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/start_options.h"
#include "base/banned.h"

static struct bf_opt *textbook_options(void *target)
{
    struct bf_opt *table = bf_start_first(target, "runs/textbook-TOPIC");
    table = bf_start_sets_options(target, "what to keep: a file of texts, or auto", table);
    return bf_start_rest(target, BF_KIND_TEXTBOOK, table);
}

static enum bf_status textbook_run(const struct bf_call *call, struct bf_err *err)
{
    const struct bf_start_options *v = call->values;
    struct bf_start_options start = *v;
    struct bf_request request = {.topic = NULL};
    char *dir = NULL;
    if (call->n_operands != 1)
        return bf_fail(err, BF_USAGE, "give one domain, in quotes: biforget textbook \"Harry Potter\"");
    enum bf_status status =
        bf_method_request(call->table, &v->method, BF_KIND_TEXTBOOK, call->operands[0], &request, err);
    if (status == BF_OK) {
        const struct bf_start_request first = {.name = "", .role = BF_ROLE_FORGET, .request = &request};
        status = bf_start_sets(&start, &first, 1, NULL, err);
        dir = v->out ? bf_strdup(v->out) : bf_start_dir("textbook-", request.topic);
        if (status == BF_OK)
            status = bf_start_with(call, &start, "textbook", dir, &first, 1, false, err);
    }
    bf_request_release(&request);
    free(dir);
    return status;
}

const struct bf_command bf_cmd_textbook = {
    .help =
        {
            .name = "textbook",
            .summary = "the textbook-style baseline, to compare a forget set with",
            .synopsis = "biforget textbook TOPIC [-m MODEL] [-o DIR] [options]",
            .examples = "  biforget textbook \"Harry Potter\"                  minutes, default model\n"
                        "  biforget textbook \"Greek mythology\" --subfields 20 --bullets 20 --chapters 0\n",
            .details =
                "As Zhu et al. (COLM 2025): the model names subfields of the domain, bullet points of each for four "
                "audiences (elementary school, high school, undergraduate, PhD), and writes a chapter on each; the "
                "cleaned lines of the chapters are the set. Same engine and store as 'biforget domain', so both can "
                "be compared on one model.",
        },
    .values_size = sizeof(struct bf_start_options),
    .max_operands = 1,
    .options = textbook_options,
    .run = textbook_run,
    .quiet_option = true,
};
