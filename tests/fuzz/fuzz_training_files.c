/* Any bytes as a training's files: settings.json and checkpoint.bin, a brace in front for the former. An error with a
 * sentence, or settings that are written as they were read, a checkpoint that is whole. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "unlearn/trainer.h"

#include "base/banned.h"

enum { N_TENSORS = 2, N_VALUES = 3, N_STEPS = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool held)
{
    if (!held)
        abort();
}

static void read_settings(const char *work)
{
    struct bf_unlearn_settings settings;
    struct bf_err err = BF_ERR_INIT;
    const enum bf_status status = bf_unlearn_read_settings(work, &settings, &err);
    require(status == BF_OK || err.text[0]);
    if (status == BF_OK) {
        struct bf_unlearn_settings again = {0};
        json_t *json = bf_unlearn_settings_json(&settings);
        require(bf_unlearn_settings_parse(json, &again, &err) == BF_OK);
        json_t *second = bf_unlearn_settings_json(&again);
        require(json_equal(json, second));
        json_decref(json);
        json_decref(second);
        bf_unlearn_settings_release(&again);
    }
    bf_unlearn_settings_release(&settings);
}

static void read_checkpoint(const char *work)
{
    float values[N_TENSORS][3][N_VALUES];
    struct bf_adamw_tensor tensors[N_TENSORS] = {0};
    struct bf_unlearn_point curve[N_STEPS];
    struct bf_err err = BF_ERR_INIT;
    const struct bf_unlearn_job job = {.work = work};
    struct bf_trainer trainer = {
        .job = &job, .tensors = tensors, .n_tensors = N_TENSORS, .curve = curve, .n_steps = N_STEPS};
    memset(trainer.identity, 'a', 64);
    for (size_t t = 0; t < N_TENSORS; t++) {
        tensors[t].weights = values[t][0];
        tensors[t].m = values[t][1];
        tensors[t].v = values[t][2];
        tensors[t].n = N_VALUES;
    }
    const enum bf_status status = bf_training_load(&trainer, &err);
    require(status == BF_OK ? trainer.step >= 0 && trainer.step <= N_STEPS : status == BF_STORE && err.text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *base = getenv("TMPDIR");
    const bool settings = n > 0 && data[0] == '{';
    char *dir = bf_path_join(base && *base ? base : "/tmp", "fuzz_training_XXXXXX");
    require(mkdtemp(dir) != NULL);
    char *path = bf_path_join(dir, settings ? "settings.json" : "checkpoint.bin");
    const int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    require(fd >= 0 && write(fd, data, n) == (ssize_t)n && close(fd) == 0);
    if (settings)
        read_settings(dir);
    else
        read_checkpoint(dir);
    require(unlink(path) == 0 && rmdir(dir) == 0);
    free(path);
    free(dir);
    return 0;
}
