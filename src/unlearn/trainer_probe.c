/* Questions between the steps. In the work folder, until the record of the training is kept, are "probes.json", which
 * is what each probe found and which questions the model answered rightly before the first step; and "probe-STEP.gguf",
 * the best model so far, with --adapter "probe-STEP.adapter.gguf" beside it.
 *
 * The list may be ahead of the checkpoint that a resume starts from: its steps come again to the same weights, so that
 * their answers are the same, too, and are not asked for again. A model is removed after a list without it as the best
 * is on the disk. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "unlearn/probes.h"
#include "unlearn/trainer.h"
#include "base/banned.h"

static const char list_name[] = "probes.json";
enum { LIST_MAX = 16 << 20, COPY_BYTES = 1 << 20, NO_STEP = -2 };

/* ---- files ---- */

static char *model_path(const struct bf_trainer *t, int64_t step, bool adapter)
{
    char name[64];
    snprintf(name, sizeof name, "probe-%lld%s.gguf", (long long)step, adapter ? ".adapter" : "");
    return bf_path_join(t->job->work, name);
}

/* Is it a name of model_path, and of which step? A model that was being written when its process was killed is of no
 * step. */
static bool is_model(const char *name, int64_t *step)
{
    char *end = NULL;
    *step = NO_STEP;
    if (strncmp(name, "probe-", 6) != 0)
        return false;
    const long long value = strtoll(name + 6, &end, 10);
    const bool whole = end != name + 6 && (strcmp(end, ".gguf") == 0 || strcmp(end, ".adapter.gguf") == 0);
    *step = whole ? value : NO_STEP;
    return whole || bf_atomic_is_temporary(name, ".gguf");
}

void bf_probe_remove(const char *work, int64_t keep)
{
    DIR *dir = opendir(work);
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        int64_t step = 0;
        if ((!is_model(entry->d_name, &step) || step == keep) && !(keep < 0 && strcmp(entry->d_name, list_name) == 0))
            continue;
        char *path = bf_path_join(work, entry->d_name);
        (void)remove(path);
        free(path);
    }
    if (dir)
        (void)closedir(dir);
}

int64_t bf_probe_bytes(const struct bf_trainer *t)
{
    return t->job->probe ? 2 * bf_graph_save_bytes(t->graph, t->settings->type, false) : 0;
}

static json_t *flags_json(const bool *flags, int64_t n)
{
    char *text = bf_alloc((size_t)n + 1);
    for (int64_t i = 0; i < n; i++)
        text[i] = flags[i] ? '1' : '0';
    json_t *json = json_string(text);
    free(text);
    return json;
}

static enum bf_status write_list(const struct bf_trainer *t, struct bf_err *err)
{
    json_t *items = json_array();
    for (size_t i = 0; i < t->probes.n; i++) {
        const struct bf_unlearn_probe *p = &t->probes.items[i];
        json_array_append_new(items, json_pack("[I, I, I]", (json_int_t)p->step, (json_int_t)p->forget_right,
                                               (json_int_t)p->retain_right));
    }
    json_t *json = json_pack("{s:s, s:o, s:o, s:o}", "training", t->identity, "known_forget",
                             flags_json(t->known_forget, t->probes.n_forget), "known_retain",
                             flags_json(t->known_retain, t->probes.n_retain), "probes", items);
    char *path = bf_path_join(t->job->work, list_name);
    const enum bf_status status = bf_json_write(path, json, err);
    json_decref(json);
    free(path);
    return status;
}

static bool read_flags(const json_t *json, bool *flags, int64_t n, int64_t *n_set)
{
    const char *text = json_string_value(json);
    if (!text || strlen(text) != (size_t)n || strspn(text, "01") != (size_t)n)
        return false;
    *n_set = 0;
    for (int64_t i = 0; i < n; i++) {
        flags[i] = text[i] == '1';
        *n_set += flags[i];
    }
    return true;
}

