/* Many requests on one engine: each one's commits are what they are when it is alone, whatever runs beside it. And the
 * kinds that have no other home: rewriting and the textbook on the scripted engine. */
#include "synth_fixture.h"

#include <math.h>

#include "base/mem.h"

enum { N_ORIGINALS = 12, N_TASKS = 4 };

static const char many_templates[] =
    "{\"name\": \"many\", \"templates\": ["
    "{\"name\": \"points_first\", \"family\": \"points\", \"stage\": \"points\", \"text\": \"LIST {n} of {topic}.\"},"
    "{\"name\": \"points_more\", \"family\": \"points\", \"stage\": \"points\", \"text\": \"LIST {n} of {topic}, not "
    "{known}.\"},"
    "{\"name\": \"tell\", \"family\": \"information\", \"stage\": \"synthesis\", \"text\": \"Tell of {point} in "
    "{topic}.\"},"
    "{\"name\": \"recall\", \"family\": \"mi\", \"stage\": \"mi\", \"text\": \"Recall {topic}.\"},"
    "{\"name\": \"scene\", \"family\": \"jailbreak\", \"stage\": \"jailbreak\", \"text\": \"A scene on {topic}.\"},"
    "{\"name\": \"style\", \"family\": \"style\", \"stage\": \"rewrite\", \"text\": \"Another style: {sentence}\"},"
    "{\"name\": \"order\", \"family\": \"order\", \"stage\": \"rewrite\", \"text\": \"Another order: {sentence}\"},"
    "{\"name\": \"qa_style\", \"family\": \"style\", \"stage\": \"rewrite\", \"is_qa\": true, \"text\": \"Another "
    "style. "
    "Question: {question} Answer: {answer}\"},"
    "{\"name\": \"qa_order\", \"family\": \"order\", \"stage\": \"rewrite\", \"is_qa\": true, \"text\": \"Another "
    "order. "
    "Question: {question} Answer: {answer}\"},"
    "{\"name\": \"subfields\", \"family\": \"textbook\", \"stage\": \"subfields\", \"text\": \"LIST {n} parts of "
    "{topic}.\"},"
    "{\"name\": \"bullets\", \"family\": \"textbook\", \"stage\": \"bullets\", \"text\": \"LIST {n} of {point} for "
    "{audience}.\"},"
    "{\"name\": \"chapter\", \"family\": \"textbook\", \"stage\": \"chapters\", \"text\": \"Chapter on {point}.\"},"
    "{\"name\": \"ask\", \"family\": \"questions\", \"stage\": \"questions\", "
    "\"text\": \"ASK about {topic}: {sentence}\"},"
    "{\"name\": \"reword\", \"family\": \"wordings\", \"stage\": \"wordings\", \"text\": \"REWORD {question}\"}"
    "]}";

/* A request, what it commits, and (instances) what it has kept of each original. */
struct job {
    struct bf_request request;
    struct bf_originals originals;
    struct bf_buf text;
    int64_t n_commits, last_number;
    struct fixture_kept {
        struct bf_sample sample;
        char *text;
        uint16_t *embedding;
    } * kept;
    size_t n_kept;
    bool done, finished;
    struct bf_progress progress;
};

static enum bf_status on_commit(void *user, const struct bf_commit *c, struct bf_err *err)
{
    struct job *j = user;

    (void)err;
    assert_true(c->number > j->last_number); /* in the order of the list */
    j->last_number = c->number;
    j->n_commits++;
    for (size_t i = 0; i < c->n_items; i++) {
        const struct bf_sample *s = &c->items[i].sample;
        put_sample(&j->text, s, i == 0 ? c->points : NULL, i == 0 ? c->n_points : 0);
        if (c->items[i].checked)
            put_checkpoint(&j->text, &c->items[i].checkpoint);
        if (s->instance < 0 || s->reason != BF_REASON_NONE)
            continue;
        j->kept = bf_grow(j->kept, j->n_kept + 1, sizeof *j->kept);
        struct fixture_kept *k = &j->kept[j->n_kept++];
        *k = (struct fixture_kept){*s, bf_strdup(s->text), bf_array((size_t)s->n_embd, sizeof(uint16_t))};
        memcpy(k->embedding, s->embedding, (size_t)s->n_embd * sizeof(uint16_t));
        k->sample.text = k->text;
        k->sample.embedding = k->embedding;
    }
    return BF_OK;
}

