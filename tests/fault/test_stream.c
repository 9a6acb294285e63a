/* A long run takes no memory that grows with its texts: samples are handed to the sink and forgotten. */
#include "synth_fixture.h"

#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* A sanitizer keeps freed memory on purpose and is slow: there the test only looks for what it finds. */
enum { N_SAMPLES = SANITIZED ? 5000 : 100000, LIMIT_MB = 40 };

static enum bf_status on_sample(void *user, const struct bf_sample *sample, const struct bf_point *points,
                                size_t n_points, const struct bf_stop_check *checkpoint, struct bf_err *err)
{
    int64_t *n_bytes = user;

    (void)points, (void)n_points, (void)checkpoint, (void)err;
    *n_bytes += (int64_t)strlen(sample->text);
    return BF_OK;
}

static long peak_mb(void)
{
    struct rusage usage;

    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss / 1024;
}

/* What stays of a kept sample is its signature for the search of duplicates, about 200 bytes: 32 minima of 2 bytes, 8
 * band keys and 8 links of 4, 8 chain heads of 4, and 4 places of 8 in the table of exact hashes = 192 bytes, up to
 * twice that right after the tables have doubled. For 131,072 places that is 25 MB. */
static void memory_stays_flat(void **state)
{
    struct engine_script script = fixture_script(16, 1);
    struct bf_request request;
    struct bf_template_set templates;
    struct bf_progress progress;
    struct bf_err err = BF_ERR_INIT;
    int64_t n_bytes = 0;
    const struct fixture_sink sink = {&n_bytes, on_sample, NULL};

    (void)state;
    script.all_sound = true;
    fixture_request(&request, &templates);
    request.samples_per_prompt = 10000;
    request.max_samples = N_SAMPLES;
    request.diversity_batch = 1000;
    struct bf_engine *engine = engine_script_open(&script);
    long before = peak_mb();
    if (fixture_synth(&request, &templates, engine, NULL, &sink, &progress, &err))
        fail_msg("%s", err.text);
    long growth = peak_mb() - before;
    printf("%lld samples kept, %lld MB of text, peak memory grew by %ld MB\n",
           (long long)progress.kept[BF_STAGE_SYNTHESIS], (long long)(n_bytes >> 20), growth);
    assert_int_equal(progress.committed[BF_STAGE_SYNTHESIS], N_SAMPLES);
    assert_true(progress.kept[BF_STAGE_SYNTHESIS] > N_SAMPLES - N_SAMPLES / 20);
    if (!SANITIZED)
        assert_true(growth < LIMIT_MB);
    bf_engine_close(engine);
    bf_template_set_release(&templates);
    bf_request_release(&request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_stays_flat)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
