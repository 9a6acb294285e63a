/* Before sets are measured: what they say about themselves, and which models measure them. */
#include "tiny_text_model.h"

#include "store_fixture.h"

#include "base/hash.h"
#include "measure/measure_open.h"

static char *said;
static size_t n_said;
static FILE *stream;
static struct bf_log test_log;
static char sha256[BF_SHA256_HEX];

static void make_run(const char *dir, const char *kind, const char *topic, const char *model, const char *hash)
{
    char request[128];
    struct bf_run run = fixture_run();
    const struct bf_template_set templates = fixture_templates();
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = NULL;
    snprintf(request, sizeof request, "{\"topic\":\"%s\"}", topic);
    run.kind = kind;
    run.request_kind = kind;
    run.request_json = request;
    run.model_path = model;
    run.model_sha256 = hash;
    assert_ok(bf_store_create(dir, &run, &templates, &store, &err));
    bf_store_close(store);
}

static int enter(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    if (enter_scratch(state) != 0)
        return -1;
    stream = open_memstream(&said, &n_said);
    bf_log_init(&test_log, stream, false);
    tiny_text_write("tiny.gguf", NULL, NULL);
    if (bf_sha256_file("tiny.gguf", sha256, &err) != BF_OK)
        return -1;
    make_run("import", "import", "papers", "", "");
    make_run("greek", "domain", "Greek mythology", "tiny.gguf", sha256);
    make_run("norse", "textbook", "Norse mythology", "elsewhere.gguf", "0123456789abcdef");
    write_text("texts.txt", "Zeus.\n");
    return 0;
}

static int leave(void **state)
{
    (void)fclose(stream);
    free(said);
    return leave_scratch(state);
}

static struct bf_quality_job job_of(const char *const *sets, size_t n)
{
    struct bf_quality_job job = bf_quality_job_default();
    job.sets = sets;
    job.n_sets = n;
    job.log = &test_log;
    return job;
}

static void what_the_first_run_says(void **state)
{
    static const char *const sets[] = {"texts.txt", "import", "greek:fix", "norse"}, *const turned[] = {"norse",
                                                                                                        "greek"};
    struct bf_quality_first first = {0};
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    /* The topic of an import is only a name, and it has no model. */
    struct bf_quality_job job = job_of(sets, 4);
    assert_ok(bf_quality_look(&job, &first, &err));
    assert_string_equal(first.topic, "Greek mythology");
    assert_string_equal(first.model_path, "tiny.gguf");
    assert_string_equal(first.model_sha256, sha256);
    bf_quality_first_release(&first);
    job = job_of(turned, 2);
    assert_ok(bf_quality_look(&job, &first, &err));
    assert_string_equal(first.topic, "Norse mythology");
    assert_string_equal(first.model_path, "elsewhere.gguf");
    bf_quality_first_release(&first);
    job = job_of(sets, 2);
    assert_ok(bf_quality_look(&job, &first, &err));
    assert_false(first.topic || first.model_path);
    bf_quality_first_release(&first);
}

static void a_bad_set_is_found_before_a_model_is_loaded(void **state)
{
    static const char *const sets[] = {"greek", "nowhere"};
    struct bf_quality_first first = {0};
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    const struct bf_quality_job job = job_of(sets, 2);
    assert_int_equal(bf_quality_look(&job, &first, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "'nowhere'");
    bf_quality_first_release(&first);
}

static enum bf_status open_models(const char *model, const char *embedder, char *run_model, char *run_sha256,
                                  struct bf_quality_job *job, struct bf_quality_models *models, struct bf_err *err)
{
    const struct bf_quality_first first = {.model_path = run_model, .model_sha256 = run_sha256};
    const struct bf_quality_wanted wanted = {.model = model, .embedder = embedder, .n_threads = 1};
    *job = job_of(NULL, 0);
    return bf_quality_open_models(job, &wanted, &first, models, err);
}

static void the_runs_model_or_the_one_that_is_given(void **state)
{
    static char tiny[] = "tiny.gguf", wrong[] = "fedcba9876543210", gone[] = "gone.gguf";
    struct bf_quality_job job;
    struct bf_quality_models models;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    assert_ok(open_models(NULL, NULL, tiny, sha256, &job, &models, &err));
    assert_non_null(job.model.engine);
    assert_string_equal(job.model.path, "tiny.gguf");
    assert_string_equal(job.model.sha256, sha256);
    assert_null(job.embedder.engine); /* its own hidden states */
    bf_quality_close_models(&job, &models);
    assert_null(job.model.engine);

    /* Another file under the run's name: an error, unless it is asked for. */
    assert_int_equal(open_models(NULL, NULL, tiny, wrong, &job, &models, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "fedcba987654");
    bf_quality_close_models(&job, &models);
    assert_ok(open_models("tiny.gguf", "model", tiny, wrong, &job, &models, &err));
    (void)fflush(stream);
    assert_contains(said, "not the model that wrote the run");
    assert_null(job.embedder.engine);
    bf_quality_close_models(&job, &models);

    assert_int_equal(open_models(NULL, NULL, gone, sha256, &job, &models, &err), BF_MODEL);
    assert_contains(err.text, "gone.gguf");
    bf_quality_close_models(&job, &models);
}

static void an_embedder_of_its_own(void **state)
{
    static char tiny[] = "tiny.gguf";
    struct bf_quality_job job;
    struct bf_quality_models models;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    assert_ok(open_models(NULL, "./tiny.gguf", tiny, sha256, &job, &models, &err));
    assert_non_null(job.embedder.engine);
    assert_true(job.embedder.engine != job.model.engine);
    assert_string_equal(job.embedder.path, "./tiny.gguf");
    assert_string_equal(job.embedder.sha256, sha256);
    bf_quality_close_models(&job, &models);
    assert_int_equal(open_models(NULL, "gone.gguf", tiny, sha256, &job, &models, &err), BF_MODEL);
    bf_quality_close_models(&job, &models);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_first_run_says),
        cmocka_unit_test(a_bad_set_is_found_before_a_model_is_loaded),
        cmocka_unit_test(the_runs_model_or_the_one_that_is_given),
        cmocka_unit_test(an_embedder_of_its_own),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
