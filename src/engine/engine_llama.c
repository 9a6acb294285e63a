/* The embedded engine: a GGUF model in this process, through llama.cpp. This file opens and closes it; generating,
 * scoring, embedding, chat templates and the stability check each have a file (llama_*.c).
 *
 * Weights are read, not mapped: llama.cpp copies Q4_0 weights into another layout, and mapped pages would take memory a
 * second time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/memory_available.h"
#include "engine/kv_cache.h"
#include "engine/llama_prefix.h"
#include "engine/llama_private.h"
#include "base/banned.h"

enum {
    PREFIX_CACHE_BYTES = 48 << 20,
    DEFAULT_PARALLEL = 32,
    DEFAULT_PARALLEL_MANY = 64,
    MANY_CORES = 8,
    OUTPUTS_MIN = 64,
    BATCH_TOKENS = 2048,
    UBATCH_TOKENS = 256
};

static const uint64_t memory_reserve = 512ULL << 20; /* left for the rest of the machine and for compute buffers */

static void copy_text(char *out, size_t n, const char *text)
{
    snprintf(out, n, "%s", text);
}

static void llama_engine_close(struct bf_engine *engine)
{
    struct bf_llama *self = bf_llama_of(engine);
    bf_prefix_cache_free(self->prefixes);
    bf_chat_close(self->chat);
    if (self->embed)
        llama_free(self->embed);
    if (self->context)
        llama_free(self->context);
    if (self->model)
        llama_model_free(self->model);
    llama_backend_free();
    free(self->path);
    free(self->lora_path);
    free(self);
}

static int32_t llama_engine_tokenize(const struct bf_engine *engine, const char *text, int32_t *tokens, int32_t max)
{
    const struct bf_llama *self = bf_llama_of_const(engine);
    int32_t n = 0;
    llama_token *all = bf_llama_tokens(self->vocab, text, strlen(text), false, &n);
    for (int32_t i = 0; i < n && i < max; i++)
        tokens[i] = all[i];
    free(all);
    return n;
}

static enum bf_status llama_engine_detokenize(const struct bf_engine *engine, const struct bf_tokens *tokens,
                                              struct bf_buf *out, struct bf_err *err)
{
    const struct bf_llama *self = bf_llama_of_const(engine);
    int32_t capacity = 8 * tokens->n + 16;
    char *text = bf_array((size_t)capacity, 1);
    int32_t n = llama_detokenize(self->vocab, tokens->ids, tokens->n, text, capacity, true, false);
    if (n < 0) {
        capacity = -n;
        text = bf_grow(text, (size_t)capacity, 1);
        n = llama_detokenize(self->vocab, tokens->ids, tokens->n, text, capacity, true, false);
    }
    if (n > 0)
        bf_buf_put(out, text, (size_t)n);
    free(text);
    return n < 0 || out->overflow
               ? bf_fail(err, BF_MODEL, "the text of %d tokens of '%s' is too long", tokens->n, engine->info.model_desc)
               : BF_OK;
}

static const struct bf_engine_ops ops = {
    .close = llama_engine_close,
    .generate = bf_llama_generate,
    .embed = bf_llama_embed,
    .tokenize = llama_engine_tokenize,
    .embed_tokens = bf_llama_embed_tokens,
    .detokenize = llama_engine_detokenize,
    .score_continuations = bf_llama_score_continuations,
};

static enum bf_status load_model(struct bf_llama *self, const struct bf_engine_options *o, struct bf_err *err)
{
    struct llama_model_params params = llama_model_default_params();
    params.n_gpu_layers = o->gpu_layers;
    params.load_mode = o->use_mmap ? LLAMA_LOAD_MODE_MMAP : LLAMA_LOAD_MODE_NONE;
    struct bf_llama_log log;
    bf_llama_log_begin(&log);
    self->model = llama_model_load_from_file(o->model_path, params);
    bf_llama_log_end(&log);
    if (!self->model)
        return bf_fail(
            err, BF_MODEL,
            "cannot load the model '%s': %s; is the file complete? compare its size or sha256 with its source",
            o->model_path, log.first);
    self->vocab = llama_model_get_vocab(self->model);
    return BF_OK;
}

