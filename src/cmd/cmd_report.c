#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/print.h"
#include "cmd/cmd.h"
#include "base/interrupt.h"
#include "cmd/output_path.h"
#include "measure/measure_open.h"
#include "sets/sets.h"
#include "run/report_write.h"
#include "request/request.h"
#include "base/banned.h"

struct report_values {
    bool quiet;
    bool stored, skip_bad;
    const char *out, *svg, *domain, *model, *embedder, *cache;
    uint64_t seed;
    int64_t seeds, threads, gpu_layers;
};

static struct bf_opt *report_options(void *target)
{
    struct report_values *v = target;
    const struct bf_quality_job job = bf_quality_job_default();
    v->embedder = "model";
    v->seed = job.seed;
    v->seeds = (int64_t)job.n_seeds;
    return BF_OPT_TABLE(
        BF_TEXT("output", &v->out, "FILE", "the page (- = standard output)", .letter = 'o',
                .fallback = "DIR/report.html"),
        BF_TEXT("svg", &v->svg, "DIR", "also write the charts to this folder, as SVG files"),
        BF_FLAG("stored", &v->stored, "use no model: map and metrics from the vectors stored with the samples"),
        BF_TEXT("domain", &v->domain, "NAME", "what the sets should be about", .letter = 'd', .fallback = "of the run"),
        BF_TEXT("model", &v->model, "FILE|NAME", "the target model", .letter = 'm', .fallback = "of the run"),
        BF_TEXT("embedder", &v->embedder, "FILE|NAME", "compare by this sentence embedder", .fallback = "model"),
        BF_SEED("seed", &v->seed, "3407", "seed of samples and intervals"),
        BF_WHOLE("seeds", &v->seeds, 1, 100, "5", "samples and maps to measure relevance over", .rare = true),
        BF_TEXT("cache", &v->cache, "FILE", "cache for the vectors of files", .fallback = "the run", .rare = true),
        BF_FLAG("skip-bad", &v->skip_bad, "leave out records that cannot be read", .rare = true),
        BF_WHOLE("threads", &v->threads, 0, 1024, "all cores", "threads of model and maths", .letter = 't',
                 .rare = true),
        BF_WHOLE("gpu-layers", &v->gpu_layers, -1, 10000, "0", "layers on a GPU (-1 = all)", .rare = true),
        BF_OPT_QUIET(&v->quiet));
}

/* The sets of the command: the run first. */
struct sets {
    char *paths[BF_OPERANDS_MAX], *names[BF_OPERANDS_MAX];
    size_t n;
};

static void release_sets(struct sets *sets)
{
    for (size_t s = 0; s < sets->n; s++) {
        free(sets->paths[s]);
        free(sets->names[s]);
    }
}

/* Measure with a model, or show the stored vectors? *stored is set when there is no model to embed with or no domain to
 * compare with, and the log says which. Only a single run has the choice: several sets have to be measured. */
static enum bf_status choose_vectors(const struct report_values *v, struct bf_quality_job *job,
                                     struct bf_quality_first *first, struct bf_request *request, bool *stored,
                                     struct bf_err *err)
{
    const char *domain = v->domain ? v->domain : first->topic;
    const bool alone = job->n_sets == 1;
    *stored = v->stored;
    if (*stored)
        return BF_OK;
    if (!domain && alone) {
        bf_log_warn(job->log, "no domain is known: map and metrics are computed from the stored vectors; give --domain "
                              "NAME to measure");
        *stored = true;
        return BF_OK;
    }
    if (!domain)
        return bf_fail(err, BF_USAGE,
                       "no set says what its domain is; give it, for example --domain \"Greek mythology\"");
    if (!v->model && alone && (!first->model_path || !bf_file_exists(first->model_path))) {
        bf_log_warn(job->log,
                    "the run's model is not here: map and metrics are computed from the stored vectors; give the "
                    "model with -m");
        *stored = true;
        return BF_OK;
    }
    enum bf_status status = bf_request_set_topic(request, domain, err);
    job->domain = request->topic;
    return status;
}

static enum bf_status measure_sets(const struct report_values *v, struct bf_quality_job *job,
                                   const struct bf_quality_first *first, json_t **out, struct bf_err *err)
{
    const struct bf_quality_wanted wanted = {v->model, v->embedder, (int32_t)v->threads, (int32_t)v->gpu_layers};
    struct bf_quality_models models = {0};
    enum bf_status status = bf_quality_open_models(job, &wanted, first, &models, err);
    if (status == BF_OK)
        status = bf_quality_measure(job, out, err);
    bf_log_live_end(job->log);
    bf_quality_close_models(job, &models);
    return status;
}

/* A run without a kept text cannot be measured, but still gets a page. */
static enum bf_status has_texts(const char *dir, bool *out, struct bf_err *err)
{
    struct bf_store *store = NULL;
    struct bf_counts counts;
    enum bf_status status = bf_store_open(dir, BF_STORE_READ, &store, err);
    if (status == BF_OK)
        status = bf_store_counts(store, &counts, err);
    *out = status == BF_OK && counts.both > 0;
    bf_store_close(store);
    return status;
}

