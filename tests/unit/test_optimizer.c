/* AdamW and schedules against torch.optim and transformers (tests/golden/losses_reference.py). */
#include "unit.h"

#include "quality_fixture.h"
#include "unlearn/optimizer.h"

static int open_losses(void **state)
{
    return read_golden(state, "tests/golden/losses_reference.json");
}

static double number_at(const json_t *list, size_t i)
{
    return json_number_value(json_array_get(list, i));
}

static void load(const json_t *lists, size_t which, float *out, size_t n)
{
    const json_t *list = json_array_get(lists, which);
    assert_int_equal(json_array_size(list), n);
    for (size_t i = 0; i < n; i++)
        out[i] = (float)number_at(list, i);
}

static void adamw(void **state)
{
    const json_t *golden = *state;
    const json_t *all = json_object_get(golden, "optimisers");

    assert_int_equal(json_array_size(all), 2);
    for (size_t k = 0; k < json_array_size(all); k++) {
        const json_t *one = json_array_get(all, k), *steps = json_object_get(one, "steps");
        const struct bf_adamw_knobs knobs = {.beta1 = number_at(json_object_get(one, "betas"), 0),
                                             .beta2 = number_at(json_object_get(one, "betas"), 1),
                                             .epsilon = number(one, "eps"),
                                             .decay = number(one, "weight_decay"),
                                             .max_norm = number(one, "max_norm")};
        float weights[2][7], gradients[2][7], m[2][7] = {{0}}, v[2][7] = {{0}};
        const size_t sizes[2] = {7, 5};
        struct bf_adamw_tensor tensors[2];
        for (size_t t = 0; t < 2; t++) {
            load(json_object_get(one, "start"), t, weights[t], sizes[t]);
            tensors[t] = (struct bf_adamw_tensor){weights[t], gradients[t], m[t], v[t], sizes[t], t == 0};
        }
        for (size_t s = 0; s < json_array_size(steps); s++) {
            const json_t *step = json_array_get(steps, s);
            for (size_t t = 0; t < 2; t++)
                load(json_object_get(step, "gradients"), t, gradients[t], sizes[t]);
            const double norm = sqrt(bf_gradient_squares(&tensors[0]) + bf_gradient_squares(&tensors[1]));
            assert_near(norm / number(step, "norm"), 1.0, 1e-6);
            bf_adamw_step(&knobs, tensors, 2, (int64_t)s + 1, number(one, "lr"), norm);
            for (size_t t = 0; t < 2; t++)
                for (size_t i = 0; i < sizes[t]; i++)
                    assert_near((double)weights[t][i],
                                number_at(json_array_get(json_object_get(step, "weights"), t), i), 2e-6);
        }
    }
}

static void schedules(void **state)
{
    const json_t *golden = *state;
    const json_t *all = json_object_get(golden, "schedules");

    assert_int_equal(json_array_size(all), 12);
    for (size_t k = 0; k < json_array_size(all); k++) {
        const json_t *one = json_array_get(all, k), *factors = json_object_get(one, "factors");
        struct bf_unlearn_settings settings = {0};
        assert_true(
            bf_unlearn_settings_word(&settings, "schedule", json_string_value(json_object_get(one, "schedule"))));
        for (size_t s = 0; s < json_array_size(factors); s++)
            assert_near(bf_schedule_factor(settings.schedule, (int64_t)s, (int64_t)number(one, "n_steps"),
                                           (int64_t)number(one, "n_warmup"), number(one, "floor")),
                        number_at(factors, s), 1e-12);
    }
}

static void a_norm_that_is_not_a_number(void **state)
{
    float weights[2] = {1.0F, 2.0F}, gradient[2] = {1.0F, NAN}, m[2] = {0}, v[2] = {0};
    const struct bf_adamw_tensor tensor = {weights, gradient, m, v, 2, 1};
    (void)state;

    assert_true(!(bf_gradient_squares(&tensor) < INFINITY));
    gradient[1] = INFINITY;
    assert_true(!(bf_gradient_squares(&tensor) < INFINITY));
    gradient[1] = 1e30F; /* its square is beyond float */
    assert_true(bf_gradient_squares(&tensor) < INFINITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(adamw), cmocka_unit_test(schedules),
                                       cmocka_unit_test(a_norm_that_is_not_a_number)};
    return cmocka_run_group_tests(tests, open_losses, close_golden);
}
