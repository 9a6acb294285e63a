/* The metrics of a forget set: diversity, relevance, efficiency, and the statistics that they need. Pure maths on
 * arrays: the caller reads sets, tokenises and embeds; nothing here does I/O, knows a model or keeps state between
 * calls.
 *
 * Vectors are [n][n_dims] float, row-major, borrowed, and need not have unit length. A value that is not finite is an
 * error, never a result. A metric that a set does not have (one text has no diversity) is a figure with `why`. Results
 * depend on the input and the seed, never on the number of threads. */
#ifndef BF_QUALITY_QUALITY_H
#define BF_QUALITY_QUALITY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* ---- metrics and their noise ---- */

/* The value of a metric. */
struct bf_figure {
    size_t n;     /* the number of items that it was measured over: texts, chunks, points */
    double value; /* finite; 0 when `why` is set */
    bool has_interval;
    double low, high; /* 95 % interval; too narrow for a handful of items, so show n with it */
    const char *why;  /* NULL: the value is known; else the reason why not ("needs two texts or more"); static */
};

/* Percentile bootstrap. Each resample r draws from its own stream of random numbers, seeded by (seed, r). O(n_resamples
 * n) and more, by the metric. */
struct bf_bootstrap {
    size_t n_resamples; /* at least 100; by default 2,000 */
    uint64_t seed;
    size_t n_threads; /* 0 = one for each core */
};
struct bf_bootstrap bf_bootstrap_default(void);

/* Below, `resampled` is [n_resamples] or NULL, and gets the metric in each resample, for bf_difference_of. It is not
 * written when *out has a `why`. */

/* Mean of n values. BF_INPUT for a value that is not finite. */
BF_MUST_CHECK enum bf_status bf_mean_figure(const double *values, size_t n, const struct bf_bootstrap *bootstrap,
                                            double *resampled, struct bf_figure *out, struct bf_err *err);

/* Distance of the centroid of points [n][n_dims] from `target` [n_dims]; resampled over the points. */
BF_MUST_CHECK enum bf_status bf_centroid_figure(const double *points, size_t n, size_t n_dims, const double *target,
                                                const struct bf_bootstrap *bootstrap, double *resampled,
                                                struct bf_figure *out, struct bf_err *err);

/* k/n with Wilson's 95 % interval: coverage of points or of planted facts, duplicates. BF_INPUT when k > n. */
BF_MUST_CHECK enum bf_status bf_share_figure(size_t k, size_t n, struct bf_figure *out, struct bf_err *err);

/* Mean of n finite values, a sample of a normal distribution, with a 95 % interval by Student's t (none when n is 1).
 */
void bf_student_figure(const double *values, size_t n, struct bf_figure *out);

struct bf_difference {
    double value;      /* a - b */
    double low, high;  /* 95 % interval */
    bool beyond_noise; /* the interval does not contain 0 */
    const char *why;   /* NULL: the difference is known; else why the two cannot be compared; static */
};
/* For an unpaired difference measure a and b with different seeds. For a paired one (the same items measured twice, in
 * the same order) measure them with the same seed, so that each resample draws the same items of both. */
void bf_difference_of(const struct bf_figure *a, const double *resampled_a, const struct bf_figure *b,
                      const double *resampled_b, size_t n_resamples, struct bf_difference *out);

/* The q-th quantile (0..1) of sorted values, linear between neighbours, as numpy's default; n >= 1. */
double bf_quantile(const double *sorted, size_t n, double q);

/* out [k]: k of n indices, ascending, each subset equally likely; k <= n. Equal (n, k, seed) give equal results. O(n).
 */
void bf_sample_indices(size_t n, size_t k, uint64_t seed, size_t *out);

/* ---- diversity of meaning ---- */

/* Remote-clique: mean cosine distance over all pairs, 0..2, in double, O(n n_dims). The interval leaves out pairs of a
 * point with its own copy in a resample, which would make it too low. BF_MODEL for a value that is not finite or a
 * vector of zeros. */
