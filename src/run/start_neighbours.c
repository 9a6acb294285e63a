#include "run/start_neighbours.h"

#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "base/rng.h"
#include "run/start.h"
#include "synth/neighbours.h"
#include "base/banned.h"

/* A share of the samples of the request to forget: texts to keep are trained on, while neighbours need only texts
 * enough for some questions. */
enum { LEAST = 4, RETAIN_SHARE = 6, RETAIN_MOST = 96, NEIGHBOUR_SHARE = 9, NEIGHBOUR_MOST = 48 };

void bf_neighbour_requests_release(struct bf_neighbour_requests *r)
{
    for (size_t i = 0; i < r->n_added; i++)
        bf_request_release(&r->added[i]);
    free(r->requests);
    free(r->added);
    free(r->guards);
    *r = (struct bf_neighbour_requests){0};
}

/* ---- the request of a neighbour ---- */

static int32_t share_of(int32_t all, int32_t share, int32_t most)
{
    const int32_t n = all > 0 ? all / share : most;
    return n < LEAST ? LEAST : n > most ? most : n;
}

enum bf_status bf_neighbour_request(const struct bf_request *of, enum bf_role role, struct bf_request *out,
                                    struct bf_err *err)
{
    enum bf_status status;
    if (of->kind == BF_KIND_DOMAIN) {
        json_t *json = bf_request_to_json(of);
        status = bf_request_from_json(json, out, err);
        json_decref(json);
    } else {
        status = bf_request_of_kind(BF_KIND_DOMAIN, of->profile, out, err);
        if (status == BF_OK) {
            free(out->templates);
            out->templates = bf_strdup(of->templates);
            out->model_embedder = of->model_embedder;
        }
    }
    if (status != BF_OK)
        return status;
    out->seed = bf_mix(of->seed, (uint64_t)role);
    out->rounds = 1;
    bf_lines_release(&out->points); /* they belong to the domain to forget */
    out->points_only = false;
    out->snowball = 0;
    out->max_samples = role == BF_ROLE_RETAIN ? share_of(out->max_samples, RETAIN_SHARE, RETAIN_MOST)
                                              : share_of(out->max_samples, NEIGHBOUR_SHARE, NEIGHBOUR_MOST);
    /* Probes look for what the model remembers of the domain to forget; the check of knowledge is of that, too. */
    out->mi_samples = out->jailbreak_samples = out->control_samples = 0;
    return BF_OK;
}

/* ---- asking ---- */

struct facts {
    char *items[BF_NEIGHBOUR_FACTS_MAX];
    size_t n;
};

static void facts_release(struct facts *facts)
{
    for (size_t i = 0; i < facts->n; i++)
        free(facts->items[i]);
    facts->n = 0;
}

/* Originals spread over the file. */
static enum bf_status read_facts(const struct bf_start_request *r, struct facts *facts, struct bf_err *err)
{
    struct bf_instance_stats stats = {0};
    struct bf_instance_file *file = NULL;
    enum bf_status status = bf_instance_file_check(r->instances_path, &r->options, &stats, err);
    if (status == BF_OK)
        status = bf_instance_file_open(r->instances_path, &r->options, &file, err);
    const int64_t n = stats.n_good, take = n < BF_NEIGHBOUR_FACTS_MAX ? n : BF_NEIGHBOUR_FACTS_MAX;
    for (bool more = true; status == BF_OK && more && (int64_t)facts->n < take;) {
        struct bf_instance instance;
        status = bf_instance_file_next(file, &instance, &more, err);
        if (status == BF_OK && more && instance.index >= (int64_t)facts->n * n / take)
            facts->items[facts->n++] = bf_strdup(instance.text);
    }
    bf_instance_file_close(file);
    return status;
}

static bool proceed(void)
{
    return !bf_interrupted();
}

static void log_found(struct bf_log *log, const char *topic, const struct bf_neighbours *found, size_t n)
{
    struct bf_buf text;
    bf_buf_init(&text, 1 << 16);
    for (size_t i = 0; i < n; i++)
        bf_buf_printf(&text, "%s%s (%d of %d)", i > 0 ? ", " : "", found->items[i].name, found->items[i].n_named,
                      found->n_asked);
    bf_log_info(log, "like '%s', by how many forms of the question name it: %s", topic, text.data);
    bf_buf_release(&text);
}

static enum bf_status too_few(struct bf_log *log, const struct bf_neighbour_wish *wish, const char *topic, size_t n,
                              size_t wanted, struct bf_err *err)
{
    if (n == 0 && wish->retain && !wish->quiet)
        return bf_fail(err, BF_MODEL,
                       "the model names nothing like '%s' twice, so --retain-set auto has nothing to write about; give "
                       "a domain that it knows with --retain-set DOMAIN, or texts with --retain-set FILE",
                       topic);
    bf_log_warn(log,
                "the model names only %zu subject%s like '%s' (%zu wanted)%s; 'biforget run' takes neighbours of your "
                "own: {\"domain\": \"NAME\", \"role\": \"neighbour\"}",
                n, n == 1 ? "" : "s", topic, wanted, n == 0 ? ": no neighbour is probed" : "");
    return BF_OK;
}

