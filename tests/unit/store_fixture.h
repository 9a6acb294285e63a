/* What the store's and the export's tests share: a folder that goes away, a run, and samples whose every value follows
 * from their number, so that what was read can be compared with what must have been written. */
#ifndef BF_TESTS_STORE_FIXTURE_H
#define BF_TESTS_STORE_FIXTURE_H
#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "store/store.h"

#define FIXTURE_EMBD 8

/* BF_OK or the sentence in the test's output. */
#define assert_ok(call) assert_ok_at((call), &err, __LINE__)
static inline void assert_ok_at(enum bf_status status, const struct bf_err *err, int line)
{
    if (status != BF_OK)
        fail_msg("line %d: %s (%s)", line, err->text, bf_status_text(status));
}

/* The sentence must hold each word; a wrong one is shown. */
static inline void assert_says(const struct bf_err *err, const char *words)
{
    if (!strstr(err->text, words))
        fail_msg("'%s' is not in \"%s\"", words, err->text);
    /* Lower case, no full stop, one line: the house style of sentences. */
    assert_true(err->text[0] < 'A' || err->text[0] > 'Z');
    assert_int_not_equal(err->text[strlen(err->text) - 1], '.');
    assert_null(strchr(err->text, '\n'));
}

/* A fresh folder, 0700; free() after fixture_remove. */
static inline char *fixture_dir(void)
{
    const char *base = getenv("TMPDIR");
    char *path = bf_path_join(base && *base ? base : "/tmp", "bf_store_XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

static inline int fixture_unlink(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
    (void)info, (void)kind, (void)ftw;
    return remove(path);
}

static inline void fixture_remove(char *dir)
{
    nftw(dir, fixture_unlink, 16, FTW_DEPTH | FTW_PHYS);
    free(dir);
}

static inline struct bf_run fixture_run(void)
{
    return (struct bf_run){.kind = "domain",
                           .request_json = "{\"topic\":\"Greek mythology\"}",
                           .templates_json = "{\"name\":\"test\"}",
                           .templates_sha256 = "0123abcd",
                           .model_path = "models/small 'one'.gguf",
                           .model_sha256 = "feed",
                           .model_desc = "llama 135M Q4_0",
                           .embedder_path = "",
                           .embedder_sha256 = "",
                           .engine_json = "{\"parallel\":8}",
                           .program_version = "0.1.0"};
}

static struct bf_template fixture_items[] = {
    {"points_list", "points", BF_STAGE_POINTS, "List {n} of {topic}, not {known}.", false, 0},
    {"info_summary", "information", BF_STAGE_SYNTHESIS, "Tell of {point} in {topic}.", false, 1},
    {"qa_why", "qa", BF_STAGE_SYNTHESIS, "Ask why about {point}.", true, 0},
    {"mi_recall", "mi", BF_STAGE_MI, "Recall {topic}.", false, 0},
    {"scene", "jailbreak", BF_STAGE_JAILBREAK, "A scene on {topic}.", false, 0},
};

static inline struct bf_template_set fixture_templates(void)
{
    return (struct bf_template_set){.name = NULL, .items = fixture_items, .n = 5, .sha256 = "0123abcd", .json = NULL};
}

static inline struct bf_store *fixture_create(const char *dir)
{
    const struct bf_run run = fixture_run();
    const struct bf_template_set templates = fixture_templates();
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = NULL;
    assert_ok(bf_store_create(dir, &run, &templates, &store, &err));
    assert_non_null(store);
    return store;
}

static inline struct bf_store *fixture_open(const char *dir, enum bf_open_mode mode)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = NULL;
    assert_ok(bf_store_open(dir, mode, &store, &err));
    return store;
}

/* Sample number k of a test, and the memory its strings live in. */
struct fixture_sample {
    struct bf_sample sample;
    uint16_t embedding[FIXTURE_EMBD];
    char text[256], raw[320], question[64], answer[64];
};

static inline void fixture_fill(struct fixture_sample *f, enum bf_stage stage, int64_t index)
{
    struct bf_rng rng;
    bf_rng_init(&rng, bf_mix((uint64_t)stage, (uint64_t)index));
    snprintf(f->text, sizeof f->text, "Text %lld of %s: Zeus' \"eagle\"\n\xe2\x9a\xa1 and %llu", (long long)index,
             bf_stage_word(stage), (unsigned long long)bf_rng_next(&rng));
    snprintf(f->raw, sizeof f->raw, "%s and half a", f->text);
    snprintf(f->question, sizeof f->question, "Why %lld?", (long long)index);
    snprintf(f->answer, sizeof f->answer, "Because %lld.", (long long)index);
    for (int i = 0; i < FIXTURE_EMBD; i++)
        f->embedding[i] = (uint16_t)bf_rng_next(&rng);
    f->sample = (struct bf_sample){
        .index = index,
        .stage = stage,
        .text = f->text,
        .raw = index % 3 == 0 ? f->raw : NULL,
        .question = index % 2 == 0 ? f->question : NULL,
        .answer = index % 2 == 0 ? f->answer : NULL,
        .reason = BF_REASON_NONE,
        .point = -1,
        .template_index = stage == BF_STAGE_CONTROL ? 1 : (int32_t)stage,
        .temperature = 0.6 + 0.2 * (double)(index % 4),
        .seed = bf_rng_next(&rng),
        .n_tokens = (int32_t)bf_rng_below(&rng, 300),
        .finish = index % 2 ? BF_FINISH_LENGTH : BF_FINISH_STOP,
        .min_k_sampling = bf_rng_unit(&rng),
        .min_k_model = bf_rng_unit(&rng),
        .mean_logp = -3 * bf_rng_unit(&rng),
        .diversity = stage == BF_STAGE_SYNTHESIS ? bf_rng_unit(&rng) : (double)NAN,
        .domain_similarity = stage == BF_STAGE_SYNTHESIS ? bf_rng_unit(&rng) : (double)NAN,
        .instance = -1,
        .edit_distance = (double)NAN,
        .text_hash = bf_rng_next(&rng),
        .embedding = stage == BF_STAGE_SYNTHESIS || stage == BF_STAGE_CONTROL ? f->embedding : NULL,
        .n_embd = stage == BF_STAGE_SYNTHESIS || stage == BF_STAGE_CONTROL ? FIXTURE_EMBD : 0,
    };
}

static inline void assert_same_double(double a, double b)
{
    if (isnan(a) || isnan(b))
        assert_true(isnan(a) && isnan(b));
    else
        assert_memory_equal(&a, &b, sizeof a);
}

static inline void assert_same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a)
        assert_string_equal(a, b);
}

