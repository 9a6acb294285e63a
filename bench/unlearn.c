/* Steps of training, timed, for bench/unlearn.py, which builds this against build/libbiforget_core.a.
 *
 *     unlearn MODEL.gguf full|lora|rmu N_SEQUENCES N_TOKENS N_THREADS N_STEPS f32|bf16
 *
 * A step is forward, loss, backward and AdamW (learning rate 1e-5). A line for each: seconds, seconds of CPU, loss; at the end, the peak of
 * memory in bytes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/fast_exp.h"
#include "graph/graph.h"

enum { CHUNK = 1 << 16, PARAMETERS_MAX = 1 << 12 };

struct bench {
    struct bf_graph *g;
    int32_t width, n_rows, *tokens, *rows;
    int states;
    /* of the portion that is being visited */
    const int32_t *portion;
    float *values;
    double *losses;
    /* AdamW */
    float *m[PARAMETERS_MAX], *v[PARAMETERS_MAX];
    struct bf_graph_parameter parameter;
    size_t index;
    int step;
};

static double seconds(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The negative log-likelihood of the next token, or the mean square of the states; the row becomes the gradient. */
static void row_loss(void *user, size_t i)
{
    struct bench *b = user;
    float *x = b->values + i * (size_t)b->width;
    double sum = 0;
    if (b->states) {
        const float factor = 2 / ((float)b->width * (float)b->n_rows);
        for (int32_t j = 0; j < b->width; j++) {
            sum += (double)x[j] * (double)x[j];
            x[j] *= factor;
        }
        b->losses[i] = sum / b->width / b->n_rows;
        return;
    }
    const int32_t label = b->tokens[b->portion[i] + 1];
    const float own = x[label];
    float max = x[0];
#pragma omp simd reduction(max : max)
    for (int32_t j = 0; j < b->width; j++)
        max = x[j] > max ? x[j] : max;
#pragma omp simd reduction(+ : sum)
    for (int32_t j = 0; j < b->width; j++) {
        x[j] = bf_fast_exp(x[j] - max);
        sum += (double)x[j];
    }
    const float factor = (float)(1 / sum / b->n_rows);
    for (int32_t j = 0; j < b->width; j++)
        x[j] *= factor;
    x[label] -= 1.0F / (float)b->n_rows;
    b->losses[i] = ((double)(max - own) + log(sum)) / b->n_rows;
}

static enum bf_status visit(void *user, enum bf_graph_pass pass, const int32_t *rows, int32_t n, float *values,
                            struct bf_err *err)
{
    struct bench *b = user;
    (void)pass;
    (void)err;
    b->portion = rows;
    b->values = values;
    bf_graph_each(b->g, (size_t)n, row_loss, b);
    b->losses += n;
    return BF_OK;
}

static void adamw(void *user, size_t block)
{
    struct bench *b = user;
    const size_t first = block * CHUNK, end = first + CHUNK < b->parameter.n ? first + CHUNK : b->parameter.n;
    float *restrict w = b->parameter.data, *restrict g = b->parameter.gradient;
    float *restrict m = b->m[b->index], *restrict v = b->v[b->index];
    const float rate = 1e-5F / (1 - powf(0.9F, (float)b->step)), root = sqrtf(1 - powf(0.999F, (float)b->step));
    for (size_t i = first; i < end; i++) {
        m[i] = 0.9F * m[i] + 0.1F * g[i];
        v[i] = 0.999F * v[i] + 0.001F * g[i] * g[i];
        w[i] = w[i] * (1 - 1e-5F * 0.01F) - rate * m[i] / (sqrtf(v[i]) / root + 1e-8F);
        g[i] = 0;
    }
}

static void update(struct bench *b)
{
    b->step++;
    for (b->index = 0; b->index < bf_graph_n_parameters(b->g); b->index++) {
        b->parameter = bf_graph_get_parameter(b->g, b->index);
        bf_graph_each(b->g, (b->parameter.n + CHUNK - 1) / CHUNK, adamw, b);
    }
}

int main(int argc, char **argv)
{
    static const char *const down[] = {"blk.5.ffn_down.weight", "blk.6.ffn_down.weight", "blk.7.ffn_down.weight"};
    static struct bench b;
    struct bf_graph_params p = bf_graph_params_default();
    struct bf_graph_info info;
    struct bf_err err = BF_ERR_INIT;
    if (argc != 8)
        return 2;
    const int32_t n_sequences = (int32_t)strtol(argv[3], NULL, 10), n_tokens = (int32_t)strtol(argv[4], NULL, 10);
    p.model_path = argv[1];
    p.n_tokens = n_sequences * n_tokens;
    p.bf16_products = strcmp(argv[7], "bf16") == 0;
    p.n_threads = (int32_t)strtol(argv[5], NULL, 10);
    p.train = strcmp(argv[2], "full") == 0   ? BF_TRAIN_FULL
              : strcmp(argv[2], "lora") == 0 ? BF_TRAIN_LORA
                                             : BF_TRAIN_TENSORS;
    if (p.train == BF_TRAIN_TENSORS) {
        p.tensors = down;
        p.n_tensors = 3;
        p.state_layer = 7;
        b.states = 1;
    }
    if (bf_graph_open(&p, &b.g, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    bf_graph_get_info(b.g, &info);
    b.width = b.states ? info.n_embd : info.n_vocab;
    b.tokens = calloc((size_t)p.n_tokens, sizeof *b.tokens);
    b.rows = calloc((size_t)p.n_tokens, sizeof *b.rows);
    int32_t *lengths = calloc((size_t)n_sequences, sizeof *lengths);
    double *losses = calloc((size_t)p.n_tokens, sizeof *losses);
    for (int32_t i = 0; i < p.n_tokens; i++) {
        b.tokens[i] = (int32_t)((7919 * (int64_t)(i + 1) + 104729 * (int64_t)(i % 17)) % info.n_vocab);
        if ((i + 1) % n_tokens != 0)
            b.rows[b.n_rows++] = i;
    }
    for (int32_t s = 0; s < n_sequences; s++)
        lengths[s] = n_tokens;
    for (size_t i = 0; i < bf_graph_n_parameters(b.g) && i < PARAMETERS_MAX; i++) {
        b.m[i] = calloc(bf_graph_get_parameter(b.g, i).n, sizeof(float));
        b.v[i] = calloc(bf_graph_get_parameter(b.g, i).n, sizeof(float));
    }
    const struct bf_graph_batch batch = {b.tokens, lengths, n_sequences, b.rows, b.n_rows};
    for (long i = strtol(argv[6], NULL, 10); i > 0; i--) {
        const double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
        double loss = 0;
        b.losses = losses;
        if (bf_graph_step(b.g, &batch, false, visit, &b, &err)) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        update(&b);
        for (int32_t j = 0; j < b.n_rows; j++)
            loss += losses[j];
        printf("%.6f %.6f %.7f\n", seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, loss);
    }
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("%ld\n", usage.ru_maxrss * 1024);
    bf_graph_close(b.g);
    return 0;
}
