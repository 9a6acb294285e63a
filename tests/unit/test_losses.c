/* Losses of unlearning and their gradients against PyTorch's autograd (tests/golden/losses_reference.py), and what no
 * loss can be taken of. */
#include "unit.h"

#include "quality_fixture.h"
#include "unlearn/loss.h"

static int open_losses(void **state)
{
    return read_golden(state, "tests/golden/losses_reference.json");
}

/* A number, or "-inf". */
static double value_of(const json_t *json)
{
    return json_is_string(json) ? strtod(json_string_value(json), NULL) : json_number_value(json);
}

static float *values(const json_t *one, const char *name, size_t *n)
{
    const json_t *list = json_object_get(one, name);
    *n = json_array_size(list);
    float *out = calloc(*n + 1, sizeof *out);

    assert_non_null(out);
    for (size_t i = 0; i < *n; i++)
        out[i] = (float)value_of(json_array_get(list, i));
    return out;
}

/* Every gradient within 1e-5 of the largest. */
static void assert_gradient(const json_t *one, const float *gradient)
{
    const json_t *list = json_object_get(one, "gradient");
    double largest = 0.0;

    for (size_t i = 0; i < json_array_size(list); i++)
        largest = fmax(largest, fabs(value_of(json_array_get(list, i))));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const double expected = value_of(json_array_get(list, i));
        if (!(fabs((double)gradient[i] - expected) <= 1e-5 * largest + 1e-15))
            fail_msg("%s, %s: gradient %zu is %.9g, not %.9g (largest %.3g)",
                     json_string_value(json_object_get(one, "loss")), json_string_value(json_object_get(one, "name")),
                     i, (double)gradient[i], expected, largest);
    }
}

static void assert_loss(const json_t *one, double loss, double expected)
{
    if (!(fabs(loss - expected) <= 1e-5 * fabs(expected) + 1e-12))
        fail_msg("%s, %s: loss %.12g, not %.12g", json_string_value(json_object_get(one, "loss")),
                 json_string_value(json_object_get(one, "name")), loss, expected);
}

static const struct {
    const char *name;
    bf_token_loss *token;
    bf_sequence_loss *sequences;
} losses[] = {{"nll", .token = bf_loss_nll},     {"ga", .token = bf_loss_ga},
              {"wga", .token = bf_loss_wga},     {"satimp", .token = bf_loss_satimp},
              {"npo", .sequences = bf_loss_npo}, {"simnpo", .sequences = bf_loss_simnpo},
              {"dpo", .sequences = bf_loss_dpo}};

static double knob(const json_t *one, const char *name)
{
    const json_t *value = json_object_get(one, name);
    return value ? json_number_value(value) : 0.0;
}

/* The mean over all tokens, as step.c takes it. */
static void check_token_case(const json_t *one, bf_token_loss *loss)
{
    const struct bf_loss_knobs knobs = {.beta = knob(one, "beta"), .importance = knob(one, "importance")};
    const json_t *labels = json_object_get(one, "labels");
    const size_t n_vocab = (size_t)knob(one, "n_vocab"), n_rows = json_array_size(labels);
    double sum = 0.0;
    size_t n;
    float *logits = values(one, "logits", &n);

    for (size_t row = 0; row < n_rows; row++) {
        float *at = logits + row * n_vocab;
        const int32_t label = (int32_t)json_integer_value(json_array_get(labels, row));
        double slope = NAN;
        sum += loss(bf_row_nll(at, n_vocab, label), &knobs, &slope);
        bf_row_nll_gradient(at, n_vocab, label, slope / (double)n_rows);
    }
    assert_loss(one, sum / (double)n_rows, knob(one, "value"));
    assert_gradient(one, logits);
    free(logits);
}