/* Every field, bit by bit. */
static inline void assert_same_sample(const struct bf_sample *a, const struct bf_sample *b)
{
    assert_int_equal(a->index, b->index);
    assert_int_equal(a->stage, b->stage);
    assert_same_text(a->text, b->text);
    assert_same_text(a->raw, b->raw);
    assert_same_text(a->question, b->question);
    assert_same_text(a->answer, b->answer);
    assert_int_equal(a->reason, b->reason);
    assert_int_equal(a->point, b->point);
    assert_int_equal(a->template_index, b->template_index);
    assert_same_double(a->temperature, b->temperature);
    assert_true(a->seed == b->seed);
    assert_int_equal(a->n_tokens, b->n_tokens);
    assert_int_equal(a->finish, b->finish);
    assert_same_double(a->min_k_sampling, b->min_k_sampling);
    assert_same_double(a->min_k_model, b->min_k_model);
    assert_same_double(a->mean_logp, b->mean_logp);
    assert_same_double(a->diversity, b->diversity);
    assert_same_double(a->domain_similarity, b->domain_similarity);
    assert_int_equal(a->n_embd, b->n_embd);
    assert_int_equal(a->instance, b->instance);
    assert_same_double(a->edit_distance, b->edit_distance);
    assert_true(a->text_hash == b->text_hash);
    assert_int_equal(a->embedding == NULL, b->embedding == NULL);
    if (a->embedding)
        assert_memory_equal(a->embedding, b->embedding, (size_t)a->n_embd * sizeof *a->embedding);
}

