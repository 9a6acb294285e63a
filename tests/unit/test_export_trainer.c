/* The last training of a run, as an experiment of open-unlearning; and what a stranger's run may not put into it. */
#include "store_fixture.h"

#include "base/json.h"
#include "export/export_trainer.h"

#include "base/banned.h"

/* As bf_unlearn_settings_json writes them, as far as they matter here. */
#define COMMON                                                                                                         \
    "\"batch\":8,\"accumulate\":4,\"learning_rate\":1e-5,\"epochs\":10.0,\"max_steps\":0,\"warmup\":0.1,"              \
    "\"decay\":0.01,"                                                                                                  \
    "\"max_norm\":1.0,\"beta1\":0.9,\"beta2\":0.999,\"epsilon\":1e-8,\"seed\":\"3407\",\"max_length\":256,"            \
    "\"gamma\":1.0,\"alpha\":1.0,\"beta\":0.1,\"delta\":0.5,\"coefficient\":2.0,\"lora_rank\":16"

static char *dir;

static int enter(void **state)
{
    (void)state;
    dir = fixture_dir();
    return 0;
}

static int leave(void **state)
{
    (void)state;
    fixture_remove(dir);
    return 0;
}

static void add(struct bf_store *store, const char *method, const char *settings)
{
    const struct bf_training training = {.method = method,
                                         .settings = settings,
                                         .model_sha256 = "feed",
                                         .stop = "finished",
                                         .forget_nll_before = (double)NAN,
                                         .retain_nll_before = (double)NAN,
                                         .forget_nll_after = (double)NAN,
                                         .retain_nll_after = (double)NAN};
    struct bf_err err = BF_ERR_INIT;
    assert_ok(bf_store_add_training(store, &training, &err));
}

static int n_runs;

/* A run with one training of these settings, as the trainer reads it. */
static enum bf_status read_training(const char *method, const char *settings, struct bf_export_trainer *out,
                                    struct bf_err *err)
{
    char name[32];
    snprintf(name, sizeof name, "run%d", n_runs++);
    char *path = bf_path_join(dir, name);
    struct bf_store *store = fixture_create(path);
    if (settings)
        add(store, method, settings);
    const enum bf_status status = bf_export_trainer_read(store, out, err);
    bf_store_close(store);
    free(path);
    return status;
}

/* The whole block holds each of these lines, and none of those. */
static void assert_yaml(const char *settings, const char *handler, const char *const *has, const char *const *lacks)
{
    struct bf_export_trainer t;
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf out;
    assert_ok(read_training("m", settings, &t, &err));
    assert_string_equal(t.handler, handler);
    assert_int_equal(t.max_length, 256);
    bf_buf_init(&out, SIZE_MAX);
    bf_export_trainer_yaml(&t, &out);
    for (; *has; has++)
        if (!strstr(out.data, *has))
            fail_msg("'%s' is not in:\n%s", *has, out.data);
    for (; *lacks; lacks++)
        if (strstr(out.data, *lacks))
            fail_msg("'%s' is in:\n%s", *lacks, out.data);
    bf_buf_release(&out);
    bf_export_trainer_release(&t);
}

