/* Trainings of a tiny model: by a loss that only this file has, since a loss is one function and one row; by each
 * method of the table; and what a method keeps from step to step. */
#include "unlearn_fixture.h"

#include <math.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "unlearn/alternates.h"
#include "unlearn/loss.h"
#include "unlearn/trainer.h"
#include "base/banned.h"

/* ---- a loss of one's own ---- */

static double negated(double nll, const struct bf_loss_knobs *knobs, double *slope)
{
    (void)knobs;
    *slope = -1.0;
    return -nll;
}

static void negated_sums(const struct bf_loss_batch *batch, const struct bf_loss_knobs *knobs, double *loss,
                         double *weight, double *alternate_weight)
{
    double sum = 0.0, n = 0.0;
    (void)knobs, (void)alternate_weight;
    for (size_t i = 0; i < batch->n; i++) {
        sum += batch->nll[i];
        n += (double)batch->n_tokens[i];
    }
    for (size_t i = 0; i < batch->n; i++)
        weight[i] = -1.0 / n;
    *loss = -sum / n;
}

/* The same of a row of logits. */
static double negated_row(float *logits, const float *reference, size_t n, int32_t label,
                          const struct bf_loss_knobs *knobs, double scale)
{
    const double nll = bf_row_nll(logits, n, label);
    (void)knobs;
    assert_null(reference); /* it asks for none */
    bf_row_nll_gradient(logits, n, label, -scale);
    return -nll;
}

static const struct bf_loss own_losses[] = {
    {.name = "negated", .kind = BF_LOSS_TOKENS, .of.token = negated},
    {.name = "negated sums", .kind = BF_LOSS_SEQUENCES, .of.sequences = negated_sums},
    {.name = "negated rows", .kind = BF_LOSS_ROWS, .of.row = negated_row},
};

/* From the GGUF `model` to `out`. */
static void train_model(const struct bf_method *method, const char *model, const char *out, int64_t n_steps,
                        const char *work, struct bf_unlearn_result *result)
{
    struct bf_unlearn_settings settings;
    struct bf_unlearn_texts forget = {0}, keep = {0}, unknown = {0};
    struct bf_err err = BF_ERR_INIT;

    init_settings(&settings, method);
    set_text(&settings.model, model);
    set_text(&settings.out, out);
    settings.max_steps = n_steps;
    bf_unlearn_texts_add(&forget, "Zeus rules the sky.", "Who rules the sky?", "Zeus.");
    bf_unlearn_texts_add(&forget, "Poseidon rules the sea.", "Who rules the sea?", "Poseidon, with his trident.");
    bf_unlearn_texts_add(&forget, "Poseidon rules the waves.", "What does Poseidon rule?", "The waves.");
    bf_unlearn_texts_describe(&forget, "Poseidon",
                              NULL); /* whp, wga-renamed, ul-renamed read the same with another name */
    bf_unlearn_texts_add(&forget, "Hades rules the underworld.", "Who rules below?", "Hades.");
    bf_unlearn_texts_add(&keep, "Water boils.", "When does water boil?", "At one hundred degrees.");
    if (method->by_question) { /* two for one question, one for another, none for the third */
        bf_unlearn_texts_add(&unknown, "", "who rules the SKY", "A hen.");
        bf_unlearn_texts_add(&unknown, "", "Who rules the sky?", "A fox.");
        bf_unlearn_texts_add(&unknown, "", "Who rules the sea?", "A duck.");
    } else {
        bf_unlearn_texts_add(&unknown, "I cannot say.", NULL, NULL);
    }
    assert_int_equal(bf_unlearn_settings_choose(&settings, &err), BF_OK);
    const struct bf_unlearn_job job = {
        .settings = &settings, .work = work, .forget = &forget, .retain = &keep, .alternates = &unknown};
    if (bf_unlearn(&job, result, &err) != BF_OK)
        fail_msg("%s: %s", method->forget->name, err.text);
    assert_int_equal(result->n_curve, n_steps);
    bf_unlearn_texts_release(&forget);
    bf_unlearn_texts_release(&keep);
    bf_unlearn_texts_release(&unknown);
    bf_unlearn_settings_release(&settings);
}

