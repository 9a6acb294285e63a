/* llama.cpp's backends. In an ordinary build they are in the program. In a portable build (CPU=portable) each is a library of its
 * own beside libggml, one for each generation of processors, and has to be loaded. */
#include <dlfcn.h>
#include <ggml-backend.h>
#include <stdio.h>
#include <string.h>

#include "engine/llama_private.h"
#include "base/banned.h"

/* The file that a symbol comes from; "" when the system does not say. */
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
    /* From the folder of the library itself and nowhere else: by default the current folder would be searched as well, and what lies
     * there may be a stranger's. */
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
    /* Any function of the backend will do: what counts is where it lies. */
    file_of(ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(cpu), "ggml_backend_set_n_threads"), file,
            sizeof file);
    const char *name = strstr(file, "libggml-cpu-");
    if (!name)
        return;
    name += strlen("libggml-cpu-");
    snprintf(out, size, "%.*s", (int)strcspn(name, "."), name);
}
