/* Files and options that cannot work: each is refused in a sentence, and none does harm. */
#include "graph_fixture.h"

#include <sys/stat.h>

static void assert_refused(const struct bf_graph_params *p, enum bf_status status, const char *words)
{
    struct bf_graph *g = NULL;
    struct bf_graph_info info;
    struct bf_err err = BF_ERR_INIT;

    assert_int_equal(bf_graph_open(p, &g, &err), status);
    assert_null(g);
    assert_error(err, status, words);
    err = (struct bf_err)BF_ERR_INIT;
    assert_int_equal(bf_graph_estimate(p, &info, &err), status);
    assert_error(err, status, words);
}

static struct bf_graph_params params_of(const struct tiny_model *m)
{
    struct bf_graph_params p = bf_graph_params_default();

    tiny_write(m, "model.gguf");
    p.model_path = "model.gguf";
    p.n_tokens = 64;
    return p;
}

static void other_kinds_of_model_are_refused(void **state)
{
    struct tiny_model m = tiny_llama;

    (void)state;
    m.architecture = "gemma3";
    struct bf_graph_params p = params_of(&m);
    assert_refused(&p, BF_MODEL, "architecture 'gemma3'");
    m = tiny_llama;
    m.extra = "blk.0.attn_q_norm.weight";
    p = params_of(&m);
    assert_refused(&p, BF_MODEL, "blk.0.attn_q_norm.weight");
    m = tiny_llama;
    m.rope_scaling = "longrope";
    p = params_of(&m);
    assert_refused(&p, BF_MODEL, "rope.scaling.type");
    m = tiny_llama;
    m.n_head = 3;
    p = params_of(&m);
    assert_refused(&p, BF_MODEL, "3 heads");
}

static void options_that_do_not_fit_are_refused(void **state)
{
    static const char *const wrong[] = {"blk.3.ffn_down.weight"}, *const behind[] = {"blk.2.ffn_down.weight"};
    static const char *const target[] = {"attn_z"};
    struct bf_graph_params p = params_of(&tiny_llama);

    (void)state;
    p.n_tokens = 0;
    assert_refused(&p, BF_INPUT, "a batch of 0 tokens");
    p.n_tokens = 64;
    p.state_layer = 3;
    assert_refused(&p, BF_INPUT, "no block 3");
    p.train = BF_TRAIN_TENSORS;
    p.state_layer = -1;
    assert_refused(&p, BF_INPUT, "no tensor is named");
    p.tensors = wrong;
    p.n_tensors = 1;
    assert_refused(&p, BF_INPUT, "blk.3.ffn_down.weight");
    p.tensors = behind;
    p.state_layer = 1;
    assert_refused(&p, BF_INPUT, "no gradient reaches it");
    p.train = BF_TRAIN_LORA;
    p.lora_rank = 0;
    assert_refused(&p, BF_INPUT, "LoRA rank of 0");
    p.lora_rank = 4;
    p.lora_alpha = NAN;
    assert_refused(&p, BF_INPUT, "alpha");
    p.lora_alpha = 4;
    p.lora_targets = target;
    p.n_lora_targets = 1;
    assert_refused(&p, BF_INPUT, "attn_z");
    p = bf_graph_params_default();
    p.model_path = "missing.gguf";
    assert_refused(&p, BF_MODEL, "missing.gguf");
}

static void batches_that_do_not_fit_are_refused(void **state)
{
    struct bf_graph_params p = params_of(&tiny_llama);
    p.train = BF_TRAIN_FULL;
    struct bf_graph *g = open_graph(&p);
    int32_t tokens[65] = {0}, lengths[2] = {3, 2}, rows[2] = {1, 4};
    struct bf_graph_batch batch = {tokens, lengths, 2, rows, 2};
    struct bf_err err = BF_ERR_INIT;

    (void)state;
#define REFUSED(words)                                                                                                 \
    assert_int_equal(bf_graph_step(g, &batch, false, case_visit, NULL, &err), BF_INPUT);                               \
    assert_error(err, BF_INPUT, words)
    tokens[4] = 160;
    REFUSED("token 160");
    tokens[4] = -1;
    REFUSED("token -1");
    tokens[4] = 0;
    rows[1] = 5;
    REFUSED("row 5");
    rows[1] = 1;
    REFUSED("row 1");
    rows[0] = -1;
    REFUSED("row -1");
    lengths[1] = 0;
    REFUSED("empty sequence");
    lengths[1] = 62;
    REFUSED("more tokens than the 64");
    batch.n_sequences = 0;
    REFUSED("without a token");
    bf_graph_close(g);
}

