/* SmolLM2-135M: gradients against PyTorch's autograd (tests/golden), logits against llama.cpp's. */
#include "graph_fixture.h"
#include "llama_logits.h"

static const double TOLERANCE = 2e-4;

static struct bf_graph_params params_of(enum bf_train_kind train)
{
    struct bf_graph_params p = bf_graph_params_default();

    p.model_path = getenv("BIFORGET_TEST_MODEL");
    if (!p.model_path)
        fail_msg("BIFORGET_TEST_MODEL is not set: run this through ctest");
    p.n_tokens = 64;
    p.n_threads = 2;
    p.train = train;
    return p;
}

static void full_gradients_are_pytorchs(void **state)
{
    json_t *root = read_reference();
    struct bf_graph_params p = params_of(BF_TRAIN_FULL);
    struct bf_graph_info info;

    (void)state;
    struct bf_graph *g = open_graph(&p);
    bf_graph_get_info(g, &info);
    assert_string_equal(info.architecture, "llama");
    assert_string_equal(info.source_type, "q4_0");
    assert_int_equal(info.n_trained, info.n_weights);
    assert_as_reference(g, json_object_get(json_object_get(root, "smollm2"), "full"), false, TOLERANCE);
    bf_graph_close(g);
    json_decref(root);
}

static void gradients_of_states_are_pytorchs(void **state)
{
    static const char *const names[] = {"blk.5.ffn_down.weight", "blk.6.ffn_down.weight", "blk.7.ffn_down.weight"};
    json_t *root = read_reference();
    struct bf_graph_params p = params_of(BF_TRAIN_TENSORS);

    (void)state;
    p.tensors = names;
    p.n_tensors = N_ELEMENTS(names);
    p.state_layer = 7;
    struct bf_graph *g = open_graph(&p);
    assert_as_reference(g, json_object_get(json_object_get(root, "smollm2"), "states"), true, TOLERANCE);
    bf_graph_close(g);
    json_decref(root);
}

static enum bf_status keep(void *user, enum bf_graph_pass pass, const int32_t *rows, int32_t n, float *values,
                           struct bf_err *err)
{
    struct case_batch *c = user;

    (void)pass;
    (void)err;
    memcpy((float *)c->user + (size_t)rows[0] * (size_t)c->n_vocab, values,
           (size_t)n * (size_t)c->n_vocab * sizeof *values);
    return BF_OK;
}

static void logits_are_llamas(void **state)
{
    static const int32_t lengths[] = {60};
    struct bf_graph_params p = params_of(BF_TRAIN_NONE);
    struct bf_err err = BF_ERR_INIT;
    struct case_batch c;
    double sum = 0, norm = 0;

    (void)state;
    struct bf_graph *g = open_graph(&p);
    case_begin(&c, g, lengths, 1);
    const size_t n = 60 * (size_t)c.n_vocab;
    float *ours = calloc(n, sizeof *ours);
    assert_non_null(ours);
    c.user = ours;
    c.batch.rows = NULL;
    assert_int_equal(bf_graph_forward(g, &c.batch, keep, &c, &err), BF_OK);
    /* As floats, since llama.cpp rounds activations where weights are quantised. */
    if (bf_graph_save_model(g, "floats.gguf", BF_SAVE_F32, true, NULL, 0, &err))
        fail_msg("%s", err.text);
    bf_graph_close(g);
    float *theirs = llama_logits("floats.gguf", NULL, c.tokens, lengths[0]);
    for (size_t i = 0; i < n; i++) {
        sum += ((double)ours[i] - (double)theirs[i]) * ((double)ours[i] - (double)theirs[i]);
        norm += (double)theirs[i] * (double)theirs[i];
    }
    print_message("relative difference from llama.cpp %.1e\n", sqrt(sum / norm));
    assert_true(sqrt(sum / norm) <= 1e-4);
    free(ours);
    free(theirs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_gradients_are_pytorchs),
        cmocka_unit_test(gradients_of_states_are_pytorchs),
        cmocka_unit_test(logits_are_llamas),
    };

    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
