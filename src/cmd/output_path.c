#include "cmd/output_path.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "engine/models.h"
#include "base/banned.h"

/* report.html is not in the list, because people overwrite a page on purpose. */
static const char *const run_files[] = {"run.db",           "run.db-wal",      "run.db-shm",   "run.lock",
                                        "forget.jsonl",     "retain.jsonl",    "probes.jsonl", "neighbours.jsonl",
                                        "closed-loop.json", "closed-loop.lock"};
enum { N_FILES = sizeof run_files / sizeof *run_files };

/* Sets are named NAME=PATH and PATH:VARIANT, too. free(); NULL when the word is only a path. */
static char *path_within(const char *word)
{
    const char *equal = strchr(word, '=');
    char *path = bf_strdup(equal ? equal + 1 : word);
    char *colon = strrchr(path, ':');
    if (colon)
        *colon = '\0';
    if (equal || colon)
        return path;
    free(path);
    return NULL;
}

/* An input, and the files of a run in it. Returns the new n. */
static size_t add(char **all, size_t n, const char *input)
{
    all[n++] = bf_strdup(input);
    for (size_t f = 0; f < N_FILES && bf_is_dir(input); f++)
        all[n++] = bf_path_join(input, run_files[f]);
    return n;
}

enum bf_status bf_output_path(const char *path, enum bf_output_kind kind, const char *const *inputs, size_t n_inputs,
                              struct bf_err *err)
{
    char **all = bf_array(3 * n_inputs * (N_FILES + 1) + 1, sizeof *all);
    size_t n = 0;
    for (size_t i = 0; i < n_inputs; i++) {
        if (!inputs[i])
            continue;
        char *within = path_within(inputs[i]), *model = NULL;
        n = add(all, n, inputs[i]);
        if (within)
            n = add(all, n, within);
        if (!bf_file_exists(inputs[i]) && bf_model_path(inputs[i], &model, NULL) == BF_OK)
            n = add(all, n, model); /* a name of 'biforget models' */
        free(within);
        free(model);
    }
    const struct bf_output output = {path, kind, (const char *const *)all, n};
    const enum bf_status status = bf_output_check(&output, err);
    for (size_t i = 0; i < n; i++)
        free(all[i]);
    free(all);
    return status;
}

enum bf_status bf_output_lock(const char *out, char **path, int *fd, struct bf_err *err)
{
    struct bf_buf name, what;
    char *real = realpath(out, NULL); /* two names of one file */
    bf_buf_init(&name, SIZE_MAX);
    bf_buf_init(&what, SIZE_MAX);
    bf_buf_printf(&name, "%s.lock", real ? real : out);
    bf_buf_printf(&what, "'%s'", out);
    *path = bf_buf_take(&name);
    const enum bf_status status = bf_lock_claim(*path, what.data, fd, NULL, err);
    if (status != BF_OK) {
        free(*path);
        *path = NULL;
    }
    bf_buf_release(&what);
    free(real);
    return status;
}

void bf_output_unlock(char *path, int fd)
{
    if (path)
        bf_lock_remove(path, fd);
    free(path);
}
