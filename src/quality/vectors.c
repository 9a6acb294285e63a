#include "quality/vectors.h"

#include <stdint.h>
#include <string.h>

#include "base/clones.h"
#include "base/mem.h"
#include "base/banned.h"

enum { STRETCH = 512 };
static const float SQUARE_MAX = 1e37f;

enum bf_status bf_vectors_check(const float *vectors, size_t n, size_t n_dims, const char *what, struct bf_err *err)
{
    if (n_dims == 0 || n > (size_t)PTRDIFF_MAX / sizeof(double) / n_dims)
        return bf_fail(err, BF_INPUT, "%s: %zu vectors of %zu numbers cannot be measured", what, n, n_dims);
    for (size_t i = 0; i < n; i++) {
        const float *row = vectors + i * n_dims;
        float square = 0.0f;
#pragma omp simd reduction(+ : square)
        for (size_t d = 0; d < n_dims; d++)
            square += row[d] * row[d];
        /* Also false for NaN. Below the limit the distance of two vectors is finite as well. */
        if (!(square <= SQUARE_MAX))
            return bf_fail(
                err, BF_MODEL,
                "%s: vector %zu of %zu holds a value that is not finite, or is too large; either the model is broken "
                "or the text is: leave that text out, or use another model",
                what, i + 1, n);
    }
    return BF_OK;
}

enum bf_status bf_quality_array(void *out, size_t n, size_t size, struct bf_err *err)
{
    void *array = bf_try_array(n, size);
    if (!array)
        return bf_fail(err, BF_INPUT, "not enough memory for %zu items of %zu bytes; draw a sample of the set", n,
                       size);
    memcpy(out, &array, sizeof array);
    return BF_OK;
}

/* Sums each stretch in float and the stretches in double: fast, and accurate for any number of dimensions. */
static float squared_distance(const float *a, const float *b, size_t n_dims)
{
    double sum = 0.0;
    for (size_t first = 0; first < n_dims; first += STRETCH) {
        const size_t end = first + STRETCH < n_dims ? first + STRETCH : n_dims;
        float part = 0.0f;
#pragma omp simd reduction(+ : part)
        for (size_t d = first; d < end; d++)
            part += (a[d] - b[d]) * (a[d] - b[d]);
        sum += (double)part;
    }
    return (float)sum;
}

BF_CLONES static void distances_of(const float *vectors, size_t n, size_t n_dims, size_t first, size_t n_rows,
                                   float *out)
{
    /* The few rows stay in the cache while all others pass by once. */
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < n_rows; i++)
            out[i * n + j] = squared_distance(vectors + (first + i) * n_dims, vectors + j * n_dims, n_dims);
}

void bf_squared_distances(const float *vectors, size_t n, size_t n_dims, size_t first, size_t n_rows, float *out)
{
    distances_of(vectors, n, n_dims, first, n_rows, out);
}
