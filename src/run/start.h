/* The way from requests to a working store. */
#ifndef BF_RUN_START_H
#define BF_RUN_START_H
#include "request/instance_file.h"
#include "run/guard_vectors.h"
#include "run/session.h"
#include "run/then.h"

/* With what a run begins. Strings are the caller's. */
struct bf_start_values {
    struct bf_log *log;
    bool json;                    /* the summary on stdout as JSON */
    const char *model, *embedder; /* as bf_model_path and bf_session_embedder_path take them */
    struct bf_machine_values machine;
    const struct bf_then_wish *then; /* what comes after the run, checked (run/then.h); NULL: nothing */
    bf_then_check_fn *check_then;    /* with `then` */
};

/* One request to begin with. Pointers are the caller's. */
struct bf_start_request {
    const char *name; /* "" for the only one */
    enum bf_role role;
    struct bf_request *request;           /* its model_embedder is set here */
    const char *instances_path;           /* kind instance */
    struct bf_instance_options options;   /* for it */
    const struct bf_guard_source *guards; /* [n_guards] */
    size_t n_guards;
};
/* "Harry Potter" -> "runs/harry-potter"; what a folder's name cannot hold of it (C++, C#, other scripts) leaves a hash.
 * `prefix` goes before it ("textbook-" or ""). free(). */
char *bf_start_dir(const char *prefix, const char *name);

/* Open the models, create the run `dir` with the requests, work on it. With `grow` an existing run gets the requests
 * that it does not have yet (by name), and is resumed. A finished run that the same command made is shown
 * (start_same.h). */
BF_MUST_CHECK enum bf_status bf_start(const struct bf_start_values *values, const char *kind, const char *dir,
                                      const struct bf_start_request *requests, size_t n_requests, bool grow,
                                      struct bf_err *err);

/* For `resume`, and for a run that grows: the store is open; open the models by its record and check that they are the
 * run's. `model` and `embedder` (nullable) say where the files are now; machine->context is what new requests need, 0 =
 * none. */
BF_MUST_CHECK enum bf_status bf_continue(struct bf_session *session, const struct bf_machine_values *machine,
                                         const char *model, const char *embedder, struct bf_err *err);

#endif
