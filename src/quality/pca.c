/* Lanczos on X X^T, X the centred vectors [n][n_dims], without forming it: each step is two products with X, and all
 * earlier directions are projected out, so that it stays exact. The extreme eigenvectors, which are needed here,
 * converge first.
 *
 *     basis[0..m) of R^n, orthonormal
 *     alpha[m], beta[m]: the tridiagonal matrix T = basis X X^T basis^T
 */
#include "quality/pca.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/banned.h"

enum { STEPS_MAX = 300, TURNS_MAX = 60, ROWS = 32, COLUMNS = 256 };
static const double TOLERANCE = 1e-10;

struct krylov {
    const float *vectors;
    size_t n, n_dims;
    struct bf_workers *workers;
    double *mean;       /* [n_dims] */
    double *direction;  /* [n_dims] X^T v */
    const double *from; /* [n] v */
    double *to;         /* [n] X X^T v */
};

/* direction = X^T from, a stripe of columns in each block. */
BF_CLONES static void gather(void *user, size_t block)
{
    const struct krylov *k = user;
    const size_t first = block * COLUMNS;
    const size_t end = first + COLUMNS < k->n_dims ? first + COLUMNS : k->n_dims;
    double total = 0.0;
    memset(k->direction + first, 0, (end - first) * sizeof *k->direction);
    for (size_t i = 0; i < k->n; i++) {
        const float *row = k->vectors + i * k->n_dims;
        for (size_t d = first; d < end; d++)
            k->direction[d] += k->from[i] * (double)row[d];
        total += k->from[i];
    }
    for (size_t d = first; d < end; d++)
        k->direction[d] -= total * k->mean[d];
}

/* to = X direction. */
BF_CLONES static void spread(void *user, size_t block)
{
    const struct krylov *k = user;
    for (size_t i = block * ROWS; i < (block + 1) * ROWS && i < k->n; i++) {
        const float *row = k->vectors + i * k->n_dims;
        double sum = 0.0;
#pragma omp simd reduction(+ : sum)
        for (size_t d = 0; d < k->n_dims; d++)
            sum += ((double)row[d] - k->mean[d]) * k->direction[d];
        k->to[i] = sum;
    }
}

static void gather_all(struct krylov *k, const double *from)
{
    k->from = from;
    bf_workers_run(k->workers, (k->n_dims + COLUMNS - 1) / COLUMNS, gather, k);
}

