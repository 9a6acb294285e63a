/* A wish is taken into a run's folder, and whether anything is left to do there. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "run/then.h"
#include "run/then_work.h"
#include "unlearn/unlearn.h"
#include "base/banned.h"

char *bf_then_retain_file(const char *dir, const struct bf_then_wish *wish)
{
    return wish->retain_set && wish->retain_set[0] ? bf_strdup(wish->retain_set) : bf_path_join(dir, "retain.jsonl");
}

/* What is gone has not changed; whoever needs it says that it is gone. */
static bool has_changed(const char *file, const char *sha256)
{
    char now[BF_SHA256_HEX];
    struct bf_err ignored = BF_ERR_INIT;
    return sha256[0] && bf_file_exists(file) && bf_sha256_file(file, now, &ignored) == BF_OK &&
           strcmp(now, sha256) != 0;
}

bool bf_then_pending(const char *dir, const struct bf_then_state *state)
{
    if (!state->wish.method)
        return false;
    char *forget = bf_path_join(dir, "forget.jsonl");
    char *output = state->output ? bf_path_join(dir, state->output) : NULL;
    char *retain = bf_then_retain_file(dir, &state->wish);
    const bool pending = !state->finished || !output || !bf_file_exists(output) ||
                         has_changed(forget, state->forget_sha256) || has_changed(retain, state->retain_sha256);
    free(forget);
    free(output);
    free(retain);
    return pending;
}

static void remove_checkpoint(const char *dir, const char *model)
{
    struct bf_buf path;
    bf_buf_init(&path, SIZE_MAX);
    bf_buf_printf(&path, "%s/%s.training", dir, model);
    if (!bf_is_link(path.data)) /* the folder may be a stranger's */
        bf_unlearn_remove_checkpoint(path.data);
    bf_buf_release(&path);
}

void bf_then_remove_checkpoints(const char *dir, const struct bf_then_wish *wish, bool rounds_only)
{
    char name[BF_THEN_NAME_MAX];
    snprintf(name, sizeof name, "unlearned-%.32s.gguf", wish->method);
    if (!rounds_only)
        remove_checkpoint(dir, name);
    for (size_t r = 0; r < BF_THEN_ROUNDS_MAX; r++) {
        bf_then_round_output(wish, r, name);
        remove_checkpoint(dir, name);
    }
}

/* The state of a new wish, with what holds of the old one: the model before unlearning is the same whatever the method.
 * All of it is borrowed. */
static struct bf_then_state renew(const struct bf_then_state *old, const struct bf_then_wish *wish)
{
    const bool same_texts = old->wish.method && strcmp(old->wish.retain_set, wish->retain_set) == 0;
    struct bf_then_state state = {.wish = *wish};
    if (old->wish.method && old->wish.eval_limit == wish->eval_limit) {
        state.steps[BF_THEN_FORGET_BEFORE] = old->steps[BF_THEN_FORGET_BEFORE];
        if (same_texts)
            state.steps[BF_THEN_RETAIN_BEFORE] = old->steps[BF_THEN_RETAIN_BEFORE];
    }
    memcpy(state.forget_sha256, old->forget_sha256, BF_SHA256_HEX);
    if (same_texts)
        memcpy(state.retain_sha256, old->retain_sha256, BF_SHA256_HEX);
    return state;
}

enum bf_status bf_then_begin(const char *dir, const struct bf_then_wish *wish, bf_then_check_fn *check,
                             struct bf_err *err)
{
    struct bf_then_state old;
    enum bf_status status = bf_then_read(dir, check, &old, err);
    if (status == BF_OK && !bf_then_wish_equal(&old.wish, wish)) {
        const struct bf_then_state state = renew(&old, wish);
        bf_then_remove_checkpoints(dir, wish, false); /* of other settings */
        status = bf_then_write(dir, &state, err);
    }
    bf_then_state_release(&old);
    return status;
}
