/* What tests of a trainable model share: batches, a loss, and the comparison with tests/golden/graph_reference.json. */
#ifndef BF_TESTS_GRAPH_FIXTURE_H
#define BF_TESTS_GRAPH_FIXTURE_H
#include "tiny_model.h"

#include <math.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "graph/graph.h"

enum { BATCH_MAX = 512, N_SIGNS = 16 };

/* The batch of the reference: tokens and rows by formula. */
struct case_batch {
    int32_t tokens[BATCH_MAX], lengths[8], rows[BATCH_MAX];
    struct bf_graph_batch batch;
    int32_t n_vocab, n_embd;
    double loss;
    bool squares; /* the mean square of states, else the NLL of the next token */
    int n_calls;
    void *user; /* of another visitor */
};

static inline void case_begin(struct case_batch *c, const struct bf_graph *g, const int32_t *lengths,
                              int32_t n_sequences)
{
    struct bf_graph_info info;
    int32_t n = 0, n_rows = 0;

    bf_graph_get_info(g, &info);
    memset(c, 0, sizeof *c);
    c->n_vocab = info.n_vocab;
    c->n_embd = info.n_embd;
    for (int32_t s = 0; s < n_sequences; s++) {
        c->lengths[s] = lengths[s];
        for (int32_t i = 0; i < lengths[s]; i++, n++) {
            c->tokens[n] = (int32_t)((tiny_bits(tiny_fnv("tokens"), (uint64_t)n) >> 40) % (uint64_t)info.n_vocab);
            if (i + 1 < lengths[s] && n % 7 != 3)
                c->rows[n_rows++] = n;
        }
    }
    c->batch = (struct bf_graph_batch){c->tokens, c->lengths, n_sequences, c->rows, n_rows};
}

static inline enum bf_status case_visit(void *user, enum bf_graph_pass pass, const int32_t *rows, int32_t n,
                                        float *values, struct bf_err *err)
{
    struct case_batch *c = user;
    const int32_t width = c->squares ? c->n_embd : c->n_vocab;
    const double n_all = c->batch.n_rows;

    (void)err;
    c->n_calls++;
    for (int32_t i = 0; i < n; i++) {
        float *x = values + (size_t)i * (size_t)width;
        double loss = 0, max = -INFINITY, sum = 0;

        for (int32_t j = 0; j < width; j++)
            max = fmax(max, (double)x[j]);
        for (int32_t j = 0; j < width; j++)
            sum += c->squares ? (double)x[j] * (double)x[j] : exp((double)x[j] - max);
        const int32_t label = c->squares ? 0 : c->tokens[rows[i] + 1];
        loss = c->squares ? sum / width / n_all : (max + log(sum) - (double)x[label]) / n_all;
        if (pass == BF_PASS_READ)
            continue;
        c->loss += loss;
        for (int32_t j = 0; j < width; j++)
            x[j] = (float)(c->squares ? 2 * (double)x[j] / width / n_all
                                      : (exp((double)x[j] - max) / sum - (j == label ? 1 : 0)) / n_all);
    }
    return BF_OK;
}

/* The loss alone, from a forward pass. */
static inline enum bf_status case_visit_forward(void *user, enum bf_graph_pass pass, const int32_t *rows, int32_t n,
                                                float *values, struct bf_err *err)
{
    assert_int_equal(pass, BF_PASS_READ);
    return case_visit(user, BF_PASS_GRADIENT, rows, n, values, err);
}

static inline double case_forward(struct bf_graph *g, struct case_batch *c)
{
    struct bf_err err = BF_ERR_INIT;

    c->loss = 0;
    if (bf_graph_forward(g, &c->batch, case_visit_forward, c, &err))
        fail_msg("%s", err.text);
    return c->loss;
}

static inline double case_step(struct bf_graph *g, struct case_batch *c, bool look_first)
{
    struct bf_err err = BF_ERR_INIT;

    c->loss = 0;
    c->n_calls = 0;
    if (bf_graph_step(g, &c->batch, look_first, case_visit, c, &err))
        fail_msg("%s", err.text);
    return c->loss;
}

static inline struct bf_graph *open_graph(const struct bf_graph_params *params)
{
    struct bf_graph *g = NULL;
    struct bf_err err = BF_ERR_INIT;

    if (bf_graph_open(params, &g, &err))
        fail_msg("%s", err.text);
    return g;
}

