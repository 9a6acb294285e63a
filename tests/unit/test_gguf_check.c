/* A tiny model with one thing changed: each is named in a sentence, and none ends this program. */
#include "tiny_text_model.h"

#include <math.h>
#include <sys/stat.h>

#include "engine/engine.h"
#include "engine/gguf_header.h"

static void refused(const char *path, enum bf_model_use use, const char *words)
{
    struct bf_err err = BF_ERR_INIT;

    assert_int_equal(bf_engine_check_model(path, NULL, use, NULL, &err), BF_MODEL);
    assert_error(err, BF_MODEL, path);
    assert_error(err, BF_MODEL, words);
}

static void accepted(const char *path, enum bf_model_use use)
{
    struct bf_err err = BF_ERR_INIT;

    if (bf_engine_check_model(path, NULL, use, NULL, &err) != BF_OK)
        fail_msg("%s", err.text);
}

static void a_right_model_is_accepted(void **state)
{
    (void)state;
    tiny_text_write("right.gguf", NULL, NULL);
    accepted("right.gguf", BF_MODEL_TEXT);
    accepted("right.gguf", BF_MODEL_VOCABULARY);
    accepted("right.gguf", BF_MODEL_WEIGHTS);
    refused("right.gguf", BF_MODEL_ADAPTER, "not a LoRA adapter");
    tiny_write(&tiny_llama, "silent.gguf");
    accepted("silent.gguf", BF_MODEL_WEIGHTS);
    refused("silent.gguf", BF_MODEL_TEXT, "no tokenizer");
}

struct change {
    const char *key;
    char type; /* u: U32, f: F32, s: text, r: removed */
    double number;
    const char *text;
    const char *words; /* in the sentence */
};

static void set_key(struct gguf_context *gguf, void *user)
{
    const struct change *c = user;

    if (c->type == 'u')
        gguf_set_val_u32(gguf, c->key, (uint32_t)c->number);
    else if (c->type == 'f')
        gguf_set_val_f32(gguf, c->key, (float)c->number);
    else if (c->type == 's')
        gguf_set_val_str(gguf, c->key, c->text);
    else
        (void)gguf_remove_key(gguf, c->key);
}

