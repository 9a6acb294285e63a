/* Forward and backward of tiny models: against PyTorch's autograd (tests/golden), finite differences, and themselves
 * run otherwise. */
#include "graph_fixture.h"

static const double TOLERANCE = 1e-4;

static struct bf_graph_params params_of(const char *path, enum bf_train_kind train)
{
    struct bf_graph_params p = bf_graph_params_default();

    p.model_path = path;
    p.n_tokens = 200;
    p.n_threads = 2;
    p.train = train;
    p.lora_rank = 4;
    p.lora_alpha = 6;
    return p;
}

enum { N_MODELS = 2 };
static const struct tiny_model *const models[N_MODELS] = {&tiny_llama, &tiny_qwen2};

static const char *write_model(const struct tiny_model *m)
{
    static char path[32];

    snprintf(path, sizeof path, "%s.gguf", m->architecture);
    tiny_write(m, path);
    return path;
}

static void full_gradients_are_pytorchs(void **state)
{
    json_t *root = read_reference();

    (void)state;
    for (size_t i = 0; i < N_MODELS; i++) {
        struct bf_graph_params p = params_of(write_model(models[i]), BF_TRAIN_FULL);
        struct bf_graph *g = open_graph(&p);
        const json_t *expected = json_object_get(json_object_get(root, models[i]->architecture), "full");

        assert_int_equal(json_object_size(json_object_get(expected, "gradients")), bf_graph_n_parameters(g));
        assert_as_reference(g, expected, false, TOLERANCE);
        bf_graph_close(g);
    }
    json_decref(root);
}

static void lora_gradients_are_pytorchs(void **state)
{
    json_t *root = read_reference();

    (void)state;
    for (size_t i = 0; i < N_MODELS; i++) {
        struct bf_graph_params p = params_of(write_model(models[i]), BF_TRAIN_LORA);
        struct bf_graph *g = open_graph(&p);

        fill_adapter(g);
        assert_int_equal(bf_graph_n_parameters(g), 2 * 7 * models[i]->n_layer);
        assert_as_reference(g, json_object_get(json_object_get(root, models[i]->architecture), "lora"), false,
                            TOLERANCE);
        bf_graph_close(g);
    }
    json_decref(root);
}

static void gradients_of_states_are_pytorchs(void **state)
{
    static const char *const names[] = {"blk.0.ffn_down.weight", "blk.1.ffn_down.weight"};
    json_t *root = read_reference();

    (void)state;
    for (size_t i = 0; i < N_MODELS; i++) {
        struct bf_graph_params p = params_of(write_model(models[i]), BF_TRAIN_TENSORS);
        p.tensors = names;
        p.n_tensors = N_ELEMENTS(names);
        p.state_layer = 1;
        struct bf_graph *g = open_graph(&p);

        assert_int_equal(bf_graph_n_parameters(g), 2);
        assert_as_reference(g, json_object_get(json_object_get(root, models[i]->architecture), "states"), true,
                            TOLERANCE);
        bf_graph_close(g);
    }
    json_decref(root);
}

static uint64_t hash_of_gradients(const struct bf_graph *g)
{
    uint64_t h = 0;

    for (size_t i = 0; i < bf_graph_n_parameters(g); i++) {
        const struct bf_graph_parameter p = bf_graph_get_parameter(g, i);
        for (size_t j = 0; j < p.n; j++) {
            uint32_t bits;
            memcpy(&bits, &p.gradient[j], sizeof bits);
            h = (h ^ bits) * 0x100000001B3U;
        }
    }
    return h;
}

static uint64_t hash_of_step(const struct bf_graph_params *p, bool look_first, double *loss)
{
    static const int32_t lengths[] = {5, 150, 9};
    struct bf_graph *g = open_graph(p);
    struct case_batch c;

    if (p->train == BF_TRAIN_LORA)
        fill_adapter(g);
    case_begin(&c, g, lengths, 3);
    *loss = case_step(g, &c, look_first);
    const uint64_t hash = hash_of_gradients(g);
    bf_graph_close(g);
    return hash;
}

/* The same bits with more threads, with checkpoints, with a look first; the same numbers with the loss in portions. */
static void ways_to_run_agree(void **state)
{
    const enum bf_train_kind kinds[] = {BF_TRAIN_FULL, BF_TRAIN_LORA};

    (void)state;
    for (size_t i = 0; i < N_MODELS; i++)
        for (size_t k = 0; k < N_ELEMENTS(kinds); k++) {
            struct bf_graph_params p = params_of(write_model(models[i]), kinds[k]);
            double loss, other;
            const uint64_t hash = hash_of_step(&p, false, &loss);

            assert_true(hash_of_step(&p, false, &other) == hash);
            assert_true(hash_of_step(&p, true, &other) == hash);
            p.checkpoint_activations = true;
            assert_true(hash_of_step(&p, false, &other) == hash);
            p.n_threads = 3;
            assert_true(hash_of_step(&p, false, &other) == hash);
            p.n_threads = 1;
            p.checkpoint_activations = false;
            assert_true(hash_of_step(&p, false, &other) == hash);
            p.max_logit_bytes = (size_t)models[i]->n_vocab * sizeof(float) * 7;
            const uint64_t portions = hash_of_step(&p, true, &other);
            assert_true(fabs(other - loss) < 1e-9);
            p.n_threads = 2;
            assert_true(hash_of_step(&p, false, &other) == portions);
        }
}