static size_t read_all(const char *path, unsigned char *out, size_t n)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    n = fread(out, 1, n, file);
    assert_int_equal(fclose(file), 0);
    return n;
}

static void write_all(const char *path, const unsigned char *data, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static void files_cut_anywhere_are_refused(void **state)
{
    static unsigned char data[1 << 20];
    struct bf_graph_params p = params_of(&tiny_qwen2);
    const size_t n = read_all("model.gguf", data, sizeof data);

    (void)state;
    assert_in_range(n, 100000, sizeof data - 1);
    p.model_path = "cut.gguf";
    for (size_t cut = 0; cut < n; cut += cut < 6000 ? 61 : 3001) {
        struct bf_graph *g = NULL;
        struct bf_err err = BF_ERR_INIT;

        write_all("cut.gguf", data, cut);
        assert_int_equal(bf_graph_open(&p, &g, &err), BF_MODEL);
        assert_true(err.text[0] != 0);
    }
}

/* Bytes of the header changed at random: opened or refused, and what is opened computes something. */
static void damaged_files_do_no_harm(void **state)
{
    static unsigned char data[1 << 20], bad[1 << 20];
    struct bf_graph_params p = params_of(&tiny_llama);
    const size_t n = read_all("model.gguf", data, sizeof data), n_header = 3600;
    int n_opened = 0;

    (void)state;
    p.model_path = "bad.gguf";
    p.train = BF_TRAIN_FULL;
    for (uint64_t round = 0; round < 400; round++) {
        struct bf_graph *g = NULL;
        struct bf_err err = BF_ERR_INIT;

        memcpy(bad, data, n);
        for (uint64_t k = 0; k < 1 + round % 3; k++)
            bad[tiny_bits(round, 2 * k) % n_header] = (unsigned char)tiny_bits(round, 2 * k + 1);
        write_all("bad.gguf", bad, n);
        struct bf_graph_info info;
        if (bf_graph_estimate(&p, &info, &err) != BF_OK || info.n_bytes_weights + info.n_bytes_activations > (size_t)1
                                                                                                                 << 28)
            continue;
        if (bf_graph_open(&p, &g, &err) == BF_OK) {
            static const int32_t lengths[] = {9};
            struct case_batch c;

            n_opened++;
            case_begin(&c, g, lengths, 1);
            assert_int_equal(bf_graph_step(g, &c.batch, false, case_visit, &c, &err), BF_OK);
            bf_graph_close(g);
        }
    }
    assert_in_range(n_opened, 1, 399);
}

static void an_estimate_is_what_it_takes(void **state)
{
    struct bf_graph_params p = params_of(&tiny_llama);
    struct bf_graph_info estimate, real;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    p.train = BF_TRAIN_FULL;
    assert_int_equal(bf_graph_estimate(&p, &estimate, &err), BF_OK);
    struct bf_graph *g = open_graph(&p);
    bf_graph_get_info(g, &real);
    assert_int_equal(estimate.n_bytes_weights, real.n_bytes_weights);
    assert_int_equal(estimate.n_bytes_gradients, real.n_bytes_gradients);
    assert_int_equal(estimate.n_bytes_activations, real.n_bytes_activations);
    assert_int_equal(real.n_bytes_gradients, real.n_trained * 4);
    assert_string_equal(estimate.architecture, "llama");
    const size_t kept = real.n_bytes_activations;
    bf_graph_close(g);
    p.checkpoint_activations = true;
    assert_int_equal(bf_graph_estimate(&p, &estimate, &err), BF_OK);
    assert_true(estimate.n_bytes_activations < kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_kinds_of_model_are_refused),
        cmocka_unit_test(options_that_do_not_fit_are_refused),
        cmocka_unit_test(batches_that_do_not_fit_are_refused),
        cmocka_unit_test(files_cut_anywhere_are_refused),
        cmocka_unit_test(damaged_files_do_no_harm),
        cmocka_unit_test(an_estimate_is_what_it_takes),
    };

    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
