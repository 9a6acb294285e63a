/* What is written about a training: settings.json beside the checkpoints, key-values in the model, the record for
 * people and programs. Paths stay out of the model, which is passed on to others. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/version.h"
#include "engine/engine.h"
#include "unlearn/trainer.h"
#include "base/banned.h"

static json_t *real_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *curve_json(const struct bf_unlearn_point *curve, size_t n)
{
    json_t *out = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *point = json_object();
        json_object_set_new(point, "step", json_integer(curve[i].step));
        json_object_set_new(point, "loss", real_or_null(curve[i].loss));
        json_object_set_new(point, "forget", real_or_null(curve[i].forget_loss));
        json_object_set_new(point, "retain", real_or_null(curve[i].retain_loss));
        json_object_set_new(point, "general", real_or_null(curve[i].general_loss));
        json_object_set_new(point, "learning_rate", real_or_null(curve[i].learning_rate));
        json_object_set_new(point, "gradient_norm", real_or_null(curve[i].gradient_norm));
        if (isfinite(curve[i].gradient_left))
            json_object_set_new(point, "forget_gradient_left", json_real(curve[i].gradient_left));
        if (isfinite(curve[i].retain_weight))
            json_object_set_new(point, "retain_weight", json_real(curve[i].retain_weight));
        json_array_append_new(out, point);
    }
    return out;
}

enum bf_status bf_training_write_settings(const struct bf_trainer *t, struct bf_err *err)
{
    json_t *json = bf_unlearn_settings_json(t->settings);
    char *path = bf_path_join(t->job->work, "settings.json");
    const enum bf_status status = bf_json_write(path, json, err);
    json_decref(json);
    free(path);
    return status;
}

enum bf_status bf_unlearn_read_settings(const char *work, struct bf_unlearn_settings *out, struct bf_err *err)
{
    struct bf_buf text;
    json_t *json = NULL;
    char *path = bf_path_join(work, "settings.json");
    enum bf_status status = BF_OK;
    *out = (struct bf_unlearn_settings){0};
    bf_buf_init(&text, (size_t)1 << 20);
    if (!bf_file_exists(path))
        status = bf_fail(err, BF_STORE, "there is no training in '%s' to resume", work);
    if (status == BF_OK)
        status = bf_file_read(path, &text, err);
    if (status == BF_OK)
        status = bf_json_parse(text.data, text.len, path, &json, err);
    if (status == BF_OK)
        status = bf_unlearn_settings_parse(json, out, err);
    json_decref(json);
    bf_buf_release(&text);
    free(path);
    return status;
}

/* Without paths, and what has no effect on the weights. */
static json_t *settings_for_model(const struct bf_unlearn_settings *settings)
{
    static const char *const paths[] = {"model",   "forget",      "retain",  "general",          "alternates",
                                        "targets", "out",         "adapter", "checkpoint_every", "threads",
                                        "probe",   "probe_retain"};
    json_t *json = bf_unlearn_settings_json(settings);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        json_object_del(json, paths[i]);
    return json;
}

enum bf_status bf_training_save_model(struct bf_trainer *t, const char *path, const char *adapter, const char *stop,
                                      struct bf_err *err)
{
    json_t *settings = settings_for_model(t->settings), *curve = curve_json(t->curve, (size_t)t->step);
    char *settings_text = bf_json_dump(settings), *curve_text = bf_json_dump(curve), seed[24];
    (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)t->settings->seed);
#define KEY(name) "biforget.unlearn." name
#define STRING(name, text)                                                                                             \
    {                                                                                                                  \
        .key = KEY(name), .kind = BF_KV_STRING, .value.string = (text)                                                 \
    }
#define INTEGER(name, number)                                                                                          \
    {                                                                                                                  \
        .key = KEY(name), .kind = BF_KV_INTEGER, .value.integer = (number)                                             \
    }
    const struct bf_graph_kv kv[] = {
        STRING("method", t->settings->method->name),
        STRING("settings", settings_text),
        STRING("seed", seed),
        INTEGER("steps", t->step),
        STRING("stop", stop),
        STRING("source_sha256", t->model_sha256),
        {.key = BF_ENGINE_VOCABULARY_KEY, .kind = BF_KV_STRING, .value.string = t->vocabulary_sha256},
        STRING("forget_sha256", t->forget.sha256),
        STRING("retain_sha256", t->retain.sha256),
        INTEGER("forget_examples", (int64_t)t->forget.n),
        INTEGER("retain_examples", (int64_t)t->retain.n),
        STRING("losses", curve_text),
        STRING("program", "biforget " BF_VERSION),
    };
