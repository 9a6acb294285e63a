/* What a file says about the model in it, read for training: each wrong key is refused by its name. */
#include "tiny_text_model.h"

#include <math.h>

#include "graph/graph.h"

struct change {
    const char *key;
    char type; /* u, i, h, 6: whole numbers of 32, 32, 16 and 64 bits; f, s; l: a list; r: removed */
    double number;
    const char *text, *says; /* says NULL: it is fine */
};

static void apply(struct gguf_context *gguf, void *user)
{
    static const uint32_t list[] = {96, 96, 96};
    const struct change *c = user;
    switch (c->type) {
    case 'u':
        gguf_set_val_u32(gguf, c->key, (uint32_t)c->number);
        break;
    case '6':
        gguf_set_val_u64(gguf, c->key, c->number < 0 ? UINT64_MAX : (uint64_t)c->number);
        break;
    case 'h':
        gguf_set_val_u16(gguf, c->key, (uint16_t)c->number);
        break;
    case 'i':
        gguf_set_val_i32(gguf, c->key, (int32_t)c->number);
        break;
    case 'f':
        gguf_set_val_f32(gguf, c->key, (float)c->number);
        break;
    case 's':
        gguf_set_val_str(gguf, c->key, c->text);
        break;
    case 'l':
        gguf_set_arr_data(gguf, c->key, GGUF_TYPE_UINT32, list, N_ELEMENTS(list));
        break;
    default:
        (void)gguf_remove_key(gguf, c->key);
    }
}

static void each_key_is_checked(void **state)
{
#define EPSILON "llama.attention.layer_norm_rms_epsilon"
    struct change changes[] = {
        {"general.architecture", 'r', 0, NULL, "does not say its architecture"},
        {"general.architecture", 'u', 1, NULL, "does not say its architecture"},
        {"general.type", 's', 0, "adapter", "is an adapter, not a model"},
        {"general.type", 's', 0, "model", NULL},
        {"llama.block_count", 'r', 0, NULL, "llama.block_count"},
        {"llama.block_count", 'u', 0, NULL, "llama.block_count"},
        {"llama.block_count", 'f', 3, NULL, "llama.block_count"},
        {"llama.block_count", '6', 3, NULL, NULL},
        {"llama.block_count", '6', -1, NULL, "llama.block_count"},
        {"llama.block_count", 'i', -3, NULL, "llama.block_count"},
        {"llama.block_count", 'h', 3, NULL, NULL},
        {"llama.feed_forward_length", 'l', 0, NULL, "differs from block to block"},
        {"llama.expert_count", 'u', 8, NULL, "llama.expert_count"},
        {"llama.attention.key_length", 'u', 513, NULL, "llama.attention.key_length"},
        {"llama.attention.value_length", 'u', 8, NULL, "differs from attention.key_length"},
        {"llama.rope.dimension_count", 'u', 8, NULL, "8 rotated"},
        {EPSILON, 'r', 0, NULL, EPSILON},
        {EPSILON, 'u', 1, NULL, EPSILON},
        {EPSILON, 'f', 2, NULL, EPSILON},
        {EPSILON, 'f', (double)NAN, NULL, EPSILON},
        {"llama.attention.scale", 'f', 1e4, NULL, "llama.attention.scale"},
        {"llama.rope.freq_base", 'f', 1, NULL, "llama.rope.freq_base"},
        {"llama.rope.freq_base", 's', 0, "many", "llama.rope.freq_base"},
        {"llama.rope.scaling.factor", 'f', -2, NULL, "llama.rope.scaling.factor"},
        {"llama.rope.scaling.type", 's', 0, "longrope", "llama.rope.scaling.type"},
        {"llama.rope.scaling.type", 's', 0, "none", NULL},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(changes); i++) {
        struct bf_graph_params p = bf_graph_params_default();
        struct bf_graph_info info;
        struct bf_err err = BF_ERR_INIT;
        tiny_text_write("model.gguf", apply, &changes[i]);
        p.model_path = "model.gguf";
        p.n_tokens = 64;
        const enum bf_status status = bf_graph_estimate(&p, &info, &err);
        if (status != (changes[i].says ? BF_MODEL : BF_OK))
            fail_msg("%s (%c): %s", changes[i].key, changes[i].type, err.text);
        if (changes[i].says) {
            assert_error(err, BF_MODEL, changes[i].says);
            assert_error(err, BF_MODEL, "'model.gguf'");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_key_is_checked)};
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
