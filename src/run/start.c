/* Starting a run. Everything that can be refused is checked before a model is loaded, and the store appears only when
 * models and requests suit each other, so that a failed start leaves no folder.
 *
 *  - begin: templates, files of instances and options are checked, then the models are opened, then the store is
 *    created with requests, originals and guards (fill, in one transaction).
 *  - grow_run: the same for an existing run, whose record names the models; it gets the requests that it lacks.
 *  - bf_start: chooses between the two, or shows a run that is finished. The work after the run is noted
 *    (bf_then_begin) before the first sample, so that `resume` knows of it. Samples (bf_session_work), sets and the
 *    report follow. The store is closed before the commands of `--then` start, since they open it themselves.
 */
#include "run/start.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/output.h"
#include "base/print.h"
#include "base/utf8.h"
#include "base/version.h"
#include "engine/models.h"
#include "request/template.h"
#include "run/report_write.h"
#include "run/start_same.h"
#include "base/banned.h"

/* ---- the name of a run's folder ---- */

/* Punctuation in which two topics hardly ever differ. Other characters that a folder's name cannot hold (C++, C#,
 * letters beyond ASCII) go into a hash. */
static bool is_small(uint32_t cp)
{
    return cp < 0x80 ? cp == ' ' || strchr("-'\"`.,;:!?()[]/&_", (int)cp)
                     : bf_utf8_is_space(cp) || (cp >= 0x2010 && cp <= 0x2026);
}

char *bf_start_dir(const char *prefix, const char *text)
{
    struct bf_buf name;
    const size_t n = strlen(text);
    bool lossy = false;
    bf_buf_init(&name, 160);
    bf_buf_printf(&name, "runs/%s", prefix);
    const size_t start = name.len;
    for (size_t i = 0; i < n;) {
        uint32_t cp = 0xfffd;
        const size_t length = bf_utf8_decode(text + i, n - i, &cp);
        const bool fits = name.len < 64;
        i += length ? length : 1;
        if (cp < 0x80 && isalnum((int)cp)) {
            lossy |= !fits;
            if (fits)
                bf_buf_putc(&name, (char)tolower((int)cp));
        } else {
            lossy |= !is_small(cp);
            if (fits && name.len > start && name.data[name.len - 1] != '-')
                bf_buf_putc(&name, '-');
        }
    }
    while (name.len > start && name.data[name.len - 1] == '-')
        name.data[--name.len] = 0;
    if (name.len == start)
        bf_buf_printf(&name, "topic-%08x", (unsigned)bf_hash64(text, n));
    else if (lossy)
        bf_buf_printf(&name, "-%08x", (unsigned)bf_hash64(text, n));
    return bf_buf_take(&name);
}

/* ---- writing requests into the store ---- */

struct filling {
    struct bf_session *session;
    const struct bf_start_request *requests;
    size_t n;
    size_t first; /* earlier requests exist already (by bf_store_create) */
    int64_t n_added;
    int64_t first_id; /* of requests[0] when first > 0 */
};

static enum bf_status add_originals(struct bf_store *store, const struct bf_start_request *r, struct bf_log *log,
                                    struct bf_err *err)
{
    struct bf_instance_file *file = NULL;
    int64_t n = 0;
    int64_t n_twice = 0;
    enum bf_status status = bf_instance_file_open(r->instances_path, &r->options, &file, err);
    for (bool more = true; status == BF_OK && more;) {
        struct bf_instance instance;
        status = bf_instance_file_next(file, &instance, &more, err);
        if (status != BF_OK || !more)
            break;
        const struct bf_original original = {instance.text, instance.question, instance.answer};
        bool added = false;
        status = bf_store_add_original(store, n, instance.line, &original, &added, err);
        n += added;
        n_twice += !added;
    }
    if (status == BF_OK) {
        const struct bf_instance_stats *stats = bf_instance_file_stats(file);
        bf_log_info(log, "%s: %lld original%s, %lld of them with question and answer", r->instances_path, (long long)n,
                    n == 1 ? "" : "s", (long long)stats->n_pairs);
        if (n_twice > 0)
            bf_log_warn(log, "%s: %lld record%s left out: duplicate text", r->instances_path, (long long)n_twice,
                        n_twice == 1 ? "" : "s");
        if (stats->n_bad > 0)
            bf_log_warn(log, "%s: %lld bad record%s left out; the first: %s", r->instances_path,
                        (long long)stats->n_bad, stats->n_bad == 1 ? "" : "s", stats->first_bad);
    }
    bf_instance_file_close(file);
    return status;
}

