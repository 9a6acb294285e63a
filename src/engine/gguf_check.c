/* Keys: their types and ranges, as llama.cpp's load_hparams (src/llama-model.cpp) needs them. */
#include "engine/gguf_check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

#define DAMAGED "the file is damaged or made for another program: fetch it or convert the model again"

enum { LAYERS_MAX = 512, EXPERTS_MAX = 1024, ARCHITECTURE_MAX = 32, KEY_MAX = 128 };

struct check {
    const struct bf_gguf *gguf;
    const char *path;
    char architecture[ARCHITECTURE_MAX];
    enum bf_status status; /* of the first failure */
    struct bf_err *err;
};

static const struct bf_gguf_key *find(const struct check *c, const char *key)
{
    char name[KEY_MAX];
    snprintf(name, sizeof name, "%s.%s", c->architecture, key);
    return bf_gguf_find(c->gguf, name);
}

/* The key's name after "ARCHITECTURE.", or NULL. */
static const char *own(const struct check *c, struct bf_gguf_text name, size_t *n)
{
    const size_t prefix = strlen(c->architecture);
    if (name.n <= prefix + 1 || memcmp(name.at, c->architecture, prefix) != 0 || name.at[prefix] != '.')
        return NULL;
    *n = name.n - prefix - 1;
    return name.at + prefix + 1;
}

/* ---- whole numbers ---- */

static const struct range {
    const char *key;
    int64_t min, max;
    bool required; /* in a model with weights */
} ranges[] = {
    {"block_count", 1, LAYERS_MAX, true},
    {"context_length", 1, 1 << 30, true},
    {"embedding_length", 1, 1 << 20, true},
    {"embedding_length_out", 1, 1 << 20, false},
    {"feed_forward_length", 0, 1 << 24, false},
    {"vocab_size", 1, 1 << 24, false},
    {"attention.head_count", 0, 1 << 14, false},
    {"attention.head_count_kv", 0, 1 << 14, false},
    {"attention.key_length", 1, 1 << 16, false},
    {"attention.value_length", 1, 1 << 16, false},
    {"attention.sliding_window", 0, 1 << 30, false},
    {"rope.dimension_count", 0, 1 << 16, false},
    {"rope.scaling.original_context_length", 1, 1 << 30, false},
    {"expert_count", 0, EXPERTS_MAX, false},
    {"expert_used_count", 0, EXPERTS_MAX, false},
    {"expert_group_count", 0, EXPERTS_MAX, false},
    {"expert_group_used_count", 0, EXPERTS_MAX, false},
    {"leading_dense_block_count", 0, LAYERS_MAX, false},
    {"nextn_predict_layers", 0, LAYERS_MAX, false},
    {"pooling_type", 0, 4, false},
};

static void check_range(struct check *c, const struct range *range, bool required)
{
    const struct bf_gguf_key *key = find(c, range->key);
    int64_t value = 0;
    if (!key && range->required && required)
        c->status =
            bf_fail(c->err, BF_MODEL, "'%s' lacks the key '%s.%s'; " DAMAGED, c->path, c->architecture, range->key);
    /* A list has one value for each block. */
    for (uint64_t i = 0; key && i < key->n && c->status == BF_OK; i++) {
        if (!bf_gguf_whole(key, i, &value))
            c->status = bf_fail(c->err, BF_MODEL, "'%s': the key '%s.%s' is not a whole number; " DAMAGED, c->path,
                                c->architecture, range->key);
        else if (value < range->min || value > range->max)
            c->status =
                bf_fail(c->err, BF_MODEL,
                        "'%s': the key '%s.%s' is %" PRId64 ", but %" PRId64 " to %" PRId64 " are possible; " DAMAGED,
                        c->path, c->architecture, range->key, value, range->min, range->max);
    }
}

/* A number that is the same in all blocks; `fallback` when it is missing or differs between blocks. */
static int64_t whole(const struct check *c, const char *name, int64_t fallback)
{
    const struct bf_gguf_key *key = find(c, name);
    int64_t value = fallback;
    return key && !key->is_array && bf_gguf_whole(key, 0, &value) ? value : fallback;
}