static void gradients_accumulate(void **state)
{
    static const int32_t lengths[] = {20};
    struct bf_graph_params p = params_of(write_model(&tiny_llama), BF_TRAIN_FULL);
    struct bf_graph *g = open_graph(&p);
    struct bf_graph_parameter w = {0};
    struct case_batch c;

    (void)state;
    assert_true(find_parameter(g, "blk.1.attn_k.weight", &w));
    assert_true(w.decay && w.n_dims == 2 && w.shape[0] == 32 && w.shape[1] == 64);
    case_begin(&c, g, lengths, 1);
    case_step(g, &c, false);
    const float once = w.gradient[77];
    case_step(g, &c, false);
    assert_true(once != 0 && fabsf(w.gradient[77] - 2 * once) <= 1e-6F * fabsf(once));
    bf_graph_zero_gradients(g);
    assert_true(w.gradient[77] == 0);
    /* Nothing wanted: nothing added, nobody called. */
    c.batch.n_rows = 0;
    case_step(g, &c, true);
    assert_true(w.gradient[77] == 0 && c.n_calls == 0);
    bf_graph_close(g);
}

/* The derivative of the loss along a random direction in each tensor. */
static void gradients_are_slopes(void **state)
{
    static const int32_t lengths[] = {12, 31};
    const double step = 1.0 / 512;

    (void)state;
    for (size_t m = 0; m < N_MODELS; m++) {
        struct bf_graph_params p = params_of(write_model(models[m]), BF_TRAIN_FULL);
        struct bf_graph *g = open_graph(&p);
        struct case_batch c;

        case_begin(&c, g, lengths, 2);
        case_step(g, &c, false);
        for (size_t i = 0; i < bf_graph_n_parameters(g); i++) {
            const struct bf_graph_parameter w = bf_graph_get_parameter(g, i);
            const double scale = step / sqrt((double)w.n);
            double slope = 0, norm = 0, loss[2];
            float *kept = malloc(w.n * sizeof *kept);

            assert_non_null(kept);
            memcpy(kept, w.data, w.n * sizeof *kept);
            for (int side = 0; side < 2; side++) {
                slope = norm = 0;
                for (size_t j = 0; j < w.n; j++) {
                    const double sign = tiny_bits(i, j) >> 63 ? 1 : -1, direction = sign + (w.gradient[j] > 0 ? 1 : -1);
                    w.data[j] = (float)((double)kept[j] + (side ? -scale : scale) * direction);
                    slope += direction * (double)w.gradient[j] / sqrt((double)w.n);
                    norm += (double)w.gradient[j] * (double)w.gradient[j];
                }
                loss[side] = case_forward(g, &c);
            }
            memcpy(w.data, kept, w.n * sizeof *kept);
            free(kept);
            const double measured = (loss[0] - loss[1]) / (2 * step);
            if (!(fabs(measured - slope) <= 0.01 * sqrt(norm) + 2e-5))
                fail_msg("%s: slope %.6f, gradient says %.6f", w.name, measured, slope);
        }
        bf_graph_close(g);
    }
}

static enum bf_status keep_values(void *user, enum bf_graph_pass pass, const int32_t *rows, int32_t n, float *values,
                                  struct bf_err *err)
{
    float **at = user;

    (void)pass;
    (void)rows;
    (void)err;
    memcpy(*at, values, (size_t)n * 160 * sizeof **at);
    *at += (size_t)n * 160;
    return BF_OK;
}