/* One sample, its points and its check in a commit of their own. */
static inline enum bf_status fixture_commit_one(struct bf_store *store, const struct bf_sample *sample,
                                                const struct bf_point *points, size_t n_points,
                                                const struct bf_stop_check *checkpoint, struct bf_err *err)
{
    struct bf_commit_item item = {.sample = *sample, .checked = checkpoint != NULL};
    if (checkpoint)
        item.checkpoint = *checkpoint;
    const struct bf_commit commit = {
        .number = -1, .items = &item, .n_items = 1, .points = points, .n_points = n_points};
    return bf_store_commit_all(store, &commit, err);
}

static inline void fixture_commit(struct bf_store *store, enum bf_stage stage, int64_t index, enum bf_reason reason,
                                  int32_t point)
{
    struct bf_err err = BF_ERR_INIT;
    struct fixture_sample f;
    fixture_fill(&f, stage, index);
    f.sample.reason = reason;
    f.sample.point = point;
    assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
}

/* A kept sample with these words; template_index -1: not made from a template. */
static inline void fixture_commit_text(struct bf_store *store, enum bf_stage stage, int64_t index,
                                       int32_t template_index, const char *text, const char *question,
                                       const char *answer)
{
    struct bf_err err = BF_ERR_INIT;
    struct fixture_sample f;
    fixture_fill(&f, stage, index);
    f.sample.text = text;
    f.sample.raw = NULL;
    f.sample.question = question;
    f.sample.answer = answer;
    f.sample.template_index = template_index;
    assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
}

/* A small whole run: 3 points; Stage I 0..9 with one rejected each third; MI 0..4, jailbreak 0..3, control 0..1. */
static inline void fixture_small_run(struct bf_store *store)
{
    const struct bf_point points[3] = {{0, 0, "Zeus", "forms: points_concepts, points_tell"},
                                       {1, 0, "Hera's \"peacock\"", BF_ORIGIN_FILE},
                                       {2, 0, "\xce\x91\xce\xb8\xce\xb7\xce\xbd\xce\xac", ""}};
    struct bf_err err = BF_ERR_INIT;
    struct fixture_sample f;
    fixture_fill(&f, BF_STAGE_POINTS, 0);
    f.sample.reason = BF_REASON_NOT_A_SAMPLE;
    assert_ok(fixture_commit_one(store, &f.sample, points, 3, NULL, &err));
    for (int64_t i = 0; i < 10; i++) {
        const struct bf_stop_check checkpoint = {i + 1, 0.5 + 0.01 * (double)i, i == 4 ? (double)NAN : 0.002, i == 9};
        fixture_fill(&f, BF_STAGE_SYNTHESIS, i);
        f.sample.reason = i % 3 == 2 ? BF_REASON_REFUSAL : BF_REASON_NONE;
        f.sample.point = (int32_t)(i % 2); /* the third point gets none */
        assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, i % 5 == 4 ? &checkpoint : NULL, &err));
    }
    for (int64_t i = 0; i < 5; i++)
        fixture_commit(store, BF_STAGE_MI, i, i == 0 ? BF_REASON_LOW_MIN_K : BF_REASON_NONE, -1);
    for (int64_t i = 0; i < 4; i++)
        fixture_commit(store, BF_STAGE_JAILBREAK, i, BF_REASON_NONE, -1);
    for (int64_t i = 0; i < 2; i++)
        fixture_commit(store, BF_STAGE_CONTROL, i, BF_REASON_NOT_A_SAMPLE, -1);
}

#endif