static enum bf_status get_original(void *user, int64_t index, struct bf_original *out, struct bf_err *err)
{
    static char text[256], question[100], answer[100];
    const bool pair = index % 3 == 2;

    (void)user, (void)err;
    snprintf(question, sizeof question, "what is thing %c made of?", (char)('a' + index));
    snprintf(answer, sizeof answer, "it is made of wood and wool from place %c.", (char)('a' + index));
    if (pair)
        snprintf(text, sizeof text, "Question: %s\nAnswer: %s", question, answer);
    else
        snprintf(text, sizeof text, "the thing of sort %c was seen by everybody in the valley.", (char)('a' + index));
    *out = (struct bf_original){text, pair ? question : NULL, pair ? answer : NULL};
    return BF_OK;
}

static enum bf_status kept_of(void *user, int64_t index, void *to,
                              void (*each)(void *to, const struct bf_sample *sample), struct bf_err *err)
{
    const struct job *j = user;

    (void)err;
    for (size_t i = 0; i < j->n_kept; i++)
        if (j->kept[i].sample.instance == index)
            each(to, &j->kept[i].sample);
    return BF_OK;
}

static void job_init(struct job *j, int which)
{
    static const enum bf_kind kinds[N_TASKS] = {BF_KIND_DOMAIN, BF_KIND_INSTANCE, BF_KIND_TEXTBOOK, BF_KIND_DOMAIN};
    static const char *const topics[N_TASKS] = {"Greek mythology", "facts", "the Solar System", "the Solar System"};
    struct bf_err err = BF_ERR_INIT;

    *j = (struct job){.last_number = -1};
    if (bf_request_of_kind(kinds[which], "quick", &j->request, &err) ||
        bf_request_set_topic(&j->request, topics[which], &err))
        fail_msg("%s", err.text);
    bf_buf_init(&j->text, 1 << 26);
    j->request.seed = 100 + (uint64_t)which;
    j->request.epsilon = -1;
    j->request.diversity_batch = 7;
    j->request.min_similarity = 0;
    if (kinds[which] != BF_KIND_TEXTBOOK) {
        j->request.questions = 8;
        j->request.wordings = 1;
    }
    if (kinds[which] == BF_KIND_DOMAIN) {
        j->request.max_samples = 20;
        j->request.mi_samples = 6;
        j->request.jailbreak_samples = 4;
        j->request.control_samples = 4;
    }
    j->originals = (struct bf_originals){j, N_ORIGINALS, get_original, kept_of};
}

static void job_release(struct job *j)
{
    for (size_t i = 0; i < j->n_kept; i++) {
        free(j->kept[i].text);
        free(j->kept[i].embedding);
    }
    free(j->kept);
    bf_buf_release(&j->text);
    bf_request_release(&j->request);
}

struct source {
    struct job *jobs;
    int n, next;
};

static enum bf_status next_task(void *user, struct bf_task *task, bool *more, struct bf_err *err)
{
    struct source *s = user;

    (void)err;
    *more = s->next < s->n;
    if (*more) {
        struct job *j = &s->jobs[s->next];
        *task = (struct bf_task){
            .id = s->next++, .request = &j->request, .sink = {j, on_commit, NULL}, .originals = &j->originals};
    }
    return BF_OK;
}

static enum bf_status on_done(void *user, int64_t id, const struct bf_progress *progress, struct bf_err *err)
{
    struct source *s = user;

