#include <stdlib.h>
#include <string.h>

#include "base/print.h"
#include "cmd/cmd.h"
#include "base/interrupt.h"
#include "cmd/output_path.h"
#include "measure/measure.h"
#include "measure/measure_open.h"
#include "sets/sets.h"
#include "report/quality_table.h"
#include "request/request.h"
#include "base/banned.h"

struct quality_values {
    bool quiet;
    bool json, csv, map, skip_bad;
    const char *domain, *model, *embedder, *cache, *format;
    uint64_t seed;
    int64_t seeds, chunks, nearest, hypotheses, texts, resamples, threads, gpu_layers;
};

static struct bf_opt *quality_options(void *target)
{
    struct quality_values *v = target;
    const struct bf_quality_job job = bf_quality_job_default();
    v->format = "text";
    v->embedder = "model";
    v->seed = job.seed;
    v->seeds = (int64_t)job.n_seeds;
    v->chunks = (int64_t)job.n_chunks;
    v->nearest = (int64_t)job.n_nearest;
    v->hypotheses = (int64_t)job.n_hypotheses;
    v->texts = (int64_t)job.n_texts_max;
    v->resamples = (int64_t)job.n_resamples;
    return BF_OPT_TABLE(
        BF_TEXT("domain", &v->domain, "NAME", "what the sets should be about", .letter = 'd',
                .fallback = "of the first run"),
        BF_TEXT("model", &v->model, "FILE|NAME", "the target model", .letter = 'm', .fallback = "of the first run"),
        BF_TEXT("embedder", &v->embedder, "FILE|NAME", "compare by this sentence embedder", .fallback = "model"),
        BF_CHOICE("format", &v->format, "text|json|csv|markdown|latex", "how the table is printed", .letter = 'f',
                  .fallback = "text"),
        BF_OPT_JSON(&v->json, "all metrics"), BF_FLAG("csv", &v->csv, "as --format csv"),
        BF_FLAG("map", &v->map, "JSON with the map's points and their texts"),
        BF_TEXT("cache", &v->cache, "FILE", "cache for the vectors of files", .fallback = "the first run"),
        BF_FLAG("skip-bad", &v->skip_bad, "leave out records that cannot be read"),
        BF_SEED("seed", &v->seed, "3407", "seed of samples and intervals"),
        BF_WHOLE("seeds", &v->seeds, 1, 100, "5", "samples and maps to measure relevance over"),
        BF_WHOLE("chunks", &v->chunks, 1, 1000000, "1000", "chunks of each set in a sample"),
        BF_WHOLE("threads", &v->threads, 0, 1024, "all cores", "threads of model and maths", .letter = 't'),
        BF_WHOLE("nearest", &v->nearest, 1, 100000, "200", "chunks of a sample, nearest to the domain, for the map",
                 .rare = true),
        BF_WHOLE("hypotheses", &v->hypotheses, 2, 1000000, "1000", "texts to average Self-BLEU over", .rare = true),
        BF_WHOLE("texts", &v->texts, 2, 1000000, "20000", "texts sampled to measure wording", .rare = true),
        BF_WHOLE("resamples", &v->resamples, 100, 100000, "2000", "bootstrap resamples", .rare = true),
        BF_WHOLE("gpu-layers", &v->gpu_layers, -1, 10000, "0", "layers on a GPU (-1 = all)", .rare = true),
        BF_OPT_QUIET(&v->quiet));
}

static void print_sets(const struct quality_values *v, json_t *result)
{
    const char *format = v->json ? "json" : v->csv ? "csv" : v->format;
    if (!v->map)
        json_object_del(result, "map");
    if (strcmp(format, "csv") == 0)
        bf_quality_csv(result, stdout);
    else if (strcmp(format, "markdown") == 0)
        bf_quality_markdown(result, stdout);
    else if (strcmp(format, "latex") == 0)
        bf_quality_latex(result, stdout);
    else if (strcmp(format, "text") == 0)
        bf_quality_text(result, stdout);
    else {
        char *text = bf_json_dump(result);
        bf_print_json(stdout, text);
        free(text);
    }
}

