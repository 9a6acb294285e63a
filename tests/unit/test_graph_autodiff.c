/* The hand-written backward against ggml's automatic differentiation of the same model, written down in ggml's own
 * operations. */
#include "graph_fixture.h"

#include <ggml-backend.h>

#include "engine/engine.h"

enum { N_TOKENS = 24 };

struct oracle {
    const struct tiny_model *m;
    struct ggml_context *weights, *memory;
    struct ggml_tensor *positions;
};

static struct ggml_tensor *weight(const struct oracle *o, const char *part, int block, const char *kind)
{
    char name[64];

    if (block < 0)
        snprintf(name, sizeof name, "%s.%s", part, kind);
    else
        snprintf(name, sizeof name, "blk.%d.%s.%s", block, part, kind);
    return ggml_get_tensor(o->weights, name);
}

static struct ggml_tensor *linear(const struct oracle *o, const char *part, int block, struct ggml_tensor *x)
{
    struct ggml_tensor *y = ggml_mul_mat(o->memory, weight(o, part, block, "weight"), x),
                       *bias = weight(o, part, block, "bias");

    return bias ? ggml_add(o->memory, y, bias) : y;
}

static struct ggml_tensor *norm(const struct oracle *o, const char *part, int block, struct ggml_tensor *x)
{
    return ggml_mul(o->memory, ggml_rms_norm(o->memory, x, o->m->eps), weight(o, part, block, "weight"));
}

/* [d, n_heads, n] rotated. */
static struct ggml_tensor *rotated(const struct oracle *o, struct ggml_tensor *x, int n_heads)
{
    const int d = o->m->n_embd / o->m->n_head,
              mode = strcmp(o->m->architecture, "qwen2") == 0 ? GGML_ROPE_TYPE_NEOX : 0;

    return ggml_rope_ext(o->memory, ggml_reshape_3d(o->memory, x, d, n_heads, N_TOKENS), o->positions,
                         weight(o, "rope_freqs", -1, "weight"), d, mode, 512, o->m->rope_base, 1, 0, 1, 32, 1);
}

static struct ggml_tensor *attention(const struct oracle *o, int block, struct ggml_tensor *x)
{
    struct ggml_context *c = o->memory;
    const int d = o->m->n_embd / o->m->n_head;
    struct ggml_tensor *q = ggml_permute(c, rotated(o, linear(o, "attn_q", block, x), o->m->n_head), 0, 2, 1, 3);
    struct ggml_tensor *k = ggml_permute(c, rotated(o, linear(o, "attn_k", block, x), o->m->n_head_kv), 0, 2, 1, 3);
    struct ggml_tensor *v = ggml_reshape_3d(c, linear(o, "attn_v", block, x), d, o->m->n_head_kv, N_TOKENS);
    struct ggml_tensor *scores = ggml_scale(c, ggml_mul_mat(c, ggml_cont(c, k), ggml_cont(c, q)), 1 / sqrtf((float)d));
    struct ggml_tensor *p = ggml_soft_max(c, ggml_diag_mask_inf(c, scores, 0));
    struct ggml_tensor *out = ggml_mul_mat(c, ggml_cont(c, ggml_permute(c, v, 1, 2, 0, 3)), p);

    out = ggml_cont(c, ggml_permute(c, out, 0, 2, 1, 3));
    return linear(o, "attn_output", block, ggml_reshape_2d(c, out, o->m->n_embd, N_TOKENS));
}

static struct ggml_tensor *logits_of(const struct oracle *o, struct ggml_tensor *tokens)
{
    struct ggml_context *c = o->memory;
    struct ggml_tensor *x = ggml_get_rows(c, weight(o, "token_embd", -1, "weight"), tokens);

    for (int i = 0; i < o->m->n_layer; i++) {
        x = ggml_add(c, x, attention(o, i, norm(o, "attn_norm", i, x)));
        struct ggml_tensor *h = norm(o, "ffn_norm", i, x);
        struct ggml_tensor *a = ggml_mul(c, ggml_silu(c, linear(o, "ffn_gate", i, h)), linear(o, "ffn_up", i, h));
        x = ggml_add(c, x, linear(o, "ffn_down", i, a));
    }
    return linear(o, o->m->tied ? "token_embd" : "output", -1, norm(o, "output_norm", -1, x));
}

