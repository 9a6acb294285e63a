#include "engine/api_json.h"

#include <float.h>
#include <math.h>

#include "base/banned.h"

json_t *bf_api_json_load(const char *data, size_t n, struct bf_err *err)
{
    json_error_t error;
    json_t *root = json_loadb(data, n, JSON_ALLOW_NUL, &error);
    if (!root)
        bf_fail(err, BF_MODEL, "it is not valid JSON at byte %d: %s", error.position, error.text);
    else if (!json_is_object(root))
        bf_fail(err, BF_MODEL, "it is not a JSON object");
    else
        return root;
    json_decref(root);
    return NULL;
}

const json_t *bf_api_json_first_choice(const json_t *root, struct bf_err *err)
{
    const json_t *choice = json_array_get(json_object_get(root, "choices"), 0);
    if (json_is_object(choice))
        return choice;
    if (root)
        bf_fail(err, BF_MODEL, "it has no choices");
    return NULL;
}

int32_t bf_api_json_count(const json_t *object, const char *key)
{
    const json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 && value <= INT32_MAX ? (int32_t)value : 0;
}

bool bf_api_json_number(const json_t *value, double *out)
{
    *out = json_number_value(value);
    return json_is_number(value) && isfinite(*out);
}

bool bf_api_json_logp(const json_t *value, double *out)
{
    if (!bf_api_json_number(value, out) || *out > 1e-3)
        return false;
    *out = *out < 0.0 ? *out : 0.0;
    *out = *out > -(double)FLT_MAX ? *out : -(double)FLT_MAX;
    return true;
}
