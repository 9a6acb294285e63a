/* The sampler and Min-K% prob against tests/golden/sampler_reference.json, made by an independent implementation. */
#include "unit.h"

#include <math.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "engine/sampler.h"
#include "synth/mink.h"

static int set_up(void **state)
{
    const char *source = getenv("BIFORGET_SOURCE");
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf data;
    json_t *root = NULL;

    if (!source)
        fail_msg("BIFORGET_SOURCE is not set: run this through ctest");
    char *path = bf_path_join(source, "tests/golden/sampler_reference.json");
    bf_buf_init(&data, 1 << 24);
    if (bf_file_read(path, &data, &err) || bf_json_parse(data.data, data.len, path, &root, &err))
        fail_msg("%s", err.text);
    bf_buf_release(&data);
    free(path);
    *state = root;
    return 0;
}

static int tear_down(void **state)
{
    json_decref(*state);
    return 0;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    assert_true(json_is_number(value));
    return json_number_value(value);
}

static float *floats(const json_t *array, size_t *n)
{
    float *out;

    *n = json_array_size(array);
    assert_true(*n > 0);
    out = calloc(*n, sizeof *out);
    assert_non_null(out);
    for (size_t i = 0; i < *n; i++)
        out[i] = (float)json_number_value(json_array_get(array, i));
    return out;
}

/* How many tokens can come out: a fine sweep of u finds each that is not tiny, and never more than there are. */
static size_t tokens_in_use(const struct bf_sampler *sampler, const float *logits, size_t n,
                            struct bf_candidate *scratch)
{
    bool *seen = calloc(n, sizeof *seen);
    size_t distinct = 0;

    assert_non_null(seen);
    for (int i = 0; i < 20000; i++) {
        struct bf_choice choice;

        assert_true(bf_sample(sampler, logits, (int32_t)n, (i + 0.5) / 20000, scratch, &choice));
        distinct += seen[choice.token] ? 0 : 1;
        seen[choice.token] = true;
    }
    free(seen);
    return distinct;
}

static void sampling_is_that_of_hugging_face(void **state)
{
    const json_t *cases = json_object_get(*state, "sampler");
    size_t n_draws = 0;

    assert_int_equal(json_array_size(cases), 28);
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *one = json_array_get(cases, c);
        const json_t *draws = json_object_get(one, "draws");
        struct bf_sampler sampler = {number(one, "temperature"), (int32_t)number(one, "top_k"), number(one, "top_p")};
        size_t n;
        float *logits = floats(json_object_get(one, "logits"), &n);
        struct bf_candidate *scratch = calloc(n, sizeof *scratch);
        size_t kept = (size_t)number(one, "kept");

        assert_non_null(scratch);
        for (size_t d = 0; d < json_array_size(draws); d++) {
            const json_t *draw = json_array_get(draws, d);
            struct bf_choice choice;

            assert_true(bf_sample(&sampler, logits, (int32_t)n, number(draw, "u"), scratch, &choice));
            if (choice.token != (int32_t)number(draw, "token"))
                fail_msg("%s: token %d, not %d", json_string_value(json_object_get(one, "name")), choice.token,
                         (int)number(draw, "token"));
            assert_true(fabs((double)choice.p_sampling - number(draw, "p")) < 1e-6);
            assert_true(fabs((double)choice.logp_model - number(draw, "logp")) < 1e-5);
            n_draws++;
        }
        assert_true(tokens_in_use(&sampler, logits, n, scratch) <= kept);
        if (kept <= 10)
            assert_int_equal(tokens_in_use(&sampler, logits, n, scratch), kept);
        free(scratch);
        free(logits);
    }
    assert_true(n_draws > 300);
}

static void min_k_is_that_of_the_paper(void **state)
{
    const json_t *cases = json_object_get(*state, "min_k");

    assert_int_equal(json_array_size(cases), 32);
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *one = json_array_get(cases, c);
        size_t n;
        float *p = floats(json_object_get(one, "p"), &n);
        double mean = number(one, "mean");

        assert_true(fabs(bf_mean_lowest(p, (int32_t)n, number(one, "k_percent")) - mean) < 1e-7);
        for (size_t i = 0; i < n; i++)
            p[i] = logf(p[i]);
        assert_true(fabs(bf_mean_lowest_exp(p, (int32_t)n, number(one, "k_percent")) - mean) < 1e-6);
        free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sampling_is_that_of_hugging_face),
        cmocka_unit_test(min_k_is_that_of_the_paper),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
