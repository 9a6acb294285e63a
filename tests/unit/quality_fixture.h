/* tests/golden/quality_reference.json, opened as *state, and made-up vectors. After unit.h. */
#ifndef BF_TESTS_QUALITY_FIXTURE_H
#define BF_TESTS_QUALITY_FIXTURE_H
#include <math.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "quality/quality.h"

static inline int read_golden(void **state, const char *name)
{
    const char *source = getenv("BIFORGET_SOURCE");
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf data;
    json_t *root = NULL;

    if (!source)
        fail_msg("BIFORGET_SOURCE is not set: run this through ctest");
    char *path = bf_path_join(source, name);
    bf_buf_init(&data, 1 << 24);
    if (bf_file_read(path, &data, &err) || bf_json_parse(data.data, data.len, path, &root, &err))
        fail_msg("%s", err.text);
    bf_buf_release(&data);
    free(path);
    *state = root;
    return 0;
}

static inline int open_golden(void **state)
{
    return read_golden(state, "tests/golden/quality_reference.json");
}

static inline int close_golden(void **state)
{
    json_decref(*state);
    return 0;
}

static inline const json_t *member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    assert_non_null(value);
    return value;
}

static inline double number(const json_t *object, const char *key)
{
    assert_true(json_is_number(member(object, key)));
    return json_number_value(member(object, key));
}

static inline size_t size(const json_t *object, const char *key)
{
    return (size_t)json_integer_value(member(object, key));
}

/* free() both. */
static inline double *doubles(const json_t *object, const char *key)
{
    const json_t *array = member(object, key);
    double *out = calloc(json_array_size(array) + 1, sizeof *out);

    assert_non_null(out);
    for (size_t i = 0; i < json_array_size(array); i++)
        out[i] = json_number_value(json_array_get(array, i));
    return out;
}

static inline float *floats(const json_t *object, const char *key)
{
    const json_t *array = member(object, key);
    float *out = calloc(json_array_size(array) + 1, sizeof *out);

    assert_non_null(out);
    for (size_t i = 0; i < json_array_size(array); i++)
        out[i] = (float)json_number_value(json_array_get(array, i));
    return out;
}

static inline void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.12g is not within %g of %.12g", value, tolerance, expected);
}

/* [n][n_dims] in groups of unlike middles; free(). */
static inline float *grouped_vectors(size_t n, size_t n_dims, size_t n_groups, uint64_t seed)
{
    float *out = calloc(n * n_dims + 1, sizeof *out);
    struct bf_rng rng;

    assert_non_null(out);
    bf_rng_init(&rng, seed);
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < n_dims; d++) {
            const uint64_t middle = bf_mix(i % n_groups, d) % 8;
            double sum = 0.0; /* nearly normal */
            for (int k = 0; k < 6; k++)
                sum += bf_rng_unit(&rng) - 0.5;
            out[i * n_dims + d] = (float)((double)middle + sum);
        }
    return out;
}

#endif
