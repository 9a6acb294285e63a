/* The work on a run: read requests from the store, write samples into it, show progress. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/print.h"
#include "base/url.h"
#include "base/interrupt.h"
#include "run/progress_line.h"
#include "run/report_write.h"
#include "run/session.h"
#include "export/export.h"
#include "report/report.h"
#include "base/banned.h"

struct work;

/* A request that is being worked on; lives from `next` to `done`. */
struct under_way {
    struct work *work;
    int64_t id;
    struct bf_request request;
    struct bf_replay replay;
    struct bf_guard *guards;
    size_t n_guards;
    struct bf_originals originals;
    struct under_way *later;
};

struct work {
    struct bf_session *session;
    struct bf_progress_line line;
    int64_t next_id;
    struct under_way *open;
    int64_t n_requests;
};

static void release(struct under_way *u)
{
    bf_store_replay_close(&u->replay);
    bf_guards_free(u->guards, u->n_guards);
    bf_request_release(&u->request);
    free(u);
}

/* ---- what the method needs from the store ---- */

static struct bf_store *store_of(struct under_way *u)
{
    bf_store_select(u->work->session->store, u->id);
    return u->work->session->store;
}

/* A round of points has several questions; a list of the textbook is one. */
static void log_points(struct bf_log *log, const struct bf_commit *commit, const char *names)
{
    const struct bf_sample *sample = &commit->items[0].sample;
    const char *origin = commit->points[0].origin;
    if (sample->stage == BF_STAGE_POINTS && origin &&
        strncmp(origin, BF_ORIGIN_SNOWBALL, strlen(BF_ORIGIN_SNOWBALL)) == 0)
        bf_log_info(log, "points out of kept texts: %s", names);
    else if (sample->stage == BF_STAGE_POINTS)
        bf_log_info(log, "points, round %d: %s", (int)commit->points[0].round + 1, names);
    else
        bf_log_info(log, "%s, list %lld: %s", sample->stage == BF_STAGE_SUBFIELDS ? "subfields" : "bullet points",
                    (long long)sample->index + 1, names);
}

static enum bf_status on_commit(void *user, const struct bf_commit *commit, struct bf_err *err)
{
    struct under_way *u = user;
    struct bf_log *log = u->work->session->log;
    enum bf_status status = bf_store_commit_all(store_of(u), commit, err);
    if (status == BF_OK && commit->n_points > 0 && u->work->n_requests == 1 && !log->quiet) {
        struct bf_buf text;
        bf_buf_init(&text, 1 << 16);
        for (size_t i = 0; i < commit->n_points; i++)
            bf_buf_printf(&text, "%s%s", i ? ", " : "", commit->points[i].text);
        log_points(log, commit, text.data);
        bf_buf_release(&text);
    }
    return status;
}

static enum bf_status on_answer(void *user, const struct bf_pending *pending, struct bf_err *err)
{
    return bf_store_keep_answer(store_of(user), pending, err);
}

static enum bf_status get_original(void *user, int64_t index, struct bf_original *out, struct bf_err *err)
{
    return bf_store_original(store_of(user), index, out, err);
}

static enum bf_status kept_of_original(void *user, int64_t index, void *to,
                                       void (*each)(void *to, const struct bf_sample *sample), struct bf_err *err)
{
    return bf_store_kept_of_original(store_of(user), index, to, each, err);
}

/* ---- requests ---- */

static enum bf_status load_request(const struct bf_request_entry *entry, struct bf_request *out, struct bf_err *err)
{
    json_t *json = NULL;
    enum bf_status status = bf_json_parse(entry->json, strlen(entry->json), "the run's request", &json, err);
    if (status == BF_OK)
        status = bf_request_from_json(json, out, err);
    json_decref(json);
    return status;
}

static enum bf_status next_task(void *user, struct bf_task *task, bool *more, struct bf_err *err)
{
    struct work *w = user;
    struct bf_store *store = w->session->store;
    struct bf_request_entry entry;
    *more = false;
    do {
        enum bf_status status = bf_store_request(store, w->next_id, &entry, NULL, err);
        if (status != BF_OK || entry.id == 0)
            return status;
        w->next_id = entry.id + 1;
    } while (entry.finished || entry.kind == BF_KIND_IMPORT);

    struct under_way *u = bf_alloc(sizeof *u);
    u->work = w;
    u->id = entry.id;
    enum bf_status status = load_request(&entry, &u->request, err);
    if (status == BF_OK)
        status = bf_session_serves(w->session, &u->request, err);
    bf_store_select(store, u->id);
    if (status == BF_OK)
        status = bf_store_guards(store, bf_engine_info(w->session->embedder)->n_embd, &u->guards, &u->n_guards, err);
    int64_t longest = 0;
    if (status == BF_OK)
        status = bf_store_measure_originals(store, &u->originals.n, &longest, err);
    if (status == BF_OK)
        status = bf_store_replay(store, &u->replay, err);
    if (status != BF_OK) {
        release(u);
        return status;
    }
    u->originals.user = u;
    u->originals.get = get_original;
    u->originals.kept = kept_of_original;
    u->later = w->open;
    w->open = u;
    *task = (struct bf_task){
        .id = u->id,
        .request = &u->request,
        .sink = {u, on_commit, on_answer},
        .replay = &u->replay,
        .guards = u->guards,
        .n_guards = u->n_guards,
        .originals = u->originals.n > 0 ? &u->originals : NULL,
    };
    *more = true;
    return BF_OK;
}

