/* A model in several files, as llama.cpp splits it: opened by its first, every part checked before anything is loaded.
 */
#include "tiny_text_model.h"

#include "base/mem.h"
#include "engine/engine.h"
#include "engine/gguf_parts.h"

/* What the two files say about themselves; -1: the key is left out. */
struct split {
    int count[2], no[2], announced;
};
static const struct split right = {{2, 2}, {0, 1}, 0}; /* announced 0: as many as there are */

static void set_number(struct gguf_context *gguf, const char *key, int value)
{
    if (value >= 0)
        gguf_set_val_u16(gguf, key, (uint16_t)value);
}

/* full.gguf in two halves: all keys and half of the tensors, and the rest. */
static void write_parts(const char *first, const char *second, const struct split *s)
{
    struct ggml_context *tensors = NULL;
    struct gguf_context *from =
        gguf_init_from_file("full.gguf", (struct gguf_init_params){.no_alloc = false, .ctx = &tensors});
    assert_non_null(from);
    const int64_t n = gguf_get_n_tensors(from);
    for (int part = 0; part < 2; part++) {
        struct gguf_context *to = gguf_init_empty();
        if (part == 0)
            gguf_set_kv(to, from);
        set_number(to, "split.count", s->count[part]);
        set_number(to, "split.no", s->no[part]);
        if (part == 0)
            gguf_set_val_i32(to, "split.tensors.count", s->announced > 0 ? s->announced : (int32_t)n);
        for (int64_t i = part * (n / 2); i < (part == 0 ? n / 2 : n); i++)
            gguf_add_tensor(to, ggml_get_tensor(tensors, gguf_get_tensor_name(from, i)));
        assert_true(gguf_write_to_file(to, part == 0 ? first : second, false));
        gguf_free(to);
    }
    gguf_free(from);
    ggml_free(tensors);
}

static int enter(void **state)
{
    if (enter_scratch(state) != 0)
        return -1;
    tiny_text_write("full.gguf", NULL, NULL);
    write_parts("whole-00001-of-00002.gguf", "whole-00002-of-00002.gguf", &right);
    return 0;
}

static struct bf_engine *open_model(const char *path, enum bf_status want, const char *says)
{
    struct bf_engine_options o = bf_engine_default_options();
    struct bf_engine *engine = NULL;
    struct bf_err err = BF_ERR_INIT;
    o.model_path = path;
    o.embed_only = true;
    o.n_threads = 1;
    o.no_stability_check = true;
    const enum bf_status status = bf_engine_open(&o, &engine, &err);
    if (status != want)
        fail_msg("%s: %s", path, err.text);
    if (want != BF_OK) {
        assert_error(err, want, says);
        assert_null(engine);
    }
    return engine;
}

static void the_same_model_as_in_one_file(void **state)
{
    static const char *const texts[] = {"Zeus rules the sky."};
    const int32_t n_embd = tiny_llama.n_embd;
    float *whole = bf_array((size_t)n_embd, sizeof *whole), *parts = bf_array((size_t)n_embd, sizeof *parts);
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    struct bf_engine *engine = open_model("full.gguf", BF_OK, NULL);
    assert_int_equal(bf_engine_embed(engine, texts, 1, BF_POOL_MEAN, false, whole, &err), BF_OK);
    bf_engine_close(engine);
    engine = open_model("whole-00001-of-00002.gguf", BF_OK, NULL);
    assert_int_equal(bf_engine_embed(engine, texts, 1, BF_POOL_MEAN, false, parts, &err), BF_OK);
    bf_engine_close(engine);
    assert_memory_equal(whole, parts, (size_t)n_embd * sizeof *whole);
    free(whole);
    free(parts);
}

static void names_of_the_parts(void **state)
{
    char **parts;
    size_t n;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    assert_int_equal(bf_engine_model_parts("whole-00001-of-00002.gguf", &parts, &n, &err), BF_OK);
    assert_int_equal(n, 2);
    assert_string_equal(parts[0], "whole-00001-of-00002.gguf");
    assert_string_equal(parts[1], "whole-00002-of-00002.gguf");
    bf_engine_free_parts(parts, n);
    assert_int_equal(bf_engine_model_parts("full.gguf", &parts, &n, &err), BF_OK);
    assert_int_equal(n, 1);
    bf_engine_free_parts(parts, n);
    assert_int_equal(bf_engine_model_parts("nowhere.gguf", &parts, &n, &err), BF_MODEL);
    assert_true(!parts && n == 0);
    /* The keys say two parts, and the name does not. */
    assert_int_equal(rename("whole-00001-of-00002.gguf", "renamed.gguf"), 0);
    assert_int_equal(bf_engine_model_parts("renamed.gguf", &parts, &n, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "-00001-of-00002.gguf");
    assert_true(!parts && n == 0);
    (void)open_model("renamed.gguf", BF_MODEL, "'renamed.gguf' is one of 2 parts");
    assert_int_equal(rename("renamed.gguf", "whole-00001-of-00002.gguf"), 0);
}

static void parts_that_do_not_belong_together(void **state)
{
    static const struct {
        struct split split;
        const char *says;
    } bad[] = {
        {{{2, 2}, {1, 1}, 0}, "is part 2 of 2 parts of a model; give the first"},
        {{{2, 3}, {0, 1}, 0}, "is part 2 of 3 according to its keys, but 2 of 2 according to its name"},
        {{{2, 2}, {0, 0}, 0}, "is part 1 of 2 according to its keys"},
        {{{2, -1}, {0, 1}, 0}, "is part 2 of 1 according to its keys"},
        {{{2, 2}, {0, -1}, 0}, "is part 0 of 2 according to its keys"},
        {{{2, 2}, {0, 1}, 7}, "but 7 are announced"},
        {{{60000, 2}, {0, 1}, 0}, "the key 'split.count' is not a number from 0"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        write_parts("bad-00001-of-00002.gguf", "bad-00002-of-00002.gguf", &bad[i].split);
        (void)open_model("bad-00001-of-00002.gguf", BF_MODEL, bad[i].says);
    }
}

static void a_part_that_is_missing_or_cut(void **state)
{
    (void)state;
    write_parts("cut-00001-of-00002.gguf", "cut-00002-of-00002.gguf", &right);
    assert_int_equal(truncate("cut-00002-of-00002.gguf", 1000), 0);
    (void)open_model("cut-00001-of-00002.gguf", BF_MODEL, "cut-00002-of-00002.gguf");
    assert_int_equal(unlink("cut-00002-of-00002.gguf"), 0);
    (void)open_model("cut-00001-of-00002.gguf", BF_MODEL, "cut-00002-of-00002.gguf");
    (void)open_model("whole-00002-of-00002.gguf", BF_MODEL, "whole-00002-of-00002.gguf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_model_as_in_one_file),
        cmocka_unit_test(names_of_the_parts),
        cmocka_unit_test(parts_that_do_not_belong_together),
        cmocka_unit_test(a_part_that_is_missing_or_cut),
    };
    return cmocka_run_group_tests(tests, enter, leave_scratch);
}
