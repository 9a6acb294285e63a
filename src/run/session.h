/* A session: the models and the store of a run that is being written, and the work itself with its progress line. For
 * every command that writes a run. Open the models, create or open the store, call bf_session_work, then
 * bf_session_release. */
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
    struct bf_engine *engine, *embedder; /* embedder == engine when the model embeds its own texts */
    /* embedder_path is "" when the model embeds its own texts; model_path has the servers of an API */
    char *model_path, *embedder_path;
    char model_sha256[65], embedder_sha256[65]; /* "" for a server */
    bool api;
    struct bf_store *store;
    struct bf_err report; /* set by bf_session_work: why the run's page was not written; BF_OK: it was */
};
void bf_session_release(struct bf_session *session); /* no-op for a zeroed one */

/* *out, free(): the file that embeds. `wanted` (a path, a name, or "model"); NULL: the sentence embedder if it is
 * installed, else the model. "" stands for the model. BF_MODEL when the model is not installed. */
BF_MUST_CHECK enum bf_status bf_session_embedder_path(const char *wanted, char **out, struct bf_err *err);
/* Open both models, whose paths are set (or machine->api is), and log them. `context`: the most tokens that one
 * sequence needs. BF_USAGE, BF_MODEL. */
BF_MUST_CHECK enum bf_status bf_session_open_models(struct bf_session *session, const struct bf_machine_values *machine,
                                                    int32_t context, struct bf_err *err);
/* bf_engine_info and the other settings that a run's bytes depend on, as JSON text; free(). */
char *bf_session_engine_json(const struct bf_session *session, const struct bf_machine_values *machine);
/* Can the engine serve the request? BF_MODEL when the request needs membership inference and the engine gives no
 * probabilities. */
BF_MUST_CHECK enum bf_status bf_session_serves(const struct bf_session *session, const struct bf_request *request,
                                               struct bf_err *err);
/* Work on all unfinished requests of the store, to the end or to an interruption; store their states, and write
 * the run's files at the end. The sentence of BF_INTERRUPTED says how to resume. */
BF_MUST_CHECK enum bf_status bf_session_work(struct bf_session *session, struct bf_err *err);
/* The pairs and wordings of a run's forget sets that are held out for probing, in its folder. */
#define BF_PROBES_FILE "probes.jsonl"
/* All pairs and wordings of its neighbours. */
#define BF_NEIGHBOURS_FILE "neighbours.jsonl"
/* After all requests are finished: mark texts that two of them keep, and write DIR/forget.jsonl, DIR/retain.jsonl when
 * the run has a retain set, and DIR/probes.jsonl when anything is held out. May be called again. BF_STORE. */
BF_MUST_CHECK enum bf_status bf_session_write_sets(struct bf_store *store, struct bf_err *err);
/* Print the summary to stdout, or its JSON. BF_STORE. */
BF_MUST_CHECK enum bf_status bf_session_print(struct bf_store *store, bool json, int n_examples, struct bf_err *err);

#endif
