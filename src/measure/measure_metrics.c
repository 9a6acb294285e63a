#include "measure/measure_metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/interrupt.h"
#include "base/banned.h"

const char *const bf_compared_names[BF_COMPARED_COUNT] = {"relevance", "full_relevance", "remote_clique", "self_bleu"};

static const double layout_noise = 0.1; /* of the layouts after the first: how soft is t-SNE? */

void bf_quality_measured_release(struct bf_quality_measured *m)
{
    for (size_t r = 0; r < m->n_rows; r++) {
        struct bf_quality_row *row = &m->rows[r];
        bf_set_release(&row->set);
        bf_quality_taken_release(&row->taken);
        for (int f = 0; f < BF_COMPARED_COUNT; f++)
            free(row->resampled[f]);
        free(row->by_seed);
        free(row->vectors);
        if (m->samples)
            free(m->samples[r]);
    }
    free(m->samples);
    free(m->rows);
    bf_quality_vectors_release(&m->vectors);
    bf_relevance_release(&m->map);
    *m = (struct bf_quality_measured){0};
}

size_t bf_quality_n_resampled(const struct bf_quality_job *job, enum bf_compared figure)
{
    return figure <= BF_FULL_RELEVANCE ? job->n_seeds * job->n_resamples : job->n_resamples;
}

/* What is random about a set follows from the seed and its texts, not from its place among the others. */
static uint64_t seed_of(const struct bf_quality_job *job, const struct bf_quality_row *row)
{
    return bf_mix(job->seed, row->taken.hash);
}

static struct bf_bootstrap bootstrap_of(const struct bf_quality_job *job, uint64_t seed)
{
    struct bf_bootstrap bootstrap = bf_bootstrap_default();
    bootstrap.n_resamples = job->n_resamples;
    bootstrap.seed = seed;
    bootstrap.n_threads = job->n_threads;
    return bootstrap;
}

/* ---- wording ---- */

static struct bf_texts *texts_of(const struct bf_quality_taken *taken, size_t n, uint64_t seed)
{
    size_t *which = bf_array(n, sizeof *which);
    struct bf_texts *texts = bf_texts_new();
    bf_sample_indices(taken->n_kept_texts, n, seed, which);
    for (size_t i = 0; i < n; i++)
        bf_texts_add(texts, taken->texts[which[i]].text, strlen(taken->texts[which[i]].text));
    free(which);
    return texts;
}

/* Without a value there are no resamples. */
static void drop_unknown(struct bf_quality_row *row)
{
    for (int f = 0; f < BF_COMPARED_COUNT; f++)
        if (row->compared[f].why) {
            free(row->resampled[f]);
            row->resampled[f] = NULL;
        }
}

static enum bf_status measure_wording(const struct bf_quality_job *job, struct bf_quality_row *row, size_t n_equal,
                                      struct bf_err *err)
{
    const uint64_t seed = seed_of(job, row);
    const struct bf_bootstrap bootstrap = bootstrap_of(job, bf_mix(seed, 3));
    struct bf_texts *texts = texts_of(&row->taken, row->taken.n_kept_texts, seed);
    struct bf_texts *equal = texts_of(&row->taken, n_equal, bf_mix(seed, 4));
    row->resampled[BF_SELF_BLEU] = bf_array(job->n_resamples, sizeof **row->resampled);
    for (size_t n = 0; n < BF_TEXTS_GRAMS; n++) {
        row->distinct[n] = bf_texts_distinct(texts, n + 1);
        row->distinct_equal[n] = bf_texts_distinct(equal, n + 1);
    }
    row->duplicates = bf_texts_duplicates(texts);
    row->near_duplicates = bf_texts_near_duplicates(texts);
    const enum bf_status status = bf_texts_self_bleu(texts, job->n_hypotheses, &bootstrap, row->resampled[BF_SELF_BLEU],
                                                     &row->compared[BF_SELF_BLEU], err);
    bf_texts_free(texts);
    bf_texts_free(equal);
    return status;
}