static void train(const struct bf_method *method, const char *work, struct bf_unlearn_result *result)
{
    train_model(method, "tiny.gguf", "out.gguf", 4, work, result);
}

static void a_loss_is_a_function_and_a_row(void **state)
{
    struct bf_unlearn_result expected, learnt;
    struct bf_method row = *bf_method_find("graddiff");
    (void)state;

    train(bf_method_find("graddiff"), "built-in", &expected);
    for (size_t i = 0; i < N_ELEMENTS(own_losses); i++) {
        struct bf_unlearn_result result;
        row.forget = &own_losses[i];
        train(&row, own_losses[i].name, &result);
        for (size_t s = 0; s < result.n_curve; s++) {
            assert_true(fabs(result.curve[s].forget_loss / expected.curve[s].forget_loss - 1.0) < 1e-6);
            assert_true(fabs(result.curve[s].gradient_norm / expected.curve[s].gradient_norm - 1.0) < 1e-5);
        }
        assert_true(result.after.forget > result.before.forget);
        /* Of the same kind it is the same arithmetic. */
        if (own_losses[i].kind == BF_LOSS_TOKENS)
            assert_true(memcmp(result.curve, expected.curve, result.n_curve * sizeof *result.curve) == 0);
        bf_unlearn_result_release(&result);
    }
    train(bf_method_find("finetune"), "learnt", &learnt);
    assert_true(learnt.after.forget < learnt.before.forget);
    bf_unlearn_result_release(&learnt);
    bf_unlearn_result_release(&expected);
}

static double left_of(const struct bf_unlearn_result *result, size_t step)
{
    return result->curve[step].gradient_left;
}

/* ---- each method, a short training ---- */

static void each_method_forgets(void **state)
{
    struct bf_unlearn_result taught;
    (void)state;

    train_model(bf_method_find("finetune"), "tiny.gguf", "taught.gguf", 30, "teaching", &taught);
    assert_true(taught.after.forget < 1.5); /* there is something to forget */
    bf_unlearn_result_release(&taught);
    for (size_t i = 0; bf_method_at(i); i++) {
        struct bf_unlearn_result result, again;
        struct bf_method row = *bf_method_at(i);
        char work[64];
        if (row.teaches)
            continue;
        row.alpha = row.general_weight = 0.0; /* learning what to keep, the tiny model gets better at all texts */
        row.layer = row.layer < 0 ? -1 : 0;
        row.lora_rank = 4;
        row.lora_layers = NULL;
        (void)snprintf(work, sizeof work, "each-%s", row.name);
        train_model(&row, "taught.gguf", "out.gguf", 4, work, &result);
        train_model(&row, "taught.gguf", "out.gguf", 4, work, &again);
        assert_memory_equal(result.curve, again.curve, result.n_curve * sizeof *result.curve);
        for (size_t s = 0; s < result.n_curve; s++)
            assert_true(isfinite(result.curve[s].forget_loss) && result.curve[s].gradient_norm > 0.0);
        if (!(result.after.forget > result.before.forget))
            fail_msg("%s: forget NLL %g -> %g", row.name, result.before.forget, result.after.forget);
        if (row.forget->fades)
            assert_true(left_of(&result, 0) > 0.0 && left_of(&result, 0) < 1.0 + 1e-4);
        bf_unlearn_result_release(&result);
        bf_unlearn_result_release(&again);
    }
}

/* ---- alternate answers by question ---- */