static enum bf_status ask(struct bf_session *s, const struct bf_start_request *r, const char *const *taken,
                          size_t n_taken, struct bf_neighbours *found, struct bf_err *err)
{
    struct facts facts = {.n = 0};
    enum bf_status status = r->instances_path ? read_facts(r, &facts, err) : BF_OK;
    const struct bf_neighbour_job job = {.topic = r->instances_path ? NULL : r->request->topic,
                                         .facts = (const char *const *)facts.items,
                                         .n_facts = facts.n,
                                         .taken = taken,
                                         .n_taken = n_taken,
                                         .seed = r->request->seed,
                                         .proceed = proceed};
    if (status == BF_OK)
        status = bf_neighbours_ask(s->engine, s->embedder == s->engine ? NULL : s->embedder, &job, found, err);
    facts_release(&facts);
    return status;
}

/* ---- requests ---- */

static enum bf_status add(struct bf_neighbour_requests *out, const struct bf_start_request *of, enum bf_role role,
                          const char *name, struct bf_err *err)
{
    struct bf_request *request = &out->added[out->n_added];
    struct bf_guard_source *guard = &out->guards[out->n_added];
    enum bf_status status = bf_neighbour_request(of->request, role, request, err);
    if (status != BF_OK)
        return status;
    out->n_added++; /* released with the others from here on */
    status = bf_request_set_topic(request, name, err);
    request->seed = bf_mix(request->seed, out->n_added);
    *guard = (struct bf_guard_source){.name = of->request->topic,
                                      .path = of->instances_path,
                                      .reason = BF_REASON_FORGET_OVERLAP,
                                      .options = of->instances_path ? &of->options : NULL};
    out->requests[out->n++] = (struct bf_start_request){
        .name = request->topic, .role = role, .request = request, .guards = guard, .n_guards = 1};
    return status;
}

/* The best one is kept, the second one is probed, and so on. */
static enum bf_status add_found(struct bf_neighbour_requests *out, const struct bf_neighbour_wish *wish,
                                const struct bf_start_request *of, const struct bf_neighbours *found, size_t n,
                                struct bf_err *err)
{
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < n && status == BF_OK; i++)
        status =
            add(out, of, wish->retain && i % 2 == 0 ? BF_ROLE_RETAIN : BF_ROLE_NEIGHBOUR, found->items[i].name, err);
    return status;
}

static enum bf_status make_of(struct bf_session *s, const struct bf_neighbour_wish *wish,
                              const struct bf_start_request *r, struct bf_neighbour_requests *out, struct bf_err *err)
{
    const size_t wanted = (size_t)wish->n * (wish->retain ? 2U : 1U);
    const char **taken = bf_array(2 * out->n, sizeof *taken);
    struct bf_neighbours found = {0};
    size_t n_taken = 0;
    for (size_t i = 0; i < out->n; i++) {
        if (!out->requests[i].instances_path)
            taken[n_taken++] = out->requests[i].request->topic;
        if (out->requests[i].name[0])
            taken[n_taken++] = out->requests[i].name;
    }
    enum bf_status status = ask(s, r, taken, n_taken, &found, err);
    size_t n = bf_neighbours_good(&found);
    n = n < wanted ? n : wanted;
    if (status == BF_OK && n > 0)
        log_found(s->log, r->request->topic, &found, n);
    if (status == BF_OK && n < wanted)
        status = too_few(s->log, wish, r->request->topic, n, wanted, err);
    if (status == BF_OK)
        status = add_found(out, wish, r, &found, n, err);
    bf_neighbours_release(&found);
    free(taken);
    return status;
}

enum bf_status bf_neighbour_requests_make(struct bf_session *s, const struct bf_neighbour_wish *wish,
                                          const struct bf_start_request *requests, size_t n, const bool *is_new,
                                          struct bf_neighbour_requests *out, struct bf_err *err)
{
    const size_t most = wish->n > 0 ? n * (size_t)wish->n * 2U : 0U;
    enum bf_status status = BF_OK;
    *out = (struct bf_neighbour_requests){.requests = bf_array(n + most, sizeof *out->requests),
                                          .n = n,
                                          .added = bf_array(most + 1, sizeof *out->added),
                                          .guards = bf_array(most + 1, sizeof *out->guards)};
    memcpy(out->requests, requests, n * sizeof *requests);
    bf_interrupt_install();
    for (size_t i = 0; i < n && wish->n > 0 && status == BF_OK; i++)
        if (requests[i].role == BF_ROLE_FORGET && (!is_new || is_new[i]))
            status = make_of(s, wish, &out->requests[i], out, err);
    return status;
}