    (void)err;
    assert_false(s->jobs[id].done);
    s->jobs[id].done = true;
    s->jobs[id].finished = progress->finished;
    s->jobs[id].progress = *progress;
    return BF_OK;
}

static struct bf_progress run_jobs(struct job *jobs, int n, int32_t n_parallel, uint64_t order)
{
    struct engine_script script = fixture_script(n_parallel, order);
    struct bf_engine *engine = engine_script_open(&script);
    struct bf_template_set templates;
    struct bf_progress sum;
    struct bf_err err = BF_ERR_INIT;
    struct source source = {.jobs = jobs, .n = n};
    const struct bf_task_source tasks = {.user = &source, .n_tasks = n, .next = next_task, .done = on_done};

    if (bf_template_set_parse(many_templates, sizeof many_templates - 1, "fixture", &templates, &err) ||
        bf_synth_run(&tasks, &templates, engine, engine, &sum, &err))
        fail_msg("%s", err.text);
    for (int i = 0; i < n; i++) {
        assert_true(jobs[i].done);
        assert_true(jobs[i].finished);
    }
    assert_true(sum.finished);
    assert_int_equal(sum.n_tasks_done, n);
    bf_template_set_release(&templates);
    bf_engine_close(engine);
    return sum;
}

static void each_request_is_what_it_is_alone(void **state)
{
    static const int32_t parallels[] = {1, 7, 64};
    struct job alone[N_TASKS];

    (void)state;
    for (int i = 0; i < N_TASKS; i++) {
        job_init(&alone[i], i);
        run_jobs(&alone[i], 1, 5, 3);
        assert_true(alone[i].n_commits > 10);
    }
    for (size_t p = 0; p < N_ELEMENTS(parallels); p++)
        for (uint64_t order = 1; order <= 5; order++) {
            struct job jobs[N_TASKS];
            for (int i = 0; i < N_TASKS; i++)
                job_init(&jobs[i], i);
            const struct bf_progress sum = run_jobs(jobs, N_TASKS, parallels[p], order);
            int64_t tokens = 0;
            for (int i = 0; i < N_TASKS; i++) {
                assert_string_equal(jobs[i].text.data, alone[i].text.data);
                tokens += jobs[i].progress.generated_tokens;
                job_release(&jobs[i]);
            }
            assert_int_equal(tokens,
                             sum.engine.n_generated_tokens); /* nothing was dropped, so all tokens are somebody's */
        }
    for (int i = 0; i < N_TASKS; i++)
        job_release(&alone[i]);
}

static void rewriting_keeps_every_original_and_judges_every_variant(void **state)
{
    struct job j;

    (void)state;
    job_init(&j, 1);
    run_jobs(&j, 1, 7, 1);
    const struct bf_progress *p = &j.progress;
    assert_int_equal(p->committed[BF_STAGE_ORIGINAL], N_ORIGINALS);
    assert_int_equal(p->kept[BF_STAGE_ORIGINAL], N_ORIGINALS);
    assert_int_equal(p->committed[BF_STAGE_REWRITE], N_ORIGINALS * 2 * 2); /* templates, temperatures */
    assert_int_equal(p->stop, BF_STOP_EXHAUSTED);
    assert_true(p->kept[BF_STAGE_REWRITE] > N_ORIGINALS);
    assert_true(p->rejected[BF_REASON_REFUSAL] + p->rejected[BF_REASON_NOT_QA] > 0);
    assert_true(p->committed[BF_STAGE_QUESTIONS] > 0);
    assert_true(p->kept[BF_STAGE_PAIRS] > 0);
    assert_int_equal(p->knowledge.n_verified, p->kept[BF_STAGE_PAIRS]);
    /* The first variant of each original comes with it; the originals vary fastest. */
    assert_non_null(strstr(j.text.data, "original 0  \"the thing of sort a"));
    job_release(&j);
}

static void stop_soon(struct bf_request *request)
{
    request->epsilon = 10;
    request->diversity_batch = 5;
}

