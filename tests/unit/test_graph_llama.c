/* The forward pass against llama.cpp's own, and files that are saved, loaded by llama.cpp. */
#include "graph_fixture.h"
#include "engine/engine.h"
#include "llama_logits.h"

static enum bf_status keep(void *user, enum bf_graph_pass pass, const int32_t *rows, int32_t n, float *values,
                           struct bf_err *err)
{
    struct case_batch *c = user;

    (void)pass;
    (void)err;
    memcpy((float *)(void *)c->user + (size_t)rows[0] * (size_t)c->n_vocab, values,
           (size_t)n * (size_t)c->n_vocab * sizeof *values);
    return BF_OK;
}

static float *our_logits(struct bf_graph *g, struct case_batch *c)
{
    struct bf_err err = BF_ERR_INIT;
    float *out = calloc((size_t)c->lengths[0] * (size_t)c->n_vocab, sizeof *out);

    assert_non_null(out);
    c->user = out;
    c->batch.rows = NULL;
    if (bf_graph_forward(g, &c->batch, keep, c, &err))
        fail_msg("%s", err.text);
    return out;
}

/* Norm of the difference over the norm. */
static double difference(const float *a, const float *b, size_t n)
{
    double sum = 0, norm = 0;

    for (size_t i = 0; i < n; i++) {
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        norm += (double)b[i] * (double)b[i];
    }
    return sqrt(sum / norm);
}

static void assert_as_llama(struct bf_graph *g, const char *path, const char *adapter, double tolerance)
{
    static const int32_t lengths[] = {150};
    struct case_batch c;

    case_begin(&c, g, lengths, 1);
    float *ours = our_logits(g, &c), *theirs = llama_logits(path, adapter, c.tokens, lengths[0]);
    const double d = difference(ours, theirs, (size_t)lengths[0] * (size_t)c.n_vocab);
    print_message("%s: relative difference from llama.cpp %.1e\n", path, d);
    if (!(d <= tolerance))
        fail_msg("%s: logits differ from llama.cpp's by %.2e", path, d);
    free(ours);
    free(theirs);
}

static void logits_are_llamas(void **state)
{
    static const char *const scalings[] = {NULL, "linear", "yarn"};
    enum { N_MODELS = 2 };
    const struct tiny_model *const models[N_MODELS] = {&tiny_llama, &tiny_qwen2};

    (void)state;
    for (size_t i = 0; i < N_MODELS; i++)
        for (size_t s = 0; s < N_ELEMENTS(scalings); s++) {
            struct tiny_model m = *models[i];
            struct bf_graph_params p = bf_graph_params_default();

            m.rope_scaling = scalings[s];
            tiny_write(&m, "model.gguf");
            p.model_path = "model.gguf";
            struct bf_graph *g = open_graph(&p);
            assert_as_llama(g, "model.gguf", NULL, 1e-5);
            bf_graph_close(g);
        }
}

static void change(struct bf_graph *g)
{
    for (size_t i = 0; i < bf_graph_n_parameters(g); i++) {
        const struct bf_graph_parameter w = bf_graph_get_parameter(g, i);
        for (size_t j = 0; j < w.n; j++)
            w.data[j] *= 1 + 0.125F * (float)(tiny_bits(i, j) >> 63);
    }
}

static void a_saved_model_is_what_was_trained(void **state)
{
    const enum bf_graph_save_type types[] = {BF_SAVE_F32, BF_SAVE_F16, BF_SAVE_BF16, BF_SAVE_Q8_0, BF_SAVE_SOURCE};
    const double tolerances[] = {1e-5, 4e-3, 3e-2, 7e-2, 1e-5};
    const struct bf_graph_kv kv[] = {
        {.key = "biforget.unlearn.method", .kind = BF_KV_STRING, .value.string = "npo"},
        {.key = "biforget.unlearn.steps", .kind = BF_KV_INTEGER, .value.integer = 7},
        {.key = "biforget.unlearn.learning_rate", .kind = BF_KV_REAL, .value.real = 1e-5},
        {.key = "biforget.unlearn.early", .kind = BF_KV_BOOL, .value.boolean = true},
        {.key = "general.name", .kind = BF_KV_STRING, .value.string = "tiny, unlearned"},
    };

    (void)state;
    for (size_t t = 0; t < N_ELEMENTS(types); t++) {
        struct bf_graph_params p = bf_graph_params_default();
        struct bf_err err = BF_ERR_INIT;

        tiny_write(&tiny_llama, "model.gguf");
        p.model_path = "model.gguf";
        p.train = BF_TRAIN_FULL;
        struct bf_graph *g = open_graph(&p);
        change(g);
        if (bf_graph_save_model(g, "saved.gguf", types[t], false, kv, N_ELEMENTS(kv), &err))
            fail_msg("%s", err.text);
        const int64_t size = bf_file_size("saved.gguf");
        assert_in_range(bf_graph_save_bytes(g, types[t], false), size, size + 100000);
        assert_as_llama(g, "saved.gguf", NULL, tolerances[t]);
        bf_graph_close(g);

        struct gguf_context *saved = gguf_init_from_file("saved.gguf", (struct gguf_init_params){.no_alloc = true});
        assert_non_null(saved);
        assert_string_equal(gguf_get_val_str(saved, gguf_find_key(saved, kv[0].key)), "npo");
        assert_int_equal(gguf_get_val_i64(saved, gguf_find_key(saved, kv[1].key)), 7);
        assert_true(gguf_get_val_f64(saved, gguf_find_key(saved, kv[2].key)) == 1e-5);
        assert_true(gguf_get_val_bool(saved, gguf_find_key(saved, kv[3].key)));
        assert_string_equal(gguf_get_val_str(saved, gguf_find_key(saved, "general.name")), "tiny, unlearned");
        assert_int_equal(gguf_get_val_u32(saved, gguf_find_key(saved, "llama.context_length")), 512);
        gguf_free(saved);
    }
}

