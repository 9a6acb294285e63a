/* What the remote engine refuses before it has sent anything, and that no secret is repeated. */
#include "unit.h"

#include "engine/engine.h"

static void assert_refused(struct bf_api_options o, enum bf_status status, const char *words)
{
    struct bf_engine *engine = (struct bf_engine *)(void *)1;
    struct bf_err err = BF_ERR_INIT;

    assert_int_equal(bf_engine_open_api(&o, &engine, &err), status);
    assert_null(engine);
    assert_error(err, status, words);
    if (strstr(err.text, "hunter2"))
        fail_msg("a secret in: %s", err.text);
}

static void addresses_that_cannot_be(void **state)
{
    static const struct {
        const char *endpoints, *words;
    } cases[] = {
        {NULL, "no server given"},
        {"", "no server given"},
        {",", "needs addresses"},
        {"http://a/v1,", "needs addresses"},
        {"http://a/v1,,http://b/v1", "needs addresses"},
        {"http://a /v1", "needs addresses"},
        {"http://a/v1\n", "needs addresses"},
        {"ftp://a/v1", "neither http nor https"},
        {"file:///etc/passwd", "not a URL"},
        {"http://", "not a URL"},
        {"localhost:8080/v1", "not a URL"},
        {"http://me:hunter2@a/v1", "'http://...@a/v1' has a user name or password in it"},
        {"http://hunter2@a/v1", "BIFORGET_API_KEY"},
        {"http://a/v1?key=hunter2", "'http://a/v1?...' has more than a path"},
        {"http://a/v1#x", "more than a path"},
        {"http://hunter2?x@a/v1", "'http://...' has more than a path"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct bf_api_options o = bf_api_default_options();

        o.endpoints = cases[i].endpoints;
        assert_refused(o, BF_USAGE, cases[i].words);
    }
}

static void too_many_of_anything(void **state)
{
    static char many[4096], name[600];
    struct bf_api_options o = bf_api_default_options();

    (void)state;
    for (int i = 0; i < 65; i++)
        (void)snprintf(many + strlen(many), sizeof many - strlen(many), "%shttp://127.0.0.1:%d/v1", i ? "," : "",
                       9000 + i);
    o.endpoints = many;
    assert_refused(o, BF_USAGE, "at most 64 addresses");
    o.endpoints = "http://127.0.0.1:1/v1";
    o.n_parallel = 1025;
    assert_refused(o, BF_USAGE, "--parallel 1025");
    o.n_parallel = -1;
    assert_refused(o, BF_USAGE, "--parallel -1");
    o.n_parallel = 0;
    memset(name, 'm', sizeof name - 1);
    o.model = name;
    assert_refused(o, BF_USAGE, "longer than 255 bytes");
}

static void keys_that_would_break_the_header(void **state)
{
    static const char *const keys[] = {"hunter2 ", "hunter2\r\nX-Evil: 1", "\x7Fhunter2", "hunter2\n"};
    struct bf_api_options o = bf_api_default_options();

    (void)state;
    o.endpoints = "http://127.0.0.1:1/v1";
    for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
        o.api_key = keys[i];
        assert_refused(o, BF_USAGE, "BIFORGET_API_KEY has");
    }
}

/* Port 1 of loopback: refused at once, given up after two seconds and not after five minutes. */
static void nobody_is_there(void **state)
{
    struct bf_api_options o = bf_api_default_options();

    (void)state;
    unsetenv("http_proxy");
    o.endpoints = "http://127.0.0.1:1/v1";
    o.api_key = "hunter2";
    assert_refused(o, BF_MODEL, "no server answers (http://127.0.0.1:1/v1: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_that_cannot_be),
        cmocka_unit_test(too_many_of_anything),
        cmocka_unit_test(keys_that_would_break_the_header),
        cmocka_unit_test(nobody_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