static enum bf_status measure_and_print(const struct quality_values *v, struct bf_quality_job *job,
                                        const struct bf_quality_first *first, struct bf_err *err)
{
    const struct bf_quality_wanted wanted = {v->model, v->embedder, (int32_t)v->threads, (int32_t)v->gpu_layers};
    struct bf_quality_models models = {0};
    json_t *result = NULL;
    enum bf_status status = bf_quality_open_models(job, &wanted, first, &models, err);
    if (status == BF_OK)
        status = bf_quality_measure(job, &result, err);
    if (status == BF_OK) {
        bf_log_live_end(job->log);
        print_sets(v, result);
    }
    json_decref(result);
    bf_quality_close_models(job, &models);
    return status;
}

/* Before anything is embedded. */
static enum bf_status check_cache(const struct quality_values *v, const struct bf_quality_job *job, struct bf_err *err)
{
    const char *inputs[BF_OPERANDS_MAX + 2] = {v->model, v->embedder};
    for (size_t s = 0; s < job->n_sets; s++)
        inputs[s + 2] = job->sets[s];
    return bf_output_path(v->cache, BF_OUTPUT_FILE, inputs, job->n_sets + 2, err);
}

static enum bf_status quality_run(const struct bf_call *call, struct bf_err *err)
{
    const struct quality_values *v = call->values;
    struct bf_quality_job job = bf_quality_job_default();
    struct bf_request request = {0}; /* only its topic */
    struct bf_quality_first first = {0};
    char *sets[BF_OPERANDS_MAX] = {NULL}, *names[BF_OPERANDS_MAX] = {NULL};
    if (call->n_operands == 0)
        return bf_fail(err, BF_USAGE,
                       "give the sets: biforget quality runs/greek other.jsonl --domain \"Greek mythology\"");
    for (size_t s = 0; s < call->n_operands; s++)
        bf_set_split(call->operands[s], &names[s], &sets[s]);
    job.sets = (const char *const *)sets;
    job.names = (const char *const *)names;
    job.n_sets = call->n_operands;
    job.cache = v->cache;
    job.skip_bad = v->skip_bad;
    job.seed = v->seed;
    job.n_seeds = (size_t)v->seeds;
    job.n_chunks = (size_t)v->chunks;
    job.n_nearest = (size_t)v->nearest;
    job.n_hypotheses = (size_t)v->hypotheses;
    job.n_texts_max = (size_t)v->texts;
    job.n_resamples = (size_t)v->resamples;
    job.n_threads = (size_t)v->threads;
    job.log = call->log;
    job.domain = v->domain;
    enum bf_status status = check_cache(v, &job, err);
    if (status == BF_OK && v->domain)
        status = bf_request_set_topic(&request, v->domain, err);
    if (status == BF_OK)
        status = bf_quality_look(&job, &first, err);
    if (status == BF_OK && !v->domain && !first.topic)
        status =
            bf_fail(err, BF_USAGE, "no set says what its domain is; give it, for example --domain \"Greek mythology\"");
    if (status == BF_OK && !v->domain)
        status = bf_request_set_topic(&request, first.topic, err);
    if (status == BF_OK) {
        job.domain = request.topic;
        bf_interrupt_install();
        status = measure_and_print(v, &job, &first, err);
    }
    bf_request_release(&request);
    bf_quality_first_release(&first);
    for (size_t s = 0; s < call->n_operands; s++) {
        free(sets[s]);
        free(names[s]);
    }
    return status;
}

const struct bf_command bf_cmd_quality = {
    .help =
        {
            .name = "quality",
            .summary = "compare sets: relevance, diversity, size",
            .synopsis = "biforget quality [NAME=]SET... [--domain NAME] [-m MODEL]",
            .examples = "  biforget quality runs/greek runs/textbook-greek\n"
                        "  biforget quality runs/greek:fix runs/greek outside=corpus.jsonl\n"
                        "  biforget quality a.txt b.txt --domain Norse -m my.gguf --cache v.db\n"
                        "  biforget quality runs/greek plain.jsonl --format latex >table.tex\n",
            .details = "SET: a run folder (RUN:fix, RUN:mi, RUN:jailbreak for a variant), a folder that export "
                       "wrote, a folder of the official scripts, or a file (.jsonl, .json, .csv, .txt) of any size. "
                       "docs/quality.md explains each metric.",
        },
    .values_size = sizeof(struct quality_values),
    .max_operands = BF_OPERANDS_MAX,
    .options = quality_options,
    .run = quality_run,
    .quiet_option = true,
};
