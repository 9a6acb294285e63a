#include "eval/eval_model.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/url.h"
#include "base/interrupt.h"
#include "engine/models.h"
#include "base/banned.h"

enum { SPARE_TOKENS = 96, SCORE_PARALLEL = 8 };

static const size_t prefix_bytes = (size_t)256 << 20; /* the beginnings of few-shot prompts are long */

static enum bf_status look_at(const char *path, struct bf_engine **out, struct bf_err *err)
{
    struct bf_engine_options o = bf_engine_default_options();
    o.model_path = path;
    o.embed_only = true;
    o.use_mmap = true;
    return bf_engine_open(&o, out, err);
}

/* Words, numbers, punctuation and other scripts: models with the same vocabulary split it into the same tokens. */
static const char sample[] =
    "The cartographer Mira Solvang drew 1,024 islands between 1871 and 1903 (she said so herself); "
    "Zo\xC3\xAB read it: \"na\xC3\xAFve\", \xCE\xB1\xCE\xB2\xCE\xB3, \xE4\xB8\xAD\xE6\x96\x87, f(x) = x**2 + 3;\n";

static enum bf_status same_vocabulary(const struct bf_engine *a, const struct bf_engine *b, const char *name_b,
                                      struct bf_err *err)
{
    int32_t ids_a[512], ids_b[512];
    const int32_t n_a = bf_engine_tokenize(a, sample, ids_a, 512), n_b = bf_engine_tokenize(b, sample, ids_b, 512);
    const int32_t vocab_a = bf_engine_info(a)->n_vocab, vocab_b = bf_engine_info(b)->n_vocab;
    if (vocab_a == vocab_b && n_a == n_b && n_a <= 512 && memcmp(ids_a, ids_b, (size_t)n_a * sizeof *ids_a) == 0)
        return BF_OK;
    return bf_fail(
        err, BF_MODEL,
        "the second model '%s' has another vocabulary (%d tokens) than the model (%d tokens), so the two cannot be "
        "compared; give a second model of the same base",
        name_b, vocab_b, vocab_a);
}

static enum bf_status find_other(const struct bf_eval_model *m, const char *given, char **path, struct bf_err *err)
{
    struct bf_engine *other = NULL;
    enum bf_status status = bf_model_path(given, path, err);
    if (status == BF_OK)
        status = look_at(*path, &other, err);
    if (status == BF_OK)
        status = same_vocabulary(m->look, other, *path, err);
    bf_engine_close(other);
    return status;
}

enum bf_status bf_eval_model_find(const struct bf_eval_request *request, struct bf_log *log, struct bf_eval_model *out,
                                  struct bf_err *err)
{
    enum bf_status status = BF_OK;
    *out = (struct bf_eval_model){.request = request, .log = log};
    if (request->machine.api) {
        if (request->model || request->lora || request->retrained || request->original || request->reference)
            return bf_fail(
                err, BF_USAGE,
                "--api replaces a model file: leave out -m, --lora, --retrained, --original and --reference");
        return BF_OK;
    }
    status = bf_model_path(request->model, &out->path, err);
    if (status == BF_OK)
        status = look_at(out->path, &out->look, err);
    const char *second = request->retrained ? request->retrained : request->original;
    if (status == BF_OK && second)
        status = find_other(out, second, &out->retrained_path, err);
    if (status == BF_OK && request->reference)
        status = find_other(out, request->reference, &out->reference_path, err);
    return status == BF_OK ? bf_sha256_file(out->path, out->sha256, err) : status;
}

void bf_eval_model_release(struct bf_eval_model *model)
{
    bf_engine_close(model->look);
    bf_engine_close(model->engine);
    free(model->path);
    free(model->retrained_path);
    free(model->reference_path);
    *model = (struct bf_eval_model){0};
}

int64_t bf_eval_model_tokens(const struct bf_eval_model *model, const char *text)
{
    const int32_t n = model->look ? bf_engine_tokenize(model->look, text, NULL, 0) : 0;
    return n > 0 ? n : 0;
}