static enum bf_status write_page(const struct report_values *v, const char *dir, json_t *quality, bool stored,
                                 struct bf_log *log, struct bf_err *err)
{
    struct bf_page_options page = {.quality = quality};
    struct bf_store *store = NULL;
    json_t *measured = NULL;
    char *path = v->out ? bf_strdup(v->out) : bf_path_join(dir, "report.html");
    page.basis = strcmp(v->embedder, "model") == 0
                     ? "Vectors are means of the target model's last hidden states over pieces of 128 tokens."
                     : "Vectors are a sentence embedder's, of pieces of 128 tokens.";
    page.why = quality ? NULL : "no text is kept yet";
    enum bf_status status = bf_store_open(dir, BF_STORE_READ, &store, err);
    if (status == BF_OK && stored)
        status = bf_report_stored_options(store, log, &page, &measured, err);
    if (status == BF_OK)
        status = bf_report_write(store, &page, path, !v->out, v->svg, log, err);
    if (status == BF_OK && strcmp(path, "-") != 0)
        bf_print(stdout, "%s\n", path);
    json_decref(measured);
    bf_store_close(store);
    free(path);
    return status;
}

/* Checked before anything is measured, because a map takes minutes. */
static enum bf_status check_output(const struct report_values *v, const struct sets *sets, struct bf_err *err)
{
    const char *inputs[BF_OPERANDS_MAX + 3] = {v->model, v->embedder, v->cache};
    for (size_t s = 0; s < sets->n; s++)
        inputs[s + 3] = sets->paths[s];
    enum bf_status status = bf_output_path(v->out, BF_OUTPUT_STREAM, inputs, sets->n + 3, err);
    inputs[2] = v->out; /* the page is not there yet */
    if (status == BF_OK)
        status = bf_output_path(v->cache, BF_OUTPUT_FILE, inputs, sets->n + 3, err);
    return status == BF_OK ? bf_output_path(v->svg, BF_OUTPUT_FOLDER, NULL, 0, err) : status;
}

static enum bf_status report_run(const struct bf_call *call, struct bf_err *err)
{
    const struct report_values *v = call->values;
    struct bf_quality_job job = bf_quality_job_default();
    struct bf_quality_first first = {0};
    struct bf_request request = {0}; /* only its topic */
    struct sets sets = {.n = 0};
    json_t *quality = NULL;
    bool stored = false, texts = false;
    if (call->n_operands == 0)
        return bf_fail(err, BF_USAGE, "give the run folder: biforget report runs/greek");
    if (v->stored && call->n_operands > 1)
        return bf_fail(err, BF_USAGE, "--stored is about one run; leave it out to compare several sets");
    for (; sets.n < call->n_operands; sets.n++)
        bf_set_split(call->operands[sets.n], &sets.names[sets.n], &sets.paths[sets.n]);
    job.sets = (const char *const *)sets.paths;
    job.names = (const char *const *)sets.names;
    job.n_sets = sets.n;
    job.cache = v->cache;
    job.skip_bad = v->skip_bad;
    job.seed = v->seed;
    job.n_seeds = (size_t)v->seeds;
    job.n_threads = (size_t)v->threads;
    job.domain = v->domain;
    job.log = call->log;
    enum bf_status status = check_output(v, &sets, err);
    if (status == BF_OK)
        status = has_texts(sets.paths[0], &texts, err);
    if (status == BF_OK)
        status = bf_quality_look(&job, &first, err);
    if (status == BF_OK && (texts || sets.n > 1))
        status = choose_vectors(v, &job, &first, &request, &stored, err);
    if (status == BF_OK && (texts || sets.n > 1) && !stored) {
        bf_interrupt_install();
        status = measure_sets(v, &job, &first, &quality, err);
    }
    if (status == BF_OK)
        status = write_page(v, sets.paths[0], quality, stored, call->log, err);
    json_decref(quality);
    bf_request_release(&request);
    bf_quality_first_release(&first);
    release_sets(&sets);
    return status;
}

const struct bf_command bf_cmd_report = {
    .help =
        {
            .name = "report",
            .summary = "write a run as one HTML page",
            .synopsis = "biforget report DIR [[NAME=]SET...] [-o FILE] [options]",
            .examples = "  biforget report runs/greek                   writes runs/greek/report.html\n"
                        "  biforget report runs/greek runs/textbook-greek outside=corpus.jsonl\n"
                        "  biforget report runs/greek --svg figures     and the charts for a paper\n"
                        "  biforget report runs/greek --stored          seconds, without the model\n",
            .details = "The page is one file that opens offline: summary, comparison with other sets, map, "
                       "diversity, coverage, Min-K% prob, rejected texts, knowledge check, all samples, settings "
                       "and hashes. DIR is a run folder, SET what 'biforget quality' takes. See docs/report.md.",
        },
    .values_size = sizeof(struct report_values),
    .max_operands = BF_OPERANDS_MAX,
    .options = report_options,
    .run = report_run,
    .quiet_option = true,
};