/* Add this process's share to the request's state. */
static enum bf_status save_state(struct bf_store *store, const struct bf_progress *p, struct bf_err *err)
{
    struct bf_run_state state;
    enum bf_status status = bf_store_state(store, &state, err);
    if (status != BF_OK)
        return status;
    state.finished = p->finished;
    state.stop = p->stop;
    state.generated_tokens += p->generated_tokens;
    state.generate_seconds += p->generate_seconds;
    state.wall_seconds += p->wall_seconds;
    state.knowledge = p->knowledge;
    return bf_store_set_state(store, &state, err);
}

/* Also after a failure: the state so far is the request's state. */
static enum bf_status on_done(void *user, int64_t id, const struct bf_progress *progress, struct bf_err *err)
{
    struct work *w = user;
    struct under_way **at = &w->open;
    while (*at && (*at)->id != id)
        at = &(*at)->later;
    if (!*at)
        return BF_OK;
    struct under_way *u = *at;
    *at = u->later;
    enum bf_status status = save_state(store_of(u), progress, err);
    release(u);
    return status;
}

static bool on_progress(void *user, const struct bf_progress *progress)
{
    struct work *w = user;
    bf_progress_line_show(&w->line, progress);
    return !bf_interrupted();
}

/* With BIFORGET_TIMES set, report where the time went; bench/ reads it. */
static void print_times(const struct bf_session *s, const struct bf_progress *p)
{
    if (!getenv("BIFORGET_TIMES"))
        return;
    const struct bf_gen_stats *e = &p->engine;
    bf_print(stderr,
             "times: {\"elapsed\": %.3f, \"decode\": %.3f, \"sample\": %.3f, \"embed\": %.3f, \"filter\": %.3f, "
             "\"store\": %.3f, \"steps\": %lld, \"answers\": %lld, \"tokens\": %lld, \"prompt_tokens\": %lld, "
             "\"shared_tokens\": %lld, \"list_seconds\": %.3f, \"list_tokens\": %lld, \"parallel\": %d}\n",
             p->elapsed_seconds, e->decode_seconds, e->sample_seconds, p->embed_seconds, p->filter_seconds,
             p->sink_seconds, (long long)e->n_steps, (long long)e->n_answers, (long long)e->n_generated_tokens,
             (long long)e->n_prompt_tokens, (long long)e->n_shared_tokens, p->list_seconds, (long long)p->list_tokens,
             bf_engine_info(s->engine)->n_parallel);
}

static enum bf_status count_open(struct bf_store *store, int64_t *n, struct bf_err *err)
{
    struct bf_request_entry entry = {.id = 0};
    enum bf_status status = BF_OK;
    *n = 0;
    while (bf_store_next_request(store, &entry, &status, err))
        *n += !entry.finished && entry.kind != BF_KIND_IMPORT;
    return status;
}

/* In the order of the requests: a text that a later request shares with an earlier one counts once. */
static enum bf_status link_duplicates(struct bf_store *store, struct bf_err *err)
{
    struct bf_request_entry entry = {.id = 0};
    enum bf_status status = BF_OK;
    while (bf_store_next_request(store, &entry, &status, err)) {
        bf_store_select(store, entry.id);
        if (entry.id > 1)
            status = bf_store_link_duplicates(store, err);
    }
    bf_store_select(store, 0);
    return status;
}

/* Of a forget set: what is held out of a retain set is in no file. */
static enum bf_status has_held_out(struct bf_store *store, bool *has, struct bf_err *err)
{
    const struct bf_query query = {.variant = "both",
                                   .by_role = true,
                                   .role = BF_ROLE_FORGET,
                                   .pairs = BF_PAIRS_HELD_OUT,
                                   .distinct = true,
                                   .limit = 1};
    struct bf_cursor *cursor = NULL;
    struct bf_row row;
    *has = false;
    bf_store_select(store, 0);
    enum bf_status status = bf_store_query(store, &query, &cursor, err);
    if (status == BF_OK)
        status = bf_cursor_next(cursor, &row, has, err);
    bf_cursor_close(cursor);
    return status;
}

static enum bf_status has_verified_neighbour(struct bf_store *store, bool *has, struct bf_err *err)
{
    struct bf_request_entry entry = {.id = 0};
    enum bf_status status = BF_OK;
    *has = false;
    while (bf_store_next_request(store, &entry, &status, err)) {
        struct bf_counts counts = {0};
        if (entry.role != BF_ROLE_NEIGHBOUR)
            continue;
        bf_store_select(store, entry.id);
        status = bf_store_counts(store, &counts, err);
        *has = *has || counts.kept[BF_STAGE_PAIRS] > 0;
    }
    bf_store_select(store, 0);
    return status;
}

