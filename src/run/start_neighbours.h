/* The neighbours of a run that starts: subjects that the target model names as like the ones to forget. Each becomes a
 * small domain request of the same run, with the role `retain` (the retain set that the model writes itself) or
 * `neighbour` (questions for probes, which no training sees). They are asked before the store exists, so that they are
 * in it with the first request, in one transaction. */
#ifndef BF_RUN_START_NEIGHBOURS_H
#define BF_RUN_START_NEIGHBOURS_H
#include "run/guard_vectors.h"
#include "run/session.h"

struct bf_start_request;

struct bf_neighbour_wish {
    int32_t n;   /* probed domains for each request to forget; 0: none */
    bool retain; /* as many others are a retain set */
    bool quiet;  /* not asked for by name: where it cannot be, do without */
};

/* The requests of the caller, and the neighbours' after them. Owns what it added. */
struct bf_neighbour_requests {
    struct bf_start_request *requests; /* [n] */
    size_t n;
    struct bf_request *added; /* [n_added] */
    struct bf_guard_source *guards;
    size_t n_added;
};
void bf_neighbour_requests_release(struct bf_neighbour_requests *requests);

/* The small request that a neighbour of `of` becomes, without a topic. bf_request_release. BF_USAGE. */
BF_MUST_CHECK enum bf_status bf_neighbour_request(const struct bf_request *of, enum bf_role role,
                                                  struct bf_request *out, struct bf_err *err);

/* Ask the open models. `is_new` [n]: requests that get neighbours, if they are to be forgotten; NULL: all. The
 * neighbours are logged with how many askings name them. BF_MODEL: a retain set that was asked for by name, and the
 * model names none. BF_INTERRUPTED. */
BF_MUST_CHECK enum bf_status bf_neighbour_requests_make(struct bf_session *session,
                                                        const struct bf_neighbour_wish *wish,
                                                        const struct bf_start_request *requests, size_t n,
                                                        const bool *is_new, struct bf_neighbour_requests *out,
                                                        struct bf_err *err);

#endif
