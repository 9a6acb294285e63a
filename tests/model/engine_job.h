/* A list of prompts for any engine and the answers that came: what the tests of both engines share, with the promises
 * that hold for both. */
#ifndef BF_TESTS_ENGINE_JOB_H
#define BF_TESTS_ENGINE_JOB_H
#include "unit.h"

#include <math.h>
#include <stdbool.h>

#include "engine/engine.h"

enum { N_PROMPTS = 24, TOKENS_MAX = 24 };

struct answer {
    int32_t n_prompt, n_tokens;
    int32_t tokens[TOKENS_MAX];
    float p[TOKENS_MAX], logp[TOKENS_MAX];
    enum bf_finish finish;
    char text[1024];
    int times; /* delivered */
};

struct job {
    char (*prompts)[8192];
    int n_prompts, next;
    int32_t max_tokens;
    double temperature, top_p;
    int32_t top_k;
    uint64_t seed;
    struct answer answers[N_PROMPTS];
    int n_steps, stop_at_step;
    bool only_even;
    void (*at_answer)(struct job *job); /* nullable */
    int n_answers;
};

static inline const char *environment(const char *name)
{
    const char *value = getenv(name);

    if (!value || !*value)
        fail_msg("%s is not set: run this through ctest", name);
    return value;
}

static inline enum bf_source job_source(void *user, struct bf_gen_request *q)
{
    struct job *job = user;

    if (job->next == job->n_prompts)
        return BF_SOURCE_END;
    *q = (struct bf_gen_request){
        .index = job->next,
        .prompt = job->prompts[job->next],
        .max_tokens = job->max_tokens,
        .temperature = job->temperature > 0 ? job->temperature : 0.6 + 0.1 * (job->next % 7),
        .top_k = job->top_k,
        .top_p = job->top_p,
        .seed = job->seed + (uint64_t)job->next,
    };
    job->next++;
    return BF_SOURCE_READY;
}

static inline enum bf_status job_sink(void *user, const struct bf_gen_answer *a, struct bf_err *err)
{
    struct job *job = user;

    (void)err;
    assert_in_range(a->index, 0, job->n_prompts - 1);
    assert_in_range(a->n_tokens, 0, job->max_tokens);
    assert_int_equal(strlen(a->text), a->text_len);
    struct answer *out = &job->answers[a->index];
    out->times++;
    out->n_prompt = a->n_prompt_tokens;
    out->n_tokens = a->n_tokens;
    out->finish = a->finish;
    for (int32_t i = 0; i < a->n_tokens; i++) {
        out->tokens[i] = a->tokens ? a->tokens[i] : -1;
        out->p[i] = a->p_sampling[i];
        out->logp[i] = a->logp_model[i];
    }
    (void)snprintf(out->text, sizeof out->text, "%s", a->text);
    job->n_answers++;
    if (job->at_answer)
        job->at_answer(job);
    return BF_OK;
}

static inline bool job_wanted(void *user, int64_t index)
{
    const struct job *job = user;

    return !job->only_even || index % 2 == 0;
}

static inline bool job_step(void *user, const struct bf_gen_stats *stats)
{
    struct job *job = user;

    assert_int_equal(stats->n_steps, job->n_steps + 1);
    job->n_steps++;
    return job->stop_at_step == 0 || job->n_steps < job->stop_at_step;
}

static inline enum bf_status run_job(struct bf_engine *engine, struct job *job, struct bf_gen_stats *stats,
                                     struct bf_err *err)
{
    const struct bf_gen_job j = {
        .user = job, .source = job_source, .sink = job_sink, .wanted = job_wanted, .step = job_step};

    return bf_engine_generate(engine, &j, stats, err);
}

/* Every wanted answer came, once. */
static inline void generate(struct bf_engine *engine, struct job *job, struct bf_gen_stats *stats)
{
    struct bf_err err = BF_ERR_INIT;

    if (run_job(engine, job, stats, &err))
        fail_msg("%s", err.text);
    for (int i = 0; i < job->n_prompts; i++)
        assert_int_equal(job->answers[i].times, job->only_even && i % 2 ? 0 : 1);
}

/* Prompts of many lengths with shared beginnings: 3 templates, topics of 0 to 11 repetitions. */
static inline void write_prompts(char (*prompts)[8192])
{
    static const char *const openings[3] = {
        "Write one sentence about the following planets and moons of the Solar System, which are listed here:",
        "Which god of Greek mythology is it?", "Hello"};

    for (int i = 0; i < N_PROMPTS; i++) {
        int n = snprintf(prompts[i], sizeof prompts[i], "%s", openings[i % 3]);

        for (int k = 0; k < (i * 7) % N_PROMPTS / 2; k++)
            n += snprintf(prompts[i] + n, sizeof prompts[i] - (size_t)n, " Zeus and Io %d,", k);
    }
}

