/* The sentence embedder made by scripts/convert_bert.py, read by our engine, against vectors of the original weights
 * computed by an independent implementation (tests/golden/embedder_reference.py). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "base/banned.h"

#define MIN_COSINE 0.999

struct golden {
    json_t *root;
    size_t n;
    const char **texts; /* [n], borrowed from root */
    struct bf_engine *engine;
    int32_t n_embd;
};

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    if (!value || !*value)
        fail_msg("%s is not set: run this through ctest", name);
    return value;
}

static int set_up(void **state)
{
    static struct golden g;
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf data;
    char *path = bf_path_join(environment("BIFORGET_SOURCE"), "tests/golden/embedder_reference.json");
    bf_buf_init(&data, 1 << 20);
    if (bf_file_read(path, &data, &err) || bf_json_parse(data.data, data.len, path, &g.root, &err))
        fail_msg("%s", err.text);
    bf_buf_release(&data);
    free(path);

    const json_t *items = json_object_get(g.root, "items");
    g.n = json_array_size(items);
    assert_int_equal(g.n, 20);
    g.texts = calloc(g.n, sizeof *g.texts);
    assert_non_null(g.texts);
    for (size_t i = 0; i < g.n; i++)
        g.texts[i] = json_string_value(json_object_get(json_array_get(items, i), "text"));

    struct bf_engine_options options = bf_engine_default_options();
    options.model_path = environment("BIFORGET_TEST_EMBEDDER");
    options.embed_only = true;
    if (bf_engine_open(&options, &g.engine, &err))
        fail_msg("%s", err.text);
    g.n_embd = bf_engine_info(g.engine)->n_embd;
    *state = &g;
    return 0;
}

static int tear_down(void **state)
{
    struct golden *g = *state;
    bf_engine_close(g->engine);
    free(g->texts);
    json_decref(g->root);
    return 0;
}

static const json_t *item(const struct golden *g, size_t i)
{
    return json_array_get(json_object_get(g->root, "items"), i);
}

static double cosine(const json_t *reference, const float *ours, size_t n)
{
    double dot = 0, norm_a = 0, norm_b = 0;
    for (size_t k = 0; k < n; k++) {
        double a = json_real_value(json_array_get(reference, k));
        double b = (double)ours[k];
        dot += a * b;
        norm_a += a * a;
        norm_b += b * b;
    }
    return dot / sqrt(norm_a * norm_b);
}

static void check_vectors(const struct golden *g, bool together)
{
    struct bf_err err = BF_ERR_INIT;
    size_t d = (size_t)g->n_embd;
    float *out = calloc(g->n * d, sizeof *out);
    assert_non_null(out);
    if (bf_engine_embed(g->engine, g->texts, g->n, BF_POOL_MODEL, together, out, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < g->n; i++) {
        const json_t *reference = json_object_get(item(g, i), "vector");
        assert_int_equal(json_array_size(reference), d);
        double c = cosine(reference, out + i * d, d);
        if (!(c >= MIN_COSINE))
            fail_msg("cosine %.6f for sentence %zu: %s", c, i, g->texts[i]);
    }
    free(out);
}

static void vectors_agree_one_by_one(void **state)
{
    check_vectors(*state, false);
}

static void vectors_agree_in_batches(void **state)
{
    check_vectors(*state, true);
}

/* The vocabulary: same pieces for accents, CJK, case, symbols. The reference counts [CLS] and [SEP], tokenize does
 * not. */
static void tokens_agree(void **state)
{
    const struct golden *g = *state;
    for (size_t i = 0; i < g->n; i++) {
        const json_t *reference = json_object_get(item(g, i), "tokens");
        int32_t tokens[512];
        int32_t n = bf_engine_tokenize(g->engine, g->texts[i], tokens, 512);
        assert_int_equal((size_t)n + 2, json_array_size(reference));
        for (int32_t k = 0; k < n; k++)
            assert_int_equal(tokens[k], json_integer_value(json_array_get(reference, (size_t)k + 1)));
    }
}

static void one_text_alone_gives_the_same_bytes(void **state)
{
    const struct golden *g = *state;
    struct bf_err err = BF_ERR_INIT;
    size_t d = (size_t)g->n_embd;
    float *all = calloc(g->n * d, sizeof *all);
    float *one = calloc(d, sizeof *one);
    assert_non_null(all);
    assert_non_null(one);
    if (bf_engine_embed(g->engine, g->texts, g->n, BF_POOL_MODEL, false, all, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < g->n; i++) {
        if (bf_engine_embed(g->engine, g->texts + i, 1, BF_POOL_MODEL, false, one, &err))
            fail_msg("%s", err.text);
        assert_memory_equal(one, all + i * d, d * sizeof *one);
    }
    free(all);
    free(one);
}

static void an_embedder_does_not_generate(void **state)
{
    const struct golden *g = *state;
    const struct bf_engine_info *info = bf_engine_info(g->engine);
    assert_true(info->can_embed);
    assert_false(info->can_generate);
    assert_int_equal(info->n_embd, 384);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_agree_one_by_one),
        cmocka_unit_test(vectors_agree_in_batches),
        cmocka_unit_test(tokens_agree),
        cmocka_unit_test(one_text_alone_gives_the_same_bytes),
        cmocka_unit_test(an_embedder_does_not_generate),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
