/* The page of a run: what goes into it, that nothing in it can get out of its place, and that any run has one. */
#include "store_fixture.h"

#include "base/hash.h"
#include "base/json.h"
#include "report/page.h"
#include "report/report.h"
#include "unit.h"
#include "base/banned.h"

static const char *const hostile = "</script><img src=x onerror=alert(1)> & \xe2\x80\xa8 <!-- {{data}} {{style}}";

static json_t *data_of(struct bf_store *store, const struct bf_page_options *options)
{
    const struct bf_page_options none = {.quality = NULL};
    struct bf_err err = BF_ERR_INIT;
    json_t *data = NULL;
    assert_ok(bf_page_data(store, options ? options : &none, &data, &err));
    assert_non_null(data);
    return data;
}

static char *html_of(const json_t *data)
{
    struct bf_buf html;
    bf_buf_init(&html, SIZE_MAX);
    bf_page_html(data, &html);
    return bf_buf_take(&html);
}

/* The text between two marks; free(). */
static char *between(const char *text, const char *from, const char *to)
{
    const char *start = strstr(text, from);
    assert_non_null(start);
    start += strlen(from);
    const char *end = strstr(start, to);
    assert_non_null(end);
    return bf_strndup(start, (size_t)(end - start));
}

static json_t *parsed(const char *text)
{
    struct bf_err err = BF_ERR_INIT;
    json_t *out = NULL;
    assert_ok(bf_json_parse(text, strlen(text), "the page's data", &out, &err));
    return out;
}

static void test_json_cannot_leave_its_script(void **state)
{
    (void)state;
    json_t *value = json_pack("[s, {s:s}]", hostile, "a<b>&", "\xe2\x80\xa9 \xe2\x80\xa6");
    struct bf_buf out;
    bf_buf_init(&out, SIZE_MAX);
    bf_page_put_json(&out, value);
    assert_null(strpbrk(out.data, "<>&"));
    assert_null(strstr(out.data, "\xe2\x80\xa8"));
    assert_null(strstr(out.data, "\xe2\x80\xa9"));
    assert_non_null(strstr(out.data, "\xe2\x80\xa6")); /* its neighbours stay */
    json_t *back = parsed(out.data);
    assert_true(json_equal(back, value));
    json_decref(back);
    json_decref(value);
    bf_buf_release(&out);
}