BF_MUST_CHECK enum bf_status bf_remote_clique(const float *vectors, size_t n, size_t n_dims,
                                              const struct bf_bootstrap *bootstrap, double *resampled,
                                              struct bf_figure *out, struct bf_err *err);

/* ---- diversity of wording ---- */

/* A set's texts as words (base/words.h), for the metrics below. Memory: 8 bytes per word and 300 per text; draw a
 * sample of a huge file. */
struct bf_texts;
enum { BF_TEXTS_GRAMS = 4 };
struct bf_texts *bf_texts_new(void);
void bf_texts_free(struct bf_texts *texts); /* NULL is a no-op */
void bf_texts_add(struct bf_texts *texts, const char *text, size_t n_bytes);
/* Distinct n-grams over all n-grams, 0..1, n = 1..BF_TEXTS_GRAMS. Falls as a set grows: compare sets of equal size. No
 * interval. */
struct bf_figure bf_texts_distinct(const struct bf_texts *texts, size_t n);
/* Share of texts that repeat an earlier one, apart from white space; and of texts that nearly repeat an earlier one
 * (estimated Jaccard similarity of word 3-grams at least 0.8), exact repeats included. Wilson's intervals. */
struct bf_figure bf_texts_duplicates(const struct bf_texts *texts);
struct bf_figure bf_texts_near_duplicates(const struct bf_texts *texts);
/* Self-BLEU: mean BLEU-4 of a text against all others (uniform weights, clipped counts, brevity penalty to the closest
 * length, NLTK's smoothing method 1), 0..1. Of more than n_hypotheses texts (0 = no limit) that many are drawn with
 * bootstrap->seed, and each is still compared with all others. out->n is the number of hypotheses. BF_INPUT for more
 * than UINT32_MAX texts. O(words log words). */
BF_MUST_CHECK enum bf_status bf_texts_self_bleu(const struct bf_texts *texts, size_t n_hypotheses,
                                                const struct bf_bootstrap *bootstrap, double *resampled,
                                                struct bf_figure *out, struct bf_err *err);

/* ---- efficiency ---- */

enum { BF_CHUNK_TOKENS = 128 };

/* A set's lines, concatenated and cut every `size` tokens; the rest at the end is a chunk, too, as in the official
 * code. */
struct bf_chunks {
    size_t size; /* tokens in a chunk */
    uint64_t n_tokens;
    int32_t *open; /* [size] private: the chunk that is being filled */
};
void bf_chunks_init(struct bf_chunks *chunks, size_t size); /* size >= 1 */
void bf_chunks_release(struct bf_chunks *chunks);
/* Add a line of n_tokens. `full` is called with each chunk that fills up (borrowed, valid during the call). */
void bf_chunks_add(struct bf_chunks *chunks, const int32_t *tokens, size_t n_tokens,
                   void (*full)(void *user, const int32_t *tokens, size_t n_tokens), void *user);
/* Call once after the last line: `full` is called with the rest, if any. */
void bf_chunks_end(struct bf_chunks *chunks, void (*full)(void *user, const int32_t *tokens, size_t n_tokens),
                   void *user);

/* ---- t-SNE ---- */