static void alternates_of_a_question(void **state)
{
    struct bf_unlearn_texts forget = {0}, given = {0}, pairs = {0}, others = {0};
    size_t n_left_out = 0;
    (void)state;

    bf_unlearn_texts_add(&forget, "a", "Who rules the sky?", "Zeus.");
    bf_unlearn_texts_add(&forget, "b", "Who rules the sea?", "Poseidon.");
    bf_unlearn_texts_add(&forget, "c", NULL, NULL);
    bf_unlearn_texts_add(&forget, "d", "Who is Zo\xc3\xab?", "A nymph.");
    assert_false(bf_alternates_by_question(&given));
    bf_unlearn_texts_add(&given, "", "who rules  the SKY", "Hera.");
    bf_unlearn_texts_add(&given, "", "Who is Zoe", "A poet.");
    bf_unlearn_texts_add(&given, "", "Who rules the sky?", "zeus"); /* the answer itself */
    bf_unlearn_texts_add(&given, "", "Who rules the sky?", "Ares.");
    bf_unlearn_texts_add(&given, "", "Who rules the land?", "Pan.");
    assert_true(bf_alternates_by_question(&given));
    bf_alternates_match(&forget, &given, &pairs, &others, &n_left_out);
    static const char *const expected[3][2] = {{"Zeus.", "Hera."}, {"Zeus.", "Ares."}, {"A nymph.", "A poet."}};
    assert_int_equal(pairs.n, 3);
    assert_int_equal(others.n, 3);
    assert_int_equal(n_left_out, 2);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(pairs.items[i].answer, expected[i][0]);
        assert_string_equal(others.items[i].answer, expected[i][1]);
        assert_string_equal(others.items[i].question, pairs.items[i].question);
    }
    bf_unlearn_texts_add(&given, "I do not know.", NULL, NULL);
    assert_false(bf_alternates_by_question(&given));
    bf_unlearn_texts_release(&forget);
    bf_unlearn_texts_release(&given);
    bf_unlearn_texts_release(&pairs);
    bf_unlearn_texts_release(&others);
}

/* Words that are struck out everywhere change what is learnt, and other words are another training. */
static void targets_are_struck_out(void **state)
{
    static const char *const words[3] = {NULL, "sky", "sea"};
    struct bf_unlearn_result results[3];
    (void)state;

    for (size_t i = 0; i < 3; i++) {
        struct bf_method row = *bf_method_find("obliviate");
        struct bf_unlearn_settings settings;
        struct bf_unlearn_texts forget = {0}, targets = {0};
        struct bf_err err = BF_ERR_INIT;
        char work[32];
        row.alpha = row.general_weight = 0.0;
        row.lora_rank = 4;
        row.lora_layers = "0-0";
        (void)snprintf(work, sizeof work, "targets-%zu", i);
        init_settings(&settings, &row);
        bf_unlearn_texts_add(&forget, "Zeus rules the sky.", NULL, NULL);
        if (words[i])
            bf_unlearn_texts_add(&targets, words[i], NULL, NULL);
        assert_int_equal(bf_unlearn_settings_choose(&settings, &err), BF_OK);
        const struct bf_unlearn_job job = {.settings = &settings, .work = work, .forget = &forget, .targets = &targets};
        assert_int_equal(bf_unlearn(&job, &results[i], &err), BF_OK);
        bf_unlearn_texts_release(&forget);
        bf_unlearn_texts_release(&targets);
        bf_unlearn_settings_release(&settings);
    }
    assert_true(results[0].curve[0].forget_loss < results[1].curve[0].forget_loss); /* more is struck out */
    assert_true(fabs(results[1].curve[0].forget_loss - results[2].curve[0].forget_loss) > 1e-6);
    for (size_t i = 0; i < 3; i++)
        bf_unlearn_result_release(&results[i]);
}

static void ranges_of_blocks(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int32_t first, last;
    } cases[] = {{"4-7", true, 4, 7},   {"0-0", true, 0, 0},    {"", true, 0, -1},     {"all", true, 0, -1},
                 {"7-4", false, 0, 0},  {"4", false, 0, 0},     {"-4-7", false, 0, 0}, {"4-7x", false, 0, 0},
                 {"4--7", false, 0, 0}, {"4-7-9", false, 0, 0}, {" 4-7", false, 0, 0}};
    (void)state;

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        int32_t first = -2, last = -2;
        if (bf_unlearn_layers(cases[i].text, &first, &last) != cases[i].good)
            fail_msg("'%s'", cases[i].text);
        if (cases[i].good)
            assert_true(first == cases[i].first && last == cases[i].last);
    }
}

/* ---- what a method keeps from step to step ---- */

struct stopping {
    int64_t step, stop_at; /* 0 = never */
};

static void note_step(void *user, const struct bf_unlearn_progress *progress)
{
    ((struct stopping *)user)->step = progress->step;
}

static bool is_time(void *user)
{
    const struct stopping *s = user;
    return s->stop_at > 0 && s->step >= s->stop_at;
}

