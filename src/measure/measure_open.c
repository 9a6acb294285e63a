#include "measure/measure_open.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/models.h"
#include "sets/sets.h"
#include "base/banned.h"

void bf_quality_first_release(struct bf_quality_first *first)
{
    free(first->topic);
    free(first->model_path);
    free(first->model_sha256);
    *first = (struct bf_quality_first){0};
}

static enum bf_status read_run(struct bf_store *store, struct bf_quality_first *first, struct bf_err *err)
{
    const struct bf_run *run = bf_store_run(store);
    json_t *request = NULL;
    const enum bf_status status =
        bf_json_parse(run->request_json, strlen(run->request_json), "the run's request", &request, err);
    if (status != BF_OK)
        return status;
    const char *topic = json_string_value(json_object_get(request, "topic"));
    /* For an import or a file of instances the topic is only a name for people. */
    if (topic && (strcmp(run->request_kind, "domain") == 0 || strcmp(run->request_kind, "textbook") == 0) &&
        !first->topic)
        first->topic = bf_strdup(topic);
    if (run->model_sha256[0] && !first->model_path) {
        first->model_path = bf_strdup(run->model_path);
        first->model_sha256 = bf_strdup(run->model_sha256);
    }
    json_decref(request);
    return BF_OK;
}

enum bf_status bf_quality_look(const struct bf_quality_job *job, struct bf_quality_first *first, struct bf_err *err)
{
    struct bf_set_runs runs = {.read_only = true, .log = job->log};
    enum bf_status status = BF_OK;
    for (size_t s = 0; s < job->n_sets && status == BF_OK; s++) {
        struct bf_set set;
        status = bf_set_open(job->sets[s], NULL, job->domain, job->skip_bad, &runs, &set, err);
        if (status != BF_OK)
            break;
        if (set.store)
            status = read_run(set.store, first, err);
        bf_set_release(&set);
    }
    bf_set_runs_close(&runs);
    return status;
}

static enum bf_status open_model(const char *path, const struct bf_quality_wanted *wanted, struct bf_quality_model *out,
                                 char sha256[BF_SHA256_HEX], struct bf_err *err)
{
    struct bf_engine_options o = bf_engine_default_options();
    o.model_path = path;
    o.n_threads = wanted->n_threads;
    o.gpu_layers = wanted->gpu_layers;
    o.embed_only = true; /* nothing is generated, so no sequences are needed */
    enum bf_status status = bf_engine_open(&o, &out->engine, err);
    if (status == BF_OK)
        status = bf_sha256_file(path, sha256, err);
    out->path = path;
    out->sha256 = sha256;
    return status;
}

enum bf_status bf_quality_open_models(struct bf_quality_job *job, const struct bf_quality_wanted *wanted,
                                      const struct bf_quality_first *first, struct bf_quality_models *models,
                                      struct bf_err *err)
{
    *models = (struct bf_quality_models){0};
    enum bf_status status = bf_model_path(wanted->model ? wanted->model : first->model_path, &models->model, err);
    if (status == BF_OK && wanted->embedder && strcmp(wanted->embedder, "model") != 0)
        status = bf_model_path(wanted->embedder, &models->embedder, err);
    if (status == BF_OK) {
        bf_log_info(job->log, "loading %s", models->model);
        status = open_model(models->model, wanted, &job->model, models->model_sha256, err);
    }
    const bool other = status == BF_OK && first->model_sha256 && strcmp(first->model_sha256, models->model_sha256) != 0;
    if (other && !wanted->model)
        status = bf_fail(err, BF_MODEL,
                         "'%s' is no longer the run's model (sha256 %.12s..., not %.12s...); give a model with -m",
                         models->model, models->model_sha256, first->model_sha256);
    else if (other)
        bf_log_warn(job->log,
                    "this is not the model that wrote the run; the metrics are those of the model that you gave");
    if (status == BF_OK && models->embedder)
        status = open_model(models->embedder, wanted, &job->embedder, models->embedder_sha256, err);
    return status;
}

void bf_quality_close_models(struct bf_quality_job *job, struct bf_quality_models *models)
{
    bf_engine_close(job->model.engine);
    bf_engine_close(job->embedder.engine);
    job->model = (struct bf_quality_model){0};
    job->embedder = (struct bf_quality_model){0};
    free(models->model);
    free(models->embedder);
    *models = (struct bf_quality_models){0};
}
