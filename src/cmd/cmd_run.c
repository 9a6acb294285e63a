#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/shared_options.h"
#include "cmd/start_options.h"
#include "request/request_file.h"
#include "base/banned.h"

struct run_values {
    struct bf_start_options start;
    const char *profile, *templates;
    bool skip_bad;
};

static struct bf_opt *run_options(void *target)
{
    struct run_values *v = target;
    v->profile = "quick";
    v->templates = "default";
    struct bf_opt *table = bf_start_first(&v->start, "runs/NAME of the file");
    table = BF_OPT_APPEND(table,
                          BF_CHOICE("profile", &v->profile, bf_profile_choices,
                                    "profile of requests that do not name one", .letter = 'p', .fallback = "quick"),
                          BF_TEXT("templates", &v->templates, "NAME|FILE",
                                  "prompt set of all requests: 'default' or a JSON file", .fallback = "default",
                                  .rare = true),
                          BF_FLAG("skip-bad", &v->skip_bad, "leave out instances that cannot be read"));
    table = bf_start_sets_options(&v->start, "what to keep: a file of texts, or auto", table);
    return bf_start_rest(&v->start, BF_KIND_COUNT, table);
}

/* A retain request, or a neighbour, keeps away from every domain that the file forgets, a forget request from what its
 * line names. */
static size_t guards_of(const struct bf_request_file *file, const struct bf_request_line *line,
                        struct bf_guard_source *out)
{
    size_t n = 0;
    for (size_t i = 0; i < line->n_retain; i++) {
        const struct bf_retain_ref *ref = &line->retain[i];
        const struct bf_request_line *other = ref->path || ref->name ? NULL : &file->lines[ref->line];
        out[n++] = (struct bf_guard_source){
            .name = ref->path   ? ref->path
                    : ref->name ? ref->name
                                : other->request.topic,
            .path = ref->path ? ref->path
                    : other   ? other->instances_path
                              : NULL,
            .reason = BF_REASON_RETAIN_OVERLAP,
        };
    }
    for (size_t i = 0; line->role != BF_ROLE_FORGET && i < file->n; i++)
        if (file->lines[i].role == BF_ROLE_FORGET)
            out[n++] = (struct bf_guard_source){
                .name = file->lines[i].request.topic,
                .path = file->lines[i].instances_path,
                .reason = BF_REASON_FORGET_OVERLAP,
                .options = &file->lines[i].options,
            };
    return n;
}

/* One template set serves the whole run, because samples name a template by its place in the set. */
static enum bf_status set_templates(const struct run_values *v, const char *path, struct bf_request_line *line,
                                    struct bf_err *err)
{
    if (strcmp(line->request.templates, "default") != 0 && strcmp(line->request.templates, v->templates) != 0)
        return bf_fail(err, BF_INPUT,
                       "%s:%lld: \"templates\" differs from the run's; give --templates %s for all requests", path,
                       (long long)line->line, line->request.templates);
    free(line->request.templates);
    line->request.templates = bf_strdup(v->templates);
    return BF_OK;
}

static enum bf_status run_run(const struct bf_call *call, struct bf_err *err)
{
    const struct run_values *v = call->values;
    struct bf_start_options start = v->start;
    struct bf_request_file file = {.lines = NULL};
    struct bf_start_request *requests = NULL;
    struct bf_guard_source **guards = NULL;
    char *dir = NULL;
    if (call->n_operands != 1)
        return bf_fail(err, BF_USAGE, "give one file of requests: biforget run requests.jsonl");
    const char *path = call->operands[0];
    enum bf_status status = bf_request_file_read(path, v->profile, &file, err);
    requests = bf_array(file.n + 1, sizeof *requests);
    guards = bf_array(file.n + 1, sizeof(struct bf_guard_source *));
    for (size_t i = 0; i < file.n && status == BF_OK; i++) {
        struct bf_request_line *line = &file.lines[i];
        status = set_templates(v, path, line, err);
        line->options.skip_bad = v->skip_bad;
        line->options.hints = BF_HINTS_REQUEST;
        guards[i] = bf_array(line->n_retain + file.n + 1, sizeof *guards[i]);
        requests[i] = (struct bf_start_request){
            .name = line->name,
            .role = line->role,
            .request = &line->request,
            .instances_path = line->instances_path,
            .options = line->options,
            .guards = guards[i],
            .n_guards = guards_of(&file, line, guards[i]),
        };
    }
    if (status == BF_OK)
        status = bf_start_sets(&start, requests, file.n, NULL, err);
    if (status == BF_OK) {
        char *name = bf_instance_name(path);
        dir = v->start.out ? bf_strdup(v->start.out) : bf_start_dir("", name);
        free(name);
        status = bf_start_with(call, &start, "run", dir, requests, file.n, true, err);
    }
    for (size_t i = 0; guards && i < file.n; i++)
        free(guards[i]);
    free(guards);
    free(requests);
    free(dir);
    bf_request_file_release(&file);
    return status;
}

const struct bf_command bf_cmd_run = {
    .help =
        {
            .name = "run",
            .summary = "many domains and files of instances in one run; may grow later",
            .synopsis = "biforget run REQUESTS.jsonl [-m MODEL] [-o DIR] [options]",
            .examples = "  biforget run requests.jsonl -o runs/all\n"
                        "  biforget run more.jsonl -o runs/all        adds what runs/all does not have\n"
                        "  biforget export runs/all --request greek -o greek.jsonl\n"
                        "  biforget run requests.jsonl --retain-set auto --then auto --eval\n",
            .details = "One JSON object a line: {\"domain\": \"Harry Potter\"}, {\"instances\": \"facts.jsonl\"} or "
                       "{\"textbook\": \"Harry Potter\"}; optional \"name\", \"role\": \"retain\" or \"neighbour\" "
                       "(only probed), \"retain\": "
                       "[domains or files to stay away from], \"profile\", and any parameter by its name (\"seed\": "
                       "7, \"max_new_tokens\": 100). The requests share the model; each one's result is the same as "
                       "in a run of its own. A text that two requests keep is in forget.jsonl once.",
        },
    .values_size = sizeof(struct run_values),
    .max_operands = 1,
    .options = run_options,
    .run = run_run,
    .quiet_option = true,
};