static enum bf_status load_lora(struct bf_llama *self, const struct bf_engine_options *o, struct bf_err *err)
{
    struct bf_llama_log log;
    if (!o->lora_path)
        return BF_OK;
    if (!bf_file_exists(o->lora_path))
        return bf_fail(err, BF_MODEL, "there is no LoRA adapter '%s'; give a GGUF file with --lora", o->lora_path);
    bf_llama_log_begin(&log);
    self->lora = llama_adapter_lora_init(self->model, o->lora_path);
    bf_llama_log_end(&log);
    self->lora_scale = o->lora_scale != 0.0 ? (float)o->lora_scale : 1.0F;
    if (!self->lora)
        return bf_fail(err, BF_MODEL,
                       "cannot apply the LoRA adapter '%s' to '%s': %s; it must be a GGUF made for this model "
                       "(convert_lora_to_gguf.py)",
                       o->lora_path, o->model_path, log.first);
    char theirs[80], ours[65];
    if (llama_adapter_meta_val_str(self->lora, BF_ENGINE_VOCABULARY_KEY, theirs, sizeof theirs) < 0)
        return BF_OK; /* another program made it: its vocabulary is not known */
    bf_engine_vocabulary_sha256(self->vocab, ours);
    if (strcmp(theirs, ours) != 0)
        return bf_fail(err, BF_MODEL,
                       "the LoRA adapter '%s' was trained on a model with another vocabulary than '%s'; give the model "
                       "that it was made for",
                       o->lora_path, o->model_path);
    return BF_OK;
}

enum bf_status bf_llama_apply_lora(const struct bf_llama *self, struct llama_context *context, struct bf_err *err)
{
    struct llama_adapter_lora *adapters[1] = {self->lora};
    float scales[1] = {self->lora_scale};
    if (self->lora && llama_set_adapters_lora(context, adapters, 1, scales) != 0)
        return bf_fail(err, BF_MODEL, "'%s' refuses its LoRA adapter", self->base.info.model_desc);
    return BF_OK;
}

/* The size that the file itself names ("1.5B", "8x7B"), when it is a size: Qwen2.5-1.5B keeps its tied output twice and
 * has 1.8 billion numbers. */
static bool size_label(const struct llama_model *model, char *out, size_t size)
{
    const int32_t n = llama_model_meta_val_str(model, "general.size_label", out, size);
    return n > 0 && (size_t)n < size && strspn(out, "0123456789.xABMTKabmtk-") == (size_t)n;
}

/* "llama 135M Q4_0". llama.cpp would guess the size from the number of layers, and call SmolLM2-135M 256M. */
static void describe(const struct llama_model *model, struct bf_engine_info *info)
{
    char size[16];
    const bool billions = info->n_params >= 1000000000;
    if (!size_label(model, size, sizeof size))
        snprintf(size, sizeof size, billions ? "%.1fB" : "%.0fM", (double)info->n_params / (billions ? 1e9 : 1e6));
    snprintf(info->model_desc, sizeof info->model_desc, "%s %s %s", info->architecture, size, info->quantisation);
}

static void fill_info(struct bf_llama *self, const struct bf_engine_options *o)
{
    struct bf_engine_info *info = &self->base.info;
    info->n_params = llama_model_n_params(self->model);
    llama_model_meta_val_str(self->model, "general.architecture", info->architecture, sizeof info->architecture);
    /* "qwen2 1.5B Q4_0" -> "Q4_0" */
    char desc[sizeof info->model_desc];
    llama_model_desc(self->model, desc, sizeof desc);
    const char *type = strchr(desc, ' ');
    type = type ? strchr(type + 1, ' ') : NULL;
    copy_text(info->quantisation, sizeof info->quantisation, type ? type + 1 : "?");
    describe(self->model, info);
    if (llama_model_meta_val_str(self->model, BF_ENGINE_BASE_TYPE_KEY, info->base_type, sizeof info->base_type) < 0)
        info->base_type[0] = 0;
    snprintf(info->backend, sizeof info->backend, "llama.cpp %s", llama_version());
    info->model_bytes = llama_model_size(self->model);
    info->n_vocab = llama_vocab_n_tokens(self->vocab);
    info->adds_bos = llama_vocab_get_add_bos(self->vocab);
    info->n_embd = llama_model_n_embd_out(self->model);
    info->n_layer = llama_model_n_layer(self->model);
    info->n_ctx_train = llama_model_n_ctx_train(self->model);
    info->gpu_layers = o->gpu_layers;
    info->n_threads = o->n_threads > 0 ? o->n_threads : bf_usable_cores();
    info->can_embed = true;
}