static enum bf_status measure_coverage(struct bf_quality_row *row, struct bf_err *err)
{
    size_t n = 0, covered = 0;
    enum bf_status status = bf_set_points(&row->set, &n, &covered, err);
    if (status == BF_OK && n > 0)
        status = bf_share_figure(covered, n, &row->coverage, err);
    else
        row->coverage = (struct bf_figure){.why = "the set has no points"};
    return status;
}

/* ---- meaning ---- */

/* The chunks of one sample: [n_used] of the kept ones. */
static size_t *sample_of(const struct bf_quality_job *job, const struct bf_quality_row *row, size_t seed)
{
    size_t *which = bf_array(row->n_used, sizeof *which);
    bf_sample_indices(row->taken.n_kept, row->n_used, bf_mix(seed_of(job, row), 16 + seed), which);
    return which;
}

static float *gather(const struct bf_quality_measured *m, const struct bf_quality_row *row, const size_t *which)
{
    const size_t n_embd = m->vectors.n_embd;
    float *rows = bf_array(row->n_used * n_embd, sizeof *rows);
    for (size_t i = 0; i < row->n_used; i++)
        memcpy(rows + i * n_embd, m->vectors.rows + row->vectors[which[i]] * n_embd, n_embd * sizeof *rows);
    return rows;
}

static enum bf_status measure_diversity(const struct bf_quality_job *job, const struct bf_quality_measured *m,
                                        struct bf_quality_row *row, const size_t *sample, struct bf_err *err)
{
    const struct bf_bootstrap bootstrap = bootstrap_of(job, bf_mix(seed_of(job, row), 5));
    float *vectors = gather(m, row, sample);
    row->resampled[BF_REMOTE_CLIQUE] = bf_array(job->n_resamples, sizeof **row->resampled);
    struct bf_err why = BF_ERR_INIT;
    const enum bf_status status =
        bf_remote_clique(vectors, row->n_used, m->vectors.n_embd, &bootstrap, row->resampled[BF_REMOTE_CLIQUE],
                         &row->compared[BF_REMOTE_CLIQUE], &why);
    free(vectors);
    if (row->compared[BF_REMOTE_CLIQUE].why && row->n_used < 2)
        row->compared[BF_REMOTE_CLIQUE].why = "needs two chunks or more";
    return status == BF_OK ? status : bf_fail(err, status, "the set '%s': %s", row->set.name, why.text);
}