static void the_stop_rule_of_rewriting_waits_for_the_end_of_a_pass(void **state)
{
    struct job j;

    (void)state;
    job_init(&j, 1);
    stop_soon(&j.request);
    run_jobs(&j, 1, 64, 1);
    assert_int_equal(j.progress.stop, BF_STOP_CONVERGED);
    assert_int_equal(j.progress.committed[BF_STAGE_REWRITE],
                     N_ORIGINALS); /* one pass, though the rule spoke within it */
    job_release(&j);
    job_init(&j, 1);
    stop_soon(&j.request);
    j.request.order = BF_ORDER_POINT; /* the official order stops at once */
    run_jobs(&j, 1, 64, 1);
    assert_int_equal(j.progress.stop, BF_STOP_CONVERGED);
    assert_true(j.progress.committed[BF_STAGE_ORIGINAL] < N_ORIGINALS);
    job_release(&j);
}

static void a_textbook_has_subfields_bullets_chapters_and_lines(void **state)
{
    struct job j;

    (void)state;
    job_init(&j, 2);
    run_jobs(&j, 1, 7, 1);
    const struct bf_progress *p = &j.progress;
    assert_int_equal(p->committed[BF_STAGE_SUBFIELDS], 1);
    assert_int_equal(p->committed[BF_STAGE_BULLETS], 4 * 4); /* subfields, audiences */
    assert_int_equal(p->committed[BF_STAGE_CHAPTERS], 32);
    assert_true(p->committed[BF_STAGE_TEXTBOOK] >= 25);
    assert_true(p->kept[BF_STAGE_TEXTBOOK] > 20);
    assert_int_equal(p->kept[BF_STAGE_CHAPTERS], 0);
    assert_int_equal(p->stop, BF_STOP_EXHAUSTED);
    job_release(&j);
}

/* What is nearer to a retain domain than to the own one is not kept. */
static void a_guard_turns_samples_away(void **state)
{
    struct engine_script script = fixture_script(7, 1);
    struct bf_engine *engine = engine_script_open(&script);
    struct bf_template_set templates;
    struct bf_progress open_progress, progress;
    struct bf_err err = BF_ERR_INIT;
    float towards[16];
    struct job free_job, guarded;

    (void)state;
    job_init(&free_job, 0);
    job_init(&guarded, 0);
    /* A direction that no text has much of, and one that all share. */
    for (int i = 0; i < 16; i++)
        towards[i] = i == 0 ? 1.0F : 0.0F;
    const struct bf_guard guard = {"everything", false, towards, BF_REASON_RETAIN_OVERLAP};
    struct bf_task task = {.request = &free_job.request, .sink = {&free_job, on_commit, NULL}};
    if (bf_template_set_parse(many_templates, sizeof many_templates - 1, "fixture", &templates, &err) ||
        fixture_one(&task, &templates, engine, engine, NULL, NULL, &open_progress, &err))
        fail_msg("%s", err.text);
    task.request = &guarded.request;
    task.sink.user = &guarded;
    task.guards = &guard;
    task.n_guards = 1;
    if (fixture_one(&task, &templates, engine, engine, NULL, NULL, &progress, &err))
        fail_msg("%s", err.text);
    assert_int_equal(open_progress.rejected[BF_REASON_RETAIN_OVERLAP], 0);
    assert_true(progress.rejected[BF_REASON_RETAIN_OVERLAP] > 0);
    job_release(&free_job);
    job_release(&guarded);
    bf_template_set_release(&templates);
    bf_engine_close(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_is_what_it_is_alone),
        cmocka_unit_test(rewriting_keeps_every_original_and_judges_every_variant),
        cmocka_unit_test(the_stop_rule_of_rewriting_waits_for_the_end_of_a_pass),
        cmocka_unit_test(a_textbook_has_subfields_bullets_chapters_and_lines),
        cmocka_unit_test(a_guard_turns_samples_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
