/* One layout of a file of floats, timed, for bench/tsne.py: which builds this against build/libbiforget_core.a.
 *
 *     tsne FILE N N_DIMS exact|barnes_hut N_ITERATIONS N_THREADS NOISE SEED LAYOUT
 *
 * One line: seconds, divergence, iterations; the layout, doubles, goes into LAYOUT. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "quality/quality.h"

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
    struct bf_tsne_options options = bf_tsne_default();
    struct bf_tsne_result result = {0};
    struct bf_err err = BF_ERR_INIT;
    if (argc != 10)
        return 2;
    const size_t n = strtoul(argv[2], NULL, 10);
    const size_t n_dims = strtoul(argv[3], NULL, 10);
    options.method = strcmp(argv[4], "exact") == 0 ? BF_TSNE_EXACT : BF_TSNE_BARNES_HUT;
    options.n_iterations = strtoul(argv[5], NULL, 10);
    options.n_threads = strtoul(argv[6], NULL, 10);
    options.noise = strtod(argv[7], NULL);
    options.seed = strtoul(argv[8], NULL, 10);
    float *vectors = calloc(n * n_dims, sizeof *vectors);
    double *layout = calloc(n, 2 * sizeof *layout);
    FILE *in = fopen(argv[1], "rb");
    FILE *out = fopen(argv[9], "wb");
    int code = 3;
    if (vectors && layout && in && out && fread(vectors, sizeof *vectors, n * n_dims, in) == n * n_dims) {
        const double start = seconds_now();
        const enum bf_status status = bf_tsne(vectors, n, n_dims, &options, layout, &result, &err);
        (void)printf("%.4f %.6f %zu\n", seconds_now() - start, result.kl, result.n_iterations);
        if (status != BF_OK)
            (void)fprintf(stderr, "%s\n", err.text);
        else if (fwrite(layout, 2 * sizeof *layout, n, out) == n)
            code = 0;
    }
    if (in)
        (void)fclose(in);
    if (out && fclose(out) != 0)
        code = 5;
    free(layout);
    free(vectors);
    return code;
}
