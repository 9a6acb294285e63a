/* A small domain run on the scripted engine, and its commits as text: one line each with every value, so that two runs
 * can be compared by their bytes. */
#ifndef BF_TESTS_SYNTH_FIXTURE_H
#define BF_TESTS_SYNTH_FIXTURE_H
#include "unit.h"

#include <math.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/hash.h"
#include "engine_script.h"
#include "request/template.h"
#include "synth/synth.h"

#define LIST_MARKER "LIST"

/* A set of our own, so that other words in the default one change nothing here. */
static const char scripted_templates[] =
    "{\"name\": \"scripted\", \"templates\": ["
    "{\"name\": \"points_first\", \"family\": \"points\", \"stage\": \"points\", \"text\": \"LIST {n} of {topic}.\"},"
    "{\"name\": \"points_more\", \"family\": \"points\", \"stage\": \"points\", "
    "\"text\": \"LIST {n} of {topic}, not {known}.\"},"
    "{\"name\": \"tell\", \"family\": \"information\", \"stage\": \"synthesis\", "
    "\"text\": \"Tell of {point} in {topic}.\"},"
    "{\"name\": \"sum_up\", \"family\": \"information\", \"stage\": \"synthesis\", "
    "\"text\": \"Sum up {point} in {topic}.\"},"
    "{\"name\": \"praise\", \"family\": \"information\", \"stage\": \"synthesis\", "
    "\"text\": \"Praise {point} in {topic}.\"},"
    "{\"name\": \"qa_why\", \"family\": \"qa\", \"stage\": \"synthesis\", \"is_qa\": true, "
    "\"text\": \"Ask why about {point} "
    "of {topic}. Question: ... Answer: ...\"},"
    "{\"name\": \"recall\", \"family\": \"mi\", \"stage\": \"mi\", \"text\": \"Recall {topic}.\"},"
    "{\"name\": \"remember\", \"family\": \"mi\", \"stage\": \"mi\", \"text\": \"Remember {topic} well.\"},"
    "{\"name\": \"scene\", \"family\": \"jailbreak\", \"stage\": \"jailbreak\", \"text\": \"A scene on {topic}.\"},"
    "{\"name\": \"ask\", \"family\": \"questions\", \"stage\": \"questions\", "
    "\"text\": \"ASK about {topic}: {sentence}\"},"
    "{\"name\": \"guess\", \"family\": \"questions-point\", \"stage\": \"questions\", \"text\": \"GUESS {point}\"},"
    "{\"name\": \"reword\", \"family\": \"wordings\", \"stage\": \"wordings\", \"text\": \"REWORD {question}\"}"
    "]}";

/* 3 rounds of points, 60 of Stage I, 20 MI, 10 jailbreak, 8 control; no stop rule, no self-questioning. */
static inline void fixture_request(struct bf_request *request, struct bf_template_set *templates)
{
    struct bf_err err = BF_ERR_INIT;
    if (bf_request_from_profile("quick", request, &err) || bf_request_set_topic(request, "Greek mythology", &err) ||

        bf_template_set_parse(scripted_templates, sizeof scripted_templates - 1, "fixture", templates, &err))
        fail_msg("%s", err.text);
    request->rounds = 3;
    request->points_per_round = 6;
    request->point_questions = 0;
    request->point_forms = false; /* the requests of the first versions */
    request->snowball = 0;
    request->max_samples = 60;
    request->mi_samples = 20;
    request->jailbreak_samples = 10;
    request->control_samples = 8;
    request->diversity_batch = 10;
    request->epsilon = -1;
    request->questions = 0;
    request->wordings = 0;
}

/* The templates above with more forms, control and confirmation; with `belong`, names are also asked about without the
 * topic. */
static inline void fixture_forms(struct bf_request *request, struct bf_template_set *templates, bool belong)
{
    static const char check[] = "{\"name\": \"belong\", \"family\": \"points-belong\", \"stage\": \"points\", "
                                "\"text\": \"Where is {point} from?\"},"
                                "{\"name\": \"belong_too\", \"family\": \"points-belong\", \"stage\": \"points\", "
                                "\"text\": \"What about {point}?\"},";
    static const char more[] = "{\"name\": \"points_who\", \"family\": \"points\", \"stage\": \"points\", "
                               "\"text\": \"LIST who is in {topic}.\"},"
                               "{\"name\": \"points_what\", \"family\": \"points\", \"stage\": \"points\", "
                               "\"text\": \"LIST what is in {topic}.\"},"
                               "{\"name\": \"control\", \"family\": \"points-control\", \"stage\": \"points\", "
                               "\"text\": \"Who lives in {topic}?\"},"
                               "{\"name\": \"confirm\", \"family\": \"points-confirm\", \"stage\": \"points\", "
                               "\"text\": \"In {topic}: Who is {point}?\"},";
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf text;
    const char *list = strstr(scripted_templates, "[") + 1;

    fixture_request(request, templates);
    bf_template_set_release(templates);
    bf_buf_init(&text, 1 << 16);
    bf_buf_put(&text, scripted_templates, (size_t)(list - scripted_templates));
    bf_buf_puts(&text, more);
    bf_buf_puts(&text, belong ? check : "");
    bf_buf_puts(&text, list);
    if (bf_template_set_parse(text.data, text.len, "fixture", templates, &err))
        fail_msg("%s", err.text);
    bf_buf_release(&text);
    request->point_forms = true;
    request->snowball = 2;
    request->rounds = 2;
    request->points_per_round = 2;
    request->max_samples = 0;
    request->temperatures.n = 2;
    request->samples_per_prompt = 1;
}

