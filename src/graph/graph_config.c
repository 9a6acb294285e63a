/* Hyper-parameters of the llama family out of a GGUF's key-values, as llama.cpp reads them (src/llama-model.cpp,
 * load_hparams). */
#include <gguf.h>
#include <math.h>
#include <string.h>

#include "graph/graph_internal.h"
#include "base/banned.h"

struct reader {
    const struct gguf_context *gguf;
    const char *path;
    const char *architecture;
    struct bf_err *err;
    enum bf_status status; /* of the first failure */
};

static void refuse(struct reader *r, const char *key, const char *why)
{
    if (r->status == BF_OK)
        r->status = bf_fail(r->err, BF_MODEL, "'%s': the key '%s.%s' %s", r->path, r->architecture, key, why);
}

static int64_t find(const struct reader *r, const char *key)
{
    char name[128];
    snprintf(name, sizeof name, "%s.%s", r->architecture, key);
    return gguf_find_key(r->gguf, name);
}

/* A whole number in [min, max]; `fallback` when the key is missing, unless that is negative. */
static int32_t whole(struct reader *r, const char *key, int64_t fallback, int64_t min, int64_t max)
{
    const int64_t id = find(r, key);
    if (id < 0) {
        if (fallback < 0)
            refuse(r, key, "is missing");
        return fallback < 0 ? (int32_t)min : (int32_t)fallback;
    }
    int64_t value = -1;
    switch (gguf_get_kv_type(r->gguf, id)) {
    case GGUF_TYPE_UINT16:
        value = gguf_get_val_u16(r->gguf, id);
        break;
    case GGUF_TYPE_UINT32:
        value = gguf_get_val_u32(r->gguf, id);
        break;
    case GGUF_TYPE_INT32:
        value = gguf_get_val_i32(r->gguf, id);
        break;
    case GGUF_TYPE_UINT64:
        value = gguf_get_val_u64(r->gguf, id) > INT64_MAX ? -1 : (int64_t)gguf_get_val_u64(r->gguf, id);
        break;
    case GGUF_TYPE_ARRAY:
        refuse(r, key, "differs from block to block, which training does not support");
        return (int32_t)min;
    default:
        refuse(r, key, "is not a whole number");
        return (int32_t)min;
    }
    if (value < min || value > max) {
        refuse(r, key, "is out of range");
        value = min;
    }
    return (int32_t)value;
}

static float real(struct reader *r, const char *key, float fallback, float min, float max)
{
    const int64_t id = find(r, key);
    if (id < 0)
        return fallback;
    if (gguf_get_kv_type(r->gguf, id) != GGUF_TYPE_FLOAT32) {
        refuse(r, key, "is not a number in F32");
        return fallback;
    }
    const float value = gguf_get_val_f32(r->gguf, id);
    if (!(value >= min && value <= max)) {
        refuse(r, key, "is out of range");
        return fallback;
    }
    return value;
}

static const char *text(const struct reader *r, const char *key, const char *fallback)
{
    const int64_t id = find(r, key);
    return id < 0 || gguf_get_kv_type(r->gguf, id) != GGUF_TYPE_STRING ? fallback : gguf_get_val_str(r->gguf, id);
}

/* The dimension that turns n_rotations times over the context of training (YaRN, section 3.2). */
static float yarn_dimension(const struct bf_graph_config *c, int32_t n_context, float n_rotations)
{
    return (float)c->n_rot * logf((float)n_context / (n_rotations * 2 * (float)M_PI)) / (2 * logf(c->rope_base));
}

