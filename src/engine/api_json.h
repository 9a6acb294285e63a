/* What the readers of servers' answers share (api_parse.c, api_parse_scores.c). Private to engine/. */
#ifndef BF_ENGINE_API_JSON_H
#define BF_ENGINE_API_JSON_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"

/* A JSON object, json_decref(); texts in it may hold a NUL. NULL: it is something else, said in *err as BF_MODEL. */
json_t *bf_api_json_load(const char *data, size_t n, struct bf_err *err);
/* Of `root`, borrowed; NULL when there is none, said in *err. NULL for NULL, without a word. */
const json_t *bf_api_json_first_choice(const json_t *root, struct bf_err *err);
/* From 0 to INT32_MAX; 0 for anything else. */
int32_t bf_api_json_count(const json_t *object, const char *key);
/* A finite number, false for anything else. */
bool bf_api_json_number(const json_t *value, double *out);
/* A log-probability from -FLT_MAX to 0. Rounding may lift that of a certain token a hair above 0. */
bool bf_api_json_logp(const json_t *value, double *out);

#endif