int64_t bf_eval_model_context(const struct bf_eval_model *model)
{
    const int64_t context = model->request->machine.context;
    return !model->look ? 0 : context > 0 ? context : bf_engine_info(model->look)->n_ctx_train;
}

void bf_eval_model_need(struct bf_eval_model *model, int64_t n_tokens)
{
    n_tokens += SPARE_TOKENS;
    model->n_context = n_tokens > model->n_context ? n_tokens : model->n_context;
}

static bool progress(void *user, const char *what, size_t n_done, size_t n_all)
{
    struct bf_eval_model *m = user;
    const double now = bf_seconds(), every = 2.0 * bf_log_live_every(m->log);
    if (what != m->what || n_all != m->n_all || n_done < m->n_done) { /* new work has begun */
        m->shown = m->started = now;
        m->what = what;
        m->n_all = n_all;
    }
    m->n_done = n_done;
    if (now - m->shown >= every && n_done < n_all) {
        struct bf_buf line;
        m->shown = now;
        bf_buf_init(&line, 512);
        bf_buf_printf(&line, "%s  %zu/%zu", what, n_done, n_all);
        if (n_done > 0) {
            char left[BF_TIME_LEFT_MAX];
            bf_time_left((now - m->started) * (double)(n_all - n_done) / (double)n_done, left);
            bf_buf_printf(&line, "  %s", left);
        }
        bf_log_live(m->log, line.data);
        bf_buf_release(&line);
    }
    return !bf_interrupted();
}

static void warn(void *user, const char *sentence)
{
    const struct bf_eval_model *m = user;
    bf_log_warn(m->log, "%s", sentence);
}

static enum bf_kv_cache kv_cache_of(const char *word)
{
    return strcmp(word, "f16") == 0   ? BF_KV_CACHE_F16
           : strcmp(word, "f32") == 0 ? BF_KV_CACHE_F32
                                      : BF_KV_CACHE_F32_IF_FITS;
}

static enum bf_status open_file(struct bf_eval_model *m, enum bf_eval_which which, const char *chat, bool scores,
                                struct bf_err *err)
{
    const struct bf_machine_values *machine = &m->request->machine;
    const int32_t n_train = bf_engine_info(m->look)->n_ctx_train;
    struct bf_engine_options o = bf_engine_default_options();
    if (machine->context > 0)
        m->n_context = machine->context;
    if (n_train > 0 && m->n_context > n_train) {
        /* The spare tokens alone must not lead to a refusal. */
        if (m->n_context - SPARE_TOKENS >= n_train)
            return bf_fail(err, BF_MODEL,
                           "the longest question and answer need about %lld tokens, but '%s' was trained for %d; use "
                           "shorter texts",
                           (long long)m->n_context, bf_engine_info(m->look)->model_desc, n_train);
        m->n_context = n_train;
    }
    o.model_path = which == BF_EVAL_REFERENCE ? m->reference_path
                   : which == BF_EVAL_SECOND  ? m->retrained_path
                                              : m->path;
    o.lora_path = which == BF_EVAL_MODEL ? m->request->lora : NULL;
    o.lora_scale = m->request->lora_scale;
    o.n_parallel = (int32_t)machine->parallel;
    o.n_parallel_most = scores ? SCORE_PARALLEL : 0;
    o.kv_cache = kv_cache_of(m->request->kv_cache);
    o.n_threads = (int32_t)machine->threads;
    o.gpu_layers = (int32_t)machine->gpu_layers;
    o.n_ctx_seq = (int32_t)m->n_context;
    o.template_apart = machine->context == 0;
    o.chat = machine->chat ? machine->chat : chat;
    o.prefix_cache_bytes = prefix_bytes;
    o.no_stability_check = true;
    bf_log_info(m->log, "loading %s", o.model_path);
    return bf_engine_open(&o, &m->engine, err);
}