static void check_sequence_case(const json_t *one, bf_sequence_loss *loss)
{
    enum { MAX = 8 };
    const struct bf_loss_knobs knobs = {
        .beta = knob(one, "beta"), .delta = knob(one, "delta"), .per_token = knob(one, "per_token") > 0.0};
    const bool dpo = loss == bf_loss_dpo;
    const json_t *lengths = json_object_get(one, "lengths"), *labels = json_object_get(one, "labels");
    const size_t n_vocab = (size_t)knob(one, "n_vocab"), n_sequences = json_array_size(lengths);
    double nll[MAX] = {0}, reference[MAX] = {0}, weight[MAX] = {0}, value = 0.0;
    int64_t n_tokens[MAX] = {0};
    size_t n, row = 0;
    float *logits = values(one, "logits", &n);
    struct bf_err err = BF_ERR_INIT;

    assert_true(n_sequences <= MAX);
    for (size_t s = 0; s < n_sequences; s++) {
        n_tokens[s] = json_integer_value(json_array_get(lengths, s));
        reference[s] = value_of(json_array_get(json_object_get(one, "reference_nll"), s));
        for (int64_t t = 0; t < n_tokens[s]; t++, row++)
            nll[s] +=
                bf_row_nll(logits + row * n_vocab, n_vocab, (int32_t)json_integer_value(json_array_get(labels, row)));
    }
    const size_t half = dpo ? n_sequences / 2 : n_sequences;
    const struct bf_loss_batch batch = {.n = half,
                                        .nll = nll,
                                        .n_tokens = n_tokens,
                                        .reference_nll = reference,
                                        .alternate_nll = dpo ? nll + half : NULL,
                                        .alternate_reference_nll = dpo ? reference + half : NULL};
    assert_int_equal(bf_loss_check(&batch, &err), BF_OK);
    loss(&batch, &knobs, &value, weight, dpo ? weight + half : NULL);
    assert_loss(one, value, knob(one, "value"));
    row = 0;
    for (size_t s = 0; s < n_sequences; s++)
        for (int64_t t = 0; t < n_tokens[s]; t++, row++)
            bf_row_nll_gradient(logits + row * n_vocab, n_vocab,
                                (int32_t)json_integer_value(json_array_get(labels, row)), weight[s]);
    assert_gradient(one, logits);
    free(logits);
}

static void tokens_and_sequences(void **state)
{
    const json_t *all = json_object_get(*state, "losses");
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        const char *name = json_string_value(json_object_get(one, "loss"));
        for (size_t k = 0; k < N_ELEMENTS(losses); k++) {
            if (strcmp(losses[k].name, name) != 0)
                continue;
            if (losses[k].token)
                check_token_case(one, losses[k].token);
            else
                check_sequence_case(one, losses[k].sequences);
            n++;
        }
    }
    assert_int_equal(n, 33);
}

static const struct {
    const char *name;
    bf_row_loss *row;
} row_losses[] = {{"kl", bf_loss_kl},
                  {"mask", bf_loss_mask},
                  {"undial", bf_loss_undial},
                  {"ceu", bf_loss_ceu},
                  {"margin", bf_loss_margin},
                  {"npo-logits", bf_loss_npo_logits},
                  {"wga-renamed", bf_loss_wga_twins},
                  {"ul-renamed", bf_loss_unlikelihood_twins}};

static void distributions(void **state)
{
    const json_t *all = json_object_get(*state, "losses");
    size_t n_cases = 0;

    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        const char *name = json_string_value(json_object_get(one, "loss"));
        bf_row_loss *loss = NULL;
        for (size_t k = 0; k < N_ELEMENTS(row_losses); k++)
            if (strcmp(row_losses[k].name, name) == 0)
                loss = row_losses[k].row;
        if (!loss)
            continue;
        const size_t n_vocab = (size_t)knob(one, "n_vocab");
        const json_t *labels = json_object_get(one, "labels"), *targets = json_object_get(one, "targets");
        unsigned char *listed = calloc(n_vocab, 1);
        size_t n;
        float *logits = values(one, "logits", &n), *reference = values(one, "reference", &n);

        assert_non_null(listed);
        for (size_t t = 0; t < json_array_size(targets); t++)
            listed[json_integer_value(json_array_get(targets, t))] = 1;
        const struct bf_loss_knobs knobs = {.beta = knob(one, "beta"),
                                            .targets = json_array_size(targets) ? listed : NULL};
        for (size_t row = 0; row < json_array_size(labels); row++) {
            float *p = logits + row * n_vocab;
            const float *r = reference + row * n_vocab;
            const int32_t label = (int32_t)json_integer_value(json_array_get(labels, row));
            const double scale = knob(one, "scale");
            const double value = loss(p, r, n_vocab, label, &knobs, scale);
            assert_loss(one, value, value_of(json_array_get(json_object_get(one, "value"), row)));
        }
        assert_gradient(one, logits);
        free(logits);
        free(reference);
        free(listed);
        n_cases++;
    }
    assert_int_equal(n_cases, 26);
}

