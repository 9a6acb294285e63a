#include "run/start_same.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "engine/models.h"
#include "base/banned.h"

enum bf_status bf_start_same_request(struct bf_store *store, const struct bf_start_request *request, int64_t id,
                                     bool *same, struct bf_err *err)
{
    struct bf_request_entry entry;
    struct bf_request there;
    json_t *json = NULL;
    enum bf_status status = bf_store_request(store, id, &entry, NULL, err);
    if (status == BF_OK)
        status = bf_json_parse(entry.json, strlen(entry.json), "the run's request", &json, err);
    if (status == BF_OK)
        status = bf_request_from_json(json, &there, err);
    json_decref(json);
    if (status != BF_OK)
        return status;
    json_t *old = bf_request_to_json(&there);
    json_t *new = bf_request_to_json(request->request);
    *same = entry.role == request->role && json_equal(old, new);
    json_decref(old);
    json_decref(new);
    bf_request_release(&there);
    return BF_OK;
}

static bool same_models(const struct bf_run *run, const struct bf_start_values *v)
{
    char *model = NULL, *embedder = NULL;
    const bool same =
        (v->machine.api ? strcmp(v->machine.api, run->model_path) == 0
                        : bf_model_path(v->model, &model, NULL) == BF_OK && strcmp(model, run->model_path) == 0) &&
        bf_session_embedder_path(v->embedder, &embedder, NULL) == BF_OK && strcmp(embedder, run->embedder_path) == 0;
    free(model);
    free(embedder);
    return same;
}

/* Are the guards those of the stored request: none, or the domain to forget? A set of the user is not stored in a form
 * that can be compared. */
static bool same_guards(struct bf_store *store, const struct bf_start_request *r, int64_t id, const char *forget)
{
    struct bf_err ignored = BF_ERR_INIT;
    struct bf_guard *guards = NULL;
    size_t n = 0;
    if (r->n_guards > 0)
        return r->n_guards == 1 && !r->guards->path && strcmp(r->guards->name, forget) == 0;
    bf_store_select(store, id);
    const bool none =
        bf_store_guards(store, 0, &guards, &n, &ignored) == BF_OK && n == 0; /* one of 0 numbers there is not */
    bf_guards_free(guards, n);
    bf_store_select(store, 0);
    return none;
}

/* Are the other requests of the run neighbours that this wish may have given it? */
static bool same_neighbours(struct bf_store *store, const struct bf_neighbour_wish *wish, int64_t n_more,
                            bool has_retain)
{
    struct bf_request_entry entry = {.id = 0};
    struct bf_err ignored = BF_ERR_INIT;
    enum bf_status status = BF_OK;
    int64_t n_neighbours = 0, n_retain = has_retain ? -1 : 0;
    while (bf_store_next_request(store, &entry, &status, &ignored)) {
        n_neighbours += entry.role == BF_ROLE_NEIGHBOUR;
        n_retain += entry.role == BF_ROLE_RETAIN;
    }
    return status == BF_OK && n_neighbours + n_retain == n_more && n_neighbours <= wish->n &&
           (wish->n == 0 || wish->quiet || n_neighbours > 0) && (n_retain > 0) == wish->retain;
}

bool bf_start_is_done(const char *dir, const struct bf_start_values *v, const char *kind,
                      const struct bf_start_request *requests, size_t n)
{
    struct bf_store *store = NULL;
    struct bf_run_state state;
    struct bf_request_entry last;
    struct bf_err ignored = BF_ERR_INIT;
    int64_t n_there = 0;
    bool same = !v->then;
    for (size_t i = 0; i < n; i++)
        same = same && !requests[i].instances_path;
    same = same && bf_store_open(dir, BF_STORE_READ, &store, &ignored) == BF_OK &&
           strcmp(bf_store_run(store)->kind, kind) == 0 && bf_store_state(store, &state, &ignored) == BF_OK &&
           state.finished && bf_store_request(store, 1, &last, &n_there, &ignored) == BF_OK && n_there >= (int64_t)n &&
           same_neighbours(store, &v->neighbours, n_there - (int64_t)n, n > 1) && same_models(bf_store_run(store), v);
    for (size_t i = 0; i < n && same; i++) {
        int64_t id = 0;
        requests[i].request->model_embedder = bf_store_run(store)->embedder_path[0] == 0;
        same = bf_store_find_request(store, requests[i].name, &id, &ignored) == BF_OK && id > 0 &&
               bf_start_same_request(store, &requests[i], id, &same, &ignored) == BF_OK && same &&
               same_guards(store, &requests[i], id, requests[0].request->topic);
    }
    bf_store_close(store);
    return same;
}
