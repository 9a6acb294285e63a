#include "measure/measure.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "measure/measure_json.h"
#include "base/banned.h"

struct bf_quality_job bf_quality_job_default(void)
{
    return (struct bf_quality_job){.seed = 3407,
                                   .n_seeds = 5,
                                   .n_chunks = 1000,
                                   .n_nearest = 200,
                                   .n_resamples = 2000,
                                   .n_hypotheses = 1000,
                                   .n_texts_max = 20000};
}

static enum bf_status read_sets(const struct bf_quality_job *job, struct bf_set_runs *runs,
                                struct bf_quality_measured *m, struct bf_err *err)
{
    /* Half as many more, so that the samples of the seeds differ. */
    const size_t max_chunks = job->n_chunks + job->n_chunks / 2;
    enum bf_status status = BF_OK;
    m->rows = bf_array(job->n_sets, sizeof *m->rows);
    for (size_t s = 0; s < job->n_sets && status == BF_OK; s++) {
        struct bf_quality_row *row = &m->rows[s];
        status = bf_set_open(job->sets[s], job->names ? job->names[s] : NULL, job->domain, job->skip_bad, runs,
                             &row->set, err);
        if (status != BF_OK)
            break;
        m->n_rows++;
        status = bf_quality_take(&row->set, job->model.engine, max_chunks, job->n_texts_max, job->seed, job->log,
                                 &row->taken, err);
        if (status == BF_OK && row->taken.n_kept == 0)
            status = bf_fail(err, BF_INPUT, "the set '%s' has %lld texts without a single token; give another set",
                             row->set.path, (long long)row->taken.n_texts);
    }
    return status;
}

static enum bf_status tokenize_domain(const struct bf_quality_job *job, int32_t **ids, int32_t *n, struct bf_err *err)
{
    const size_t n_bytes = strlen(job->domain);
    const int32_t room = (int32_t)n_bytes + 8;
    *ids = bf_array((size_t)room, sizeof **ids);
    *n = bf_engine_tokenize(job->model.engine, job->domain, *ids, room);
    if (*n < 0)
        return bf_fail(err, BF_MODEL, "'%s' does not report the tokens of a text; give the model as a file with -m",
                       bf_engine_info(job->model.engine)->model_desc);
    if (*n == 0 || *n > room)
        return bf_fail(err, BF_USAGE,
                       "the domain's name has no tokens; give one in words, for example --domain \"Greek "
                       "mythology\"");
    return BF_OK;
}

static enum bf_status embed(const struct bf_quality_job *job, struct bf_store *common, struct bf_quality_measured *m,
                            struct bf_err *err)
{
    int32_t *domain = NULL, n_domain = 0;
    size_t n = 1, at = 0;
    enum bf_status status = tokenize_domain(job, &domain, &n_domain, err);
    for (size_t r = 0; r < m->n_rows; r++)
        n += m->rows[r].taken.n_kept;
    struct bf_quality_piece *pieces = bf_array(n, sizeof *pieces);
    for (size_t r = 0; r < m->n_rows; r++) {
        const struct bf_quality_row *row = &m->rows[r];
        for (size_t c = 0; c < row->taken.n_kept; c++)
            pieces[at++] = (struct bf_quality_piece){
                .tokens = {.ids = row->taken.chunks[c].ids, .n = row->taken.chunks[c].n},
                .of = row->set.name,
                .store = row->set.store ? row->set.store : common,
            };
    }
    pieces[at] =
        (struct bf_quality_piece){.tokens = {.ids = domain, .n = n_domain}, .of = "the domain's name", .store = common};
    if (status == BF_OK)
        status = bf_quality_embed(job, pieces, n, &m->vectors, err);
    if (status == BF_OK) {
        m->domain = pieces[at].vector;
        at = 0;
        for (size_t r = 0; r < m->n_rows; r++) {
            struct bf_quality_row *row = &m->rows[r];
            row->vectors = bf_array(row->taken.n_kept, sizeof *row->vectors);
            for (size_t c = 0; c < row->taken.n_kept; c++)
                row->vectors[c] = pieces[at++].vector;
        }
        bf_log_live_end(job->log);
        bf_log_info(job->log, "%zu of %zu chunks embedded, %zu from the cache", m->vectors.n_embedded, m->vectors.n,
                    m->vectors.n_cached);
    }
    free(pieces);
    free(domain);
    return status;
}

enum bf_status bf_quality_measure(const struct bf_quality_job *job, json_t **out, struct bf_err *err)
{
    struct bf_set_runs runs = {.read_only = job->no_cache, .log = job->log};
    struct bf_quality_measured m = {0};
    struct bf_store *file = NULL;
    *out = NULL;
    enum bf_status status = read_sets(job, &runs, &m, err);
    if (status == BF_OK && job->cache && !job->no_cache)
        status = bf_store_open_vectors(job->cache, &file, err);
    if (status == BF_OK)
        status = embed(job, file ? file : runs.n > 0 ? runs.items[0].store : NULL, &m, err);
    if (status == BF_OK)
        status = bf_quality_figures(job, &m, err);
    if (status == BF_OK)
        *out = bf_quality_json(job, &m);
    bf_quality_measured_release(&m);
    bf_set_runs_close(&runs);
    bf_store_close(file);
    return status;
}