static void read_rope(struct reader *r, struct bf_graph_config *c)
{
    c->rope_base = real(r, "rope.freq_base", 10000.0F, 1.0001F, 1e12F);
    const char *kind = text(r, "rope.scaling.type", "linear");
    const float factor = real(r, "rope.scaling.factor", real(r, "rope.scale_linear", 0, 0, 1e6F), 0, 1e6F);
    c->rope_scale = factor > 0 && strcmp(kind, "none") != 0 ? 1 / factor : 1;
    c->rope_magnitude = real(r, "rope.scaling.attn_factor", 1, 1e-3F, 1e3F);
    if (strcmp(kind, "none") == 0 || strcmp(kind, "linear") == 0)
        return;
    if (strcmp(kind, "yarn") != 0) {
        refuse(r, "rope.scaling.type", "is neither none, linear nor yarn");
        return;
    }
    if (find(r, "rope.scaling.yarn_log_multiplier") >= 0) {
        refuse(r, "rope.scaling.yarn_log_multiplier", "is not supported");
        return;
    }
    const int32_t n_original = whole(r, "rope.scaling.original_context_length", c->n_context, 1, 1 << 30);
    c->yarn_mix = real(r, "rope.scaling.yarn_ext_factor", 1, 0, 1);
    if (c->yarn_mix == 0)
        return;
    if (c->rope_scale < 1)
        c->rope_magnitude *= 1 + 0.1F * logf(1 / c->rope_scale);
    const float fast = real(r, "rope.scaling.yarn_beta_fast", 32, 1e-3F, 1e6F);
    const float slow = real(r, "rope.scaling.yarn_beta_slow", 1, 1e-3F, 1e6F);
    c->yarn_low = fmaxf(0, floorf(yarn_dimension(c, n_original, fast)));
    c->yarn_high = fminf((float)c->n_rot - 1, ceilf(yarn_dimension(c, n_original, slow)));
}

enum bf_status bf_graph_config_read(const struct gguf_context *gguf, const char *path, struct bf_graph_config *out,
                                    struct bf_err *err)
{
    const int64_t id = gguf_find_key(gguf, "general.architecture");
    if (id < 0 || gguf_get_kv_type(gguf, id) != GGUF_TYPE_STRING)
        return bf_fail(err, BF_MODEL, "'%s' does not say its architecture (general.architecture): is it a model?",
                       path);
    const char *architecture = gguf_get_val_str(gguf, id);
    const bool llama = strcmp(architecture, "llama") == 0, qwen2 = strcmp(architecture, "qwen2") == 0;
    if (!llama && !qwen2)
        return bf_fail(err, BF_MODEL,
                       "'%s' is of architecture '%.60s'; training supports llama (SmolLM2, Llama, Mistral) and qwen2",
                       path, architecture);
    const int64_t kind = gguf_find_key(gguf, "general.type");
    if (kind >= 0 && gguf_get_kv_type(gguf, kind) == GGUF_TYPE_STRING &&
        strcmp(gguf_get_val_str(gguf, kind), "model") != 0)
        return bf_fail(err, BF_MODEL, "'%s' is not a model but of type '%.60s'; give the model it belongs to", path,
                       gguf_get_val_str(gguf, kind));

    *out = (struct bf_graph_config){.neox = qwen2};
    snprintf(out->architecture, sizeof out->architecture, "%s", architecture);
    struct reader r = {gguf, path, out->architecture, err, BF_OK};
    out->n_layer = whole(&r, "block_count", -1, 1, 1024);
    out->n_embd = whole(&r, "embedding_length", -1, 1, 65536);
    out->n_ff = whole(&r, "feed_forward_length", -1, 1, 1 << 20);
    out->n_head = whole(&r, "attention.head_count", -1, 1, 1024);
    out->n_head_kv = whole(&r, "attention.head_count_kv", out->n_head, 1, 1024);
    out->n_context = whole(&r, "context_length", 0, 0, 1 << 30);
    if (whole(&r, "expert_count", 0, 0, 1 << 16) != 0)
        refuse(&r, "expert_count", "says that this is a mixture of experts, which training does not support");
    out->n_head_dim = whole(&r, "attention.key_length", out->n_embd / out->n_head, 1, 512);
    if (whole(&r, "attention.value_length", out->n_head_dim, 1, 512) != out->n_head_dim)
        refuse(&r, "attention.value_length", "differs from attention.key_length");
    out->n_rot = whole(&r, "rope.dimension_count", out->n_head_dim, 2, 512);
    out->norm_eps = real(&r, "attention.layer_norm_rms_epsilon", -1, 0, 1);
    if (out->norm_eps < 0)
        refuse(&r, "attention.layer_norm_rms_epsilon", "is missing");
    out->attention_scale = real(&r, "attention.scale", 0, 0, 1e3F);
    if (out->attention_scale == 0)
        out->attention_scale = 1 / sqrtf((float)out->n_head_dim);
    read_rope(&r, out);
    if (r.status == BF_OK &&
        (out->n_head % out->n_head_kv != 0 || out->n_rot != out->n_head_dim || out->n_head_dim % 2 != 0))
        r.status = bf_fail(err, BF_MODEL,
                           "'%s': %d heads, %d key-value heads, %d dimensions each and %d rotated do not fit together",
                           path, out->n_head, out->n_head_kv, out->n_head_dim, out->n_rot);
    return r.status;
}
