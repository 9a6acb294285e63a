/* The options of the commands that start a run, and how the run is started from them. */
#ifndef BF_CMD_START_OPTIONS_H
#define BF_CMD_START_OPTIONS_H
#include "cmd/cmd.h"
#include "cmd/shared_options.h"
#include "cmd/method_options.h"
#include "cmd/then_options.h"
#include "run/start.h"

struct bf_start_options {
    bool quiet; /* first: bf_command_run reads it */
    bool json;
    const char *model, *out, *embedder;
    struct bf_method_values method;
    struct bf_machine_values machine;
    struct bf_then_values then; /* zero: nothing comes after the run */
    const char *retain_set;     /* of bf_start_sets_options */
    int64_t neighbours;         /* -1: not given */
};
/* Append --retain-set, --neighbours, and --then with its companions (bf_opt_append). `what`: what --retain-set takes
 * ("a domain, a file of texts, or auto"). */
struct bf_opt *bf_start_sets_options(struct bf_start_options *options, const char *what, struct bf_opt *table);
/* A table that begins with -m and -o; the command appends its own rows. free(). */
struct bf_opt *bf_start_first(struct bf_start_options *options, const char *default_out);
/* Append the kind's parameters of the method (BF_KIND_COUNT: none), the machine, --embedder, --json and -q. */
struct bf_opt *bf_start_rest(struct bf_start_options *options, enum bf_kind kind, struct bf_opt *table);
/* What the options and the requests mean for --then, before bf_start_with: a file of texts to keep, or a retain set of
 * the run. *domain: the domain that --retain-set names, NULL when it names none; where `domain` is NULL, naming one is
 * BF_USAGE. */
BF_MUST_CHECK enum bf_status bf_start_sets(struct bf_start_options *options, const struct bf_start_request *requests,
                                           size_t n_requests, const char **domain, struct bf_err *err);
/* bf_start with these options, after a check of --then. */
BF_MUST_CHECK enum bf_status bf_start_with(const struct bf_call *call, const struct bf_start_options *options,
                                           const char *kind, const char *dir, const struct bf_start_request *requests,
                                           size_t n_requests, bool grow, struct bf_err *err);

#endif
