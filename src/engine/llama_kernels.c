/* The kernels of llama.cpp are tried in a child process before a model is loaded: what a processor refuses, or a compiler got wrong, ends
 * in a sentence then. Nothing is remembered of it: it takes less time than looking for a note about it. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/apart.h"
#include "base/file.h"
#include "engine/kernels.h"
#include "engine/llama_private.h"
#include "base/banned.h"

enum { SECONDS_MAX = 60 };

/* Of the OpenMP library that llama.cpp is linked with, where it has one. */
static void use_one_thread(void)
{
    void (*set_num_threads)(int n);
    *(void **)&set_num_threads =
        dlsym(RTLD_DEFAULT, "omp_set_num_threads"); /* an object pointer made a function's, as POSIX allows */
    if (set_num_threads)
        set_num_threads(1);
}

static enum bf_status multiply(void *user, struct bf_apart *apart, struct bf_err *err)
{
    struct bf_kernels kernels;
    (void)user;
    /* Packing weights for AMX takes OpenMP's default number, and would wait for the parent's threads for ever. */
    use_one_thread();
    bf_apart_doing(apart, "starting llama.cpp");
    enum bf_status status = bf_engine_start_llama(err);
    if (status != BF_OK)
        return status;
    /* One thread: OpenMP's may be at work in the parent already, and a child has none of them. */
    status = bf_kernels_multiply(1, &kernels, apart, err);
    if (status == BF_OK)
        bf_apart_doing(apart, "%d products with weights in %s memory", kernels.n_products, kernels.memories);
    return status;
}

enum bf_status bf_engine_check_kernels(char *tested, size_t size, struct bf_err *err)
{
    struct bf_apart apart;
    struct bf_err why = BF_ERR_INIT;
    const enum bf_status status = bf_apart_run(multiply, NULL, "llama.cpp", SECONDS_MAX, &apart, &why);
    if (tested)
        snprintf(tested, size, "%s", status == BF_OK ? apart.doing : "");
    if (status != BF_MODEL)
        return status == BF_OK ? BF_OK : bf_fail(err, status, "%s", why.text);
    char *cache = bf_cache_dir();
    bf_fail(
        err, BF_MODEL,
        "%s, on this processor: the program was built for another one, or its compiler makes mistakes; build it "
        "again on this machine: delete %s%s, where the built llama.cpp is kept, then 'make clean' and 'make', which "
        "tries its instructions and leaves such ones out",
        why.text, cache ? cache : "the cache folder's ", cache ? "/llama" : "llama");
    free(cache);
    return BF_MODEL;
}
