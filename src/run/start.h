/* Starting a run: from requests to a store, and to its end. */
#ifndef BF_RUN_START_H
#define BF_RUN_START_H
#include "request/instance_file.h"
#include "run/guard_vectors.h"
#include "run/start_neighbours.h"
#include "run/session.h"
#include "run/then.h"

/* The settings of a run that starts. Strings are the caller's. */
struct bf_start_values {
    struct bf_log *log;
    bool json;                    /* the summary on stdout as JSON */
    const char *model, *embedder; /* as bf_model_path and bf_session_embedder_path take them */
    struct bf_machine_values machine;
    struct bf_neighbour_wish neighbours;
    const struct bf_then_wish *then; /* what comes after the run, checked (run/then.h); NULL: nothing */
    bf_then_check_fn *check_then;    /* with `then` */
};

/* One request of a run that starts. Pointers are the caller's. */
struct bf_start_request {
    const char *name; /* "" for the only request */
    enum bf_role role;
    struct bf_request *request;           /* bf_start sets its model_embedder */
    const char *instances_path;           /* of kind instance */
    struct bf_instance_options options;   /* for reading it */
    const struct bf_guard_source *guards; /* [n_guards] */
    size_t n_guards;
};
/* The run folder for a name: "Harry Potter" -> "runs/harry-potter". Characters that a folder's name cannot hold (C++,
 * C#, other scripts) are replaced by a hash. `prefix` ("textbook-" or "") goes before the name. free(). */
char *bf_start_dir(const char *prefix, const char *name);

/* For checks that take long, before bf_start makes them again: BF_STORE when `dir` already holds a run, of `topic`
 * (nullable) or another one, or cannot be written. */
BF_MUST_CHECK enum bf_status bf_start_check_new(const char *dir, const char *topic, struct bf_err *err);

/* Open the models, create the run `dir` with the requests, and work on it. With `grow` an existing run gets the
 * requests that it does not have yet (by name), and is resumed. A finished run that the same command made is only shown
 * (start_same.h). BF_STORE when `dir` holds another run. */
BF_MUST_CHECK enum bf_status bf_start(const struct bf_start_values *values, const char *kind, const char *dir,
                                      const struct bf_start_request *requests, size_t n_requests, bool grow,
                                      struct bf_err *err);

/* For `resume`, and for a run that grows: session->store is open. Open the models by its record, and check that they
 * are the run's. `model` and `embedder` (nullable) say where the files are now; machine->context is the number of
 * tokens that new requests need, 0 = no new requests. BF_USAGE, BF_MODEL. */
BF_MUST_CHECK enum bf_status bf_continue(struct bf_session *session, const struct bf_machine_values *machine,
                                         const char *model, const char *embedder, struct bf_err *err);

#endif
