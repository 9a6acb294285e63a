/* Measure sets side by side, for `quality` and `report`.
 *
 * The result is one JSON object. A metric that is not known is null, with the reason in the set's "why"; no number is
 * ever NaN. Every *_interval is [low, high], 95 %, or null.
 *
 *   domain              the domain's name
 *   model               {path, sha256, desc}: whose tokens are counted and whose hidden states are compared
 *   embedder            null, or {path, sha256, desc}: the sentence embedder that was chosen in place of the model
 *   seed
 *   settings            {n_chunks, n_nearest, n_seeds, n_resamples, n_hypotheses, chunk_tokens, n_texts_max}
 *   embedded, cached    distinct chunks that the model read now, and chunks whose vector was stored before
 *   sets[]              in the order given:
 *     name, path, kind  kind: "run", "hf", "muse", "open-unlearning", "official", "file"
 *     variant           of a run, and of other sets with variants, else null
 *     n                 texts
 *     n_sampled         of these, the texts that the metrics of wording were measured over
 *     n_tokens, chunks  of all texts: tokens of the model, pieces of 128 tokens
 *     chunks_sampled    of these, the chunks that were embedded
 *     relevance, relevance_interval, relevance_seeds[]      distance on the map, mean over the seeds; smaller is nearer
 *     full_relevance, full_relevance_interval               the same without a map, 0..2
 *     remote_clique, remote_clique_interval                 mean cosine distance between chunks, 0..2
 *     self_bleu, self_bleu_interval                         0..1, smaller is more diverse
 *     distinct_1 .. distinct_4                              over the n_sampled texts
 *     distinct_equal    {n, distinct_1 .. distinct_4}: the same over n texts of each set, with the n of the smallest
 *     duplicates, duplicates_interval, near_duplicates, near_duplicates_interval      shares of texts
 *     coverage, coverage_interval, coverage_n               share of the n points of a run with a kept text; null
 *                                                           without points
 *     why               {metric: sentence}
 *   differences[]       each pair of sets a < b: {figure, a, b (indices), difference (a - b), low, high, beyond_noise,
 *                       sentence} for relevance, full_relevance, remote_clique, self_bleu; null numbers and "why" where
 *                       unknown
 *   sentences[]         the first set compared with each other set, in plain words
 *   map                 null when there are too few chunks, else of the first seed:
 *     points[]          {x, y, set, text, sample, id, stage, point, template}: the chunk's text (at most 300
 *                       characters), the number (from 1) of the text of its set that it begins in; the last four null
 *                       when unknown, id the sample's number in its run
 *     centroids[]       [x, y] of each set, or null
 *     domain            [x, y]
 *     perplexity, kl, trustworthiness */
#ifndef BF_MEASURE_MEASURE_H
#define BF_MEASURE_MEASURE_H
#include <stdbool.h>

#include "base/json.h"
#include "base/log.h"
#include "engine/engine.h"

/* One of the two models, open. Borrowed. */
struct bf_quality_model {
    struct bf_engine *engine;
    const char *path, *sha256;
};

struct bf_quality_job {
    const char *const *sets;  /* [n_sets] run folders, exports, files; "DIR:fix" chooses a variant */
    const char *const *names; /* [n_sets] for people, each may be NULL; NULL = from the sets */
    size_t n_sets;            /* 1 or more */
    const char *domain;
    struct bf_quality_model model;
    struct bf_quality_model embedder; /* .engine NULL: the model's own hidden states */
    const char *cache; /* file of stored vectors for sets that are not run folders; NULL = the first run's */
    bool no_cache;     /* store nothing and open runs for reading only: for a caller that is writing one itself */
    bool skip_bad;     /* leave out records that cannot be read */
    uint64_t seed;
    size_t n_seeds;             /* samples of chunks and layouts; 1..100 */
    size_t n_chunks, n_nearest; /* of each set: chunks to embed; of these, the nearest that go on the map */
    size_t n_resamples, n_hypotheses, n_texts_max;
    size_t n_threads; /* for the maths; 0 = all cores */
    struct bf_log *log;
};
/* Default values; the caller sets sets, domain, model and log. */
struct bf_quality_job bf_quality_job_default(void);

/* A run folder stores its own vectors, unless another process is writing it or it cannot be written: then it is
 * measured without storing them, with a warning. BF_INPUT for a set that cannot be read or has no text, BF_USAGE for a
 * domain without tokens, BF_MODEL for vectors that are not finite, BF_INTERRUPTED after Ctrl-C (vectors made so far are
 * kept). *out: a new reference, NULL on failure. */
BF_MUST_CHECK enum bf_status bf_quality_measure(const struct bf_quality_job *job, json_t **out, struct bf_err *err);

#endif