static void a_wrong_value_is_named(void **state)
{
    struct change changes[] = {
        {"llama.block_count", 'u', 0, NULL, "'llama.block_count' is 0, but 1 to 512"},
        {"llama.block_count", 'u', 513, NULL, "'llama.block_count' is 513"},
        {"llama.block_count", 'r', 0, NULL, "lacks the key 'llama.block_count'"},
        {"llama.block_count", 'f', 3, NULL, "'llama.block_count' is not a whole number"},
        {"llama.context_length", 'u', 0, NULL, "'llama.context_length' is 0"},
        {"llama.embedding_length", 'u', 4294967295.0, NULL, "'llama.embedding_length' is 4294967295"},
        {"llama.attention.head_count", 'u', 3, NULL, "3 heads"},
        {"llama.attention.head_count_kv", 'u', 3, NULL, "3 key-value heads"},
        {"llama.attention.layer_norm_rms_epsilon", 'f', -1, NULL, "epsilon' is -1"},
        {"llama.attention.layer_norm_rms_epsilon", 'f', NAN, NULL, "nan, which is not a number"},
        {"llama.rope.freq_base", 'f', 0, NULL, "'llama.rope.freq_base' is 0"},
        {"llama.rope.freq_base", 'f', INFINITY, NULL, "'llama.rope.freq_base' is inf"},
        {"llama.rope.scaling.factor", 'f', -4, NULL, "'llama.rope.scaling.factor' is -4"},
        {"llama.rope.scaling.type", 's', 0, "spiral", "'spiral', but none, linear"},
        {"llama.rope.dimension_count", 'u', 15, NULL, "an odd number"},
        {"llama.expert_count", 'u', 1000000, NULL, "'llama.expert_count' is 1000000"},
        {"llama.expert_count", 'u', 8, NULL, "of its 8 experts"},
        {"llama.expert_used_count", 'u', 5, NULL, "of its 0 experts"},
        {"general.architecture", 's', 0, "abacus", "unknown model architecture: 'abacus'"},
        {"general.architecture", 'r', 0, NULL, "does not say its architecture"},
        {"general.type", 's', 0, "adapter", "is an adapter, not a model"},
        {"tokenizer.ggml.model", 's', 0, "none", "has no tokenizer"},
        {"tokenizer.ggml.model", 's', 0, "runes", "of the kind 'runes'"},
        {"tokenizer.ggml.model", 's', 0, "gpt2", "merges"},
        {"tokenizer.ggml.tokens", 'r', 0, NULL, "no usable vocabulary"},
        {"tokenizer.ggml.tokens", 's', 0, "abc", "no usable vocabulary"},
        {"tokenizer.ggml.scores", 'f', 1, NULL, "'tokenizer.ggml.scores' has 1 values for 300 tokens"},
        {"split.count", 'u', 3, NULL, "one of 3 parts"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(changes); i++) {
        struct change *c = &changes[i];
        /* general.architecture says which keys count, so a file with another one lacks them all. */
        tiny_text_write("wrong.gguf", set_key, c);
        if (c->text && strcmp(c->text, "abacus") == 0)
            refused("wrong.gguf", BF_MODEL_VOCABULARY, c->words);
        else
            refused("wrong.gguf", BF_MODEL_TEXT, c->words);
    }
}

/* What only llama.cpp itself finds ends the process that may die, not this one. */
static void what_llama_cpp_ends_on_becomes_a_sentence(void **state)
{
    struct change change = {"llama.attention.key_length", 'u', 30, NULL, NULL};

    (void)state;
    tiny_text_write("wrong.gguf", set_key, &change);
    refused("wrong.gguf", BF_MODEL_TEXT, "cannot load the model");
    change = (struct change){"tokenizer.ggml.model", 's', 0, "bert", NULL};
    tiny_text_write("wrong.gguf", set_key, &change);
    refused("wrong.gguf", BF_MODEL_TEXT, "an abort ended it while reading its hyper-parameters");
    refused("wrong.gguf", BF_MODEL_TEXT, "fatal error");
}

/* A template is a program of whoever made the file: what it does to a process is done to one that may die. */
static void a_chat_template_is_tried_apart(void **state)
{
    static const char brackets[] = "{{ BRACKETS }}";
    static const struct {
        const char *source, *words;
    } odd[] = {
        {"{% for i in range(1000000000000) %}x{% endfor %}",
         "cannot be used (range() makes more than 100000 numbers); give --chat none"},
        {"{% for i in range(10, -1000000000000, -1) %}x{% endfor %}", "range() makes more than"},
        {"{% set s = namespace(t='word') %}{% for i in range(60) %}{% set s.t = s.t ~ s.t %}{% endfor %}{{ s.t }}",
         "template"},
        {brackets, "its brackets are more than 200 deep"},
        {"{{ messages[0].content", "cannot be used ("},
    };
    char *deep = calloc(1, 2 * 60000 + sizeof brackets);
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_non_null(deep);
    strcat(deep, "{{ ");
    memset(deep + 3, '(', 60000);
    strcat(deep, "1 }}");
    for (size_t i = 0; i < N_ELEMENTS(odd); i++) {
        const char *source = odd[i].source == brackets ? deep : odd[i].source;
        struct change change = {"tokenizer.chat_template", 's', 0, source, NULL};
        tiny_text_write("odd.gguf", set_key, &change);
        assert_int_equal(bf_engine_check_model("odd.gguf", NULL, BF_MODEL_TEXT, "auto", &err), BF_MODEL);
        assert_error(err, BF_MODEL, "the chat template of 'odd.gguf' cannot be used");
        assert_error(err, BF_MODEL, odd[i].words);
        if (i == 0)
            assert_int_equal(bf_engine_check_model("odd.gguf", NULL, BF_MODEL_VOCABULARY, "auto", &err), BF_MODEL);
        accepted("odd.gguf", BF_MODEL_TEXT); /* --chat none, and no chat at all */
        assert_int_equal(bf_engine_check_model("odd.gguf", NULL, BF_MODEL_TEXT, "none", &err), BF_OK);
    }
    /* What no limit of ours sees: it overflows the stack. */
    strcpy(deep, "{{ ");
    for (size_t i = 0; i < 29000; i++)
        memcpy(deep + 3 + 4 * i, "not ", 4);
    strcpy(deep + 3 + 4 * 29000, "1 }}");
    struct change change = {"tokenizer.chat_template", 's', 0, deep, NULL};
    tiny_text_write("odd.gguf", set_key, &change);
    assert_int_equal(bf_engine_check_model("odd.gguf", NULL, BF_MODEL_TEXT, "auto", &err), BF_MODEL);
    assert_error(err, BF_MODEL, "the chat template of 'odd.gguf' cannot be used: ");
    free(deep);
}

static void set_tokens(struct gguf_context *gguf, void *user)
{
    const char *const *other = user; /* index as text, token */
    const int64_t key = gguf_find_key(gguf, "tokenizer.ggml.tokens");
    const size_t n = gguf_get_arr_n(gguf, key), at = strtoul(other[0], NULL, 10);
    char *copies[TINY_TEXT_TOKENS];
    const char *tokens[TINY_TEXT_TOKENS];

    for (size_t i = 0; i < n; i++)
        tokens[i] = copies[i] = strdup(gguf_get_arr_str(gguf, key, i));
    tokens[at] = other[1];
    gguf_set_arr_str(gguf, "tokenizer.ggml.tokens", tokens, n);
    for (size_t i = 0; i < n; i++)
        free(copies[i]);
}

static void tokens_are_looked_at(void **state)
{
    const char *equal[] = {"290", "</s>"}, *no_byte[] = {"13", "ten"}, *empty[] = {"290", ""};

    (void)state;
    tiny_text_write("wrong.gguf", set_tokens, equal);
    refused("wrong.gguf", BF_MODEL_TEXT, "two equal tokens in its vocabulary (number 2 and 290 are '</s>')");
    tiny_text_write("wrong.gguf", set_tokens, no_byte);
    refused("wrong.gguf", BF_MODEL_TEXT, "lacks the token <0x0A>");
    tiny_text_write("wrong.gguf", set_tokens, empty);
    accepted("wrong.gguf", BF_MODEL_TEXT);
}

/* ---- bytes ---- */

static unsigned char *read_bytes(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    unsigned char *bytes = malloc(1 << 20);

    assert_non_null(file);
    assert_non_null(bytes);
    *n = fread(bytes, 1, 1 << 20, file);
    (void)fclose(file);
    return bytes;
}

static void write_bytes(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* Of a tensor: its entry is name, dimensions, shape, type, offset. */
static size_t entry_of(const unsigned char *bytes, size_t n, const char *name)
{
    const unsigned char *at = memmem(bytes, n, name, strlen(name));

    assert_non_null(at);
    return (size_t)(at - bytes) + strlen(name);
}

static void damaged_bytes_are_named(void **state)
{
    const struct {
        const char *tensor; /* NULL: `at` counts from the beginning */
        size_t at;
        unsigned char value;
        const char *words;
    } damages[] = {
        {NULL, 0, 'X', "not a GGUF file"},
        {NULL, 4, 1, "version 1"},
        {NULL, 4, 9, "version 9"},
        {NULL, 15, 0x7F, "announces"},
        {NULL, 23, 0x7F, "announces"},
        {NULL, 31, 0x7F, "it ends"},
        {"blk.0.attn_q.weight", 0, 9, "9 dimensions"},
        {"blk.0.attn_q.weight", 4 + 7, 0x7F, "cannot be"},
        {"blk.0.attn_q.weight", 4 + 2 * 8, 26, "of type i32"},
        {"blk.0.attn_q.weight", 4 + 2 * 8, 4, "of type 4"},
        {"blk.0.attn_q.weight", 4 + 2 * 8, 200, "of type 200"},
        {"blk.0.attn_q.weight", 4 + 2 * 8 + 4, 1, "is expected"},
        {"blk.0.attn_norm.weight", 4 + 8, 1, "of type f16"},
    };
    size_t n = 0;

    (void)state;
    tiny_text_write("right.gguf", NULL, NULL);
    unsigned char *bytes = read_bytes("right.gguf", &n);
    for (size_t i = 0; i < N_ELEMENTS(damages); i++) {
        const size_t at = damages[i].at + (damages[i].tensor ? entry_of(bytes, n, damages[i].tensor) : 0);
        const unsigned char old = bytes[at];
        bytes[at] = damages[i].value;
        write_bytes("wrong.gguf", bytes, n);
        refused("wrong.gguf", BF_MODEL_TEXT, damages[i].words);
        bytes[at] = old;
    }
    const unsigned char swapped[4] = {0, 0, 0, 3};
    memcpy(bytes + 4, swapped, 4);
    write_bytes("wrong.gguf", bytes, n);
    refused("wrong.gguf", BF_MODEL_TEXT, "byte order");
    free(bytes);
}

/* A file that was cut anywhere says that it was. */
static void a_cut_file_says_so(void **state)
{
    size_t n = 0;

    (void)state;
    tiny_text_write("right.gguf", NULL, NULL);
    unsigned char *bytes = read_bytes("right.gguf", &n);
    struct bf_gguf gguf;
    struct bf_err err = BF_ERR_INIT;
    bool more = false;
    assert_int_equal(bf_gguf_parse("x", bytes, n, n, &more, &gguf, &err), BF_OK);
    const size_t n_header = (size_t)gguf.data_start;
    bf_gguf_release(&gguf);
    for (size_t cut = 4; cut + 64 < n_header; cut += 7) {
        err = (struct bf_err)BF_ERR_INIT;
        assert_int_equal(bf_gguf_parse("x", bytes, cut, cut, &more, &gguf, &err), BF_MODEL);
        assert_error(err, BF_MODEL, "not a complete GGUF file");
        assert_false(more);
        assert_int_equal(bf_gguf_parse("x", bytes, cut, n, &more, &gguf, NULL), BF_MODEL);
        assert_true(more);
    }
    write_bytes("wrong.gguf", bytes, n - 5000);
    refused("wrong.gguf", BF_MODEL_TEXT, "cut short");
    free(bytes);
}

static void what_is_not_a_file_is_refused(void **state)
{
    (void)state;
    refused("/dev/zero", BF_MODEL_TEXT, "a device");
    refused("/dev/null", BF_MODEL_WEIGHTS, "a device");
    refused(".", BF_MODEL_TEXT, "a folder");
    refused("missing.gguf", BF_MODEL_TEXT, "cannot open");
    assert_int_equal(mkfifo("pipe", 0600), 0);
    refused("pipe", BF_MODEL_TEXT, "a pipe");
}

static void weights_that_are_not_numbers_are_found(void **state)
{
    const float nan_value = NAN;
    struct bf_err err = BF_ERR_INIT;
    size_t n = 0;

    (void)state;
    tiny_text_write("right.gguf", NULL, NULL);
    assert_int_equal(bf_engine_check_weights("right.gguf", &err), BF_OK);
    unsigned char *bytes = read_bytes("right.gguf", &n);
    memcpy(bytes + n - sizeof nan_value, &nan_value, sizeof nan_value);
    write_bytes("wrong.gguf", bytes, n);
    assert_int_equal(bf_engine_check_weights("wrong.gguf", &err), BF_MODEL);
    assert_error(err, BF_MODEL, "rope_freqs.weight");
    free(bytes);
}

/* Engine and graph open no model without that look. */
static void an_engine_refuses_too(void **state)
{
    struct change change = {"llama.block_count", 'u', 513, NULL, NULL};
    struct bf_engine_options o = bf_engine_default_options();
    struct bf_engine *engine = NULL;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    tiny_text_write("wrong.gguf", set_key, &change);
    o.model_path = "wrong.gguf";
    assert_int_equal(bf_engine_open(&o, &engine, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "513");
    assert_int_equal(bf_engine_quantize("wrong.gguf", "out.gguf", "q8_0", 1, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "513");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_model_is_accepted),
        cmocka_unit_test(a_wrong_value_is_named),
        cmocka_unit_test(what_llama_cpp_ends_on_becomes_a_sentence),
        cmocka_unit_test(a_chat_template_is_tried_apart),
        cmocka_unit_test(tokens_are_looked_at),
        cmocka_unit_test(damaged_bytes_are_named),
        cmocka_unit_test(a_cut_file_says_so),
        cmocka_unit_test(what_is_not_a_file_is_refused),
        cmocka_unit_test(weights_that_are_not_numbers_are_found),
        cmocka_unit_test(an_engine_refuses_too),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