/* Texts about what the model does not know teach it inventions, and questions about it probe nothing. */
static enum bf_status warn_of_unknown(struct bf_store *store, struct bf_log *log, struct bf_err *err)
{
    enum { ENOUGH = 4, SHARE = 4 };
    struct bf_request_entry entry = {.id = 0};
    enum bf_status status = BF_OK;
    while (bf_store_next_request(store, &entry, &status, err)) {
        struct bf_run_state state;
        if (entry.role == BF_ROLE_FORGET || entry.kind != BF_KIND_DOMAIN)
            continue;
        bf_store_select(store, entry.id);
        status = bf_store_state(store, &state, err);
        const struct bf_knowledge_check *k = &state.knowledge;
        if (status == BF_OK && k->n_questions >= ENOUGH && k->n_verified * SHARE < k->n_questions)
            bf_log_warn(log,
                        "the model gives the same answer twice to only %lld of %lld questions about '%s', so it hardly "
                        "knows it; %s",
                        (long long)k->n_verified, (long long)k->n_questions, entry.name,
                        entry.role == BF_ROLE_RETAIN
                            ? "before you train with this retain set, give a domain that it knows with --retain-set "
                              "DOMAIN, or texts with --retain-set FILE"
                            : "few neighbours are probed");
    }
    bf_store_select(store, 0);
    return status;
}

static enum bf_status write_set(struct bf_store *store, const char *name, enum bf_role role, enum bf_pair_use pairs,
                                struct bf_err *err)
{
    char *path = bf_path_join(bf_store_dir(store), name);
    const struct bf_export_options options = {
        .format = "jsonl", .variant = "both", .role = role, .pairs = pairs, .inside = true};
    enum bf_status status = bf_export(store, &options, path, NULL, err);
    free(path);
    return status;
}

enum bf_status bf_session_write_sets(struct bf_store *store, struct bf_err *err)
{
    enum bf_status status = link_duplicates(store, err);
    for (int role = 0; role < BF_ROLE_TRAINED && status == BF_OK; role++) {
        bool has = role == BF_ROLE_FORGET;
        if (!has)
            status = bf_store_has_role(store, (enum bf_role)role, &has, err);
        if (status != BF_OK || !has)
            continue;
        char name[32];
        snprintf(name, sizeof name, "%s.jsonl", bf_role_word((enum bf_role)role));
        status = write_set(store, name, (enum bf_role)role, BF_PAIRS_TRAIN, err);
    }
    bool held_out = false;
    if (status == BF_OK)
        status = has_held_out(store, &held_out, err);
    if (status == BF_OK && held_out)
        status = write_set(store, BF_PROBES_FILE, BF_ROLE_FORGET, BF_PAIRS_HELD_OUT, err);
    bool probed = false;
    if (status == BF_OK)
        status = has_verified_neighbour(store, &probed, err);
    if (status == BF_OK && probed)
        status = write_set(store, BF_NEIGHBOURS_FILE, BF_ROLE_NEIGHBOUR, BF_PAIRS_ALONE, err);
    return status;
}

enum bf_status bf_session_print(struct bf_store *store, bool json, int n_examples, struct bf_err *err)
{
    if (!json)
        return bf_report_text(store, n_examples, stdout, err);
    json_t *summary = NULL;
    enum bf_status status = bf_report_json(store, &summary, err);
    if (status != BF_OK)
        return status;
    char *text = bf_json_dump(summary);
    bf_print_json(stdout, text);
    free(text);
    json_decref(summary);
    return BF_OK;
}

enum bf_status bf_session_work(struct bf_session *s, struct bf_err *err)
{
    struct work work = {.session = s, .next_id = 1};
    bf_progress_line_init(&work.line, s->log);
    bf_interrupt_install();
    enum bf_status status = count_open(s->store, &work.n_requests, err);
    if (status != BF_OK)
        return status;
    const struct bf_task_source source = {
        .user = &work,
        .n_tasks = work.n_requests,
        .next = next_task,
        .done = on_done,
        .progress = on_progress,
    };
    struct bf_progress progress;
    status = bf_synth_run(&source, &s->templates, s->engine, s->embedder, &progress, err);
    bf_log_live_end(s->log);
    print_times(s, &progress);
    bf_store_select(s->store, 0);
    if (status == BF_INTERRUPTED) {
        char *server =
            s->api && bf_machine_api_key() ? bf_url_shown(s->model_path) : NULL; /* the user has to repeat it */
        status = bf_fail(
            err, BF_INTERRUPTED, "interrupted; everything so far is saved, resume it with: biforget resume %s%s%s",
            BF_SHELL_WORD(bf_store_dir(s->store)), server ? " --api " : "", server ? BF_SHELL_WORD(server) : "");
        free(server);
        return status;
    }
    if (status == BF_OK)
        status = bf_session_write_sets(s->store, err);
    if (status == BF_OK)
        status = warn_of_unknown(s->store, s->log, err);
    if (status == BF_OK)
        bf_report_at_end(s->store, s->embedder, false, s->log, &s->report);
    return status;
}
