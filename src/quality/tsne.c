/* t-SNE (van der Maaten and Hinton, 2008), with scikit-learn's schedule: exaggeration and momentum 0.5 for 250
 * iterations, then momentum 0.8; a gain for each coordinate; the end after 300 iterations without progress. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "quality/pca.h"
#include "quality/tsne_internal.h"
#include "quality/vectors.h"
#include "base/banned.h"

/* ---- similarities ---- */

enum { STEPS_MAX = 100 };
static const double TOLERANCE = 1e-5;

double bf_perplexity_search(const float *distances, size_t n, double perplexity, double *p)
{
    const double wanted = log(perplexity);
    double low = 0.0;
    double high = INFINITY;
    double beta = 1.0;
    double least = (double)distances[0];
    for (size_t j = 1; j < n; j++)
        least = (double)distances[j] < least ? (double)distances[j] : least;

    double sum = 0.0;
    for (int step = 0;; step++) {
        double spread = 0.0;
        sum = 0.0;
        for (size_t j = 0; j < n; j++) {
            /* Relative to the nearest: the entropy is the same, and the sum cannot become 0. */
            const double distance = (double)distances[j] - least;
            p[j] = exp(-beta * distance);
            sum += p[j];
            spread += p[j] * distance;
        }
        const double excess = log(sum) + beta * spread / sum - wanted;
        if (fabs(excess) <= TOLERANCE || step == STEPS_MAX)
            break;
        if (excess > 0.0)
            low = beta;
        else
            high = beta;
        beta = isinf(high) ? 2.0 * beta : (low + high) / 2.0;
    }
    for (size_t j = 0; j < n; j++)
        p[j] /= sum;
    return beta;
}

/* ---- the descent ---- */

enum { EXPLORATION = 250, PER_CHECK = 50, PATIENCE = 300, EXACT_MAX = 5000 };
static const double FIRST_DEVIATION = 1e-4;
static const double GRADIENT_MIN = 1e-7;
static const double GAIN_MIN = 0.01;
static const double FARTHEST = 1e12; /* squares and their sums stay finite in floats, and BF_MAP_FAR is farther */
static const double LEARNING_RATE_MIN = 50.0;

struct bf_tsne_options bf_tsne_default(void)
{
    return (struct bf_tsne_options){.perplexity = 30.0, .n_iterations = 2000, .exaggeration = 12.0, .angle = 0.5};
}

static enum bf_status check_options(size_t n, const struct bf_tsne_options *o, struct bf_err *err)
{
    if (!(o->perplexity >= 1.0) || !(o->perplexity < (double)n))
        return bf_fail(
            err, BF_INPUT,
            "a map of %zu points with perplexity %g is not possible: give a perplexity of at least 1 and below the "
            "number of points",
            n, o->perplexity);
    if (!(o->exaggeration >= 1.0) || !(o->exaggeration <= 1e6) || !(o->learning_rate >= 0.0) ||
        !(o->learning_rate <= 1e9) || !(o->angle >= 0.0) || !(o->angle <= 1.0) || !(o->noise >= 0.0) ||
        !(o->noise <= 1e3))
        return bf_fail(
            err, BF_INPUT,
            "t-SNE with exaggeration %g, learning rate %g, angle %g and noise %g is not possible: exaggeration is at "
            "least 1, the learning rate at least 0, the angle 0 to 1, the noise at least 0",
            o->exaggeration, o->learning_rate, o->angle, o->noise);
    return BF_OK;
}

/* Box and Muller. */
static double normal(struct bf_rng *rng)
{
    const double radius = sqrt(-2.0 * log(1.0 - bf_rng_unit(rng)));
    return radius * cos(2.0 * 3.14159265358979323846 * bf_rng_unit(rng));
}

static void first_layout(const float *vectors, size_t n, size_t n_dims, const struct bf_tsne_options *o,
                         struct bf_workers *workers, double *layout)
{
    bf_pca_2(vectors, n, n_dims, workers, layout);
    double mean = 0.0;
    double variance = 0.0;
    for (size_t i = 0; i < n; i++)
        mean += layout[2 * i] / (double)n;
    for (size_t i = 0; i < n; i++)
        variance += (layout[2 * i] - mean) * (layout[2 * i] - mean) / (double)n;
    const double scale = variance > 0.0 ? FIRST_DEVIATION / sqrt(variance) : 0.0;
    struct bf_rng rng;
    bf_rng_init(&rng, o->seed);
    for (size_t i = 0; i < 2 * n; i++)
        layout[i] = layout[i] * scale + (o->noise > 0.0 ? o->noise * FIRST_DEVIATION * normal(&rng) : 0.0);
}

struct descent {
    struct bf_forces *forces;
    double *layout;         /* [n][2] */
    double *update, *gains; /* [n][2] */
    float *x, *y;           /* [bf_map_stride(n)] */
    double rate;
};