static void check_heads(struct check *c)
{
    const int64_t n_embd = whole(c, "embedding_length", 0), n_head = whole(c, "attention.head_count", 0);
    const int64_t n_head_kv = whole(c, "attention.head_count_kv", 0), n_rot = whole(c, "rope.dimension_count", 0);
    if (n_head > 0 && !find(c, "attention.key_length") && n_embd % n_head != 0)
        c->status = bf_fail(c->err, BF_MODEL,
                            "'%s': its embeddings of %" PRId64 " values ('%s.embedding_length') cannot be shared among "
                            "%" PRId64 " heads ('%s.attention.head_count'); " DAMAGED,
                            c->path, n_embd, c->architecture, n_head, c->architecture);
    else if (n_head > 0 && n_head_kv > 0 && n_head % n_head_kv != 0)
        c->status = bf_fail(c->err, BF_MODEL,
                            "'%s': %" PRId64 " heads cannot share %" PRId64
                            " key-value heads ('%s.attention.head_count_kv'); " DAMAGED,
                            c->path, n_head, n_head_kv, c->architecture);
    else if (n_rot % 2 != 0)
        c->status =
            bf_fail(c->err, BF_MODEL, "'%s': the key '%s.rope.dimension_count' is %" PRId64 ", an odd number; " DAMAGED,
                    c->path, c->architecture, n_rot);
}

static void check_experts(struct check *c)
{
    const struct bf_gguf_key *used = find(c, "expert_used_count");
    const int64_t n_experts = whole(c, "expert_count", 0), n_groups = whole(c, "expert_group_count", 0);
    int64_t n_most = 0, n = 0;
    for (uint64_t i = 0; used && i < used->n; i++)
        if (bf_gguf_whole(used, i, &n) && n > n_most)
            n_most = n;
    if (n_most > n_experts || (n_experts > 0 && n_most == 0))
        c->status = bf_fail(c->err, BF_MODEL,
                            "'%s': of its %" PRId64 " experts ('%s.expert_count') %" PRId64
                            " are used ('%s.expert_used_count'), which cannot be; " DAMAGED,
                            c->path, n_experts, c->architecture, n_most, c->architecture);
    else if (n_groups > 1 && (n_groups >= n_experts || n_experts % n_groups != 0))
        c->status =
            bf_fail(c->err, BF_MODEL,
                    "'%s': its %" PRId64 " experts cannot be in %" PRId64 " groups ('%s.expert_group_count'); " DAMAGED,
                    c->path, n_experts, n_groups, c->architecture);
}

/* ---- real numbers ---- */

static void check_reals(struct check *c)
{
    for (size_t i = 0; i < c->gguf->n_keys && c->status == BF_OK; i++) {
        const struct bf_gguf_key *key = &c->gguf->keys[i];
        size_t n = 0;
        const char *rest = own(c, key->name, &n);
        double value = 0;
        if (!rest || (key->type != BF_GGUF_F32 && key->type != BF_GGUF_F64))
            continue;
        const bool epsilon = bf_gguf_text_ends_with(key->name, "epsilon"),
                   base = bf_gguf_text_ends_with(key->name, "rope.freq_base");
        const bool factor = bf_gguf_text_ends_with(key->name, "rope.scaling.factor") ||
                            bf_gguf_text_ends_with(key->name, "rope.scale_linear");
        for (uint64_t j = 0; j < key->n && c->status == BF_OK; j++) {
            if (!bf_gguf_real(key, j, &value) || !isfinite(value))
                c->status =
                    bf_fail(c->err, BF_MODEL, "'%s': the key '%s.%.*s' is %g, which is not a number; " DAMAGED, c->path,
                            c->architecture, bf_gguf_text_shown((struct bf_gguf_text){rest, n}), rest, value);
            else if ((epsilon && (value < 0 || value > 1)) || (base && value <= 0) || (factor && value < 0))
                c->status = bf_fail(c->err, BF_MODEL, "'%s': the key '%s.%.*s' is %g, but %s; " DAMAGED, c->path,
                                    c->architecture, bf_gguf_text_shown((struct bf_gguf_text){rest, n}), rest, value,
                                    epsilon ? "0 to 1 is possible" : "it has to be positive");
        }
    }
}