/* A row without a reference: nothing is as unlikely as the label of a name that nobody has read about. */
static void a_new_name_has_no_reference(void **state)
{
    const struct bf_loss_knobs knobs = {.beta = 1.0};
    const float never[3] = {-INFINITY, 0.0F, 0.0F};
    (void)state;
    bf_row_loss *const both[] = {bf_loss_wga_twins, bf_loss_unlikelihood_twins};
    for (size_t i = 0; i < N_ELEMENTS(both); i++) {
        float with[3] = {2.0F, 0.0F, -1.0F}, without[3] = {2.0F, 0.0F, -1.0F};
        const double expected = both[i](with, never, 3, 0, &knobs, 1.0);
        assert_true(expected != 0.0);
        assert_true(fabs(both[i](without, NULL, 3, 0, &knobs, 1.0) - expected) < 1e-12);
        assert_memory_equal(with, without, sizeof with);
    }
}

static void states(void **state)
{
    const json_t *all = json_object_get(*state, "losses");
    size_t n_cases = 0;

    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        if (strcmp(json_string_value(json_object_get(one, "loss")), "rmu") != 0)
            continue;
        const json_t *lengths = json_object_get(one, "lengths");
        const size_t width = (size_t)knob(one, "n_embd"), n_sequences = json_array_size(lengths);
        size_t n, row = 0;
        float *rows = values(one, "states", &n), *target = values(one, "target", &n);
        float *frozen = values(one, "frozen", &n), *direction = values(one, "direction", &n), scaled[16];
        assert_int_equal(width, N_ELEMENTS(scaled));
        double loss = 0.0;
        for (size_t s = 0; s < n_sequences; s++) {
            const int64_t n_tokens = json_integer_value(json_array_get(lengths, s));
            const double scale = 1.0 / ((double)n_tokens * (double)n_sequences);
            for (int64_t t = 0; t < n_tokens; t++, row++) {
                const bool adaptive = strcmp(json_string_value(json_object_get(one, "name")), "adaptive") == 0;
                bf_rmu_scaled(scaled, direction, frozen + row * width, width);
                loss +=
                    scale * bf_loss_state(rows + row * width, adaptive ? scaled : target + row * width, width, scale);
            }
        }
        assert_loss(one, loss, knob(one, "value"));
        assert_gradient(one, rows);
        n_cases++;
        free(frozen);
        free(direction);
        free(rows);
        free(target);
    }
    assert_int_equal(n_cases, 3);
}

/* PDU's weight of the retain set, step by step. */
static void dual_weights(void **state)
{
    const json_t *all = json_object_get(*state, "duals");
    size_t n_zero = 0;

    assert_int_equal(json_array_size(all), 2);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i), *list = json_object_get(one, "losses");
        double weight = knob(one, "start");
        for (size_t k = 0; k < json_array_size(list); k++) {
            weight = bf_dual_weight(weight, value_of(json_array_get(list, k)), knob(one, "limit"), knob(one, "step"));
            assert_near(weight, value_of(json_array_get(json_object_get(one, "weights"), k)), 1e-12);
            n_zero += weight <= 0.0 ? 1 : 0;
        }
    }
    assert_true(n_zero > 0);
}

/* The vocabulary of a real model: the sum of many small probabilities, and vector code with a rest. */
static void a_large_row(void **state)
{
    enum { N = 49153 };
    float *logits = malloc(N * sizeof *logits);
    struct bf_rng rng;
    double sum = 0.0, gradient = 0.0;
    (void)state;

    assert_non_null(logits);
    bf_rng_init(&rng, 5);
    for (int i = 0; i < N; i++) {
        logits[i] = (float)(bf_rng_unit(&rng) * 30.0 - 15.0);
        sum += exp((double)logits[i]);
    }
    assert_near(bf_row_log_sum(logits, N), log(sum), 1e-6);
    assert_near(bf_row_nll(logits, N, 17), log(sum) - (double)logits[17], 1e-6);
    bf_row_nll_gradient(logits, N, 17, 1.0);
    for (int i = 0; i < N; i++)
        gradient += (double)logits[i];
    assert_near(gradient, 0.0, 1e-6);
    free(logits);
}

