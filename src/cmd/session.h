/* What `domain` and `resume` share: the models, the run's store, and the work itself with its progress line. */
#ifndef BF_CMD_SESSION_H
#define BF_CMD_SESSION_H
#include "base/log.h"
#include "engine/engine.h"
#include "request/request.h"
#include "store/store.h"

/* Options about the machine, not about the result. */
struct bf_machine_values {
    int64_t parallel, threads, gpu_layers, context;
    const char *chat;
};
/* With `fresh` the options that a run keeps from its start, too (--chat). */
size_t bf_machine_option_count(bool fresh);
void bf_machine_options(struct bf_machine_values *values, bool fresh, struct bf_opt *out);

struct bf_session {
    struct bf_log *log;
    struct bf_request request;
    struct bf_template_set templates;
    struct bf_engine *engine, *embedder;   /* embedder == engine when the model embeds itself */
    char *model_path, *embedder_path;      /* embedder_path "" when the model embeds itself */
    char model_sha256[65], embedder_sha256[65];
    struct bf_store *store;
};
void bf_session_release(struct bf_session *session);   /* zero-initialised is fine */

/* Open both models for session->request and its templates; the paths are set. Says what it does on the log. */
BF_MUST_CHECK enum bf_status bf_session_open_models(struct bf_session *session, const struct bf_machine_values *machine,
                                                    struct bf_err *err);
/* bf_engine_info and what else explains a run's bytes, as JSON text; free(). */
char *bf_session_engine_json(const struct bf_session *session);
/* Run to the end or to an interruption, keep the state, write DIR/forget.jsonl at the end, print the summary to stdout (or its JSON).
 * BF_INTERRUPTED carries the sentence that says how to resume. */
BF_MUST_CHECK enum bf_status bf_session_work(struct bf_session *session, bool resumed, bool json, struct bf_err *err);
/* The summary alone. */
BF_MUST_CHECK enum bf_status bf_session_print(struct bf_store *store, bool json, int n_examples, struct bf_err *err);

#endif