/* The requested parallelism, if it fits; without a request, the largest sensible one. */
static enum bf_status choose_parallel(struct bf_llama *self, const struct bf_engine_options *o, struct bf_err *err)
{
    struct bf_engine_info *info = &self->base.info;
    const int64_t n_template = o->template_apart ? bf_chat_n_tokens(self->chat) : 0;
    const int64_t needed = (o->n_ctx_seq > 0 ? o->n_ctx_seq : 512) + n_template;
    int64_t ctx = (needed + BF_CTX_PAD - 1) / BF_CTX_PAD * BF_CTX_PAD;
    if (ctx > info->n_ctx_train && info->n_ctx_train > 0) {
        int64_t most = info->n_ctx_train / BF_CTX_PAD * BF_CTX_PAD;
        if (o->n_ctx_seq > info->n_ctx_train || most == 0)
            return bf_fail(err, BF_MODEL,
                           "prompt and answer need %d tokens, but '%s' was trained for %d; use a smaller "
                           "--max-new-tokens or a shorter topic",
                           o->n_ctx_seq, info->model_desc, info->n_ctx_train);
        ctx = most;
    }
    info->n_ctx_seq = (int32_t)ctx;
    uint64_t available = o->gpu_layers == 0 ? bf_memory_available() : UINT64_MAX;
    uint64_t usable = available > memory_reserve ? available - memory_reserve : 0;
    info->kv_cache = bf_kv_cache_choose(
        o->kv_cache, bf_kv_bytes_per_token(self->model, BF_KV_CACHE_F32) * (uint64_t)ctx, usable, o->n_parallel);
    uint64_t per_sequence = bf_kv_bytes_per_token(self->model, info->kv_cache) * (uint64_t)ctx;
    uint64_t fits = per_sequence > 0 ? usable / per_sequence : BF_PARALLEL_MAX;
    if (o->n_parallel > 0) {
        if (o->n_parallel > BF_PARALLEL_MAX)
            return bf_fail(err, BF_USAGE, "--parallel %d is more than the %d sequences that one context can hold",
                           o->n_parallel, (int)BF_PARALLEL_MAX);
        if ((uint64_t)o->n_parallel > fits)
            return bf_fail(
                err, BF_MODEL,
                "--parallel %d needs %.1f GB for its key-value cache, but %.1f GB are free; use --parallel %d or less",
                o->n_parallel, (double)per_sequence * o->n_parallel / 1e9, (double)usable / 1e9,
                (int)(fits > 0 ? fits : 1));
        info->n_parallel = o->n_parallel;
    } else {
        if (fits < 1)
            return bf_fail(err, BF_MODEL,
                           "'%s' needs %.1f GB more memory for a single sequence than is free; use a smaller model, or "
                           "shorter prompts and answers",
                           info->model_desc, (double)(per_sequence - usable) / 1e9);
        /* 32 rows keep a few cores busy; more only take memory and delay the first commit. */
        int32_t wanted = info->n_threads >= MANY_CORES || o->gpu_layers != 0 ? DEFAULT_PARALLEL_MANY : DEFAULT_PARALLEL;
        if (o->n_parallel_most > 0 && o->n_parallel_most < wanted)
            wanted = o->n_parallel_most;
        info->n_parallel = fits < (uint64_t)wanted ? (int32_t)fits : wanted;
    }
    self->n_streams = info->n_parallel > BF_SEQUENCES_MIN ? info->n_parallel : BF_SEQUENCES_MIN;
    info->kv_bytes = per_sequence * (uint64_t)self->n_streams;
    return BF_OK;
}

