#include "cmd/start_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "engine/models.h"
#include "base/banned.h"

struct bf_opt *bf_start_first(struct bf_start_options *v, const char *default_out)
{
    return BF_OPT_TABLE(BF_TEXT("model", &v->model, "FILE|NAME", "the target model, a GGUF file", .letter = 'm',
                                .fallback = "the default of 'biforget models'", .marks = BF_LAB),
                        BF_TEXT("output", &v->out, "DIR", "the run folder to create", .letter = 'o',
                                .fallback = default_out, .marks = BF_LAB));
}

struct bf_opt *bf_start_rest(struct bf_start_options *v, enum bf_kind kind, struct bf_opt *table)
{
    if (kind != BF_KIND_COUNT)
        table = bf_method_options(&v->method, kind, table);
    table = bf_machine_options(&v->machine, true, table);
    return BF_OPT_APPEND(table,
                         BF_TEXT("embedder", &v->embedder, "FILE|NAME|model",
                                 "measures diversity; 'model' = the target itself",
                                 .fallback = "all-minilm-l6-v2 if installed, else model", .rare = true),
                         BF_OPT_JSON(&v->json, "the summary"), BF_OPT_QUIET(&v->quiet));
}

enum { NEIGHBOURS_MOST = 32, NEIGHBOURS_USUAL = 2 };

struct bf_opt *bf_start_sets_options(struct bf_start_options *v, const char *what, struct bf_opt *table)
{
    v->neighbours = -1;
    table = BF_OPT_APPEND(table, BF_TEXT("retain-set", &v->retain_set, "SET", what, .marks = BF_LAB),
                          BF_WHOLE("neighbours", &v->neighbours, 0, NEIGHBOURS_MOST,
                                   "2 with --then or --retain-set auto, else 0",
                                   "domains like this one that the model names, for probes", .rare = true));
    return bf_then_options(&v->then, table);
}

static bool is_auto(const char *retain_set)
{
    return retain_set && strcmp(retain_set, "auto") == 0;
}

/* --then auto has the model write a retain set where none is given, and does without where it names no neighbour. */
static bool retains_by_itself(const struct bf_start_options *v, const struct bf_start_request *requests, size_t n)
{
    bool has_retain = v->retain_set;
    for (size_t i = 0; i < n; i++)
        has_retain |= requests[i].role == BF_ROLE_RETAIN;
    return is_auto(v->then.then) && !has_retain && v->neighbours != 0;
}

static struct bf_neighbour_wish neighbours_of(const struct bf_start_options *v, const struct bf_start_request *requests,
                                              size_t n_requests)
{
    const bool asked = is_auto(v->retain_set), given = v->neighbours >= 0;
    const bool retain = asked || retains_by_itself(v, requests, n_requests);
    const int64_t n = given ? v->neighbours : retain || v->then.then ? NEIGHBOURS_USUAL : 0;
    return (struct bf_neighbour_wish){.n = (int32_t)n, .retain = retain, .quiet = !given && !asked};
}

enum bf_status bf_start_sets(struct bf_start_options *v, const struct bf_start_request *requests, size_t n,
                             const char **domain, struct bf_err *err)
{
    const char *file = bf_guard_source_of(v->retain_set, BF_REASON_NONE).path;
    const bool named = v->retain_set && !file && !is_auto(v->retain_set);
    if (domain)
        *domain = named ? v->retain_set : NULL;
    else if (named)
        return bf_fail(err, BF_USAGE,
                       "'%s' is neither a file (with a slash, or an ending such as .txt or .jsonl) nor auto; give "
                       "--retain-set FILE or --retain-set auto",
                       v->retain_set);
    v->then.retain_file = file;
    v->then.run_retains = named || is_auto(v->retain_set) || retains_by_itself(v, requests, n);
    v->then.starts = true;
    for (size_t i = 0; i < n; i++) {
        v->then.run_retains |= requests[i].role == BF_ROLE_RETAIN;
        v->then.is_domain |= requests[i].request->kind != BF_KIND_INSTANCE;
    }
    return BF_OK;
}

/* Checks what is to come after the run, before anything is loaded. *wish: empty without --then. */
static enum bf_status check_then(const struct bf_start_options *v, const char *dir, struct bf_then_wish *wish,
                                 struct bf_err *err)
{
    char *model = NULL;
    if (v->then.then && v->machine.api)
        return bf_fail(
            err, BF_USAGE,
            "--then changes a model's file, and --api names a server; give the GGUF with -m, or leave --then "
            "out");
    enum bf_status status = v->then.then ? bf_model_path(v->model, &model, err) : BF_OK;
    if (status == BF_OK)
        status = bf_then_wish_from(&v->then, model, dir, wish, err);
    free(model);
    return status;
}

enum bf_status bf_start_with(const struct bf_call *call, const struct bf_start_options *v, const char *kind,
                             const char *dir, const struct bf_start_request *requests, size_t n, bool grow,
                             struct bf_err *err)
{
    struct bf_then_wish wish = {0};
    const struct bf_neighbour_wish neighbours = neighbours_of(v, requests, n);
    if (neighbours.retain && neighbours.n == 0)
        return bf_fail(err, BF_USAGE,
                       "--retain-set auto writes about as many domains as --neighbours says, which is 0; "
                       "give another number");
    enum bf_status status = v->then.then && !grow ? bf_start_check_new(dir, requests[0].request->topic, err) : BF_OK;
    if (status == BF_OK)
        status = check_then(v, dir, &wish, err);
    if (status == BF_OK) {
        const struct bf_start_values values = {.log = call->log,
                                               .json = v->json,
                                               .model = v->model,
                                               .embedder = v->embedder,
                                               .machine = v->machine,
                                               .neighbours = neighbours,
                                               .then = wish.method ? &wish : NULL,
                                               .check_then = bf_then_check_options};
        status = bf_start(&values, kind, dir, requests, n, grow, err);
    }
    bf_then_wish_release(&wish);
    return status;
}
