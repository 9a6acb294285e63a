/* What a forget set is worth, in figures: diversity, relevance, efficiency, and what surrounds them. Pure maths on
 * arrays: the caller reads sets, tokenises and embeds; nothing here does I/O, knows a model or keeps state between
 * calls.
 *
 * Vectors are [n][n_dims] float, row-major, borrowed, of any length. A value that is not finite is an error, never a
 * result; what cannot be said of a set (two texts have no diversity of three) is a figure with `why`. Results depend on
 * the input and the seed, never on the number of threads. */
#ifndef BF_QUALITY_QUALITY_H
#define BF_QUALITY_QUALITY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* ---- figures and their noise ---- */

struct bf_figure {
    size_t n;     /* what it was measured over: texts, chunks, points */
    double value; /* finite; 0 when `why` is set */
    bool has_interval;
    double low, high; /* 95 % interval; it is too narrow for a handful of items, so show n beside it */
    const char *why;  /* NULL: known; else why there is no value ("needs two texts or more"); static */
};

/* Percentile bootstrap. Resample r of a figure draws from a stream of its own, made of (seed, r). */
struct bf_bootstrap {
    size_t n_resamples; /* 2,000; at least 100 */
    uint64_t seed;
    size_t n_threads; /* 0 = one for each core */
};
struct bf_bootstrap bf_bootstrap_default(void);

/* Below, `resampled` is [n_resamples] or NULL: the figure in each resample, for bf_difference_of. Not written with a
 * `why`. */

/* Mean of n values. BF_INPUT for a value that is not finite. */
BF_MUST_CHECK enum bf_status bf_mean_figure(const double *values, size_t n, const struct bf_bootstrap *bootstrap,
                                            double *resampled, struct bf_figure *out, struct bf_err *err);

/* Distance of the centroid of points [n][n_dims] from `target` [n_dims]; resampled over the points. */
BF_MUST_CHECK enum bf_status bf_centroid_figure(const double *points, size_t n, size_t n_dims, const double *target,
                                                const struct bf_bootstrap *bootstrap, double *resampled,
                                                struct bf_figure *out, struct bf_err *err);

/* k of n, with Wilson's 95 % interval: coverage of points or of planted facts, duplicates. BF_INPUT when k > n. */
BF_MUST_CHECK enum bf_status bf_share_figure(size_t k, size_t n, struct bf_figure *out, struct bf_err *err);

/* Mean of n finite values, a sample of what is normally distributed: 95 % interval by Student's t; none with one
 * value. */
void bf_student_figure(const double *values, size_t n, struct bf_figure *out);

struct bf_difference {
    double value;      /* a - b */
    double low, high;  /* 95 % interval */
    bool beyond_noise; /* the interval does not hold 0 */
    const char *why;   /* NULL: known; else why the two cannot be compared; static */
};
/* Unpaired: measure the two figures with different seeds. Paired (the same items measured twice, in the same order):
 * measure them with the same seed, and each resample draws the same items of both. */
void bf_difference_of(const struct bf_figure *a, const double *resampled_a, const struct bf_figure *b,
                      const double *resampled_b, size_t n_resamples, struct bf_difference *out);

/* The q-th quantile (0..1) of sorted values, linear between neighbours, as numpy's default; n >= 1. */
double bf_quantile(const double *sorted, size_t n, double q);

/* k of n indices, each subset equally likely, ascending, in one pass; out is [k], k <= n. The same (n, k, seed) give
 * the same. */
void bf_sample_indices(size_t n, size_t k, uint64_t seed, size_t *out);

/* ---- diversity of meaning ---- */

/* Remote-clique: mean cosine distance over all pairs, 0..2, in O(n n_dims), in double. The interval leaves out pairs of
 * a point with its own copy in a resample; else it would lie too low. BF_MODEL for a value that is not finite or a
 * vector of zeros. */
BF_MUST_CHECK enum bf_status bf_remote_clique(const float *vectors, size_t n, size_t n_dims,
                                              const struct bf_bootstrap *bootstrap, double *resampled,
                                              struct bf_figure *out, struct bf_err *err);

/* ---- diversity of wording ---- */

/* A set's texts as words (base/words.h), for what follows. Memory: 8 bytes a word and 300 a text; sample huge files
 * before. */
struct bf_texts;
enum { BF_TEXTS_GRAMS = 4 };
struct bf_texts *bf_texts_new(void);
void bf_texts_free(struct bf_texts *texts); /* NULL is a no-op */
void bf_texts_add(struct bf_texts *texts, const char *text, size_t n_bytes);
/* Distinct n-grams over all n-grams, n = 1..BF_TEXTS_GRAMS. Falls with the size of a set: compare sets of one size. No
 * interval. */
struct bf_figure bf_texts_distinct(const struct bf_texts *texts, size_t n);
/* Share of texts that repeat an earlier one, but for runs of white space; and of those that are near one (estimated
 * Jaccard similarity of word 3-grams at least 0.8), repeats included. Wilson's intervals. */
struct bf_figure bf_texts_duplicates(const struct bf_texts *texts);
struct bf_figure bf_texts_near_duplicates(const struct bf_texts *texts);
/* Self-BLEU: mean BLEU-4 of a text against all others (uniform weights, clipped counts, brevity penalty to the closest
 * length, NLTK's smoothing method 1). Above n_hypotheses texts (0 = no limit), that many are drawn with bootstrap->seed
 * and still compared with all others. figure.n is the number of hypotheses. */
