#include "cmd/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/interrupt.h"
#include "cmd/progress_line.h"
#include "export/export.h"
#include "report/report.h"
#include "base/banned.h"

static const struct bf_opt machine_table[] = {
    {.name = "parallel",
     .type = BF_OPT_INT,
     .min = 0,
     .max = 256,
     .value = "N",
     .fallback = "32, or 64 from 8 cores on",
     .help = "samples written at the same time"},
    {.name = "threads",
     .letter = 't',
     .type = BF_OPT_INT,
     .min = 0,
     .max = 1024,
     .value = "N",
     .fallback = "all cores",
     .help = "threads of the model"},
    {.name = "gpu-layers",
     .type = BF_OPT_INT,
     .min = -1,
     .max = 10000,
     .value = "N",
     .fallback = "0",
     .help = "layers on a GPU (-1 = all)",
     .rare = true},
    {.name = "context",
     .type = BF_OPT_INT,
     .min = 0,
     .max = 1 << 20,
     .value = "N",
     .fallback = "by the prompts",
     .unit = "tokens",
     .help = "room for one prompt and its answer",
     .rare = true},
    {.name = "chat",
     .type = BF_OPT_TEXT,
     .value = "NAME",
     .fallback = "auto",
     .help = "chat template: auto, none (a base model), or a name",
     .rare = true},
};
enum { N_MACHINE = sizeof machine_table / sizeof *machine_table };

size_t bf_machine_option_count(bool fresh)
{
    return fresh ? N_MACHINE : N_MACHINE - 1; /* --chat is the last row */
}

void bf_machine_options(struct bf_machine_values *values, bool fresh, struct bf_opt *out)
{
    values->chat = "auto";
    void *const targets[N_MACHINE] = {&values->parallel, &values->threads, &values->gpu_layers, &values->context,
                                      &values->chat};
    for (size_t i = 0; i < bf_machine_option_count(fresh); i++) {
        out[i] = machine_table[i];
        out[i].target = targets[i];
    }
}

void bf_session_release(struct bf_session *s)
{
    bf_store_close(s->store);
    if (s->embedder != s->engine)
        bf_engine_close(s->embedder);
    bf_engine_close(s->engine);
    bf_template_set_release(&s->templates);
    bf_request_release(&s->request);
    free(s->model_path);
    free(s->embedder_path);
    *s = (struct bf_session){0};
}

enum bf_status bf_session_open_models(struct bf_session *s, const struct bf_machine_values *machine, struct bf_err *err)
{
    double start = bf_seconds();
    struct bf_engine_options options = bf_engine_default_options();
    options.model_path = s->model_path;
    options.n_parallel = (int32_t)machine->parallel;
    options.n_threads = (int32_t)machine->threads;
    options.gpu_layers = (int32_t)machine->gpu_layers;
    options.n_ctx_seq =
        machine->context > 0 ? (int32_t)machine->context : bf_synth_context_estimate(&s->request, &s->templates);
    options.chat = machine->chat;
    bf_log_info(s->log, "loading %s", s->model_path);
    enum bf_status status = bf_engine_open(&options, &s->engine, err);
    if (status == BF_OK)
        status = bf_sha256_file(s->model_path, s->model_sha256, err);
    if (status == BF_OK && s->embedder_path[0] == 0) {
        s->embedder = s->engine;
    } else if (status == BF_OK) {
        options = bf_engine_default_options();
        options.model_path = s->embedder_path;
        options.n_threads = (int32_t)machine->threads;
        options.embed_only = true;
        status = bf_engine_open(&options, &s->embedder, err);
        if (status == BF_OK)
            status = bf_sha256_file(s->embedder_path, s->embedder_sha256, err);
    }
    if (status != BF_OK)
        return status;
    const struct bf_engine_info *info = bf_engine_info(s->engine);
    bf_log_info(s->log, "%s: %d sequences of %d tokens, %d threads, chat template %s, embedder %s, ready in %.1f s",
                info->model_desc, info->n_parallel, info->n_ctx_seq, info->n_threads, info->chat,
                s->embedder == s->engine ? "the model itself" : bf_engine_info(s->embedder)->model_desc,
                bf_seconds() - start);
    if (info->stable == BF_STABLE_NO)
        bf_log_warn(s->log, "this model's bytes depend on --parallel; 'biforget doctor -m' tells more, 'biforget "
                            "quantize' makes a Q4_0 that does not");
    return BF_OK;
}

char *bf_session_engine_json(const struct bf_session *s)
{
    const struct bf_engine_info *i = bf_engine_info(s->engine);
    const char *stable = i->stable == BF_STABLE_YES ? "yes" : i->stable == BF_STABLE_NO ? "no" : "unknown";
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:b, s:s, s:s, s:s}", "backend", i->backend, "architecture",
                  i->architecture, "quantisation", i->quantisation, "n_parallel", i->n_parallel, "n_ctx_seq",
                  i->n_ctx_seq, "n_threads", i->n_threads, "gpu_layers", i->gpu_layers, "flash_attention",
                  (int)i->flash_attention, "chat", i->chat, "stable", stable, "embedder",
                  s->embedder == s->engine ? "model" : bf_engine_info(s->embedder)->model_desc);
    char *text = bf_json_dump(json);
    json_decref(json);
    return text;
}