static void add_probe(struct bf_unlearn_probes *probes, struct bf_unlearn_probe probe)
{
    if ((probes->n & (probes->n - 1)) == 0)
        probes->items = bf_grow(probes->items, probes->n ? 2 * probes->n : 1, sizeof *probes->items);
    size_t at = probes->n++;
    for (; at > 0 && probes->items[at - 1].step > probe.step; at--)
        probes->items[at] = probes->items[at - 1];
    probes->items[at] = probe;
}

static bool take_list(struct bf_trainer *t, const json_t *json)
{
    struct bf_unlearn_probes *probes = &t->probes;
    const char *training = json_string_value(json_object_get(json, "training"));
    const json_t *items = json_object_get(json, "probes");
    if (!training || strcmp(training, t->identity) != 0 ||
        !read_flags(json_object_get(json, "known_forget"), t->known_forget, probes->n_forget, &probes->forget_known) ||
        !read_flags(json_object_get(json, "known_retain"), t->known_retain, probes->n_retain, &probes->retain_known) ||
        probes->forget_known == 0)
        return false;
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const struct bf_unlearn_probe probe = {.step = json_integer_value(json_array_get(item, 0)),
                                               .forget_right = json_integer_value(json_array_get(item, 1)),
                                               .retain_right = json_integer_value(json_array_get(item, 2))};
        const int64_t last = i > 0 ? probes->items[i - 1].step : -1;
        if (probe.step <= last || probe.step > t->n_steps || (i == 0 && probe.step != 0) || probe.forget_right < 0 ||
            probe.forget_right > probes->forget_known || probe.retain_right < 0 ||
            probe.retain_right > probes->retain_known) {
            probes->n = 0;
            return false;
        }
        add_probe(probes, probe);
    }
    return probes->n > 0;
}

/* A list that cannot be used is asked for again. */
static bool read_list(struct bf_trainer *t)
{
    struct bf_buf text;
    json_t *json = NULL;
    char *path = bf_path_join(t->job->work, list_name);
    bf_buf_init(&text, LIST_MAX);
    const bool taken = bf_file_exists(path) && bf_file_read(path, &text, NULL) == BF_OK &&
                       bf_json_parse(text.data, text.len, path, &json, NULL) == BF_OK && take_list(t, json);
    json_decref(json);
    bf_buf_release(&text);
    free(path);
    return taken;
}

/* ---- asking ---- */

static int64_t count(const bool *right, const bool *known, int64_t n)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += right[i] && known[i];
    return sum;
}

/* *probe without its step. Before the first step the answers become what is known. */
static enum bf_status ask(struct bf_trainer *t, const char *model, struct bf_unlearn_probe *probe, struct bf_err *err)
{
    struct bf_unlearn_probes *probes = &t->probes;
    const bool first = probes->n == 0;
    bool *forget = bf_array((size_t)probes->n_forget + 1, sizeof *forget),
         *retain = bf_array((size_t)probes->n_retain + 1, sizeof *retain);
    struct bf_unlearn_asked asked = {.known_forget = first ? NULL : t->known_forget,
                                     .known_retain = first ? NULL : t->known_retain,
                                     .forget = forget,
                                     .retain = retain};
    (void)bf_trainer_tell(t, "probing", 0, 0);
    const enum bf_status status = t->job->probe(t->job->user, model, &asked, err);
    if (first && status == BF_OK) {
        memcpy(t->known_forget, forget, (size_t)probes->n_forget * sizeof *forget);
        memcpy(t->known_retain, retain, (size_t)probes->n_retain * sizeof *retain);
    }
    probe->forget_right = count(forget, t->known_forget, probes->n_forget);
    probe->retain_right = count(retain, t->known_retain, probes->n_retain);
    free(forget);
    free(retain);
    return status;
}

