#include "cmd/start_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "engine/models.h"
#include "base/banned.h"

struct bf_opt *bf_start_table(struct bf_start_options *v, enum bf_kind kind, const char *default_out,
                              const struct bf_opt *own, size_t n_own)
{
    const struct bf_opt first[] = {
        {.name = "model",
         .letter = 'm',
         .type = BF_OPT_TEXT,
         .target = &v->model,
         .value = "FILE|NAME",
         .fallback = "the default of 'biforget models'",
         .help = "the target model, a GGUF file"},
        {.name = "output",
         .letter = 'o',
         .type = BF_OPT_TEXT,
         .target = &v->out,
         .value = "DIR",
         .fallback = default_out,
         .help = "the run folder, made by this command"},
    };
    const struct bf_opt last[] = {
        {.name = "embedder",
         .type = BF_OPT_TEXT,
         .target = &v->embedder,
         .value = "FILE|NAME|model",
         .fallback = "all-minilm-l6-v2 if installed, else model",
         .help = "measures diversity; 'model' = the target itself"},
        BF_OPT_JSON(&v->json, "the summary"),
        BF_OPT_QUIET(&v->quiet),
    };
    enum { N_FIRST = sizeof first / sizeof *first, N_LAST = sizeof last / sizeof *last };
    const size_t n_method = kind == BF_KIND_COUNT ? 0 : bf_method_option_count(kind);
    const size_t n_machine = bf_machine_option_count(true);
    struct bf_opt *table = bf_array(N_FIRST + n_own + n_method + n_machine + N_LAST + 1, sizeof *table);
    struct bf_opt *at = table;
    memcpy(at, first, sizeof first);
    at += N_FIRST;
    if (n_own > 0)
        memcpy(at, own, n_own * sizeof *own);
    at += n_own;
    if (n_method > 0)
        bf_method_options(&v->method, kind, at);
    at += n_method;
    bf_machine_options(&v->machine, true, at);
    at += n_machine;
    memcpy(at, last, sizeof last);
    return table;
}

/* What comes after the run, before anything is loaded. *wish: empty without --then. */
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
    enum bf_status status = check_then(v, dir, &wish, err);
    if (status == BF_OK) {
        const struct bf_start_values values = {.log = call->log,
                                               .json = v->json,
                                               .model = v->model,
                                               .embedder = v->embedder,
                                               .machine = v->machine,
                                               .then = wish.method ? &wish : NULL,
                                               .check_then = bf_then_check_options};
        status = bf_start(&values, kind, dir, requests, n, grow, err);
    }
    bf_then_wish_release(&wish);
    return status;
}