static void what_has_no_loss(void **state)
{
    const struct bf_loss_knobs knobs = {.beta = 0.1};
    const double good[2] = {1.0, 2.0}, not_a_number[2] = {1.0, NAN};
    const int64_t tokens[2] = {3, 4}, empty[2] = {3, 0};
    struct bf_loss_batch wrong = {.n = 2, .nll = good, .n_tokens = empty, .reference_nll = good};
    struct bf_err err = BF_ERR_INIT;
    (void)state;

    assert_int_equal(bf_loss_check(&wrong, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "sequence 2 of the batch has no token");
    wrong.n = 0;
    assert_int_equal(bf_loss_check(&wrong, &err), BF_INPUT);
    wrong.n = 2;
    wrong.n_tokens = tokens;
    assert_int_equal(bf_loss_check(&wrong, &err), BF_OK);
    const double **const sums[] = {&wrong.nll, &wrong.reference_nll, &wrong.alternate_nll,
                                   &wrong.alternate_reference_nll};
    for (size_t i = 0; i < N_ELEMENTS(sums); i++) {
        *sums[i] = not_a_number;
        assert_int_equal(bf_loss_check(&wrong, &err), BF_MODEL);
        assert_error(err, BF_MODEL, "sequence 2 of the batch is not a number");
        *sums[i] = good;
    }
    /* A label that cannot be: no loss of a label, and its ascent has nowhere to go. */
    const float impossible[3] = {1.0F, -INFINITY, 0.0F}, nowhere[3] = {-INFINITY, -INFINITY, -INFINITY};
    assert_true(isinf(bf_row_nll(impossible, 3, 1)));
    assert_true(isnan(bf_row_nll(nowhere, 3, 1)));
    double loss, slope, weight[2];
    assert_int_equal(bf_loss_finite(bf_loss_ga(INFINITY, &knobs, &slope), "ga", &err), BF_MODEL);
    assert_error(err, BF_MODEL, "the loss (ga) is not finite");
    /* NPO has forgotten it wholly: no loss of that sequence, no gradient. */
    const double infinite[2] = {1.0, INFINITY};
    const struct bf_loss_batch batch = {.n = 2, .nll = infinite, .n_tokens = tokens, .reference_nll = good};
    bf_loss_npo(&batch, &knobs, &loss, weight, NULL);
    assert_true(isfinite(loss));
    assert_true(weight[1] == 0.0 && weight[0] < 0.0);
    /* NaN and +inf among the logits are never a number that looks good. */
    const float bad[2][3] = {{0.0F, NAN, 1.0F}, {0.0F, INFINITY, 1.0F}};
    assert_true(isnan(bf_row_nll(bad[0], 3, 0)));
    assert_true(isnan(bf_row_nll(bad[1], 3, 0)));
    for (int32_t label = 0; label < 3; label++)
        for (size_t i = 0; i < 2; i++) {
            float copy[3] = {bad[i][0], bad[i][1], bad[i][2]}, fine[3] = {5.0F, 6.0F, 7.0F};
            assert_true(isnan(bf_loss_unlikelihood_twins(copy, fine, 3, label, &knobs, 1.0)));
            assert_true(isnan(bf_loss_unlikelihood_twins(fine, bad[i], 3, label, &knobs, 1.0)));
        }
    float row[3] = {1.0F, 2.0F, 3.0F};
    const unsigned char every[3] = {1, 1, 1};
    const struct bf_loss_knobs all_targets = {.targets = every};
    assert_true(isnan(bf_loss_mask(row, row, 3, 0, &all_targets, 1.0)));
    /* A token that cannot be has nothing to forget; a label that is all there is has no other token to learn. */
    const struct bf_loss_knobs weighed = {.beta = 1.0, .importance = 1.0};
    assert_true(bf_loss_wga(INFINITY, &weighed, &slope) == 0.0 && slope == 0.0);
    assert_true(bf_loss_satimp(INFINITY, &weighed, &slope) == 0.0 && slope == 0.0);
    assert_true(isnan(bf_loss_wga(NAN, &weighed, &slope)) && isnan(bf_loss_satimp(NAN, &weighed, &slope)));
    float alone[3] = {-INFINITY, 1.0F, -INFINITY};
    assert_true(isnan(bf_loss_ceu(alone, NULL, 3, 1, &weighed, 1.0)));
    assert_true(isnan(bf_loss_margin(alone, NULL, 3, 1, &weighed, 1.0)));
}

static void a_direction(void **state)
{
    float a[32], b[32], c[32];
    double squares = 0.0;
    (void)state;

    bf_rmu_direction(a, 32, 6.5, 1);
    bf_rmu_direction(b, 32, 6.5, 1);
    bf_rmu_direction(c, 32, 6.5, 2);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(a, c, sizeof a);
    for (size_t i = 0; i < 32; i++) {
        assert_true(a[i] >= 0.0F);
        squares += (double)a[i] * (double)a[i];
    }
    assert_near(sqrt(squares), 6.5, 1e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_and_sequences),
        cmocka_unit_test(distributions),
        cmocka_unit_test(a_new_name_has_no_reference),
        cmocka_unit_test(states),
        cmocka_unit_test(a_large_row),
        cmocka_unit_test(what_has_no_loss),
        cmocka_unit_test(a_direction),
        cmocka_unit_test(dual_weights),
    };
    return cmocka_run_group_tests_name("losses", tests, open_losses, close_golden);
}