static enum bf_status add_parts(struct filling *f, struct bf_store *store, const struct bf_start_request *r, int64_t id,
                                struct bf_err *err)
{
    enum bf_status status = BF_OK;
    bf_store_select(store, id);
    if (r->instances_path)
        status = add_originals(store, r, f->session->log, err);
    if (status == BF_OK)
        status = bf_add_guards(store, f->session->embedder, r->guards, r->n_guards, err);
    return status;
}

static enum bf_status fill(void *user, struct bf_store *store, struct bf_err *err)
{
    struct filling *f = user;
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < f->n && status == BF_OK; i++) {
        const struct bf_start_request *r = &f->requests[i];
        int64_t id = 1;
        if (i >= f->first) {
            status = bf_store_find_request(store, r->name, &id, err);
            if (status != BF_OK || id > 0)
                continue; /* a run that grows already has it */
            json_t *json = bf_request_to_json(r->request);
            char *text = bf_json_dump(json);
            const struct bf_request_entry entry = {
                .name = r->name, .kind = r->request->kind, .role = r->role, .json = text};
            status = bf_store_add_request(store, &entry, &id, err);
            json_decref(json);
            free(text);
        }
        if (status == BF_OK)
            status = add_parts(f, store, r, id, err);
        f->n_added += status == BF_OK;
    }
    bf_store_select(store, 0);
    return status;
}

static enum bf_status create_store(struct bf_session *s, const struct bf_machine_values *machine, const char *kind,
                                   const char *dir, const struct bf_start_request *requests, size_t n,
                                   struct bf_err *err)
{
    json_t *request_json = bf_request_to_json(requests[0].request);
    char *request = bf_json_dump(request_json);
    char *templates = bf_json_dump(s->templates.json);
    char *engine = bf_session_engine_json(s, machine);
    const struct bf_run run = {
        .kind = kind,
        .request_name = requests[0].name,
        .request_kind = bf_kind_word(requests[0].request->kind),
        .request_json = request,
        .templates_json = templates,
        .templates_sha256 = s->templates.sha256,
        .model_path = s->model_path,
        .model_sha256 = s->model_sha256,
        .model_desc = bf_engine_info(s->engine)->model_desc,
        .embedder_path = s->embedder_path,
        .embedder_sha256 = s->embedder_sha256,
        .engine_json = engine,
        .program_version = BF_VERSION,
    };
    struct filling filling = {.session = s, .requests = requests, .n = n, .first = 1};
    enum bf_status status = bf_store_create_filled(dir, &run, &s->templates, &filling, fill, &s->store, err);
    json_decref(request_json);
    free(request);
    free(templates);
    free(engine);
    return status;
}

/* ---- starting ---- */

/* Before anything is loaded: check that files can be read and that the templates suit the request. */
static enum bf_status check_requests(struct bf_session *s, const struct bf_start_request *requests, size_t n,
                                     int64_t *longest, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    *longest = 0;
    for (size_t i = 0; i < n && status == BF_OK; i++) {
        struct bf_instance_stats stats = {.n_good = 0};
        status = bf_template_set_serves(&s->templates, requests[i].request->kind, err);
        if (status == BF_OK && requests[i].instances_path) {
            status = bf_instance_file_check(requests[i].instances_path, &requests[i].options, &stats, err);
            *longest = stats.longest > *longest ? stats.longest : *longest;
        }
    }
    return status;
}

/* The requests of neighbours come after the model is open, which has to have room for them. */
static int32_t context_of_neighbour(const struct bf_session *s, const struct bf_request *of)
{
    enum { ASKING_TOKENS = 400 };
    char longest[BF_POINT_MAX_BYTES + 1];
    struct bf_request request;
    memset(longest, 'x', BF_POINT_MAX_BYTES);
    longest[BF_POINT_MAX_BYTES] = 0;
    int32_t needed = ASKING_TOKENS;
    if (bf_neighbour_request(of, BF_ROLE_RETAIN, &request, NULL) != BF_OK)
        return needed;
    if (bf_request_set_topic(&request, longest, NULL) == BF_OK) {
        const int32_t one = bf_synth_context_estimate(&request, &s->templates, 0);
        needed = one > needed ? one : needed;
    }
    bf_request_release(&request);
    return needed;
}