static void an_untrained_adapter_is_the_model_itself(void **state)
{
    static const int32_t lengths[] = {33};
    static float base[33 * 160], off[33 * 160], of_states[33 * 160], states[33 * 64];
    struct bf_graph_params p = params_of(write_model(&tiny_llama), BF_TRAIN_NONE);
    struct bf_graph *frozen = open_graph(&p);
    p.train = BF_TRAIN_LORA;
    struct bf_graph *g = open_graph(&p);
    struct bf_err err = BF_ERR_INIT;
    struct case_batch c;
    float *at = base;

    (void)state;
    case_begin(&c, g, lengths, 1);
    c.batch.rows = NULL;
    assert_int_equal(bf_graph_forward(frozen, &c.batch, keep_values, &at, &err), BF_OK);
    at = off;
    /* B starts at zero, so a new adapter changes nothing. */
    assert_int_equal(bf_graph_forward(g, &c.batch, keep_values, &at, &err), BF_OK);
    assert_memory_equal(base, off, sizeof base);
    fill_adapter(g);
    at = off;
    assert_int_equal(bf_graph_forward(g, &c.batch, keep_values, &at, &err), BF_OK);
    assert_memory_not_equal(base, off, sizeof base);
    /* A reference is as good from its states. */
    c.batch.n_rows = 33;
    assert_int_equal(bf_graph_final_states(frozen, &c.batch, states, &err), BF_OK);
    assert_int_equal(bf_graph_logits_of_states(frozen, states, 33, of_states, &err), BF_OK);
    for (size_t i = 0; i < N_ELEMENTS(base); i++)
        assert_true(fabsf(of_states[i] - base[i]) <= 1e-5F);
    assert_int_equal(bf_graph_step(frozen, &c.batch, false, case_visit, &c, &err), BF_INPUT);
    bf_graph_close(frozen);
    bf_graph_close(g);
}

/* Weights that stay quantised give what the same weights give as floats. */
static void frozen_types_agree_with_floats(void **state)
{
    const enum ggml_type types[] = {GGML_TYPE_F16,  GGML_TYPE_BF16, GGML_TYPE_Q8_0,
                                    GGML_TYPE_Q4_0, GGML_TYPE_Q4_1, GGML_TYPE_Q5_0};
    static const int32_t lengths[] = {40, 3};

    (void)state;
    for (size_t t = 0; t < N_ELEMENTS(types); t++) {
        struct tiny_model m = tiny_llama;
        m.type = types[t];
        struct bf_graph_params p = params_of(write_model(&m), BF_TRAIN_LORA);
        double loss[3];
        uint64_t hash[2];
        struct bf_graph_info info;

        for (int expand = 0; expand < 2; expand++) {
            p.expand_frozen = expand != 0;
            struct bf_graph *g = open_graph(&p);
            struct case_batch c;

            fill_adapter(g);
            case_begin(&c, g, lengths, 2);
            loss[expand] = case_step(g, &c, false);
            hash[expand] = hash_of_gradients(g);
            bf_graph_close(g);
        }
        assert_true(loss[0] == loss[1] && hash[0] == hash[1]);
        p.train = BF_TRAIN_FULL;
        struct bf_graph *g = open_graph(&p);
        bf_graph_get_info(g, &info);
        assert_int_equal(info.n_dequantised, 1 + 3 * 7);
        bf_graph_close(g);
    }
}

/* BF16 keeps eight bits of a number: close to the reference, never equal, and the same bits each time. */
static void bf16_products_are_near(void **state)
{
    json_t *root = read_reference();

    (void)state;
    for (size_t i = 0; i < N_MODELS; i++) {
        struct bf_graph_params p = params_of(write_model(models[i]), BF_TRAIN_FULL);
        struct bf_graph *g = NULL;
        struct bf_err err = BF_ERR_INIT;
        const json_t *expected = json_object_get(json_object_get(root, models[i]->architecture), "full"), *gradient;
        const char *name;
        struct case_batch c;
        static const int32_t lengths[] = {5, 150, 9};
        double loss, worst = 0;

        p.bf16_products = true;
        if (bf_graph_open(&p, &g, &err) != BF_OK) {
            assert_error(err, BF_INPUT, "BF16"); /* not this processor */
            continue;
        }
        case_begin(&c, g, lengths, 3);
        loss = case_step(g, &c, false);
        assert_true(fabs(loss - json_number_value(json_object_get(expected, "loss"))) <= 0.01 * loss);
        json_object_foreach(json_object_get(expected, "gradients"), name, gradient)
        {
            struct bf_graph_parameter w = {0};
            assert_true(find_parameter(g, name, &w));
            worst = fmax(worst, gradient_error(&w, gradient));
        }
        print_message("BF16: largest relative error %.1e\n", worst);
        assert_true(worst > 1e-4 && worst < 0.1);
        bf_graph_close(g);
        double other;
        const uint64_t hash = hash_of_step(&p, false, &loss);
        p.n_threads = 3;
        assert_true(hash_of_step(&p, true, &other) == hash);
    }
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_gradients_are_pytorchs),
        cmocka_unit_test(bf16_products_are_near),
        cmocka_unit_test(lora_gradients_are_pytorchs),
        cmocka_unit_test(gradients_of_states_are_pytorchs),
        cmocka_unit_test(ways_to_run_agree),
        cmocka_unit_test(gradients_accumulate),
        cmocka_unit_test(gradients_are_slopes),
        cmocka_unit_test(an_untrained_adapter_is_the_model_itself),
        cmocka_unit_test(frozen_types_agree_with_floats),
    };

    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