static void round_layout(struct descent *s)
{
    for (size_t i = 0; i < s->forces->n; i++) {
        s->x[i] = (float)s->layout[2 * i];
        s->y[i] = (float)s->layout[2 * i + 1];
    }
}

/* One iteration. Returns the length of the gradient, gains included. *lost: the points fly apart. */
static double step(struct descent *s, double exaggeration, double momentum, bool with_kl, bool *lost)
{
    const struct bf_forces *f = s->forces;
    double square = 0.0;
    double farthest = 0.0;
    round_layout(s);
    s->forces->compute(s->forces, s->x, s->y, with_kl);
    for (size_t i = 0; i < 2 * f->n; i++) {
        const double gradient = 4.0 * (exaggeration * f->attract[i] - f->repel[i] / f->z);
        s->gains[i] = s->update[i] * gradient < 0.0 ? s->gains[i] + 0.2 : fmax(s->gains[i] * 0.8, GAIN_MIN);
        const double pushed = gradient * s->gains[i];
        s->update[i] = momentum * s->update[i] - s->rate * pushed;
        s->layout[i] += s->update[i];
        square += pushed * pushed;
        farthest = fmax(farthest, fabs(s->layout[i]));
    }
    *lost = !(farthest <= FARTHEST) || !isfinite(square);
    return sqrt(square);
}

static void rest(struct descent *s)
{
    for (size_t i = 0; i < 2 * s->forces->n; i++) {
        s->update[i] = 0.0;
        s->gains[i] = 1.0;
    }
}

/* False: the points flew apart. */
static bool descend(struct descent *s, const struct bf_tsne_options *o, struct bf_tsne_result *result)
{
    const size_t n_exploring = o->n_iterations < EXPLORATION ? o->n_iterations : EXPLORATION;
    double best = INFINITY;
    size_t best_at = n_exploring;
    size_t done = 0;
    bool lost = false;
    rest(s);
    while (done < n_exploring && !lost) {
        done++;
        if (step(s, o->exaggeration, 0.5, false, &lost) <= GRADIENT_MIN && done % PER_CHECK == 0)
            break;
    }
    rest(s);
    while (done < o->n_iterations && !lost) {
        done++;
        const bool checked = done % PER_CHECK == 0;
        const double gradient = step(s, 1.0, 0.8, checked, &lost);
        if (!checked)
            continue;
        if (s->forces->kl < best) {
            best = s->forces->kl;
            best_at = done;
        } else if (done - best_at > PATIENCE) {
            break;
        }
        if (gradient <= GRADIENT_MIN)
            break;
    }
    if (!lost) {
        round_layout(s);
        s->forces->compute(s->forces, s->x, s->y, true);
    }
    *result = (struct bf_tsne_result){.kl = s->forces->kl, .n_iterations = done};
    return !lost;
}

enum bf_status bf_tsne(const float *vectors, size_t n, size_t n_dims, const struct bf_tsne_options *options,
                       double *layout, struct bf_tsne_result *result, struct bf_err *err)
{
    struct descent s = {0};
    enum bf_status status = bf_vectors_check(vectors, n, n_dims, "the map", err);
    if (status == BF_OK)
        status = check_options(n, options, err);
    if (status != BF_OK)
        return status;
    const double rate = (double)n / options->exaggeration / 4.0;
    s.rate = options->learning_rate > 0.0 ? options->learning_rate : fmax(rate, LEARNING_RATE_MIN);
    struct bf_workers *workers = bf_workers_new(options->n_threads);
    if (options->method == BF_TSNE_EXACT || (options->method == BF_TSNE_AUTO && n <= EXACT_MAX))
        status = bf_forces_exact(vectors, n, n_dims, options->perplexity, workers, &s.forces, err);
    else
        status = bf_forces_barnes_hut(vectors, n, n_dims, options->perplexity, options->angle, workers, &s.forces, err);
    if (status != BF_OK)
        goto out;
    s.layout = layout;
    s.update = bf_array(n, 2 * sizeof *s.update);
    s.gains = bf_array(n, 2 * sizeof *s.gains);
    s.x = bf_array(bf_map_stride(n), sizeof *s.x);
    s.y = bf_array(bf_map_stride(n), sizeof *s.y);
    for (size_t i = n; i < bf_map_stride(n); i++)
        s.x[i] = s.y[i] = BF_MAP_FAR;
    first_layout(vectors, n, n_dims, options, workers, layout);
    if (!descend(&s, options, result))
        status = bf_fail(err, BF_INPUT, "the points of the map flew apart: give a learning rate below %g", s.rate);
out:
    if (s.forces)
        s.forces->free(s.forces);
    bf_workers_free(workers);
    free(s.update);
    free(s.gains);
    free(s.x);
    free(s.y);
    return status;
}
