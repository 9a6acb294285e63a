/* The metrics of each set, from the texts that were read and the vectors of its chunks. Private to this room and its
 * tests. */
#ifndef BF_MEASURE_MEASURE_METRICS_H
#define BF_MEASURE_MEASURE_METRICS_H
#include "measure/measure.h"
#include "measure/measure_take.h"
#include "measure/measure_vectors.h"
#include "quality/quality.h"

/* The metrics that are compared between sets. */
enum bf_compared { BF_RELEVANCE, BF_FULL_RELEVANCE, BF_REMOTE_CLIQUE, BF_SELF_BLEU, BF_COMPARED_COUNT };
extern const char *const bf_compared_names[BF_COMPARED_COUNT];

struct bf_quality_row {
    struct bf_set set;
    struct bf_quality_taken taken;
    size_t *vectors; /* [taken.n_kept] row of each chunk's vector */
    size_t n_used;   /* chunks of one sample */
    struct bf_figure compared[BF_COMPARED_COUNT];
    double *resampled[BF_COMPARED_COUNT]; /* [bf_quality_n_resampled]; NULL for a metric without a value */
    double *by_seed;                      /* [n_seeds] relevance by seed; only when relevance has a value */
    struct bf_figure distinct[BF_TEXTS_GRAMS], distinct_equal[BF_TEXTS_GRAMS];
    struct bf_figure duplicates, near_duplicates, coverage;
};

struct bf_quality_measured {
    struct bf_quality_row *rows; /* [n_rows] */
    size_t n_rows;
    struct bf_quality_vectors vectors;
    size_t domain;           /* row of the domain's vector */
    size_t n_equal;          /* texts of the smallest set's sample */
    struct bf_relevance map; /* of the first seed; n_points 0 without a map */
    size_t **samples;        /* [n_rows][n_used] the first seed's chunks */
};
void bf_quality_measured_release(struct bf_quality_measured *measured);

/* Length of resampled[figure]. */
size_t bf_quality_n_resampled(const struct bf_quality_job *job, enum bf_compared figure);

/* Fill the metrics of the rows, whose texts are read and whose chunks are embedded. BF_INTERRUPTED after Ctrl-C. */
BF_MUST_CHECK enum bf_status bf_quality_figures(const struct bf_quality_job *job, struct bf_quality_measured *measured,
                                                struct bf_err *err);

#endif