static void test_base64_of_a_known_digest(void **state)
{
    (void)state;
    char text[BF_SHA256_BASE64];
    bf_sha256_base64("abc", 3, text);
    assert_string_equal(text, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
}

/* The policy names exactly the style sheet and the script that stand in the page, and allows nothing else. */
static void test_policy_fits_the_page(void **state)
{
    (void)state;
    json_t *data = json_pack("{s:s, s:s}", "title", hostile, "x", hostile);
    char *html = html_of(data), digest[BF_SHA256_BASE64];
    char *policy = between(html, "Content-Security-Policy\" content=\"", "\"");
    char *style = between(html, "<style>", "</style>");
    char *script = between(html, "</script>\n<script>", "</script>");
    assert_contains(policy, "default-src 'none'");
    assert_null(strstr(policy, "unsafe"));
    assert_null(strstr(policy, "http"));
    bf_sha256_base64(style, strlen(style), digest);
    assert_contains(policy, digest);
    bf_sha256_base64(script, strlen(script), digest);
    assert_contains(policy, digest);
    assert_contains(script, "uPlot");
    assert_contains(script, "start(sections);");
    /* Two scripts, no image; the title is escaped and not expanded as a place. */
    size_t n = 0;
    for (const char *at = html; (at = strstr(at, "<script")); at++)
        n++;
    assert_int_equal(n, 2);
    assert_null(strstr(html, "<img"));
    assert_contains(html, "<title>&lt;/script&gt;&lt;img src=x");
    assert_contains(html, "{{style}} - biforget report</title>");
    assert_null(strstr(style, "url("));
    free(policy);
    free(style);
    free(script);
    free(html);
    json_decref(data);
}

/* No number in it is NaN: jansson would have refused it, and null stands for what is not known. */
static void test_whole_run(void **state)
{
    (void)state;
    char *dir = fixture_dir();
    char *path = bf_path_join(dir, "run");
    struct bf_store *store = fixture_create(path);
    fixture_small_run(store);
    const struct bf_run_state end = {.finished = true, .stop = BF_STOP_EXHAUSTED};
    struct bf_err err = BF_ERR_INIT;
    assert_ok(bf_store_set_state(store, &end, &err));
    json_t *data = data_of(store, NULL);
    assert_string_equal(json_string_value(json_object_get(data, "title")), "Greek mythology");
    const json_t *samples = json_object_get(data, "samples");
    assert_int_equal(json_integer_value(json_object_get(samples, "n")), 19); /* without lists and controls */
    assert_int_equal(json_array_size(json_object_get(samples, "rows")), 19);
    const json_t *coverage = json_object_get(data, "coverage");
    assert_int_equal(json_array_size(json_object_get(coverage, "points")), 3);
    const json_t *point = json_array_get(json_object_get(coverage, "points"), 0);
    assert_string_equal(json_string_value(json_array_get(point, 0)), "Zeus");
    const json_t *rejected = json_object_get(data, "rejected");
    assert_int_equal(json_array_size(rejected), 2);
    for (size_t r = 0; r < 2; r++)
        if (strcmp(json_string_value(json_object_get(json_array_get(rejected, r), "reason")), "refusal") == 0) {
            assert_int_equal(json_integer_value(json_object_get(json_array_get(rejected, r), "n")), 3);
            assert_int_equal(json_array_size(json_object_get(json_array_get(rejected, r), "examples")), 3);
        }
    const json_t *traces = json_object_get(json_object_get(data, "trace"), "traces");
    assert_int_equal(json_array_size(traces), 1);
    assert_int_equal(json_array_size(json_object_get(json_array_get(traces, 0), "checks")), 2);
    assert_int_equal(json_array_size(json_object_get(json_array_get(traces, 0), "points")), 7);
    /* The fixture's request has no tau, and nothing was measured: both say why. */
    assert_non_null(json_object_get(json_object_get(data, "min_k"), "why"));
    assert_non_null(json_object_get(json_object_get(data, "map"), "why"));
    char *html = html_of(data);
    char *inside = between(html, "id=\"data\">", "</script>");
    json_t *back = parsed(inside);
    assert_true(json_equal(back, data));
    json_decref(back);
    free(inside);
    free(html);
    json_decref(data);
    bf_store_close(store);
    free(path);
    fixture_remove(dir);
}

/* The verdict, the numbers behind it and what decided it, in each of the three forms. */
static void test_knowledge_by_questions(void **state)
{
    (void)state;
    char *dir = fixture_dir();
    char *path = bf_path_join(dir, "run");
    struct bf_store *store = fixture_create(path);
    fixture_small_run(store);
    struct bf_run_state end = {.finished = true,
                               .stop = BF_STOP_EXHAUSTED,
                               .knowledge = {.verdict = BF_KNOWLEDGE_LITTLE,
                                             .n_domain = 20,
                                             .n_control = 12,
                                             .agreement_domain = 0.9,
                                             .agreement_control = 0.2,
                                             .n_questions = 41,
                                             .n_verified = 9,
                                             .control_questions = 12,
                                             .control_verified = 3}};
    struct bf_err err = BF_ERR_INIT;
    assert_ok(bf_store_set_state(store, &end, &err));
    json_t *data = data_of(store, NULL), *summary = NULL;
    const json_t *check = json_array_get(json_object_get(data, "knowledge"), 0);
    assert_contains(json_string_value(json_object_get(check, "sentence")), "asked without the texts");
    const json_t *row = json_array_get(json_object_get(check, "figures"), 0);
    assert_true(fabs(json_number_value(json_array_get(row, 1)) - 9.0 / 41) < 1e-6);
    assert_true(fabs(json_number_value(json_array_get(row, 2)) - 0.25) < 1e-6);
    assert_ok(bf_report_json(store, &summary, &err));
    const json_t *k = json_object_get(summary, "knowledge");
    assert_string_equal(json_string_value(json_object_get(k, "decided_by")), "questions");
    assert_int_equal(json_integer_value(json_object_get(k, "n_verified")), 9);
    assert_int_equal(json_integer_value(json_object_get(k, "control_questions")), 12);
    json_decref(summary);
    char text[16384] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    assert_ok(bf_report_text(store, 0, out, &err));
    fclose(out);
    assert_contains(text, "LITTLE KNOWLEDGE of this domain: asked without the texts");
    assert_contains(text, "without the text: 9 of 41 (invented topic 3 of 12)");
    assert_contains(text, "agreement between texts on one point 0.90"); /* shown, though it did not decide */
    /* Without questions agreement decides, and the page has no row of questions. */
    end.knowledge.n_questions = end.knowledge.n_verified = 0;
    end.knowledge.control_questions = end.knowledge.control_verified = 0;
    assert_ok(bf_store_set_state(store, &end, &err));
    json_decref(data);
    data = data_of(store, NULL);
    check = json_array_get(json_object_get(data, "knowledge"), 0);
    assert_int_equal(json_array_size(json_object_get(check, "figures")), 4);
    assert_contains(json_string_value(json_object_get(check, "sentence")), "varies nearly as much");
    json_decref(data);
    bf_store_close(store);
    free(path);
    fixture_remove(dir);
}

static void test_empty_run(void **state)
{
    (void)state;
    char *dir = fixture_dir();
    char *path = bf_path_join(dir, "run");
    struct bf_store *store = fixture_create(path);
    const struct bf_page_options options = {.why = "no text is kept yet"};
    json_t *data = data_of(store, &options);
    assert_false(json_is_true(json_object_get(data, "finished")));
    assert_string_equal(json_string_value(json_object_get(json_object_get(data, "map"), "why")), "no text is kept yet");
    assert_int_equal(json_array_size(json_object_get(json_object_get(data, "samples"), "rows")), 0);
    assert_true(json_array_size(json_object_get(data, "words")) >= 2);
    json_decref(data);
    bf_store_close(store);
    free(path);
    fixture_remove(dir);
}

/* Whatever the run, the page keeps to its size, and says how many samples it shows. */
static void test_size_is_kept(void **state)
{
    (void)state;
    char *dir = fixture_dir();
    char *path = bf_path_join(dir, "run");
    struct bf_store *store = fixture_create(path);
    struct bf_err err = BF_ERR_INIT;
    char text[1200];
    for (int64_t i = 0; i < 300; i++) {
        struct fixture_sample f;
        fixture_fill(&f, BF_STAGE_SYNTHESIS, i);
        memset(text, i % 2 ? '<' : 'x', sizeof text - 1); /* an escape is six times as long */
        text[sizeof text - 1] = '\0';
        f.sample.text = text;
        f.sample.raw = NULL;
        assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
    }
    const struct bf_page_options options = {.max_bytes = 300000};
    json_t *data = data_of(store, &options);
    const json_t *samples = json_object_get(data, "samples");
    const size_t shown = json_array_size(json_object_get(samples, "rows"));
    assert_int_equal(json_integer_value(json_object_get(samples, "n")), 300);
    assert_in_range(shown, 10, 299);
    char *html = html_of(data);
    assert_in_range(strlen(html), 200000, 300000);
    free(html);
    json_decref(data);
    bf_store_close(store);
    free(path);
    fixture_remove(dir);
}

/* A word that many rows share stands once; bytes that are no UTF-8, and control characters, do not get through. */
static void test_hostile_samples(void **state)
{
    (void)state;
    char *dir = fixture_dir();
    char *path = bf_path_join(dir, "run");
    struct bf_store *store = fixture_create(path);
    struct bf_err err = BF_ERR_INIT;
    struct fixture_sample f;
    fixture_fill(&f, BF_STAGE_SYNTHESIS, 0);
    f.sample.text = hostile;
    f.sample.raw = NULL;
    assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
    fixture_fill(&f, BF_STAGE_SYNTHESIS, 1);
    f.sample.text = "bad \xff\xc3 bytes \x1b[31m";
    f.sample.raw = NULL;
    assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
    json_t *data = data_of(store, NULL);
    const json_t *rows = json_object_get(json_object_get(data, "samples"), "rows");
    const json_t *first = json_array_get(rows, 0), *second = json_array_get(rows, 1);
    const size_t text = json_array_size(first) - 1;
    assert_string_equal(json_string_value(json_array_get(first, text)), hostile);
    assert_null(strchr(json_string_value(json_array_get(second, text)), '\x1b'));
    assert_contains(json_string_value(json_array_get(second, text)), "bad \xef\xbf\xbd");
    assert_int_equal(json_integer_value(json_array_get(first, 2)), json_integer_value(json_array_get(second, 2)));
    json_decref(data);
    bf_store_close(store);
    free(path);
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_cannot_leave_its_script),
        cmocka_unit_test(test_base64_of_a_known_digest),
        cmocka_unit_test(test_policy_fits_the_page),
        cmocka_unit_test(test_whole_run),
        cmocka_unit_test(test_knowledge_by_questions),
        cmocka_unit_test(test_empty_run),
        cmocka_unit_test(test_size_is_kept),
        cmocka_unit_test(test_hostile_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