static int32_t context_of(const struct bf_session *s, const struct bf_start_values *v,
                          const struct bf_start_request *requests, size_t n, int64_t longest)
{
    int32_t most = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t one = bf_synth_context_estimate(requests[i].request, &s->templates, longest);
        most = one > most ? one : most;
        one = v->neighbours.n > 0 && requests[i].role == BF_ROLE_FORGET ? context_of_neighbour(s, requests[i].request)
                                                                        : 0;
        most = one > most ? one : most;
    }
    return most;
}

/* The largest top_k of the requests. */
static int32_t top_k_of(const struct bf_start_request *requests, size_t n)
{
    int32_t most = 0;
    for (size_t i = 0; i < n; i++)
        most = requests[i].request->top_k > most ? requests[i].request->top_k : most;
    return most;
}

static enum bf_status serves_all(const struct bf_session *s, const struct bf_start_request *requests, size_t n,
                                 struct bf_err *err)
{
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < n && status == BF_OK; i++)
        status = bf_session_serves(s, requests[i].request, err);
    return status;
}

/* Hidden states of one model are close together: docs/results-rewriting.md has the numbers. */
static void warn_of_weak_check(const struct bf_session *s, const struct bf_start_request *requests, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct bf_request *r = requests[i].request;
        if (r->kind == BF_KIND_INSTANCE && r->model_embedder && r->min_similarity > 0 && r->min_similarity < 0.85) {
            bf_log_warn(
                s->log,
                "the model embeds its own texts, so a --min-similarity of %.2f rejects hardly anything; an --embedder "
                "checks meaning better, or give 0.85",
                r->min_similarity);
            return;
        }
    }
}

/* A neighbour is a domain, whose prompts a user's own templates may lack. */
static enum bf_status check_neighbours(struct bf_session *s, struct bf_neighbour_wish *wish, struct bf_err *err)
{
    struct bf_err why = BF_ERR_INIT;
    if (wish->n == 0 || bf_template_set_serves(&s->templates, BF_KIND_DOMAIN, &why) == BF_OK)
        return BF_OK;
    if (!wish->quiet)
        return bf_fail(err, BF_INPUT, "neighbours are domains: %s", why.text);
    bf_log_warn(s->log, "no neighbour is asked for: %s", why.text);
    wish->n = 0;
    return BF_OK;
}

static enum bf_status begin(struct bf_session *s, const struct bf_start_values *given, const char *kind,
                            const char *dir, const struct bf_start_request *requests, size_t n, struct bf_err *err)
{
    int64_t longest = 0;
    struct bf_start_values values = *given;
    const struct bf_start_values *v = &values;
    struct bf_neighbour_requests all = {0};
    values.machine.api_top_k = top_k_of(requests, n);
    if (v->machine.api && v->model)
        return bf_fail(err, BF_USAGE, "-m and --api exclude each other; give the file or the server");
    enum bf_status status = bf_template_set_load(requests[0].request->templates, &s->templates, err);
    if (status == BF_OK)
        status = check_requests(s, requests, n, &longest, err);
    if (status == BF_OK)
        status = check_neighbours(s, &values.neighbours, err);
    if (status == BF_OK && v->machine.api)
        s->model_path = bf_strdup(v->machine.api);
    else if (status == BF_OK)
        status = bf_model_path(v->model, &s->model_path, err);
    if (status == BF_OK)
        status = bf_session_embedder_path(v->embedder, &s->embedder_path, err);
    if (status == BF_OK)
        status = bf_session_open_models(s, &v->machine, context_of(s, v, requests, n, longest), err);
    for (size_t i = 0; i < n && status == BF_OK; i++)
        requests[i].request->model_embedder = s->embedder_path[0] == 0;
    if (status == BF_OK)
        warn_of_weak_check(s, requests, n);
    if (status == BF_OK)
        status = serves_all(s, requests, n, err);
    if (status == BF_OK)
        status = bf_neighbour_requests_make(s, &v->neighbours, requests, n, NULL, &all, err);
    if (status == BF_OK)
        status = create_store(s, &v->machine, kind, dir, all.requests, all.n, err);
    bf_neighbour_requests_release(&all);
    return status;
}

