/* Run beside a llama.cpp that has just been built, or that the machine has: do its kernels live and tell the truth on this processor?
 *
 *   self_test [FOLDER]    FOLDER: where CPU backends lie that are libraries of their own
 *
 * One line: what was multiplied (exit code 0), or what went wrong while doing what (1). The work is done in a child process, once with one
 * thread and once with two. Whoever runs this takes any other exit code for a death outside of it. */
#include <ggml-backend.h>
#include <stdio.h>

#include "engine/kernels.h"

struct job {
    const char *folder;
    int n_threads;
};

static enum bf_status work(void *user, struct bf_apart *apart, struct bf_err *err)
{
    const struct job *job = user;
    struct bf_kernels kernels;
    bf_apart_doing(apart, "loading its backends");
    if (job->folder && !ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU))
        ggml_backend_load_all_from_path(job->folder);
    const enum bf_status status = bf_kernels_multiply(job->n_threads, &kernels, apart, err);
    if (status == BF_OK)
        bf_apart_doing(apart, "%d products with weights in %s memory", kernels.n_products, kernels.memories);
    return status;
}

int main(int argc, char **argv)
{
    struct bf_apart apart = {.signal = 0};
    struct bf_err err = BF_ERR_INIT;
    struct job job = {argc > 1 ? argv[1] : NULL, 1};
    for (; job.n_threads <= 2; job.n_threads++)
        if (bf_apart_run(work, &job, "it", 60, &apart, &err) != BF_OK) {
            printf("%s\n", err.text);
            return 1;
        }
    printf("%s\n", apart.doing);
    return 0;
}