static void apply(struct krylov *k, const double *from, double *to)
{
    gather_all(k, from);
    k->to = to;
    bf_workers_run(k->workers, (k->n + ROWS - 1) / ROWS, spread, k);
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Subtract from v its components along the basis; twice, since once leaves rounding errors. Returns the remaining
 * length. */
BF_CLONES static double orthogonalise(double *v, const double *basis, size_t m, size_t n)
{
    for (int pass = 0; pass < 2; pass++)
        for (size_t j = 0; j < m; j++) {
            const double along = dot(v, basis + j * n, n);
            for (size_t i = 0; i < n; i++)
                v[i] -= along * basis[j * n + i];
        }
    return sqrt(dot(v, v, n));
}

/* A unit vector that sums to 0, as all eigenvectors of X X^T do, and is orthogonal to the basis; false when there is
 * none. */
static bool fresh_direction(struct bf_rng *rng, double *v, const double *basis, size_t m, size_t n)
{
    double mean = 0.0;
    for (size_t i = 0; i < n; i++) {
        v[i] = bf_rng_unit(rng) - 0.5;
        mean += v[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++)
        v[i] -= mean;
    const double length = orthogonalise(v, basis, m, n);
    if (!(length > 1e-6 * sqrt((double)n)))
        return false;
    for (size_t i = 0; i < n; i++)
        v[i] /= length;
    return true;
}

/* Eigenvalues into d, eigenvectors into the rows of z [m][m], of the tridiagonal matrix with diagonal d [m] and
 * off-diagonal e [m], whose last is 0: QL with implicit shifts (Dubrulle, Martin and Wilkinson, 1968). */
static void tridiagonal_eigen(double *d, double *e, double *z, size_t m)
{
    for (size_t i = 0; i < m * m; i++)
        z[i] = i % (m + 1) == 0 ? 1.0 : 0.0;
    for (size_t l = 0; l < m; l++)
        for (int turn = 0; turn < TURNS_MAX; turn++) {
            size_t end = l;
            while (end + 1 < m && fabs(e[end]) > DBL_EPSILON * (fabs(d[end]) + fabs(d[end + 1])))
                end++;
            if (end == l)
                break;
            double g = (d[l + 1] - d[l]) / (2.0 * e[l]);
            g = d[end] - d[l] + e[l] / (g + copysign(hypot(g, 1.0), g));
            double s = 1.0;
            double c = 1.0;
            double p = 0.0;
            bool split = false;
            for (size_t i = end; i-- > l && !split;) {
                const double f = s * e[i];
                const double b = c * e[i];
                double r = hypot(f, g);
                e[i + 1] = r;
                split = r == 0.0;
                if (split) {
                    d[i + 1] -= p;
                    e[end] = 0.0;
                    break;
                }
                s = f / r;
                c = g / r;
                g = d[i + 1] - p;
                r = (d[i] - g) * s + 2.0 * c * b;
                p = s * r;
                d[i + 1] = g + p;
                g = c * r - b;
                double *low = z + i * m;
                double *high = low + m;
                for (size_t k = 0; k < m; k++) {
                    const double x = high[k];
                    high[k] = s * low[k] + c * x;
                    low[k] = c * low[k] - s * x;
                }
            }
            if (split)
                continue;
            d[l] -= p;
            e[l] = g;
            e[end] = 0.0;
        }
}

/* T and its eigenvectors. */
struct ritz {
    double alpha[STEPS_MAX], beta[STEPS_MAX];
    double values[STEPS_MAX], scratch[STEPS_MAX];
    double *vectors; /* [m][m] */
    size_t top[2];   /* rows of `vectors` with the largest values; the same one when m is 1 */
};

/* Solve T's first m steps; true when the two largest pairs have converged. */
static bool solve(struct ritz *t, size_t m)
{
    memcpy(t->values, t->alpha, m * sizeof *t->values);
    memcpy(t->scratch, t->beta, m * sizeof *t->scratch);
    t->scratch[m - 1] = 0.0;
    tridiagonal_eigen(t->values, t->scratch, t->vectors, m);
    t->top[0] = 0;
    for (size_t i = 1; i < m; i++)
        if (t->values[i] > t->values[t->top[0]])
            t->top[0] = i;
    t->top[1] = t->top[0] == 0 && m > 1 ? 1 : 0;
    for (size_t i = 0; i < m; i++)
        if (i != t->top[0] && t->values[i] > t->values[t->top[1]])
            t->top[1] = i;
    for (int c = 0; c < 2; c++)
        if (fabs(t->beta[m - 1] * t->vectors[t->top[c] * m + m - 1]) > TOLERANCE * t->values[t->top[0]])
            return false;
    return m > 1;
}

/* Lanczos. Returns the number of steps. basis is [STEPS_MAX + 1][n] at most. */
static size_t expand(struct krylov *k, double *basis, struct ritz *t, size_t steps_max)
{
    struct bf_rng rng;
    size_t m = 0;
    size_t next_look = 10;
    bf_rng_init(&rng, 0);
    if (!fresh_direction(&rng, basis, basis, 0, k->n))
        return 0;
    while (m < steps_max) {
        double *v = basis + m * k->n;
        double *w = v + k->n;
        apply(k, v, w);
        t->alpha[m] = dot(v, w, k->n);
        t->beta[m] = orthogonalise(w, basis, m + 1, k->n);
        m++;
        if (m == steps_max)
            break;
        if (m == next_look) {
            if (solve(t, m))
                return m;
            next_look += next_look / 2;
        }
        if (t->beta[m - 1] > 1e-12 * (fabs(t->alpha[0]) + t->beta[0])) {
            for (size_t i = 0; i < k->n; i++)
                w[i] /= t->beta[m - 1];
        } else {
            /* An invariant subspace: the rest, such as repeated eigenvalues, is found from a new direction. */
            t->beta[m - 1] = 0.0;
            if (!fresh_direction(&rng, w, basis, m, k->n))
                break;
        }
    }
    (void)solve(t, m);
    return m;
}

void bf_pca_2(const float *vectors, size_t n, size_t n_dims, struct bf_workers *workers, double *scores)
{
    const size_t most = n < n_dims + 1 ? n : n_dims + 1;
    const size_t steps_max = most < 1 ? 0 : most < STEPS_MAX ? most : STEPS_MAX;
    struct krylov k = {.vectors = vectors, .n = n, .n_dims = n_dims, .workers = workers};
    struct ritz *t = bf_alloc(sizeof *t);
    double *basis = bf_array(steps_max + 1, n * sizeof *basis);
    double *component = bf_array(n, sizeof *component);
    k.mean = bf_array(n_dims, sizeof *k.mean);
    k.direction = bf_array(n_dims, sizeof *k.direction);
    t->vectors = bf_array(steps_max * steps_max, sizeof *t->vectors);
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < n_dims; d++)
            k.mean[d] += (double)vectors[i * n_dims + d] / (double)n;
    memset(scores, 0, 2 * n * sizeof *scores);

    const size_t m = n > 1 ? expand(&k, basis, t, steps_max) : 0;
    for (size_t c = 0; m > 0 && c < 2; c++) {
        const double *weights = t->vectors + t->top[c] * m;
        const double value = t->values[t->top[c]];
        if ((c == 1 && t->top[0] == t->top[1]) || !(value > 1e-12 * t->values[t->top[0]]) || !(value > 0.0))
            continue;
        memset(component, 0, n * sizeof *component);
        for (size_t j = 0; j < m; j++)
            for (size_t i = 0; i < n; i++)
                component[i] += weights[j] * basis[j * n + i];
        gather_all(&k, component);
        double largest = 0.0;
        for (size_t d = 0; d < n_dims; d++)
            largest = fabs(k.direction[d]) > fabs(largest) ? k.direction[d] : largest;
        for (size_t i = 0; i < n; i++)
            scores[2 * i + c] = copysign(sqrt(value), largest) * component[i];
    }
    free(t->vectors);
    free(k.direction);
    free(k.mean);
    free(component);
    free(basis);
    free(t);
}
