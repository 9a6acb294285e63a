/* What an address has besides host and path is not for people to see. */
#include "unit.h"

#include "base/url.h"

static void secrets_are_not_shown(void **state)
{
    static const struct {
        const char *url, *shown;
    } cases[] = {
        {"http://host:8080/v1", "http://host:8080/v1"},
        {"http://user:word@host/v1", "http://...@host/v1"},
        {"https://word@host/v1?api_key=secret", "https://...@host/v1?..."},
        {"http://host/v1?api_key=a@b", "http://..."},
        {"http://host/v1#secret", "http://host/v1#..."},
        {"http://u:p@ss@host", "http://...@host"},
        {"http://u:p/w@host", "http://...@host"},
        {"user:word@host", "...@host"},
        {"http://a/v1,http://u:p@b/v1", "http://a/v1,http://...@b/v1"},
        /* Characters that should have been escaped. */
        {"http://user:pa,ss@host/v1", "http://...@host/v1"},
        {"http://user:pa?ss@host/v1", "http://..."},
        {"http://user:pa#ss@host/v1?key=word", "http://..."},
        {"http://host/v1?key=ab,cd", "http://host/v1?..."},
        {"http://host/v1?key=ab,cd,https://u:p,w@b/v1", "http://host/v1?...,https://...@b/v1"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char *shown = bf_url_shown(cases[i].url);
        assert_string_equal(shown, cases[i].shown);
        free(shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(secrets_are_not_shown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