static void assert_base_type(const char *path, const char *type)
{
    struct gguf_context *saved = gguf_init_from_file(path, (struct gguf_init_params){.no_alloc = true});
    assert_non_null(saved);
    assert_string_equal(gguf_get_val_str(saved, gguf_find_key(saved, BF_ENGINE_BASE_TYPE_KEY)), type);
    gguf_free(saved);
}

/* In the second generation, too. */
static void a_model_says_in_which_type_its_source_was(void **state)
{
    struct tiny_model m = tiny_llama;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    m.type = GGML_TYPE_Q8_0;
    tiny_write(&m, "model.gguf");
    for (int generation = 0; generation < 2; generation++) {
        struct bf_graph_params p = bf_graph_params_default();
        p.model_path = generation == 0 ? "model.gguf" : "child.gguf";
        p.train = BF_TRAIN_FULL;
        struct bf_graph *g = open_graph(&p);
        const char *path = generation == 0 ? "child.gguf" : "grandchild.gguf";
        assert_int_equal(bf_graph_save_model(g, path, BF_SAVE_F32, false, NULL, 0, &err), BF_OK);
        bf_graph_close(g);
        assert_base_type(path, "Q8_0");
    }
}

static void an_adapter_works_alone_and_merged(void **state)
{
    const enum ggml_type types[] = {GGML_TYPE_F32, GGML_TYPE_Q8_0};

    (void)state;
    for (size_t t = 0; t < N_ELEMENTS(types); t++) {
        struct tiny_model m = tiny_llama;
        struct bf_graph_params p = bf_graph_params_default();
        struct bf_err err = BF_ERR_INIT;

        m.type = types[t];
        tiny_write(&m, "model.gguf");
        p.model_path = "model.gguf";
        p.train = BF_TRAIN_LORA;
        p.lora_rank = 5;
        p.lora_alpha = 7;
        struct bf_graph *g = open_graph(&p);
        fill_adapter(g);
        assert_int_equal(bf_graph_save_adapter(g, "adapter.gguf", NULL, 0, &err), BF_OK);
        assert_int_equal(bf_graph_save_model(g, "merged.gguf", BF_SAVE_F32, false, NULL, 0, &err), BF_OK);
        /* llama.cpp rounds activations when weights are quantised. */
        assert_as_llama(g, "model.gguf", "adapter.gguf", m.type == GGML_TYPE_F32 ? 1e-5 : 3e-2);
        assert_as_llama(g, "merged.gguf", NULL, m.type == GGML_TYPE_F32 ? 1e-5 : 3e-2);
        bf_graph_close(g);
        p.train = BF_TRAIN_NONE;
        g = open_graph(&p);
        assert_int_equal(bf_graph_save_model(g, "plain.gguf", BF_SAVE_SOURCE, true, NULL, 0, &err), BF_OK);
        assert_as_llama(g, "plain.gguf", NULL, m.type == GGML_TYPE_F32 ? 1e-5 : 3e-2);
        bf_graph_close(g);
    }
}

/* Blocks that were not loaded are copied from the source. */
static void tensors_that_were_not_loaded_are_saved(void **state)
{
    static const char *const names[] = {"blk.0.ffn_down.weight"};
    struct bf_graph_params p = bf_graph_params_default();
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    tiny_write(&tiny_qwen2, "model.gguf");
    p.model_path = "model.gguf";
    p.train = BF_TRAIN_TENSORS;
    p.tensors = names;
    p.n_tensors = 1;
    p.state_layer = 0;
    struct bf_graph *g = open_graph(&p);
    assert_int_equal(bf_graph_save_model(g, "saved.gguf", BF_SAVE_F32, false, NULL, 0, &err), BF_OK);
    bf_graph_close(g);
    p = bf_graph_params_default();
    p.model_path = "model.gguf";
    g = open_graph(&p);
    assert_as_llama(g, "saved.gguf", NULL, 1e-5);
    bf_graph_close(g);
}

static void a_weight_that_is_not_a_number_is_not_saved(void **state)
{
    struct bf_graph_params p = bf_graph_params_default();
    struct bf_err err = BF_ERR_INIT;
    struct bf_graph_parameter w = {0};

    (void)state;
    tiny_write(&tiny_llama, "model.gguf");
    p.model_path = "model.gguf";
    p.train = BF_TRAIN_FULL;
    struct bf_graph *g = open_graph(&p);
    assert_true(find_parameter(g, "blk.2.ffn_up.weight", &w));
    w.data[100] = NAN;
    write_text("kept.gguf", "old");
    assert_int_equal(bf_graph_save_model(g, "kept.gguf", BF_SAVE_F32, false, NULL, 0, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "blk.2.ffn_up.weight");
    assert_int_equal(bf_file_size("kept.gguf"), 3);
    assert_int_equal(bf_graph_save_model(g, "nowhere/kept.gguf", BF_SAVE_F32, false, NULL, 0, &err), BF_STORE);
    assert_int_equal(bf_graph_save_adapter(g, "kept.gguf", NULL, 0, &err), BF_INPUT);
    bf_graph_close(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_are_llamas),
        cmocka_unit_test(a_saved_model_is_what_was_trained),
        cmocka_unit_test(a_model_says_in_which_type_its_source_was),
        cmocka_unit_test(an_adapter_works_alone_and_merged),
        cmocka_unit_test(tensors_that_were_not_loaded_are_saved),
        cmocka_unit_test(a_weight_that_is_not_a_number_is_not_saved),
    };

    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