static inline struct engine_script fixture_script(int32_t n_parallel, uint64_t order_seed)
{
    return (struct engine_script){
        .n_parallel = n_parallel, .n_embd = 16, .order_seed = order_seed, .list_marker = LIST_MARKER};
}

/* Doubles as their bits: equal means equal. */
static inline void put_double(struct bf_buf *out, double x)
{
    bf_buf_printf(out, " %a", x);
}

static inline void put_sample(struct bf_buf *out, const struct bf_sample *s, const struct bf_point *points,
                              size_t n_points)
{
    bf_buf_printf(out, "%s %lld %s \"%s\" raw \"%s\" q \"%s\" a \"%s\" point %d template %d T", bf_stage_word(s->stage),
                  (long long)s->index, bf_reason_word(s->reason), s->text, s->raw ? s->raw : "-",
                  s->question ? s->question : "-", s->answer ? s->answer : "-", s->point, s->template_index);
    put_double(out, s->temperature);
    bf_buf_printf(out, " seed %llu tokens %d finish %d", (unsigned long long)s->seed, s->n_tokens, (int)s->finish);
    put_double(out, s->min_k_sampling);
    put_double(out, s->min_k_model);
    put_double(out, s->mean_logp);
    put_double(out, s->diversity);
    put_double(out, s->domain_similarity);
    bf_buf_printf(out, " original %lld hash %llx", (long long)s->instance, (unsigned long long)s->text_hash);
    put_double(out, s->edit_distance);
    if (s->source_stage != BF_STAGE_POINTS)
        bf_buf_printf(out, " of %s %lld%s", bf_stage_word(s->source_stage), (long long)s->source_index,
                      s->held_out ? " held out" : "");
    if (s->embedding)
        bf_buf_printf(out, " embedding %llx",
                      (unsigned long long)bf_hash64(s->embedding, (size_t)s->n_embd * sizeof *s->embedding));
    for (size_t i = 0; i < n_points; i++)
        bf_buf_printf(out, " [%d %d %s %s]", points[i].index, points[i].round, points[i].text, points[i].origin);
    bf_buf_putc(out, '\n');
}

/* A sink sample by sample, and the run's progress. */
struct fixture_sink {
    void *user;
    enum bf_status (*sample)(void *user, const struct bf_sample *sample, const struct bf_point *points, size_t n_points,
                             const struct bf_stop_check *checkpoint, struct bf_err *err);
    bool (*progress)(void *user, const struct bf_progress *progress);
};

static inline enum bf_status fixture_commit_each(void *user, const struct bf_commit *c, struct bf_err *err)
{
    const struct fixture_sink *sink = user;
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < c->n_items && status == BF_OK; i++)
        status = sink->sample(sink->user, &c->items[i].sample, i == 0 ? c->points : NULL, i == 0 ? c->n_points : 0,
                              c->items[i].checked ? &c->items[i].checkpoint : NULL, err);
    return status;
}

struct fixture_single {
    const struct bf_task *task;
    bool given;
    void *user;
    bool (*progress)(void *user, const struct bf_progress *progress);
    struct bf_progress *result;
};

static inline enum bf_status fixture_single_next(void *user, struct bf_task *task, bool *more, struct bf_err *err)
{
    struct fixture_single *s = user;
    (void)err;
    *more = !s->given;
    if (*more)
        *task = *s->task;
    s->given = true;
    return BF_OK;
}

static inline enum bf_status fixture_single_done(void *user, int64_t id, const struct bf_progress *progress,
                                                 struct bf_err *err)
{
    struct fixture_single *s = user;
    (void)id;
    (void)err;
    *s->result = *progress;
    return BF_OK;
}

static inline bool fixture_single_progress(void *user, const struct bf_progress *progress)
{
    struct fixture_single *s = user;
    return !s->progress || s->progress(s->user, progress);
}

/* A task alone. *progress is filled on every return. */
static inline enum bf_status fixture_one(const struct bf_task *task, const struct bf_template_set *templates,
                                         struct bf_engine *engine, struct bf_engine *embedder, void *user,
                                         bool (*on_progress)(void *user, const struct bf_progress *progress),
                                         struct bf_progress *progress, struct bf_err *err)
{
    struct fixture_single single = {.task = task, .user = user, .progress = on_progress, .result = progress};
    const struct bf_task_source source = {.user = &single,
                                          .n_tasks = 1,
                                          .next = fixture_single_next,
                                          .done = fixture_single_done,
                                          .progress = fixture_single_progress};
    struct bf_progress sum;
    *progress = (struct bf_progress){.diversity = (double)NAN, .gain = (double)NAN};
    return bf_synth_run(&source, templates, engine, embedder, &sum, err);
}

/* One request by itself. */
static inline enum bf_status fixture_synth(const struct bf_request *request, const struct bf_template_set *templates,
                                           struct bf_engine *engine, const struct bf_replay *replay,
                                           const struct fixture_sink *sink, struct bf_progress *progress,
                                           struct bf_err *err)
{
    struct fixture_sink copy = *sink;
    const struct bf_task task = {
        .id = 1, .request = request, .sink = {&copy, fixture_commit_each, NULL}, .replay = replay};
    return fixture_one(&task, templates, engine, engine, sink->user, sink->progress, progress, err);
}

static inline void put_checkpoint(struct bf_buf *out, const struct bf_stop_check *c)
{
    bf_buf_printf(out, "check %lld", (long long)c->n_kept);
    put_double(out, c->diversity);
    put_double(out, c->gain);
    bf_buf_printf(out, " %s\n", c->stop ? "stop" : "go");
}

#endif