enum bf_status bf_probe_begin(struct bf_trainer *t, struct bf_err *err)
{
    const struct bf_unlearn_settings *s = t->settings;
    struct bf_unlearn_probes *probes = &t->probes;
    struct bf_unlearn_probe probe = {.step = 0};
    if (!t->job->probe)
        return BF_OK;
    probes->n_forget = t->job->n_probe_forget;
    probes->n_retain = t->job->n_probe_retain;
    probes->retain_drop = s->retain_accuracy_drop;
    t->known_forget = bf_array((size_t)probes->n_forget + 1, sizeof *t->known_forget);
    t->known_retain = bf_array((size_t)probes->n_retain + 1, sizeof *t->known_retain);
    const double forget = (double)t->forget.n_tokens / (double)(t->forget.n + 1),
                 retain = t->retain_loss ? (double)t->retain.n_tokens / (double)(t->retain.n + 1) : 0.0;
    probes->every = s->probe_every > 0
                        ? s->probe_every
                        : bf_probes_every(t->n_steps, (double)(t->batch * t->accumulate) * (forget + retain),
                                          probes->n_forget + probes->n_retain);
    if (!t->job->resume)
        bf_probe_remove(t->job->work, -1);
    else if (read_list(t))
        return BF_OK;
    const double begin = bf_seconds();
    const enum bf_status status = ask(t, s->model, &probe, err);
    probes->seconds += bf_seconds() - begin;
    if (status != BF_OK)
        return status;
    probes->forget_known = probe.forget_right;
    probes->retain_known = probe.retain_right;
    add_probe(probes, probe);
    if (probes->forget_known == 0)
        return bf_fail(
            err, BF_INPUT,
            "the model answers none of the %lld probe questions rightly before the first step, so they cannot "
            "show what it forgets; give questions that it can answer, or --probe none",
            (long long)probes->n_forget);
    bf_trainer_notice(t, "it knows %lld of %lld forget questions and %lld of %lld to keep; asked every %lld steps",
                      (long long)probes->forget_known, (long long)probes->n_forget, (long long)probes->retain_known,
                      (long long)probes->n_retain, (long long)probes->every);
    if (probes->retain_known == 0)
        bf_trainer_notice(t, "warning: no question to keep is known, so nothing limits what forgetting costs; give "
                             "--probe-retain with questions that the model can answer");
    else if (probes->retain_drop * (double)probes->retain_known < 1.0)
        bf_trainer_notice(t,
                          "of %lld questions to keep none may be lost: one of them is more than "
                          "--retain-accuracy-drop %g",
                          (long long)probes->retain_known, probes->retain_drop);
    return write_list(t, err);
}

static const struct bf_unlearn_probe *find_probe(const struct bf_unlearn_probes *probes, int64_t step)
{
    for (size_t i = 0; i < probes->n; i++)
        if (probes->items[i].step == step)
            return &probes->items[i];
    return NULL;
}

/* Is this probe the best so far, and its model is not there? */
static bool lacks_model(const struct bf_trainer *t, const struct bf_unlearn_probe *probe)
{
    char *path = model_path(t, probe->step, false), *adapter = model_path(t, probe->step, true);
    const bool lacks = bf_probes_best(&t->probes) == probe &&
                       (!bf_file_exists(path) || (t->settings->adapter[0] && !bf_file_exists(adapter)));
    free(path);
    free(adapter);
    return lacks;
}

bool bf_probe_is_due(const struct bf_trainer *t, bool last)
{
    if (!t->job->probe || (!last && t->step % t->probes.every != 0))
        return false;
    const struct bf_unlearn_probe *there = find_probe(&t->probes, t->step);
    return !there || lacks_model(t, there);
}

static enum bf_status keep_probe(struct bf_trainer *t, struct bf_unlearn_probe probe, struct bf_err *err)
{
    struct bf_unlearn_probes *probes = &t->probes;
    add_probe(probes, probe);
    const bool keeps = bf_probe_keeps(probes, &probe);
    bf_trainer_notice(t, "step %lld: %lld of %lld forget questions are answered, %lld of %lld to keep%s",
                      (long long)probe.step, (long long)probe.forget_right, (long long)probes->forget_known,
                      (long long)probe.retain_right, (long long)probes->retain_known,
                      keeps ? "" : " (under the limit)");
    return write_list(t, err);
}