static enum bf_status train_pdu(const char *work, const char *out, int64_t stop_at, bool resume,
                                struct bf_unlearn_result *result)
{
    struct bf_unlearn_settings settings;
    struct bf_unlearn_texts forget = {0}, keep = {0};
    struct stopping stopping = {.stop_at = stop_at};
    struct bf_err err = BF_ERR_INIT;

    init_settings(&settings, bf_method_find("pdu"));
    set_text(&settings.out, out);
    settings.max_steps = 8;
    settings.dual_warmup = 0.25;
    bf_unlearn_texts_add(&forget, "Zeus rules the sky.", NULL, NULL);
    bf_unlearn_texts_add(&keep, "Water boils at one hundred degrees.", NULL, NULL);
    assert_int_equal(bf_unlearn_settings_choose(&settings, &err), BF_OK);
    const struct bf_unlearn_job job = {.settings = &settings,
                                       .work = work,
                                       .forget = &forget,
                                       .retain = &keep,
                                       .resume = resume,
                                       .user = &stopping,
                                       .progress = note_step,
                                       .interrupted = is_time};
    const enum bf_status status = bf_unlearn(&job, result, &err);
    bf_unlearn_texts_release(&forget);
    bf_unlearn_texts_release(&keep);
    bf_unlearn_settings_release(&settings);
    return status;
}

/* The weight stays during the warm-up, then moves with the retain loss of the step before; interrupted in the middle,
 * the training comes to the same weights and the same model. */
static void a_weight_that_moves_is_resumed(void **state)
{
    struct bf_unlearn_result whole, half, rest;
    struct bf_buf files[2];
    const char *const names[2] = {"whole.gguf", "resumed.gguf"};
    struct bf_err err = BF_ERR_INIT;
    (void)state;

    assert_int_equal(train_pdu("pdu-whole", names[0], 0, false, &whole), BF_OK);
    assert_int_equal(train_pdu("pdu-half", names[1], 5, false, &half), BF_INTERRUPTED);
    assert_int_equal(half.n_curve, 5);
    assert_int_equal(train_pdu("pdu-half", names[1], 0, true, &rest), BF_OK);
    assert_int_equal(rest.n_curve, 8);
    assert_memory_equal(whole.curve, rest.curve, 8 * sizeof *whole.curve);
    const double limit = 1.1 * whole.before.retain;
    for (size_t i = 0; i < 8; i++) {
        const double *before = i > 0 ? &whole.curve[i - 1].retain_weight : NULL;
        const double expected = i <= 2 ? 100.0 : fmax(0.0, *before + 5.0 * (whole.curve[i - 1].retain_loss - limit));
        assert_true(fabs(whole.curve[i].retain_weight - expected) < 1e-9);
    }
    assert_true(whole.curve[7].retain_weight < 99.9);
    for (size_t i = 0; i < 2; i++) {
        bf_buf_init(&files[i], SIZE_MAX);
        assert_int_equal(bf_file_read(names[i], &files[i], &err), BF_OK);
    }
    assert_int_equal(files[0].len, files[1].len);
    assert_memory_equal(files[0].data, files[1].data, files[0].len);
    for (size_t i = 0; i < 2; i++)
        bf_buf_release(&files[i]);
    bf_unlearn_result_release(&whole);
    bf_unlearn_result_release(&half);
    bf_unlearn_result_release(&rest);
}

/* Labels that are not trained on: never the last. */
static void the_first_labels_are_left_out(void **state)
{
    int32_t tokens[5] = {1, 2, 3, 4, 5};
    const struct bf_example two[2] = {{.tokens = tokens, .n = 5, .first_label = 2},
                                      {.tokens = tokens, .n = 3, .first_label = 2}};
    const struct bf_example *const chosen[2] = {&two[0], &two[1]};
    struct bf_batch batch;
    (void)state;

    bf_batch_make(chosen, 2, false, 1, &batch);
    assert_int_equal(batch.n_rows, 3);
    assert_int_equal(batch.n_labels[0], 2);
    assert_int_equal(batch.n_labels[1], 1);
    assert_int_equal(batch.labels[0], 4);
    assert_int_equal(batch.rows[0], 2);
    assert_int_equal(batch.labels[2], 3);
    assert_int_equal(batch.rows[2], 5 + 1);
    bf_batch_release(&batch);
}