enum bf_tsne_method {
    BF_TSNE_AUTO,       /* exact up to 5,000 points, Barnes-Hut above */
    BF_TSNE_EXACT,      /* 4 n^2 bytes */
    BF_TSNE_BARNES_HUT, /* attraction of 3 x perplexity neighbours, repulsion from a quadtree */
};
struct bf_tsne_options {
    double perplexity;    /* 30; at least 1 and below n */
    size_t n_iterations;  /* at most; 2,000. It ends after 300 iterations without progress, as scikit-learn does */
    double exaggeration;  /* 12; during the first 250 iterations */
    double learning_rate; /* 0 = max(n / exaggeration / 4, 50) */
    enum bf_tsne_method method;
    double angle;  /* 0.5; Barnes-Hut: a cell counts as one point when width / distance is below it */
    double noise;  /* 0; normal noise on the PCA layout, as a share of its deviation, to see how stable a layout is */
    uint64_t seed; /* of the noise, the only randomness */
    size_t n_threads; /* 0 = one for each core */
};
struct bf_tsne_options bf_tsne_default(void);
struct bf_tsne_result {
    double kl;           /* Kullback-Leibler divergence of the layout */
    size_t n_iterations; /* that were done */
};
/* A two-dimensional layout [n][2] of the vectors (van der Maaten and Hinton, 2008), starting from their two principal
 * components. Equal vectors get equal places. Each iteration is O(n^2) when exact, O(n log n) with Barnes-Hut; the
 * similarities before are O(n^2 n_dims). BF_INPUT: options out of range (such as perplexity >= n), or memory is short;
 * BF_MODEL: a value that is not finite. */
BF_MUST_CHECK enum bf_status bf_tsne(const float *vectors, size_t n, size_t n_dims,
                                     const struct bf_tsne_options *options, double *layout,
                                     struct bf_tsne_result *result, struct bf_err *err);

/* To what degree the k nearest neighbours in the layout are neighbours in the full space, too: 0..1 (Venna and Kaski,
 * 2001). O(n^2 (n_dims + k)). BF_INPUT unless 1 <= k < n / 2, or when a place is not finite. */
BF_MUST_CHECK enum bf_status bf_trustworthiness(const float *vectors, size_t n, size_t n_dims, const double *layout,
                                                size_t k, size_t n_threads, double *out, struct bf_err *err);

/* ---- relevance ---- */

struct bf_relevance_set {
    const char *name;     /* for errors */
    const float *vectors; /* [n][n_dims] of sampled chunks, as the model returned them */
    size_t n;
};
struct bf_relevance_options {
    size_t n_nearest;            /* 200; the chunks of a set that go on the map */
    struct bf_tsne_options tsne; /* perplexity is lowered to a third of the points on the map when there are few */
    struct bf_bootstrap bootstrap;
};
struct bf_relevance_options bf_relevance_default(void);

struct bf_relevance_row {
    size_t first, n; /* its points in `layout` */
    double centroid[2];
    struct bf_figure distance;          /* on the map, from centroid to domain: smaller is better */
    struct bf_figure full_distance;     /* the same among the standardised unit vectors, without t-SNE; 0..2 */
    double *resampled, *full_resampled; /* [bootstrap.n_resamples] of each, for an unpaired bf_difference_of with
                                         * another row, since each set has its own seed; NULL with a `why` */
};
struct bf_relevance {
    size_t n_sets, n_points;       /* n_points counts the domain */
    struct bf_relevance_row *sets; /* [n_sets] in the order given */
    double *layout;                /* [n_points][2]; the sets' points in order, the domain last */
    size_t *chunks;         /* [n_points - 1] a point's row in its set's vectors; the nearest to the domain first */
    bool has_map;           /* false: fewer than 5 points, so no `distance`, and a layout of zeros */
    double perplexity;      /* that was used */
    double trustworthiness; /* of the layout, over 5 neighbours (fewer on a small map) */
    struct bf_tsne_result tsne;
};
/* Standardise each vector and scale it to unit length, keep the chunks of each set that are nearest to the domain's
 * vector, lay all of them and the domain out in one t-SNE, and measure. An empty set has figures with a `why`. Release
 * *out on success. BF_MODEL, naming the set: a vector that is not finite, or whose numbers are all equal. */
BF_MUST_CHECK enum bf_status bf_relevance_of(const struct bf_relevance_set *sets, size_t n_sets, const float *domain,
                                             size_t n_dims, const struct bf_relevance_options *options,
                                             struct bf_relevance *out, struct bf_err *err);
void bf_relevance_release(struct bf_relevance *relevance);

#endif
