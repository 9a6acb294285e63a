/* What counts as an answer: asked of a tiny model that writes nothing but spaces, as one does that gradient ascent has
 * ruined. */
#include "tiny_text_model.h"

#include "eval/eval.h"

static void fill(struct ggml_context *tensors, const char *name, float value)
{
    struct ggml_tensor *t = ggml_get_tensor(tensors, name);
    assert_non_null(t);
    for (int64_t i = 0; i < ggml_nelements(t); i++)
        ((float *)t->data)[i] = value;
}

/* Every token has the same vector, no layer adds to it, and the one of a space points furthest that way. */
static void write_spaces_only(const char *path)
{
    char name[64];
    struct ggml_context *tensors = NULL;
    tiny_text_write("random.gguf", NULL, NULL);
    struct gguf_context *from =
        gguf_init_from_file("random.gguf", (struct gguf_init_params){.no_alloc = false, .ctx = &tensors});
    struct gguf_context *to = gguf_init_empty();
    assert_non_null(from);
    gguf_set_kv(to, from);
    for (int i = 0; i < tiny_llama.n_layer; i++) {
        snprintf(name, sizeof name, "blk.%d.attn_output.weight", i);
        fill(tensors, name, 0);
        snprintf(name, sizeof name, "blk.%d.ffn_down.weight", i);
        fill(tensors, name, 0);
    }
    fill(tensors, "token_embd.weight", 1);
    float *rows = ggml_get_tensor(tensors, "token_embd.weight")->data;
    for (int i = 0; i < tiny_llama.n_embd; i++)
        rows[(TINY_TEXT_BYTES + ' ') * tiny_llama.n_embd + i] = 2;
    for (int64_t i = 0; i < gguf_get_n_tensors(from); i++)
        gguf_add_tensor(to, ggml_get_tensor(tensors, gguf_get_tensor_name(from, i)));
    assert_true(gguf_write_to_file(to, path, false));
    gguf_free(from);
    gguf_free(to);
    ggml_free(tensors);
}

static void count_warning(void *user, const char *sentence)
{
    (void)sentence;
    ++*(int *)user;
}

static void white_space_is_an_answer_that_says_nothing(void **state)
{
    static const char *const stops[] = {"\n"};
    static char sky[] = "Who rules the sky?", sea[] = "Who rules the sea?", *const prompts[] = {sky, sea};
    struct bf_err err = BF_ERR_INIT;
    struct bf_engine *engine = NULL;
    struct bf_engine_options o = bf_engine_default_options();
    char *answers[2] = {NULL};
    int n_warnings = 0;
    (void)state;
    write_spaces_only("spaces.gguf");
    o.model_path = "spaces.gguf";
    o.n_ctx_seq = 128;
    o.n_threads = 1;
    o.chat = "none";
    o.no_stability_check = true;
    assert_int_equal(bf_engine_open(&o, &engine, &err), BF_OK);
    /* A server that gives spaces gives an answer, too: it withholds nothing. */
    for (int remote = 0; remote < 2; remote++)
        for (size_t n_stops = 0; n_stops < 2; n_stops++) {
            const struct bf_eval eval = {
                .engine = engine, .remote = remote > 0, .user = &n_warnings, .warn = count_warning};
            assert_int_equal(bf_eval_answers(&eval, "answers", prompts, 2, 8, stops, n_stops, answers, &err), BF_OK);
            for (int i = 0; i < 2; i++) {
                assert_string_equal(answers[i], "        ");
                free(answers[i]);
            }
        }
    assert_int_equal(n_warnings, 0);
    bf_engine_close(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(white_space_is_an_answer_that_says_nothing),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