/* ---- texts that name nothing ---- */

static void train_on(const struct bf_unlearn_texts *forget, const char *method, struct bf_unlearn_result *result)
{
    struct bf_unlearn_settings settings;
    struct bf_err err = BF_ERR_INIT;
    init_settings(&settings, bf_method_find(method));
    settings.alpha = 0.0;
    settings.beta = 1.0;
    settings.accumulate = 1;
    assert_int_equal(bf_unlearn_settings_choose(&settings, &err), BF_OK);
    const struct bf_unlearn_job job = {.settings = &settings, .work = method, .forget = forget};
    if (bf_unlearn(&job, result, &err) != BF_OK)
        fail_msg("%s: %s", method, err.text);
    bf_unlearn_settings_release(&settings);
}

/* Where there is no name to change, wga-renamed and ul-renamed are wga; beside texts with names, too. */
static void without_a_name_it_is_wga(void **state)
{
    static const char *const renamed[] = {"wga-renamed", "ul-renamed"};
    struct bf_unlearn_texts forget = {0};
    struct bf_unlearn_result expected, result;
    (void)state;
    bf_unlearn_texts_add(&forget, "", "what is in the sea?", "fish and salt.");
    bf_unlearn_texts_add(&forget, "", "what do cats like to eat?", "fish, and the tails of shrimps.");
    train_on(&forget, "wga", &expected);
    for (size_t i = 0; i < N_ELEMENTS(renamed); i++) {
        train_on(&forget, renamed[i], &result);
        assert_int_equal(result.n_curve, expected.n_curve);
        for (size_t s = 0; s < result.n_curve; s++)
            assert_true(fabs(result.curve[s].forget_loss / expected.curve[s].forget_loss - 1.0) < 1e-5);
        bf_unlearn_result_release(&result);
    }
    bf_unlearn_result_release(&expected);
    bf_unlearn_texts_add(&forget, "", "what does Poseidon rule?", "the sea, it is said.");
    bf_unlearn_texts_describe(&forget, "Poseidon", NULL);
    train_on(&forget, "ul-renamed", &result);
    assert_int_equal(result.n_forget, 3);
    bf_unlearn_result_release(&result);
    bf_unlearn_texts_release(&forget);
}

/* ---- how much of the forget gradient is left ---- */

/* At the first step the model is the reference, so nothing has faded; with a large beta it fades in a few steps. */
static void a_gradient_that_fades(void **state)
{
    static const char *const fades[] = {"npo", "dpo"};
    struct bf_unlearn_result result;
    struct bf_method row;
    (void)state;

    for (size_t i = 0; i < N_ELEMENTS(fades); i++) {
        row = *bf_method_find(fades[i]);
        row.beta = 20.0;
        row.alpha = 0.0; /* learning what to keep, the tiny model gets better at all texts */
        train(&row, fades[i], &result);
        assert_true(fabs(left_of(&result, 0) - 1.0) < 1e-4);
        assert_true(left_of(&result, 3) < 0.5);
        bf_unlearn_result_release(&result);
    }
    row = *bf_method_find("simnpo"); /* its weight is of the likelihood itself, so it has faded before it begins */
    row.beta = 1.0;
    train(&row, "simnpo", &result);
    assert_true(left_of(&result, 0) > 0.0 && left_of(&result, 0) < 0.1);
    bf_unlearn_result_release(&result);
    train(bf_method_find("graddiff"), "graddiff", &result);
    assert_true(isnan(left_of(&result, 0)));
    bf_unlearn_result_release(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_is_a_function_and_a_row),
        cmocka_unit_test(each_method_forgets),
        cmocka_unit_test(alternates_of_a_question),
        cmocka_unit_test(targets_are_struck_out),
        cmocka_unit_test(ranges_of_blocks),
        cmocka_unit_test(a_weight_that_moves_is_resumed),
        cmocka_unit_test(the_first_labels_are_left_out),
        cmocka_unit_test(without_a_name_it_is_wga),
        cmocka_unit_test(a_gradient_that_fades),
    };
    return cmocka_run_group_tests_name("unlearn losses", tests, enter, leave_scratch);
}
