/* DIR/closed-loop.json: the wish, and what came of it so far. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "run/then.h"
#include "unlearn/unlearn.h"
#include "base/banned.h"

enum { STATE_MAX = 64 * 1024 * 1024 };

static const char file_name[] = "closed-loop.json";

/* Names of files are made of the method, and the options become words of a command line. */
static enum bf_status check_wish(const json_t *state, bf_then_check_fn *check, const char *path, struct bf_err *err)
{
    struct bf_err why = BF_ERR_INIT;
    const json_t *wish = json_object_get(state, "wish");
    const char *method = json_string_value(json_object_get(wish, "method"));
    if (!(method && bf_method_find(method)))
        return bf_fail(err, BF_INPUT, "'%s' is no record of unlearning; remove it to begin anew", path);
    if (check(json_object_get(wish, "options"), &why) != BF_OK)
        return bf_fail(err, BF_INPUT, "'%s' cannot be gone on with: %s; remove it to begin anew", path, why.text);
    return BF_OK;
}

enum bf_status bf_then_read(const char *dir, bf_then_check_fn *check, json_t **state, struct bf_err *err)
{
    struct bf_buf text;
    char *path = bf_path_join(dir, file_name);
    enum bf_status status = BF_OK;
    *state = NULL;
    bf_buf_init(&text, STATE_MAX);
    if (bf_file_exists(path)) {
        status = bf_file_read(path, &text, err);
        if (status == BF_OK)
            status = bf_json_parse(text.data, text.len, path, state, err);
        if (status == BF_OK)
            status = check_wish(*state, check, path, err);
        if (status != BF_OK) {
            json_decref(*state);
            *state = NULL;
        }
    }
    bf_buf_release(&text);
    free(path);
    return status;
}

enum bf_status bf_then_write(const char *dir, const json_t *state, struct bf_err *err)
{
    char *path = bf_path_join(dir, file_name);
    const enum bf_status status = bf_json_write(path, state, err);
    free(path);
    return status;
}

char *bf_then_retain_file(const char *dir, const json_t *wish)
{
    const char *file = json_string_value(json_object_get(wish, "retain_set"));
    return file && file[0] ? bf_strdup(file) : bf_path_join(dir, "retain.jsonl");
}

/* What is gone has not changed; whoever needs it says that it is gone. */
static bool has_changed(const char *file, const json_t *sha256)
{
    char now[BF_SHA256_HEX];
    struct bf_err ignored = BF_ERR_INIT;
    return json_is_string(sha256) && bf_file_exists(file) && bf_sha256_file(file, now, &ignored) == BF_OK &&
           strcmp(now, json_string_value(sha256)) != 0;
}

bool bf_then_pending(const char *dir, const json_t *state)
{
    if (!state)
        return false;
    const char *name = json_string_value(json_object_get(state, "output"));
    char *forget = bf_path_join(dir, "forget.jsonl"), *output = bf_path_join(dir, name ? name : "");
    char *retain = bf_then_retain_file(dir, json_object_get(state, "wish"));
    const bool pending = !json_is_true(json_object_get(state, "finished")) || !bf_file_exists(output) ||
                         has_changed(forget, json_object_get(state, "forget_sha256")) ||
                         has_changed(retain, json_object_get(state, "retain_sha256"));
    free(forget);
    free(output);
    free(retain);
    return pending;
}

static bool same(const json_t *a, const json_t *b, const char *key)
{
    return json_equal(json_object_get(a, key), json_object_get(b, key)) == 1;
}

/* The model as it was is the same whatever the method. */
static void keep_before(const json_t *old, const json_t *wish, json_t *steps)
{
    const json_t *was = json_object_get(old, "wish"), *done = json_object_get(old, "steps");
    json_t *forget = json_object_get(done, "forget before"), *retain = json_object_get(done, "retain before");
    if (!same(was, wish, "eval_limit"))
        return;
    if (forget)
        json_object_set(steps, "forget before", forget);
    if (retain && same(was, wish, "retain_set"))
        json_object_set(steps, "retain before", retain);
}

/* A checkpoint of an earlier wish is of other settings. */
static void forget_checkpoint(const char *dir, const json_t *wish)
{
    struct bf_buf path;
    bf_buf_init(&path, SIZE_MAX);
    bf_buf_printf(&path, "%s/unlearned-%s.gguf.training", dir, json_string_value(json_object_get(wish, "method")));
    bf_unlearn_remove_checkpoint(path.data);
    bf_buf_release(&path);
}

enum bf_status bf_then_begin(const char *dir, const json_t *wish, bf_then_check_fn *check, struct bf_err *err)
{
    json_t *old = NULL, *steps = json_object();
    enum bf_status status = bf_then_read(dir, check, &old, err);
    if (status == BF_OK && !json_equal(json_object_get(old, "wish"), wish)) {
        keep_before(old, wish, steps);
        forget_checkpoint(dir, wish);
        json_t *state =
            json_pack("{s:O, s:b, s:O}", "wish", (json_t *)(uintptr_t)wish, "finished", false, "steps", steps);
        if (json_object_get(old, "forget_sha256"))
            json_object_set(state, "forget_sha256", json_object_get(old, "forget_sha256"));
        if (json_object_get(old, "retain_sha256") && same(json_object_get(old, "wish"), wish, "retain_set"))
            json_object_set(state, "retain_sha256", json_object_get(old, "retain_sha256"));
        status = bf_then_write(dir, state, err);
        json_decref(state);
    }
    json_decref(steps);
    json_decref(old);
    return status;
}
