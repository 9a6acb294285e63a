/* Gradients with respect to what goes into the model: against PyTorch's autograd (tests/golden) and slopes. */
#include "graph_fixture.h"

static struct bf_graph_params params_of(const struct tiny_model *m, enum bf_train_kind train)
{
    struct bf_graph_params p = bf_graph_params_default();

    tiny_write(m, "model.gguf");
    p.model_path = "model.gguf";
    p.n_tokens = 200;
    p.n_threads = 2;
    p.train = train;
    p.input_gradient = true;
    return p;
}

/* Where the output matrix is another, the embedding's gradient is that of the inputs, added up by token. */
static void input_gradients_are_pytorchs(void **state)
{
    static const int32_t lengths[] = {5, 150, 9};
    json_t *root = read_reference();
    const json_t *expected = json_object_get(json_object_get(json_object_get(root, "qwen2"), "full"), "gradients");
    float inputs[164 * 48] = {0}, sums[131 * 48] = {0};

    (void)state;
    for (int kept = 0; kept < 2; kept++) {
        struct bf_graph_params p = params_of(&tiny_qwen2, BF_TRAIN_NONE);
        struct bf_err err = BF_ERR_INIT;
        struct bf_graph_info info;
        struct case_batch c;

        p.checkpoint_activations = kept == 1;
        struct bf_graph *g = open_graph(&p);
        bf_graph_get_info(g, &info);
        assert_int_equal(info.n_trained, 0);
        assert_int_equal(info.n_bytes_gradients, 0);
        case_begin(&c, g, lengths, 3);
        (void)case_step(g, &c, false);
        memset(inputs, 0, sizeof inputs);
        memset(sums, 0, sizeof sums);
        /* Two pieces, the second added to what is there. */
        assert_int_equal(bf_graph_input_gradient(g, 0, 100, inputs, &err), BF_OK);
        assert_int_equal(bf_graph_input_gradient(g, 100, 64, inputs + 4800, &err), BF_OK);
        for (size_t i = 0; i < 164; i++)
            for (size_t j = 0; j < 48; j++)
                sums[(size_t)c.tokens[i] * 48 + j] += inputs[i * 48 + j];
        const struct bf_graph_parameter parameter = {
            .name = "token_embd.weight", .n = N_ELEMENTS(sums), .gradient = sums};
        const double error = gradient_error(&parameter, json_object_get(expected, "token_embd.weight"));
        print_message("largest relative error %.1e\n", error);
        assert_true(error <= 1e-4);
        bf_graph_close(g);
    }
    json_decref(root);
}

/* On the way from a token to another the loss changes as their products with the gradient say. */
static void one_hot_gradients_are_slopes(void **state)
{
    enum { PLACE = 6, FROM = 3, N_VOCAB = 131, N_EMBD = 48 };
    static const int32_t lengths[] = {24}, others[] = {0, 7, 130};
    struct bf_graph_params p = params_of(&tiny_qwen2, BF_TRAIN_FULL);
    float gradient[N_EMBD] = {0}, products[N_VOCAB];
    struct bf_err err = BF_ERR_INIT;
    struct bf_graph_parameter table = {0};
    struct case_batch c;

    (void)state;
    struct bf_graph *g = open_graph(&p);
    assert_true(find_parameter(g, "token_embd.weight", &table));
    case_begin(&c, g, lengths, 1);
    for (int32_t i = 0; i < 24; i++) /* one place only has it, and no label is it */
        c.tokens[i] = c.tokens[i] == FROM ? FROM + 1 : c.tokens[i];
    c.tokens[PLACE] = FROM;
    (void)case_step(g, &c, false);
    assert_int_equal(bf_graph_input_gradient(g, PLACE, 1, gradient, &err), BF_OK);
    bf_graph_one_hot(g, gradient, 1, products);
    float *row = table.data + (size_t)FROM * N_EMBD, kept[N_EMBD];
    memcpy(kept, row, sizeof kept);
    for (size_t o = 0; o < N_ELEMENTS(others); o++) {
        const float *to = table.data + (size_t)others[o] * N_EMBD;
        const double step = 1e-3;
        double loss[2];
        for (int side = 0; side < 2; side++) {
            for (size_t j = 0; j < N_EMBD; j++)
                row[j] = (float)((double)kept[j] + (side ? step : -step) * ((double)to[j] - (double)kept[j]));
            loss[side] = case_forward(g, &c);
        }
        memcpy(row, kept, sizeof kept);
        const double slope = (loss[1] - loss[0]) / (2 * step),
                     ours = (double)products[others[o]] - (double)products[FROM];
        print_message("slope %.6f, product %.6f\n", slope, ours);
        assert_true(fabs(slope - ours) <= 2e-3 * fmax(fabs(slope), 0.1));
    }
    bf_graph_close(g);
}

static void there_has_to_be_a_step(void **state)
{
    static const int32_t lengths[] = {24};
    struct bf_graph_params p = params_of(&tiny_llama, BF_TRAIN_NONE);
    struct bf_err err = BF_ERR_INIT;
    struct case_batch c;
    float out[64] = {0};

    (void)state;
    struct bf_graph *g = open_graph(&p);
    case_begin(&c, g, lengths, 1);
    assert_int_equal(bf_graph_input_gradient(g, 0, 1, out, &err), BF_INPUT);
    (void)case_step(g, &c, false);
    assert_int_equal(bf_graph_input_gradient(g, 23, 1, out, &err), BF_OK);
    assert_int_equal(bf_graph_input_gradient(g, 23, 2, out, &err), BF_INPUT);
    assert_contains(err.text, "not in the batch of 24 tokens");
    assert_int_equal(bf_graph_input_gradient(g, -1, 1, out, &err), BF_INPUT);
    (void)case_forward(g, &c);
    assert_int_equal(bf_graph_input_gradient(g, 0, 1, out, &err), BF_INPUT);
    assert_contains(err.text, "was not a step");
    bf_graph_close(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(input_gradients_are_pytorchs),
        cmocka_unit_test(one_hot_gradients_are_slopes),
        cmocka_unit_test(there_has_to_be_a_step),
    };

    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