enum bf_status bf_probe_step(struct bf_trainer *t, struct bf_err *err)
{
    const double begin = bf_seconds();
    struct bf_unlearn_probe probe = {.step = t->step};
    char *path = model_path(t, t->step, false), *adapter = model_path(t, t->step, true);
    (void)remove(path); /* a link there is not followed */
    (void)remove(adapter);
    enum bf_status status =
        bf_training_save_model(t, path, t->settings->adapter[0] ? adapter : NULL, "best probe", err);
    if (status == BF_OK && !find_probe(&t->probes, t->step)) {
        status = ask(t, path, &probe, err);
        if (status == BF_OK)
            status = keep_probe(t, probe, err);
    }
    if (status == BF_OK) {
        const struct bf_unlearn_probe *best = bf_probes_best(&t->probes);
        bf_probe_remove(t->job->work, best ? best->step : 0);
    } else {
        (void)remove(path);
        (void)remove(adapter);
    }
    free(path);
    free(adapter);
    const double spent = bf_seconds() - begin;
    t->probes.seconds += spent;
    t->begin_seconds += spent; /* of training alone */
    return status;
}

/* ---- the end ---- */

static enum bf_status copy_file(const char *from, const char *to, struct bf_err *err)
{
    struct bf_atomic file = {0};
    char *bytes = bf_alloc(COPY_BYTES);
    FILE *in = fopen(from, "rb");
    enum bf_status status = BF_OK;
    if (!in)
        status = bf_fail(err, BF_STORE, "cannot read '%s': %s; start the training over with --restart", from,
                         bf_errno_text(errno));
    if (status == BF_OK)
        status = bf_atomic_open(&file, to, err);
    for (size_t n; status == BF_OK && (n = fread(bytes, 1, COPY_BYTES, in)) > 0;)
        (void)fwrite(bytes, 1, n, file.stream);
    if (status == BF_OK && ferror(in))
        status = bf_fail(err, BF_STORE, "cannot read '%s': %s", from, bf_errno_text(errno));
    if (status == BF_OK)
        status = bf_atomic_commit(&file, err);
    bf_atomic_abort(&file);
    if (in)
        (void)fclose(in);
    free(bytes);
    return status;
}

static enum bf_status no_best(const struct bf_unlearn_probes *probes, struct bf_err *err)
{
    struct bf_buf text;
    if (probes->n < 2)
        return bf_fail(err, BF_LIMIT, "no step has been probed yet, so no model is written; resume without --finish");
    bf_buf_init(&text, 400);
    for (size_t i = 1; i < probes->n && text.len < 300; i++)
        bf_buf_printf(&text, "%sstep %lld: %lld, %lld", i > 1 ? "; " : "", (long long)probes->items[i].step,
                      (long long)probes->items[i].forget_right, (long long)probes->items[i].retain_right);
    bf_fail(
        err, BF_LIMIT,
        "no checkpoint keeps %g %% of the %lld questions to keep, so no model is written; answered of the %lld forget "
        "questions, and of those to keep: %s; try a smaller --lr, a larger --alpha or --beta, texts about what is "
        "near as --retain, or accept more with --retain-accuracy-drop 0.2",
        100.0 * (1.0 - probes->retain_drop), (long long)probes->retain_known, (long long)probes->forget_known,
        text.data);
    bf_buf_release(&text);
    return BF_LIMIT;
}

enum bf_status bf_probe_end(struct bf_trainer *t, struct bf_err *err)
{
    const struct bf_unlearn_probe *best = bf_probes_best(&t->probes);
    if (!best)
        return no_best(&t->probes, err);
    char *path = model_path(t, best->step, false), *adapter = model_path(t, best->step, true);
    enum bf_status status = copy_file(path, t->settings->out, err);
    if (status == BF_OK && t->settings->adapter[0])
        status = copy_file(adapter, t->settings->adapter, err);
    if (status == BF_OK)
        t->probes.chosen = best->step;
    free(path);
    free(adapter);
    return status;
}