static void each_method_has_its_arguments(void **state)
{
    static const char *const none[] = {NULL};
    static const char *const npo[] = {"per_device_train_batch_size: 8\n",
                                      "gradient_accumulation_steps: 4\n",
                                      "learning_rate: 1.00000000e-05\n",
                                      "num_train_epochs: 1.00000000e+01\n",
                                      "lr_scheduler_type: linear\n",
                                      "warmup_ratio: 1.00000000e-01\n",
                                      "seed: 3407\n",
                                      "retain_loss_type: NLL\n",
                                      "beta: 1.00000000e-01\n",
                                      NULL};
    static const char *const not_npo[] = {"delta", "max_steps", "steering_coeff", NULL};
    static const char *const ga[] = {"lr_scheduler_type: constant_with_warmup\n", "max_steps: 50\n", NULL};
    static const char *const not_ga[] = {"method_args", "num_train_epochs", NULL};
    static const char *const simnpo[] = {"delta: 5.00000000e-01\n", "lr_scheduler_type: cosine\n", NULL};
    static const char *const dpo[] = {"retain_loss_type: KL\n", "beta: ", NULL};
    static const char *const rmu[] = {"retain_loss_type: EMBED_DIFF\n", "steering_coeff: 2.00000000e+00\n",
                                      "module_regex: 'model\\.layers\\.7'\n",
                                      "- 'model\\.layers\\.(5|6|7)\\.mlp\\.down_proj\\.weight'\n", NULL};
    static const char *const not_rmu[] = {"beta: ", NULL};
    static const char *const low[] = {"- 'model\\.layers\\.(0|1)\\.mlp\\.down_proj\\.weight'\n", NULL};
    static const char *const full[] = {"trainable_params_regex:\n      - '.*'\n", NULL};
    static const char *const not_full[] = {"down_proj", NULL};
    (void)state;
    assert_yaml("{" COMMON ",\"method\":\"npo\",\"schedule\":\"linear\",\"retain_loss\":\"nll\",\"train\":\"lora\"}",
                "NPO", npo, not_npo);
    assert_yaml("{\"max_steps\":50,\"method\":\"ga\",\"schedule\":\"constant\",\"warmup\":0.1,\"max_length\":256}",
                "GradAscent", ga, not_ga);
    assert_yaml("{" COMMON ",\"method\":\"simnpo\",\"schedule\":\"cosine\",\"retain_loss\":\"nll\"}", "SimNPO", simnpo,
                none);
    assert_yaml("{" COMMON ",\"method\":\"dpo\",\"schedule\":\"linear\",\"retain_loss\":\"kl\"}", "DPO", dpo, none);
    assert_yaml("{" COMMON ",\"method\":\"rmu\",\"schedule\":\"constant\",\"layer\":7,\"train\":\"mlp\"}", "RMU", rmu,
                not_rmu);
    assert_yaml("{" COMMON ",\"method\":\"rmu\",\"schedule\":\"constant\",\"layer\":1,\"train\":\"mlp\"}", "RMU", low,
                none);
    assert_yaml("{" COMMON ",\"method\":\"rmu\",\"schedule\":\"constant\",\"layer\":7,\"train\":\"full\"}", "RMU", full,
                not_full);
}

static void a_run_without_a_training_has_numbers_to_start_from(void **state)
{
    struct bf_export_trainer t;
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf out;
    (void)state;
    assert_ok(read_training(NULL, NULL, &t, &err));
    assert_string_equal(t.handler, "NPO");
    assert_int_equal(t.max_length, 512);
    bf_buf_init(&out, SIZE_MAX);
    bf_export_trainer_words(&t, &out);
    assert_int_equal(out.len, 0); /* nothing to say */
    bf_export_trainer_yaml(&t, &out);
    assert_non_null(strstr(out.data, "num_train_epochs: 5\n"));
    bf_buf_release(&out);
    bf_export_trainer_release(&t);
}

