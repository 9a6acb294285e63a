/* What the commands that begin a run share: their options, and the way from requests to a working store. */
#ifndef BF_CMD_START_H
#define BF_CMD_START_H
#include "run/then.h"
#include "cmd/cmd.h"
#include "run/guard_vectors.h"
#include "cmd/method_options.h"
#include "run/session.h"
#include "request/instance_file.h"

struct bf_start_values {
    bool quiet;                /* first: main.c reads it */
    bool json;
    const char *model, *out, *embedder;
    struct bf_method_values method;
    struct bf_machine_values machine;
    struct bf_loop_values loop;        /* zero: nothing comes after the run */
};
/* The table: -m, -o, the kind's parameters of the method (BF_KIND_COUNT: none), the machine, the command's own rows, -q and --json.
 * free(). */
struct bf_opt *bf_start_options(struct bf_start_values *values, enum bf_kind kind, const char *default_out,
                                const struct bf_opt *own, size_t n_own);

/* One request to begin with. Pointers are the caller's. */
struct bf_start_request {
    const char *name;          /* "" for the only one */
    enum bf_role role;
    struct bf_request *request;            /* its model_embedder is set here */
    const char *instances_path;            /* kind instance */
    struct bf_instance_options options;    /* for it */
    const struct bf_guard_source *guards;  /* [n_guards] */
    size_t n_guards;
};
/* "Harry Potter" -> "runs/harry-potter"; what a folder's name cannot hold of it (C++, C#, other scripts) leaves a hash.
 * `prefix` stands before it ("textbook-" or ""). free(). */
char *bf_start_dir(const char *prefix, const char *name);

/* Open the models, create the run `dir` with the requests, work on it. With `grow` an existing run gets the requests that it has
 * not yet (by name) and goes on. A finished run that this very command made is shown (start_same.h). */
BF_MUST_CHECK enum bf_status bf_start(const struct bf_call *call, const struct bf_start_values *values, const char *kind,
                                      const char *dir, const struct bf_start_request *requests, size_t n_requests,
                                      bool grow, struct bf_err *err);

/* For `resume`, and for a run that grows: the store is open; open the models by its record and check that they are the
 * run's. `model` and `embedder` (nullable) say where the files are now; machine->context is what new requests need, 0 = none. */
BF_MUST_CHECK enum bf_status bf_continue(struct bf_session *session, const struct bf_machine_values *machine,
                                         const char *model, const char *embedder, struct bf_err *err);

#endif