#undef KEY
#undef STRING
#undef INTEGER
    enum bf_status status =
        bf_graph_save_model(t->graph, path, t->settings->type, false, kv, sizeof kv / sizeof *kv, err);
    if (status == BF_OK && adapter && adapter[0])
        status = bf_graph_save_adapter(t->graph, adapter, kv, sizeof kv / sizeof *kv, err);
    json_decref(settings);
    json_decref(curve);
    free(settings_text);
    free(curve_text);
    return status;
}

static json_t *nll_json(const struct bf_unlearn_nll *nll)
{
    json_t *out = json_object();
    json_object_set_new(out, "forget_nll", real_or_null(nll->forget));
    json_object_set_new(out, "retain_nll", real_or_null(nll->retain));
    json_object_set_new(out, "forget_examples", json_integer(nll->n_forget));
    json_object_set_new(out, "retain_examples", json_integer(nll->n_retain));
    return out;
}

static json_t *made_json(const struct bf_unlearn_made *made)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "chat_pairs", (json_int_t)made->n_chat, "chat_label_tokens",
                     (json_int_t)made->chat_labels, "raw_texts", (json_int_t)made->n_raw, "raw_label_tokens",
                     (json_int_t)made->raw_labels);
}

json_t *bf_unlearn_made_json(const struct bf_unlearn_result *result)
{
    const struct {
        const char *set;
        const struct bf_unlearn_made *made;
    } sets[] = {{"forget", &result->forget_made}, {"retain", &result->retain_made}, {"general", &result->general_made}};
    json_t *out = json_object();
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (sets[i].made->n_chat + sets[i].made->n_raw > 0)
            json_object_set_new(out, sets[i].set, made_json(sets[i].made));
    return out;
}

/* Null without probing. */
static json_t *probes_json(const struct bf_unlearn_probes *probes)
{
    json_t *curve = json_array();
    for (size_t i = 0; i < probes->n; i++) {
        const struct bf_unlearn_probe *p = &probes->items[i];
        json_array_append_new(curve,
                              json_pack("{s:I, s:I, s:I}", "step", (json_int_t)p->step, "forget_right",
                                        (json_int_t)p->forget_right, "retain_right", (json_int_t)p->retain_right));
    }
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:f, s:o, s:f, s:o}", "forget_questions", (json_int_t)probes->n_forget,
                     "retain_questions", (json_int_t)probes->n_retain, "forget_known", (json_int_t)probes->forget_known,
                     "retain_known", (json_int_t)probes->retain_known, "every", (json_int_t)probes->every,
                     "retain_accuracy_drop", probes->retain_drop, "chosen_step",
                     probes->chosen > 0 ? json_integer(probes->chosen) : json_null(), "seconds", probes->seconds,
                     "probes", curve);
}

bool bf_unlearn_record_has_model(const json_t *record)
{
    const json_t *probes = json_object_get(record, "probes");
    return !probes || json_is_integer(json_object_get(probes, "chosen_step"));
}

json_t *bf_unlearn_record(const struct bf_unlearn_settings *settings, const struct bf_unlearn_result *result)
{
    json_t *out = json_object();
    json_object_set_new(out, "settings", bf_unlearn_settings_json(settings));
    json_object_set_new(out, "before", nll_json(&result->before));
    json_object_set_new(out, "after", nll_json(&result->after));
    json_object_set_new(out, "steps", json_integer(result->n_steps));
    json_object_set_new(out, "planned_steps", json_integer(result->planned_steps));
    json_object_set_new(out, "stop", json_string(result->stop ? result->stop : ""));
    json_object_set_new(out, "model_sha256", json_string(result->model_sha256));
    json_object_set_new(out, "forget_sha256", json_string(result->forget_sha256));
    json_object_set_new(out, "retain_sha256", json_string(result->retain_sha256));
    json_object_set_new(out, "forget_examples", json_integer(result->n_forget));
    json_object_set_new(out, "retain_examples", json_integer(result->n_retain));
    json_object_set_new(out, "general_examples", json_integer(result->n_general));
    json_object_set_new(out, "made", bf_unlearn_made_json(result));
    json_object_set_new(out, "pairs", json_boolean(result->pairs));
    json_object_set_new(out, "forget_gradient_left",
                        real_or_null(result->n_curve > 0 ? result->curve[result->n_curve - 1].gradient_left : NAN));
    json_object_set_new(out, "train_seconds", json_real(result->train_seconds));
    json_object_set_new(out, "train_tokens", json_integer(result->train_tokens));
    if (result->probes.n > 0)
        json_object_set_new(out, "probes", probes_json(&result->probes));
    json_object_set_new(out, "losses", curve_json(result->curve, result->n_curve));
    return out;
}