/* Add the map of one seed to the sums of the rows. */
static void add_seed(const struct bf_quality_job *job, struct bf_quality_measured *m, const struct bf_relevance *map,
                     size_t seed)
{
    for (size_t r = 0; r < m->n_rows; r++) {
        struct bf_quality_row *row = &m->rows[r];
        const struct bf_relevance_row *one = &map->sets[r];
        const struct bf_figure *figures[2] = {&one->distance, &one->full_distance};
        const double *resampled[2] = {one->resampled, one->full_resampled};
        row->by_seed[seed] = one->distance.value;
        for (int f = 0; f < 2; f++) {
            if (seed == 0)
                row->compared[f] = *figures[f];
            else
                row->compared[f].value += figures[f]->value;
            if (figures[f]->why)
                row->compared[f].why = figures[f]->why;
            else if (resampled[f])
                memcpy(row->resampled[f] + seed * job->n_resamples, resampled[f],
                       job->n_resamples * sizeof **row->resampled);
        }
    }
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Over all seeds: the mean, and an interval that covers both sources of noise: which chunks were drawn, and the layout.
 */
static void finish_seeds(const struct bf_quality_job *job, struct bf_quality_row *row)
{
    const size_t n = bf_quality_n_resampled(job, BF_RELEVANCE);
    for (int f = 0; f < 2; f++) {
        struct bf_figure *figure = &row->compared[f];
        figure->value /= (double)job->n_seeds;
        figure->has_interval = figure->has_interval && figure->n > 1; /* resamples of one chunk do not vary */
        if (figure->why || !figure->has_interval)
            continue;
        double *sorted = bf_array(n, sizeof *sorted);
        memcpy(sorted, row->resampled[f], n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, by_value);
        figure->low = bf_quantile(sorted, n, 0.025);
        figure->high = bf_quantile(sorted, n, 0.975);
        free(sorted);
    }
}

static enum bf_status measure_seed(const struct bf_quality_job *job, struct bf_quality_measured *m, size_t seed,
                                   struct bf_err *err)
{
    struct bf_relevance_options options = bf_relevance_default();
    struct bf_relevance_set *sets = bf_array(m->n_rows, sizeof *sets);
    float **vectors = bf_array(m->n_rows, sizeof *vectors);
    struct bf_relevance map = {0};
    options.n_nearest = job->n_nearest;
    options.tsne.n_threads = job->n_threads;
    options.tsne.seed = bf_mix(job->seed, seed);
    options.tsne.noise = seed == 0 ? 0.0 : layout_noise;
    options.bootstrap = bootstrap_of(job, bf_mix(job->seed, 6 + seed));
    for (size_t r = 0; r < m->n_rows; r++) {
        size_t *sample = sample_of(job, &m->rows[r], seed);
        vectors[r] = gather(m, &m->rows[r], sample);
        sets[r] = (struct bf_relevance_set){m->rows[r].set.name, vectors[r], m->rows[r].n_used};
        if (seed == 0)
            m->samples[r] = sample;
        else
            free(sample);
    }
    const enum bf_status status = bf_relevance_of(sets, m->n_rows, m->vectors.rows + m->domain * m->vectors.n_embd,
                                                  m->vectors.n_embd, &options, &map, err);
    if (status == BF_OK)
        add_seed(job, m, &map, seed);
    for (size_t r = 0; r < m->n_rows; r++)
        free(vectors[r]);
    free(vectors);
    free(sets);
    if (seed == 0 && status == BF_OK)
        m->map = map;
    else if (status == BF_OK)
        bf_relevance_release(&map);
    return status;
}

static enum bf_status measure_relevance(const struct bf_quality_job *job, struct bf_quality_measured *m,
                                        struct bf_err *err)
{
    enum bf_status status = BF_OK;
    m->samples = bf_array(m->n_rows, sizeof *m->samples);
    for (size_t r = 0; r < m->n_rows; r++) {
        m->rows[r].by_seed = bf_array(job->n_seeds, sizeof *m->rows[r].by_seed);
        for (int f = BF_RELEVANCE; f <= BF_FULL_RELEVANCE; f++)
            m->rows[r].resampled[f] =
                bf_array(bf_quality_n_resampled(job, BF_RELEVANCE), sizeof **m->rows[r].resampled);
    }
    for (size_t seed = 0; seed < job->n_seeds && status == BF_OK; seed++) {
        struct bf_buf line;
        bf_buf_init(&line, 128);
        bf_buf_printf(&line, "laying out map %zu of %zu", seed + 1, job->n_seeds);
        if (job->log->tty)
            bf_log_live(job->log, line.data);
        bf_buf_release(&line);
        status = measure_seed(job, m, seed, err);
        if (status == BF_OK && bf_interrupted())
            status =
                bf_fail(err, BF_INTERRUPTED,
                        "interrupted; vectors are kept where they can be, and the same command resumes from there");
    }
    for (size_t r = 0; r < m->n_rows && status == BF_OK; r++)
        finish_seeds(job, &m->rows[r]);
    return status;
}

enum bf_status bf_quality_figures(const struct bf_quality_job *job, struct bf_quality_measured *m, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    m->n_equal = SIZE_MAX;
    for (size_t r = 0; r < m->n_rows; r++) {
        struct bf_quality_row *row = &m->rows[r];
        m->n_equal = row->taken.n_kept_texts < m->n_equal ? row->taken.n_kept_texts : m->n_equal;
        row->n_used = row->taken.n_kept < job->n_chunks ? row->taken.n_kept : job->n_chunks;
    }
    status = measure_relevance(job, m, err);
    for (size_t r = 0; r < m->n_rows && status == BF_OK; r++) {
        status = measure_diversity(job, m, &m->rows[r], m->samples[r], err);
        if (status == BF_OK)
            status = measure_wording(job, &m->rows[r], m->n_equal, err);
        if (status == BF_OK)
            status = measure_coverage(&m->rows[r], err);
        if (status == BF_OK)
            drop_unknown(&m->rows[r]);
    }
    return status;
}
