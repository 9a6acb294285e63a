/* A JSON document with one place of it changed: for tests of readers that name the field that is wrong. */
#ifndef BF_TEST_CHANGED_JSON_H
#define BF_TEST_CHANGED_JSON_H
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/json.h"

/* `whole` with the value at `place` replaced, or removed with NULL; free(). `place` is a path of keys with '/' between
 * them; numbers are places in lists. */
static inline char *changed_json(const char *whole, const char *place, const char *value)
{
    char path[128], *rest = NULL;
    json_t *all = json_loads(whole, 0, NULL), *at = all;
    snprintf(path, sizeof path, "%s", place);
    char *key = strtok_r(path, "/", &rest);
    for (char *next = strtok_r(NULL, "/", &rest); next; key = next, next = strtok_r(NULL, "/", &rest))
        at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10)) : json_object_get(at, key);
    assert_non_null(at);
    json_t *new = value ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL;
    assert_true(new || !value);
    if (!value)
        assert_int_equal(json_object_del(at, key), 0);
    else if (json_is_array(at))
        assert_int_equal(json_array_set_new(at, strtoul(key, NULL, 10), new), 0);
    else
        assert_int_equal(json_object_set_new(at, key, new), 0);
    char *text = bf_json_dump(all);
    json_decref(all);
    return text;
}

#endif