/* Is it the same request again, or another one of the same name? */
static enum bf_status check_same(struct bf_store *store, const struct bf_start_request *r, int64_t id,
                                 struct bf_err *err)
{
    bool same = false;
    const enum bf_status status = bf_start_same_request(store, r, id, &same, err);
    if (status != BF_OK || same)
        return status;
    return bf_fail(err, BF_INPUT,
                   "the run has a request named '%s' with other settings, and its samples stay as they are; give "
                   "the new request another \"name\"",
                   r->name);
}

/* What remains to be done in an existing run: new requests (is_new [n]), and unfinished ones. */
static enum bf_status count_left(struct bf_store *store, const struct bf_start_request *requests, size_t n,
                                 bool *is_new, int64_t *left, struct bf_err *err)
{
    struct bf_request_entry entry = {.id = 0};
    enum bf_status status = BF_OK;
    *left = 0;
    for (size_t i = 0; i < n && status == BF_OK; i++) {
        int64_t id;
        requests[i].request->model_embedder = bf_store_run(store)->embedder_path[0] == 0;
        status = bf_store_find_request(store, requests[i].name, &id, err);
        is_new[i] = status == BF_OK && id == 0;
        if (is_new[i])
            (*left)++;
        else if (status == BF_OK)
            status = check_same(store, &requests[i], id, err);
    }
    while (bf_store_next_request(store, &entry, &status, err))
        *left += !entry.finished;
    return status;
}

static enum bf_status extend(struct bf_session *s, const struct bf_start_values *v, const char *dir,
                             const struct bf_start_request *requests, size_t n, const bool *is_new, struct bf_err *err)
{
    struct bf_neighbour_requests all = {0};
    enum bf_status status = bf_neighbour_requests_make(s, &v->neighbours, requests, n, is_new, &all, err);
    struct filling filling = {.session = s, .requests = all.requests, .n = all.n};
    if (status == BF_OK)
        status = bf_store_extend(s->store, &filling, fill, err);
    if (status == BF_OK)
        bf_log_info(s->log, "%lld new request%s in '%s'", (long long)filling.n_added, filling.n_added == 1 ? "" : "s",
                    dir);
    bf_neighbour_requests_release(&all);
    return status;
}

/* Add new requests to an existing run. *left is 0 when nothing remains to be done; then no model is open. is_new [n] is
 * filled. */
static enum bf_status grow_run(struct bf_session *s, const struct bf_start_values *given, const char *dir,
                               const struct bf_start_request *requests, size_t n, bool *is_new, int64_t *left,
                               struct bf_err *err)
{
    int64_t longest = 0;
    struct bf_start_values values = *given;
    const struct bf_start_values *v = &values;
    enum bf_status status = bf_store_open(dir, BF_STORE_WRITE, &s->store, err);
    if (status == BF_OK && strcmp(bf_store_run(s->store)->kind, "run") != 0)
        return bf_fail(err, BF_STORE,
                       "'%s' is a run of one request (%s); give a folder that 'biforget run' made, or a new one", dir,
                       bf_store_run(s->store)->kind);
    if (status == BF_OK)
        status = bf_template_set_parse(bf_store_run(s->store)->templates_json,
                                       strlen(bf_store_run(s->store)->templates_json), "the run's templates",
                                       &s->templates, err);
    if (status == BF_OK)
        status = count_left(s->store, requests, n, is_new, left, err);
    if (status != BF_OK || *left == 0)
        return status;
    status = check_requests(s, requests, n, &longest, err);
    if (status == BF_OK)
        status = check_neighbours(s, &values.neighbours, err);
    if (status != BF_OK)
        return status;
    values.machine.api_top_k = top_k_of(requests, n);
    if (v->machine.context == 0)
        values.machine.context = context_of(s, v, requests, n, longest);
    status = bf_continue(s, &v->machine, v->model, v->embedder, err);
    if (status == BF_OK)
        status = serves_all(s, requests, n, err);
    return status == BF_OK ? extend(s, v, dir, requests, n, is_new, err) : status;
}

