/* The domain and the model that the sets name, and opening the models that measure them: shared by `quality` and
 * `report`. */
#ifndef BF_MEASURE_MEASURE_OPEN_H
#define BF_MEASURE_MEASURE_OPEN_H
#include <stdint.h>

#include "base/hash.h"
#include "measure/measure.h"

/* The topic, and the model, of the first run among the sets that has one; NULL when none has. Owned strings. */
struct bf_quality_first {
    char *topic;
    char *model_path, *model_sha256;
};
void bf_quality_first_release(struct bf_quality_first *first);
/* Fill *first, which is zeroed. Checks that each set can be opened, before a model is loaded. BF_INPUT, BF_STORE.
 * Release in every case. */
BF_MUST_CHECK enum bf_status bf_quality_look(const struct bf_quality_job *job, struct bf_quality_first *first,
                                             struct bf_err *err);

struct bf_quality_wanted {
    const char *model;    /* a path or a name; NULL = the first run's, else the default model */
    const char *embedder; /* a path or a name; NULL or "model" = the model itself */
    int32_t n_threads, gpu_layers;
};
/* Paths and hashes that job->model and job->embedder borrow. */
struct bf_quality_models {
    char *model, *embedder;
    char model_sha256[BF_SHA256_HEX], embedder_sha256[BF_SHA256_HEX];
};
/* Open the models into job->model and job->embedder. BF_MODEL when the first run's model file has changed and no model
 * was given. Call bf_quality_close_models in every case. */
BF_MUST_CHECK enum bf_status bf_quality_open_models(struct bf_quality_job *job, const struct bf_quality_wanted *wanted,
                                                    const struct bf_quality_first *first,
                                                    struct bf_quality_models *models, struct bf_err *err);
void bf_quality_close_models(struct bf_quality_job *job, struct bf_quality_models *models);

#endif