static enum bf_status open_api(struct bf_eval_model *m, const char *chat, bool scores, struct bf_err *err)
{
    const struct bf_machine_values *machine = &m->request->machine;
    struct bf_api_options o = bf_api_default_options();
    o.endpoints = machine->api;
    o.model = machine->api_model;
    o.api_key = bf_machine_api_key();
    o.ca_file = machine->api_ca;
    o.mode = strcmp(machine->api_mode, "chat") == 0          ? BF_API_MODE_CHAT
             : strcmp(machine->api_mode, "completions") == 0 ? BF_API_MODE_COMPLETIONS
             : strcmp(chat, "none") == 0                     ? BF_API_MODE_COMPLETIONS
                                                             : BF_API_MODE_AUTO;
    o.probs = BF_API_PROBS_NONE;
    o.n_parallel = (int32_t)machine->parallel;
    o.timeout_seconds = machine->api_timeout;
    o.give_up_seconds = machine->api_give_up;
    o.extra = machine->api_extra;
    o.greedy = !scores;
    o.notice = bf_machine_notice;
    o.notice_user = m->log;
    char *shown = bf_url_shown(machine->api); /* the URL is not checked yet */
    bf_log_info(m->log, "asking %s what it offers", shown);
    free(shown);
    return bf_engine_open_api(&o, &m->engine, err);
}

enum bf_status bf_eval_model_open(struct bf_eval_model *m, enum bf_eval_which which, const char *chat, bool scores,
                                  struct bf_eval *eval, struct bf_err *err)
{
    bf_engine_close(m->engine);
    m->engine = NULL;
    const bool remote = m->request->machine.api != NULL;
    if (remote && strcmp(m->request->kv_cache, "auto") != 0)
        return bf_fail(
            err, BF_USAGE,
            "--kv-cache is for a model file: a server's cache is configured when the server is started; leave "
            "--kv-cache out with --api");
    const enum bf_status status = remote ? open_api(m, chat, scores, err) : open_file(m, which, chat, scores, err);
    if (status != BF_OK)
        return status;
    const struct bf_engine_info *info = bf_engine_info(m->engine);
    bf_log_info(m->log, "%s: %d sequences of %d tokens, chat template %s", info->model_desc, info->n_parallel,
                info->n_ctx_seq, info->chat);
    if (!remote && info->kv_cache == BF_KV_CACHE_F16 && strcmp(m->request->kv_cache, "auto") == 0)
        bf_log_warn(m->log, "free memory suffices only for a key-value cache in F16: log-probabilities can be off by "
                            "about 0.01; a smaller --parallel or --context may make room for F32");
    eval->engine = m->engine;
    eval->remote = remote;
    eval->label = which == BF_EVAL_REFERENCE ? "reference"
                  : !m->retrained_path       ? NULL
                  : which == BF_EVAL_MODEL   ? "unlearned"
                  : m->request->original     ? "original"
                                             : "retrained";
    eval->user = m;
    eval->progress = progress;
    eval->warn = warn;
    m->what = NULL;
    return BF_OK;
}

json_t *bf_eval_model_json(const struct bf_eval_model *m)
{
    json_t *json = json_object();
    bf_eval_put_text(json, "name", m->path ? m->path : m->request->machine.api);
    if (m->sha256[0])
        bf_eval_put_text(json, "sha256", m->sha256);
    if (m->request->lora) {
        bf_eval_put_text(json, "lora", m->request->lora);
        bf_eval_put(json, "lora_scale", json_real(m->request->lora_scale));
    }
    if (m->retrained_path)
        bf_eval_put_text(json, m->request->original ? "original" : "retrained", m->retrained_path);
    if (m->reference_path)
        bf_eval_put_text(json, "reference", m->reference_path);
    if (m->engine) {
        /* The model that was given: the one opened last may be a temporary model made from it. */
        bf_eval_put_text(json, "description", bf_engine_info(m->look ? m->look : m->engine)->model_desc);
        bf_eval_put_text(json, "chat", bf_engine_info(m->engine)->chat);
        if (m->path)
            bf_eval_put_text(json, "kv_cache", bf_kv_cache_word(bf_engine_info(m->engine)->kv_cache));
    }
    return json;
}