static enum bf_status make_context(struct bf_llama *self, const struct bf_engine_options *o, struct bf_err *err)
{
    struct bf_engine_info *info = &self->base.info;
    enum bf_status status = choose_parallel(self, o, err);
    if (status != BF_OK)
        return status;
    self->n_outputs = self->n_streams > OUTPUTS_MIN ? self->n_streams : OUTPUTS_MIN;
    struct llama_context_params params = llama_context_default_params();
    params.n_ctx = (uint32_t)info->n_ctx_seq * (uint32_t)self->n_streams;
    params.n_batch = BATCH_TOKENS;
    params.n_ubatch = UBATCH_TOKENS;
    params.n_seq_max = (uint32_t)self->n_streams;
    params.n_outputs_max = (uint32_t)self->n_outputs;
    params.n_outputs_max_per_seq = 0;
    params.n_threads = info->n_threads;
    params.n_threads_batch = info->n_threads;
    /* llama.cpp's flash attention only reads F16: it would round an F32 cache at every step. */
    const bool f32 = info->kv_cache == BF_KV_CACHE_F32;
    info->flash_attention = !f32;
    params.type_k = params.type_v = f32 ? GGML_TYPE_F32 : GGML_TYPE_F16;
    params.flash_attn_type = info->flash_attention ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
    params.kv_unified = false;
    params.no_perf = true;
    struct bf_llama_log log;
    bf_llama_log_begin(&log);
    self->context = llama_init_from_model(self->model, params);
    bf_llama_log_end(&log);
    /* Only llama.cpp knows how much memory a GPU has: a cache that it cannot allocate in F32 may fit in F16. */
    if (!self->context && f32 && o->kv_cache == BF_KV_CACHE_F32_IF_FITS) {
        struct bf_engine_options smaller = *o;
        smaller.kv_cache = BF_KV_CACHE_F16;
        return make_context(self, &smaller, err);
    }
    if (!self->context)
        return bf_fail(err, BF_MODEL,
                       "cannot make a context of %d sequences of %d tokens for '%s': %s; try a smaller --parallel",
                       self->n_streams, info->n_ctx_seq, info->model_desc, log.first);
    info->can_generate = true;
    info->can_score = true;
    info->has_sampling_probs = true;
    info->has_logprobs = true;
    self->prefixes = bf_prefix_cache_new(o->prefix_cache_bytes ? o->prefix_cache_bytes : PREFIX_CACHE_BYTES);
    return bf_llama_apply_lora(self, self->context, err);
}

enum bf_status bf_engine_open(const struct bf_engine_options *o, struct bf_engine **out, struct bf_err *err)
{
    *out = NULL;
    if (!o->model_path || o->model_path[0] == 0)
        return bf_fail(err, BF_USAGE, "no model given; use -m FILE.gguf or a name from 'biforget models'");
    enum bf_status status = bf_engine_check_kernels(NULL, 0, err);
    const char *chat = o->chat ? o->chat : "auto";
    if (status == BF_OK)
        status = bf_engine_check_model(o->model_path, o->lora_path, BF_MODEL_TEXT, o->embed_only ? NULL : chat, err);
    if (status != BF_OK)
        return status;
    struct bf_llama *self = bf_alloc(sizeof *self);
    self->base.ops = &ops;
    self->path = bf_strdup(o->model_path);
    self->lora_path = o->lora_path ? bf_strdup(o->lora_path) : NULL;
    self->base.info.stable = BF_STABLE_UNKNOWN;
    self->no_prefix_sharing = o->no_prefix_sharing;
    llama_log_set(NULL, NULL);
    struct bf_llama_log silent;
    bf_llama_log_begin(&silent);
    status = bf_engine_start_llama(err);
    bf_llama_log_end(&silent);
    if (status == BF_OK)
        status = load_model(self, o, err);
    if (status != BF_OK)
        goto out;
    fill_info(self, o);
    status = load_lora(self, o, err);
    if (status != BF_OK || o->embed_only)
        goto out;
    /* llama.cpp counts BERT as a decoder and would let it write nonsense. */
    if (!llama_model_has_decoder(self->model) || llama_vocab_n_tokens(self->vocab) < 1 || !bf_llama_is_causal(self)) {
        status = bf_fail(err, BF_MODEL,
                         "'%s' cannot generate text: it is not a decoder model; give a language model with -m",
                         o->model_path);
        goto out;
    }
    if (llama_model_is_recurrent(self->model) || llama_model_is_hybrid(self->model) ||
        llama_model_is_diffusion(self->model) || llama_model_has_encoder(self->model)) {
        status = bf_fail(
            err, BF_MODEL,
            "'%s' has the architecture '%s', but this engine runs decoder transformers only; give another model",
            o->model_path, self->base.info.architecture);
        goto out;
    }
    status = bf_llama_chat_init(self, chat, err);
    if (status == BF_OK)
        status = make_context(self, o, err);
    if (status == BF_OK && !o->no_stability_check)
        status = bf_llama_check_stable(self, err);
out:
    if (status != BF_OK)
        llama_engine_close(&self->base);
    else
        *out = &self->base;
    return status;
}