/* Name the run's topic: the user hardly meant to resume a run of another topic. */
static enum bf_status fail_taken(const char *dir, const char *topic, struct bf_err *err)
{
    struct bf_store *store = NULL;
    struct bf_err ignored = BF_ERR_INIT;
    json_t *request = NULL;
    if (bf_store_open(dir, BF_STORE_READ, &store, &ignored) == BF_OK) {
        const char *text = bf_store_run(store)->request_json;
        if (bf_json_parse(text, strlen(text), "request", &request, &ignored) != BF_OK)
            request = NULL;
    }
    const char *theirs = json_string_value(json_object_get(request, "topic"));
    enum bf_status status;
    if (theirs && topic && strcmp(theirs, topic) != 0)
        status =
            bf_fail(err, BF_STORE, "'%s' already holds a run, of '%s'; choose another folder with -o", dir, theirs);
    else
        status =
            bf_fail(err, BF_STORE,
                    "'%s' already holds a run; resume it with: biforget resume %s, or choose another folder with -o",
                    dir, BF_SHELL_WORD(dir));
    json_decref(request);
    bf_store_close(store);
    return status;
}

enum bf_status bf_start_check_new(const char *dir, const char *topic, struct bf_err *err)
{
    const struct bf_output output = {dir, BF_OUTPUT_FOLDER, NULL, 0};
    char *database = bf_path_join(dir, "run.db");
    const bool taken = bf_file_exists(database);
    free(database);
    return taken ? fail_taken(dir, topic, err) : bf_output_check(&output, err);
}

enum bf_status bf_start(const struct bf_start_values *v, const char *kind, const char *dir,
                        const struct bf_start_request *requests, size_t n, bool grow, struct bf_err *err)
{
    struct bf_session s = {.log = v->log};
    char *database = bf_path_join(dir, "run.db");
    const bool taken = bf_file_exists(database);
    enum bf_status status;
    free(database);
    const bool done = taken && !grow && bf_start_is_done(dir, v, kind, requests, n);
    if (taken && !grow && !done)
        return fail_taken(dir, requests[0].request->topic, err);
    int64_t left = done ? 0 : 1;
    const struct bf_output output = {dir, BF_OUTPUT_FOLDER, NULL, 0};
    char *model = NULL;
    bool *is_new = bf_array(n + 1, sizeof *is_new);
    status = bf_output_check(&output, err);
    if (status == BF_OK && done)
        status = bf_store_open(dir, BF_STORE_WRITE, &s.store, err);
    else if (status == BF_OK)
        status =
            taken ? grow_run(&s, v, dir, requests, n, is_new, &left, err) : begin(&s, v, kind, dir, requests, n, err);
    if (status == BF_OK && v->then) {
        model = bf_strdup(s.model_path ? s.model_path : bf_store_run(s.store)->model_path);
        status = bf_then_begin(dir, v->then, v->check_then, err);
    }
    if (status == BF_OK && left > 0) {
        status = bf_session_work(&s, err);
        if (status == BF_OK && !(v->then && v->json))
            status = bf_session_print(s.store, v->json, 5, err);
    } else if (status == BF_OK) {
        bf_log_info(v->log, "'%s' is already finished; see its texts with: biforget show %s", dir, BF_SHELL_WORD(dir));
        status = bf_session_write_sets(s.store, err);
        if (status == BF_OK)
            bf_report_at_end(s.store, NULL, true, v->log, &s.report);
        if (status == BF_OK)
            status = bf_session_print(s.store, v->json, 0, err);
    }
    const struct bf_err report = s.report;
    bf_session_release(&s);
    if (status == BF_OK && v->then) {
        const struct bf_then_job job = {dir, model, v->machine.threads, v->machine.gpu_layers, v->log, v->check_then};
        if (!v->json)
            bf_print(stdout, "\n");
        status = bf_then_conclude(&job, v->json, err); /* which writes the page again */
    } else {
        status = bf_report_outcome(status, &report, err);
    }
    free(is_new);
    free(model);
    return status;
}