BF_MUST_CHECK enum bf_status bf_texts_self_bleu(const struct bf_texts *texts, size_t n_hypotheses,
                                                const struct bf_bootstrap *bootstrap, double *resampled,
                                                struct bf_figure *out, struct bf_err *err);

/* ---- efficiency ---- */

enum { BF_CHUNK_TOKENS = 128 };

/* A set's lines, concatenated and cut every `size` tokens; what is left at the end is a chunk too, as in the official
 * code. */
struct bf_chunks {
    size_t size; /* tokens in a chunk */
    uint64_t n_tokens;
    int32_t *open; /* [size] private: the chunk being filled, when tokens are given */
};
void bf_chunks_init(struct bf_chunks *chunks, size_t size); /* size >= 1 */
void bf_chunks_release(struct bf_chunks *chunks);
/* A line of n_tokens. Either always with tokens and `full`, which gets each chunk as it fills (borrowed), or always
 * with NULLs: then lines are only counted. */
void bf_chunks_add(struct bf_chunks *chunks, const int32_t *tokens, size_t n_tokens,
                   void (*full)(void *user, const int32_t *tokens, size_t n_tokens), void *user);
/* The rest, if any; once, after the last line. Only for chunks with tokens. */
void bf_chunks_end(struct bf_chunks *chunks, void (*full)(void *user, const int32_t *tokens, size_t n_tokens),
                   void *user);

/* ---- t-SNE ---- */

enum bf_tsne_method {
    BF_TSNE_AUTO,       /* exact up to 5,000 points */
    BF_TSNE_EXACT,      /* 4 n^2 bytes */
    BF_TSNE_BARNES_HUT, /* 3 x perplexity neighbours; the rest from a quadtree */
};
struct bf_tsne_options {
    double perplexity;    /* 30; 1 or more and below n */
    size_t n_iterations;  /* 2,000 at most: it ends before after 300 without progress, as scikit-learn does */
    double exaggeration;  /* 12, over the first 250 iterations */
    double learning_rate; /* 0 = max(n / exaggeration / 4, 50) */
    enum bf_tsne_method method;
    double angle;     /* 0.5; Barnes-Hut: a cell is one point when width / distance is below */
    double noise;     /* 0; normal noise on the PCA layout, as a share of its deviation, to see how soft a layout is */
    uint64_t seed;    /* of the noise; nothing else is random */
    size_t n_threads; /* 0 = one for each core */
};
struct bf_tsne_options bf_tsne_default(void);
struct bf_tsne_result {
    double kl;           /* Kullback-Leibler divergence of the layout */
    size_t n_iterations; /* done */
};
/* A two-dimensional layout [n][2] of the vectors, from their two principal components. Equal points get one place.
 * BF_INPUT: options out of range (perplexity >= n, say) or memory is short; BF_MODEL: a value that is not finite. */
BF_MUST_CHECK enum bf_status bf_tsne(const float *vectors, size_t n, size_t n_dims,
                                     const struct bf_tsne_options *options, double *layout,
                                     struct bf_tsne_result *result, struct bf_err *err);

/* How far neighbours in the layout are neighbours in the full space too, 0..1 (Venna and Kaski, 2001), over the k
 * nearest. O(n^2 (n_dims + k)). BF_INPUT unless 1 <= k < n / 2. */
BF_MUST_CHECK enum bf_status bf_trustworthiness(const float *vectors, size_t n, size_t n_dims, const double *layout,
                                                size_t k, size_t n_threads, double *out, struct bf_err *err);

/* ---- relevance ---- */

struct bf_relevance_set {
    const char *name;     /* for errors */
    const float *vectors; /* [n][n_dims] of sampled chunks, as the model gave them */
    size_t n;
};
struct bf_relevance_options {
    size_t n_nearest;            /* 200 chunks of a set go on the map */
    struct bf_tsne_options tsne; /* perplexity is lowered to a third of the points on the map when there are few */
    struct bf_bootstrap bootstrap;
};
struct bf_relevance_options bf_relevance_default(void);

struct bf_relevance_row {
    size_t first, n; /* its points in `layout` */
    double centroid[2];
    struct bf_figure distance;          /* on the map, from centroid to domain: smaller is better */
    struct bf_figure full_distance;     /* the same among the standardised unit vectors: needs no t-SNE; 0..2 */
    double *resampled, *full_resampled; /* [bootstrap.n_resamples] of each, for bf_difference_of with another row: each
                                         * set draws from a seed of its own; NULL with a `why` */
};
struct bf_relevance {
    size_t n_sets, n_points;       /* n_points counts the domain */
    struct bf_relevance_row *sets; /* [n_sets] in the order given */
    double *layout;                /* [n_points][2]; the sets' points in order, the domain last */
    size_t *chunks;                /* [n_points - 1] which row of its set a point is; the nearest to the domain first */
    bool has_map;                  /* false: fewer than 5 points, so no `distance`, and a layout of zeros */
    double perplexity;             /* used */
    double trustworthiness;        /* of the layout, over 5 neighbours (fewer on a small map) */
    struct bf_tsne_result tsne;
};
/* Standardise each vector, scale it to unit length, keep each set's chunks nearest to the domain's vector, lay out all
 * of them and the domain in one t-SNE, measure. An empty set has figures with a `why`. Release *out on success.
 * BF_MODEL: a vector that is not finite or is constant, named with its set. */
BF_MUST_CHECK enum bf_status bf_relevance_of(const struct bf_relevance_set *sets, size_t n_sets, const float *domain,
                                             size_t n_dims, const struct bf_relevance_options *options,
                                             struct bf_relevance *out, struct bf_err *err);
void bf_relevance_release(struct bf_relevance *relevance);

#endif