struct work {
    struct bf_session *session;
    struct bf_progress_line line;
};

static enum bf_status on_sample(void *user, const struct bf_sample *sample, const struct bf_point *points,
                                size_t n_points, const struct bf_checkpoint *checkpoint, struct bf_err *err)
{
    struct work *w = user;
    enum bf_status status = bf_store_commit(w->session->store, sample, points, n_points, checkpoint, err);
    if (status == BF_OK && n_points > 0 && !w->session->log->quiet) {
        struct bf_buf text;
        bf_buf_init(&text, 1 << 16);
        for (size_t i = 0; i < n_points; i++)
            bf_buf_printf(&text, "%s%s", i ? ", " : "", points[i].text);
        bf_log_info(w->session->log, "points, round %lld: %s", (long long)sample->index + 1, text.data);
        bf_buf_release(&text);
    }
    return status;
}

static bool on_progress(void *user, const struct bf_progress *progress)
{
    struct work *w = user;
    bf_progress_line_show(&w->line, progress);
    return !bf_interrupted();
}

/* Add this process's share to the run's state. */
static enum bf_status save_state(struct bf_session *s, const struct bf_progress *p, struct bf_err *err)
{
    struct bf_run_state state;
    enum bf_status status = bf_store_state(s->store, &state, err);
    if (status != BF_OK)
        return status;
    state.finished = p->finished;
    state.stop = p->stop;
    state.generated_tokens += p->engine.n_generated_tokens;
    state.generate_seconds += p->engine.decode_seconds + p->engine.sample_seconds;
    state.wall_seconds += p->elapsed_seconds;
    state.knowledge = p->knowledge;
    return bf_store_set_state(s->store, &state, err);
}

enum bf_status bf_session_print(struct bf_store *store, bool json, int n_examples, struct bf_err *err)
{
    if (!json)
        return bf_report_text(store, n_examples, stdout, err);
    json_t *summary = NULL;
    enum bf_status status = bf_report_json(store, &summary, err);
    if (status != BF_OK)
        return status;
    char *text = bf_json_dump(summary);
    puts(text);
    free(text);
    json_decref(summary);
    return BF_OK;
}

static enum bf_status write_forget_set(struct bf_session *s, struct bf_err *err)
{
    char *path = bf_path_join(bf_store_dir(s->store), "forget.jsonl");
    enum bf_status status = bf_export(s->store, "jsonl", "both", path, NULL, err);
    free(path);
    return status;
}

/* With BIFORGET_TIMES set, where the time went: what bench/ reads. */
static void print_times(const struct bf_session *s, const struct bf_progress *p)
{
    if (!getenv("BIFORGET_TIMES"))
        return;
    const struct bf_gen_stats *e = &p->engine;
    fprintf(stderr,
            "times: {\"elapsed\": %.3f, \"decode\": %.3f, \"sample\": %.3f, \"embed\": %.3f, \"filter\": %.3f, "
            "\"store\": %.3f, \"steps\": %lld, \"answers\": %lld, \"tokens\": %lld, \"prompt_tokens\": %lld, "
            "\"shared_tokens\": %lld, \"list_seconds\": %.3f, \"list_tokens\": %lld, \"parallel\": %d}\n",
            p->elapsed_seconds, e->decode_seconds, e->sample_seconds, p->embed_seconds, p->filter_seconds,
            p->sink_seconds, (long long)e->n_steps, (long long)e->n_answers, (long long)e->n_generated_tokens,
            (long long)e->n_prompt_tokens, (long long)e->n_shared_tokens, p->list_seconds, (long long)p->list_tokens,
            bf_engine_info(s->engine)->n_parallel);
}

enum bf_status bf_session_work(struct bf_session *s, bool resumed, bool json, struct bf_err *err)
{
    struct work work = {.session = s};
    bf_progress_line_init(&work.line, s->log);
    bf_interrupt_install();
    struct bf_sink sink = {.user = &work, .sample = on_sample, .progress = on_progress};
    struct bf_replay replay;
    struct bf_progress progress;
    enum bf_status status = BF_OK;
    if (resumed)
        status = bf_store_replay(s->store, &replay, err);
    if (status != BF_OK)
        return status;
    status = bf_synth_domain(&s->request, &s->templates, s->engine, s->embedder, resumed ? &replay : NULL, &sink,
                             &progress, err);
    if (resumed)
        bf_store_replay_close(&replay);
    bf_log_live_end(s->log);
    print_times(s, &progress);
    /* Also after a failure: what was reached is the run's state. A second error would hide the first. */
    struct bf_err second = BF_ERR_INIT;
    enum bf_status saved = save_state(s, &progress, &second);
    if (status == BF_OK && saved != BF_OK) {
        *err = second;
        status = saved;
    }
    if (status == BF_INTERRUPTED)
        return bf_fail(err, BF_INTERRUPTED, "interrupted; everything so far is saved, go on with: biforget resume %s",
                       bf_store_dir(s->store));
    if (status == BF_OK)
        status = write_forget_set(s, err);
    if (status == BF_OK)
        status = bf_session_print(s->store, json, 5, err);
    return status;
}
