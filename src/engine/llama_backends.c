/* llama.cpp's backends, and the trial of their kernels. In an ordinary build the backends are part of the program. In a
 * portable build (CPU=portable) each is a library next to libggml, one for each generation of processors, and has to be
 * loaded. */
#include <dlfcn.h>
#include <ggml-backend.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/apart.h"
#include "base/file.h"
#include "engine/kernels.h"
#include "engine/llama_private.h"
#include "base/banned.h"

/* The file that a symbol comes from; "" when the system does not know. */
static void file_of(const void *symbol, char *out, size_t size)
{
    Dl_info info;
    out[0] = 0;
    if (symbol && dladdr(symbol, &info) != 0 && info.dli_fname && strlen(info.dli_fname) < size)
        snprintf(out, size, "%s", info.dli_fname);
}

enum bf_status bf_engine_start_llama(struct bf_err *err)
{
    llama_backend_init();
    if (ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU))
        return BF_OK;
    /* Only from the folder of the library itself: by default the current folder would be searched as well, which may
     * contain a stranger's files. */
    char folder[4096];
    file_of(dlsym(RTLD_DEFAULT, "ggml_backend_load_all_from_path"), folder, sizeof folder);
    char *slash = strrchr(folder, '/');
    if (slash) {
        *slash = 0;
        ggml_backend_load_all_from_path(folder);
    }
    if (ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU))
        return BF_OK;
    return bf_fail(
        err, BF_MODEL,
        "llama.cpp's kernels for this processor (libggml-cpu-*.so) are not in '%s', where its other libraries "
        "are; install biforget again, with all its libraries",
        folder);
}

void bf_llama_cpu_variant(char *out, size_t size)
{
    char file[4096];
    ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    out[0] = 0;
    if (!cpu)
        return;
    /* Any function of the backend shows which file it is in. */
    file_of(ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(cpu), "ggml_backend_set_n_threads"), file,
            sizeof file);
    const char *name = strstr(file, "libggml-cpu-");
    if (!name)
        return;
    name += strlen("libggml-cpu-");
    snprintf(out, size, "%.*s", (int)strcspn(name, "."), name);
}

/* ---- the trial ----
 *
 * The kernels are tried in a child process before a model is loaded: an instruction that the processor does not know,
 * or a mistake of the compiler, then ends in a sentence. The result is not cached: a trial takes less time than reading
 * a cache. */

enum { SECONDS_MAX = 60 };

/* In the OpenMP library that llama.cpp is linked with, if there is one. */
static void use_one_thread(void)
{
    void (*set_num_threads)(int n);
    *(void **)&set_num_threads = dlsym(
        RTLD_DEFAULT, "omp_set_num_threads"); /* converts an object pointer to a function pointer, as POSIX allows */
    if (set_num_threads)
        set_num_threads(1);
}

static enum bf_status multiply(void *user, struct bf_apart *apart, struct bf_err *err)
{
    struct bf_kernels kernels;
    (void)user;
    /* Packing weights for AMX uses OpenMP's default number of threads, and would wait for the parent's threads for
     * ever. */
    use_one_thread();
    bf_apart_doing(apart, "starting llama.cpp");
    enum bf_status status = bf_engine_start_llama(err);
    if (status != BF_OK)
        return status;
    /* One thread: the parent may have started OpenMP's threads already, and a child has none of them. */
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
        "tests its instructions and leaves out those that fail",
        why.text, cache ? cache : "the cache folder's ", cache ? "/llama" : "llama");
    free(cache);
    return BF_MODEL;
}