static void assert_same_gradient(const struct bf_graph *g, const struct ggml_tensor *w,
                                 const struct ggml_tensor *gradient)
{
    struct bf_graph_parameter p = {0};
    double sum = 0, size = 0;

    if (!find_parameter(g, w->name, &p) || !gradient)
        fail_msg("%s has no gradient", w->name);
    assert_int_equal(ggml_nelements(gradient), p.n);
    assert_true(ggml_is_contiguous(gradient));
    for (size_t i = 0; i < p.n; i++) {
        const double theirs = (double)((const float *)gradient->data)[i];
        sum += ((double)p.gradient[i] - theirs) * ((double)p.gradient[i] - theirs);
        size += theirs * theirs;
    }
    if (!(sqrt(sum) <= 1e-4 * sqrt(size)))
        fail_msg("%s: relative difference %.2e", w->name, sqrt(sum / size));
}

static void compare(const struct tiny_model *m, struct case_batch *c, const struct bf_graph *g, const char *path)
{
    struct oracle o = {.m = m};
    struct gguf_context *gguf =
        gguf_init_from_file(path, (struct gguf_init_params){.no_alloc = false, .ctx = &o.weights});

    assert_non_null(gguf);
    o.memory = ggml_init((struct ggml_init_params){.mem_size = (size_t)64 << 20});
    assert_non_null(o.memory);
    struct ggml_tensor *tokens = ggml_new_tensor_1d(o.memory, GGML_TYPE_I32, N_TOKENS);
    struct ggml_tensor *labels = ggml_new_tensor_2d(o.memory, GGML_TYPE_F32, m->n_vocab, N_TOKENS);
    o.positions = ggml_new_tensor_1d(o.memory, GGML_TYPE_I32, N_TOKENS);
    memset(labels->data, 0, ggml_nbytes(labels));
    for (int i = 0; i < N_TOKENS; i++) {
        ((int32_t *)tokens->data)[i] = c->tokens[i];
        ((int32_t *)o.positions->data)[i] = i;
        ((float *)labels->data)[i * m->n_vocab + c->tokens[i + 1]] = 1;
    }
    for (struct ggml_tensor *w = ggml_get_first_tensor(o.weights); w; w = ggml_get_next_tensor(o.weights, w))
        if (w->type == GGML_TYPE_F32 && strchr(w->name, '.') && strcmp(w->name, "rope_freqs.weight") != 0)
            ggml_set_param(w);
    struct ggml_tensor *loss = ggml_cross_entropy_loss(o.memory, logits_of(&o, tokens), labels);
    ggml_set_loss(loss);
    struct ggml_cgraph *graph = ggml_new_graph_custom(o.memory, 4096, true);
    ggml_build_forward_expand(graph, loss);
    ggml_build_backward_expand(o.memory, graph, NULL);
    ggml_graph_reset(graph);
    struct bf_err err = BF_ERR_INIT;
    assert_int_equal(bf_engine_start_llama(&err), BF_OK);
    ggml_backend_t cpu = ggml_backend_init_by_type(GGML_BACKEND_DEVICE_TYPE_CPU, NULL);
    assert_int_equal(ggml_backend_graph_compute(cpu, graph), GGML_STATUS_SUCCESS);
    ggml_backend_free(cpu);
    assert_true(fabs((double)*(float *)loss->data - c->loss) <= 1e-5 * c->loss);
    size_t n = 0;
    for (struct ggml_tensor *w = ggml_get_first_tensor(o.weights); w; w = ggml_get_next_tensor(o.weights, w))
        if (w->flags & GGML_TENSOR_FLAG_PARAM) {
            assert_same_gradient(g, w, ggml_graph_get_grad(graph, w));
            n++;
        }
    assert_int_equal(n, bf_graph_n_parameters(g));
    ggml_free(o.memory);
    ggml_free(o.weights);
    gguf_free(gguf);
}

static void gradients_are_those_of_autodiff(void **state)
{
    enum { N_MODELS = 2 };
    const struct tiny_model *const models[N_MODELS] = {&tiny_llama, &tiny_qwen2};
    static const int32_t lengths[] = {N_TOKENS};

    (void)state;
    for (size_t i = 0; i < N_MODELS; i++) {
        struct bf_graph_params p = bf_graph_params_default();
        struct case_batch c;

        tiny_write(models[i], "model.gguf");
        p.model_path = "model.gguf";
        p.train = BF_TRAIN_FULL;
        struct bf_graph *g = open_graph(&p);
        case_begin(&c, g, lengths, 1);
        /* All rows: the last one's label is the token after the batch, 0. */
        for (int32_t r = 0; r < N_TOKENS; r++)
            c.rows[r] = r;
        c.batch.n_rows = N_TOKENS;
        (void)case_step(g, &c, false);
        compare(models[i], &c, g, "model.gguf");
        bf_graph_close(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gradients_are_those_of_autodiff)};

    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