/* Arguments by the names of their classes. */
static void methods_with_arguments_of_their_own(void **state)
{
    static const struct {
        const char *method, *fields, *handler, *yaml;
    } cases[] = {
        {"undial", "", "UNDIAL", "    beta: 1.00000000e-01\n"},
        {"wga", "", "WGA", "    beta: 1.00000000e-01\n"},
        {"satimp", ",\"importance\":2.0", "SatImp", "    beta1: 1.00000000e-01\n    beta2: 2.00000000e+00\n"},
        {"ceu", ",\"skip_first\":3", "CEU", "  method_args:\n    ignore_first_n_answer_tokens: 3\n"},
        {"pdu", ",\"retain_limit\":0.5,\"dual_step\":5.0,\"dual_warmup\":0.5", "PDU",
         "    retain_loss_eps: 5.00000000e-01\n    dual_step_size: 5.00000000e+00\n    dual_warmup_epochs: 5\n"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bf_export_trainer t;
        struct bf_err err = BF_ERR_INIT;
        struct bf_buf settings, out;
        bf_buf_init(&settings, SIZE_MAX);
        bf_buf_init(&out, SIZE_MAX);
        bf_buf_printf(&settings, "{" COMMON ",\"method\":\"%s\",\"schedule\":\"linear\"%s}", cases[i].method,
                      cases[i].fields);
        assert_ok(read_training(cases[i].method, settings.data, &t, &err));
        assert_string_equal(t.handler, cases[i].handler);
        bf_export_trainer_yaml(&t, &out);
        if (!strstr(out.data, cases[i].yaml))
            fail_msg("%s: %s", cases[i].method, out.data);
        bf_buf_release(&settings);
        bf_buf_release(&out);
        bf_export_trainer_release(&t);
    }
}

static void a_method_that_is_not_theirs_becomes_npo(void **state)
{
    struct bf_export_trainer t;
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf out;
    (void)state;
    assert_ok(read_training("obliviate", "{" COMMON ",\"method\":\"obliviate\",\"schedule\":\"linear\"}", &t, &err));
    assert_true(t.other_method);
    assert_string_equal(t.handler, "NPO");
    bf_buf_init(&out, SIZE_MAX);
    bf_export_trainer_words(&t, &out);
    assert_non_null(strstr(out.data, "open-unlearning does not have"));
    bf_export_trainer_yaml(&t, &out);
    assert_null(strstr(out.data, "method_args"));
    bf_buf_release(&out);
    bf_export_trainer_release(&t);
}

/* The file is run by another program: a line of its own in it would be a command. */
static void a_strangers_words_stay_out(void **state)
{
    static const char *const bad[] = {
        "{" COMMON ",\"method\":\"npo\",\"schedule\":\"linear\\n_target_: os.system\"}",
        "{" COMMON ",\"method\":\"npo\",\"schedule\":\"\"}",
        "{" COMMON ",\"method\":\"npo\",\"schedule\":7}",
        "{" COMMON ",\"method\":\"npo\"}",
        "{" COMMON ",\"method\":\"rmu\",\"schedule\":\"constant\",\"layer\":9223372036854775807}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct bf_export_trainer t;
        struct bf_err err = BF_ERR_INIT;
        assert_int_equal(read_training("npo", bad[i], &t, &err), BF_INPUT);
        assert_says(&err, "the settings of the run's training");
        bf_export_trainer_release(&t);
    }
    /* Numbers that cannot be are the usual one. */
    struct bf_export_trainer t;
    struct bf_err err = BF_ERR_INIT;
    assert_ok(read_training(
        "npo", "{\"method\":\"npo\",\"schedule\":\"linear\",\"max_length\":-5,\"seed\":\"18446744073709551615\"}", &t,
        &err));
    assert_int_equal(t.max_length, 512);
    struct bf_buf out;
    bf_buf_init(&out, SIZE_MAX);
    bf_export_trainer_yaml(&t, &out);
    assert_non_null(strstr(out.data, "seed: 2147483647\n")); /* theirs have 32 bits */
    bf_buf_release(&out);
    bf_export_trainer_release(&t);
}

static void the_last_training_counts(void **state)
{
    char *path = bf_path_join(dir, "two");
    struct bf_store *store = fixture_create(path);
    struct bf_export_trainer t;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    add(store, "npo", "{\"method\":\"npo\",\"schedule\":\"linear\"}");
    add(store, "ga", "{\"method\":\"ga\",\"schedule\":\"linear\"}");
    assert_ok(bf_export_trainer_read(store, &t, &err));
    assert_string_equal(t.handler, "GradAscent");
    bf_export_trainer_release(&t);
    bf_store_close(store);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_method_has_its_arguments),
        cmocka_unit_test(a_run_without_a_training_has_numbers_to_start_from),
        cmocka_unit_test(methods_with_arguments_of_their_own),
        cmocka_unit_test(a_method_that_is_not_theirs_becomes_npo),
        cmocka_unit_test(a_strangers_words_stay_out),
        cmocka_unit_test(the_last_training_counts),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