static inline bool find_parameter(const struct bf_graph *g, const char *name, struct bf_graph_parameter *out)
{
    for (size_t i = 0; i < bf_graph_n_parameters(g); i++) {
        *out = bf_graph_get_parameter(g, i);
        if (strcmp(out->name, name) == 0)
            return true;
    }
    return false;
}

/* Fills an adapter from the formula of the reference. */
static inline void fill_adapter(const struct bf_graph *g)
{
    for (size_t i = 0; i < bf_graph_n_parameters(g); i++) {
        const struct bf_graph_parameter p = bf_graph_get_parameter(g, i);
        if (strstr(p.name, ".lora_"))
            tiny_values(p.name, p.data, p.n, 0.125, 0);
    }
}

static inline json_t *read_reference(void)
{
    const char *source = getenv("BIFORGET_SOURCE");
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf data;
    json_t *root = NULL;

    if (!source)
        fail_msg("BIFORGET_SOURCE is not set: run this through ctest");
    char *path = bf_path_join(source, "tests/golden/graph_reference.json");
    bf_buf_init(&data, 1 << 22);
    if (bf_file_read(path, &data, &err) || bf_json_parse(data.data, data.len, path, &root, &err))
        fail_msg("%s", err.text);
    bf_buf_release(&data);
    free(path);
    return root;
}

/* Estimate of the relative error of a gradient's norm: see graph_reference.py. */
static inline double gradient_error(const struct bf_graph_parameter *p, const json_t *expected)
{
    const double norm = json_number_value(json_object_get(expected, "norm"));
    const json_t *elements = json_object_get(expected, "elements"), *products = json_object_get(expected, "products");
    const size_t at[] = {0, p->n / 2, p->n - 1};
    double sum = 0, own = 0, error = 0;

    for (size_t i = 0; i < p->n; i++)
        own += (double)p->gradient[i] * (double)p->gradient[i];
    error = fabs(sqrt(own) / norm - 1);
    for (size_t s = 0; s < N_SIGNS; s++) {
        const uint64_t seed = tiny_fnv(p->name) ^ (s + 1);
        double product = 0;
        for (size_t i = 0; i < p->n; i++)
            product += tiny_bits(seed, i) >> 63 ? (double)p->gradient[i] : -(double)p->gradient[i];
        const double difference = product - json_number_value(json_array_get(products, s));
        sum += difference * difference;
    }
    error = fmax(error, sqrt(sum / N_SIGNS) / norm);
    for (size_t i = 0; i < N_ELEMENTS(at); i++)
        error = fmax(error, fabs((double)p->gradient[at[i]] - json_number_value(json_array_get(elements, i))) / norm);
    return error;
}

/* A step with the reference's batch: loss and every gradient that the reference has. */
static inline void assert_as_reference(struct bf_graph *g, const json_t *expected, bool squares, double tolerance)
{
    struct case_batch c;
    int32_t lengths[8];
    const json_t *list = json_object_get(expected, "lengths"), *gradient;
    const size_t n = json_array_size(list);
    const char *name;
    size_t n_compared = 0;
    double worst = 0;

    assert_in_range(n, 1, 8);
    for (size_t i = 0; i < n; i++)
        lengths[i] = (int32_t)json_integer_value(json_array_get(list, i));
    case_begin(&c, g, lengths, (int32_t)n);
    c.squares = squares;
    const double loss = case_step(g, &c, false), wanted = json_number_value(json_object_get(expected, "loss"));
    if (!(fabs(loss - wanted) <= 1e-5 * fmax(1, fabs(wanted))))
        fail_msg("loss %.8f, PyTorch's is %.8f", loss, wanted);
    json_object_foreach(json_object_get(expected, "gradients"), name, gradient)
    {
        struct bf_graph_parameter p = {0};
        if (!find_parameter(g, name, &p))
            fail_msg("no parameter %s", name);
        const double error = gradient_error(&p, gradient);
        worst = fmax(worst, error);
        if (!(error <= tolerance))
            fail_msg("%s: relative error %.2e", name, error);
        n_compared++;
    }
    assert_true(n_compared > 0);
    print_message("loss %.7f (PyTorch %.7f), %zu gradients, largest relative error %.1e\n", loss, wanted, n_compared,
                  worst);
}

#endif