/* ---- promises of any engine; 24 prompts of write_prompts ---- */

/* What is not wanted is dropped, and the rest comes. */
static inline void check_unwanted_answers_are_dropped(struct bf_engine *engine, char (*prompts)[8192], struct job *job)
{
    write_prompts(prompts);
    *job = (struct job){.prompts = prompts, .n_prompts = 9, .max_tokens = 8, .top_k = 50, .top_p = 0.95, .seed = 4};
    job->only_even = true;
    generate(engine, job, NULL);
}

/* `step`: so early that no answer can be there. */
static inline void check_a_step_may_interrupt(struct bf_engine *engine, char (*prompts)[8192], struct job *job,
                                              int step)
{
    struct bf_gen_stats stats;
    struct bf_err err = BF_ERR_INIT;

    write_prompts(prompts);
    *job = (struct job){
        .prompts = prompts, .n_prompts = 9, .max_tokens = 24, .top_k = 50, .top_p = 0.95, .stop_at_step = step};
    assert_int_equal(run_job(engine, job, &stats, &err), BF_INTERRUPTED);
    assert_int_equal(stats.n_steps, step);
    assert_int_equal(stats.n_active, 0);
    for (int i = 0; i < 9; i++)
        assert_int_equal(job->answers[i].times, 0);
}

/* The error says so, and the engine is as good as before. */
static inline void check_a_prompt_that_does_not_fit(struct bf_engine *engine, char (*prompts)[8192], struct job *job,
                                                    const char *words)
{
    struct bf_err err = BF_ERR_INIT;

    memset(prompts[0], 0, sizeof prompts[0]);
    for (size_t i = 0; i + 6 < sizeof prompts[0]; i += 5)
        memcpy(prompts[0] + i, "moon ", 5);
    *job = (struct job){.prompts = prompts, .n_prompts = 1, .max_tokens = 8, .top_k = 50, .top_p = 0.95};
    assert_int_equal(run_job(engine, job, NULL, &err), BF_MODEL);
    assert_error(err, BF_MODEL, words);
    memcpy(prompts[0], "Hello", 6);
    job->next = job->n_steps = 0;
    generate(engine, job, NULL);
}

static inline double cosine(const float *a, const float *b, int32_t n)
{
    double dot = 0, aa = 0, bb = 0;

    for (int32_t i = 0; i < n; i++) {
        dot += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return dot / sqrt(aa * bb);
}

static inline double distance(const float *a, const float *b, int32_t n)
{
    double most = 0;

    for (int32_t i = 0; i < n; i++)
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
    return most;
}

enum { N_EMBED_TEXTS = 5, DIMS_MAX = 1024 };

static inline const char *const *embed_texts(void)
{
    static const char long_text[] =
        "A longer text about the Solar System: eight planets go round the Sun, the inner four are of "
        "rock, the outer four of gas and ice, and between them is a belt of asteroids.";
    static const char *const texts[N_EMBED_TEXTS] = {"Zeus", "Saturn has rings of ice and rock, and many moons.",
                                                     "The Argonauts sailed to Colchis to fetch the golden fleece.",
                                                     "Io", long_text};

    return texts;
}

/* Different texts have different vectors, the same text one direction, but for `noise`; alone: [N_EMBED_TEXTS,
 * n_embd] */
static inline void check_embeddings(struct bf_engine *engine, float *alone, double noise)
{
    static float together[N_EMBED_TEXTS * DIMS_MAX];
    int32_t n = bf_engine_info(engine)->n_embd;
    struct bf_err err = BF_ERR_INIT;

    assert_in_range(n, 1, DIMS_MAX);
    if (bf_engine_embed(engine, embed_texts(), N_EMBED_TEXTS, BF_POOL_MODEL, false, alone, &err) ||
        bf_engine_embed(engine, embed_texts(), N_EMBED_TEXTS, BF_POOL_MODEL, true, together, &err))
        fail_msg("%s", err.text);
    for (int32_t i = 0; i < N_EMBED_TEXTS; i++) {
        assert_true(cosine(alone + i * n, together + i * n, n) > 1 - noise);
        for (int32_t j = 0; j < i; j++)
            assert_true(distance(alone + i * n, alone + j * n, n) > 1e-3);
    }
}

#endif