static void check_rope_kind(struct check *c)
{
    static const char *const kinds[] = {"none", "linear", "yarn", "longrope"};
    const struct bf_gguf_key *key = find(c, "rope.scaling.type");
    struct bf_gguf_text kind = {"", 0};
    bool known = !key;
    for (size_t i = 0; key && bf_gguf_text(key, &kind) && i < sizeof kinds / sizeof *kinds; i++)
        known = known || bf_gguf_text_is(kind, kinds[i]);
    if (!known)
        c->status = bf_fail(c->err, BF_MODEL,
                            "'%s': the key '%s.rope.scaling.type' is '%.*s', but none, linear, yarn or longrope is "
                            "possible; " DAMAGED,
                            c->path, c->architecture, bf_gguf_text_shown(kind), kind.at);
}

/* ---- the kind of file ---- */

static void check_general(struct check *c, enum bf_model_use use)
{
    const struct bf_gguf_key *architecture = bf_gguf_find(c->gguf, "general.architecture");
    const struct bf_gguf_key *type = bf_gguf_find(c->gguf, "general.type");
    struct bf_gguf_text name, kind;
    if (!architecture || !bf_gguf_text(architecture, &name) || name.n == 0 || name.n >= sizeof c->architecture) {
        c->status = bf_fail(
            c->err, BF_MODEL,
            "'%s' does not say its architecture (the key 'general.architecture'): is it a model? " DAMAGED, c->path);
        return;
    }
    memcpy(c->architecture, name.at, name.n);
    c->architecture[name.n] = '\0';
    const bool adapter = type && bf_gguf_text(type, &kind) && bf_gguf_text_is(kind, "adapter");
    if (use == BF_MODEL_ADAPTER && !adapter)
        c->status = bf_fail(c->err, BF_MODEL,
                            "'%s' is not a LoRA adapter; give one with --lora (a GGUF made by 'biforget unlearn' or "
                            "convert_lora_to_gguf.py), and a model with -m",
                            c->path);
    else if (use != BF_MODEL_ADAPTER && adapter)
        c->status = bf_fail(c->err, BF_MODEL,
                            "'%s' is an adapter, not a model; give it with --lora, and the model that it was made for "
                            "with -m",
                            c->path);
    else if (use != BF_MODEL_ADAPTER &&
             (strcmp(c->architecture, "clip") == 0 || strcmp(c->architecture, "imatrix") == 0))
        c->status =
            bf_fail(c->err, BF_MODEL, "'%s' is %s, not a language model; give the model that it belongs to", c->path,
                    strcmp(c->architecture, "clip") == 0 ? "the image part of a model" : "an importance matrix");
}

enum bf_status bf_gguf_check(const struct bf_gguf *gguf, const char *path, enum bf_model_use use, struct bf_err *err)
{
    struct check c = {.gguf = gguf, .path = path, .err = err};
    check_general(&c, use);
    if (use != BF_MODEL_ADAPTER) {
        for (size_t i = 0; i < sizeof ranges / sizeof *ranges && c.status == BF_OK; i++)
            check_range(&c, &ranges[i], use != BF_MODEL_VOCABULARY);
        if (c.status == BF_OK)
            check_heads(&c);
        if (c.status == BF_OK)
            check_experts(&c);
        if (c.status == BF_OK)
            check_rope_kind(&c);
    }
    if (c.status == BF_OK)
        check_reals(&c);
    if (c.status == BF_OK)
        c.status = bf_gguf_check_tensors(gguf, path, err);
    if (c.status == BF_OK && (use == BF_MODEL_TEXT || use == BF_MODEL_VOCABULARY))
        c.status = bf_gguf_check_tokens(gguf, path, err);
    return c.status;
}
