/* What every command that writes a run shares: the models, the run's store, and the work itself with its progress
 * line. */
#ifndef BF_RUN_SESSION_H
#define BF_RUN_SESSION_H
#include "base/log.h"
#include "engine/engine.h"
#include "engine/machine.h"
#include "request/request.h"
#include "store/store.h"

struct bf_session {
    struct bf_log *log;
    struct bf_template_set templates;
    struct bf_engine *engine, *embedder; /* embedder == engine when the model embeds itself */
    /* embedder_path "" when the model embeds itself; model_path the servers of an API */
    char *model_path, *embedder_path;
    char model_sha256[65], embedder_sha256[65]; /* "" for a server */
    bool api;
    struct bf_store *store;
    struct bf_err report; /* of bf_session_work: why the run's page is not written; BF_OK: it is */
};
void bf_session_release(struct bf_session *session); /* zero-initialised is fine */

/* Which file embeds: `wanted` (a path, a name, "model"), else the sentence embedder when it is installed, else the
 * model (""). *out: free(). */
BF_MUST_CHECK enum bf_status bf_session_embedder_path(const char *wanted, char **out, struct bf_err *err);
/* Open both models; the paths are set (or machine->api is). `context` is what one sequence needs at most, in tokens.
 * Says what it does on the log. */
BF_MUST_CHECK enum bf_status bf_session_open_models(struct bf_session *session, const struct bf_machine_values *machine,
                                                    int32_t context, struct bf_err *err);
/* bf_engine_info and what else explains a run's bytes, as JSON text; free(). */
char *bf_session_engine_json(const struct bf_session *session, const struct bf_machine_values *machine);
/* Can the engine do what the request asks? BF_MODEL when it gives no probabilities and the request wants membership
 * inference. */
BF_MUST_CHECK enum bf_status bf_session_serves(const struct bf_session *session, const struct bf_request *request,
                                               struct bf_err *err);
/* Work on all requests of the store that are not finished, to the end or to an interruption; keep their states, write
 * the run's files at the end. BF_INTERRUPTED carries the sentence that says how to resume. */
BF_MUST_CHECK enum bf_status bf_session_work(struct bf_session *session, struct bf_err *err);
/* When all requests are finished: mark texts that two of them keep, write DIR/forget.jsonl, and DIR/retain.jsonl when
 * the run has a retain set. Again is harmless. */
BF_MUST_CHECK enum bf_status bf_session_write_sets(struct bf_store *store, struct bf_err *err);
/* The summary to stdout, or its JSON. */
BF_MUST_CHECK enum bf_status bf_session_print(struct bf_store *store, bool json, int n_examples, struct bf_err *err);

#endif
