/* A search for a suffix with a real model: it lowers the loss, keeps its tokens when it is typed, and follows from its
 * seed. */
#include "unit.h"

#include <llama.h>
#include <stdlib.h>
#include <string.h>

#include "unlearn/suffix.h"

static struct bf_unlearn_texts pairs;

static struct bf_suffix_job job_of(int32_t n_threads)
{
    const struct bf_suffix_job job = {.model = getenv("BIFORGET_TEST_MODEL"),
                                      .chat = "auto",
                                      .pairs = &pairs,
                                      .n_tokens = 4,
                                      .n_rounds = 2,
                                      .n_candidates = 4,
                                      .n_top = 16,
                                      .n_threads = n_threads,
                                      .seed = 1};

    if (!job.model)
        fail_msg("BIFORGET_TEST_MODEL is not set: run this through ctest");
    return job;
}

/* As many tokens as were asked for, behind a question, of printable characters. */
static void assert_typed(const char *suffix, int32_t n_tokens)
{
    struct llama_model_params params = llama_model_default_params();
    llama_token tokens[64];

    for (const char *p = suffix; *p; p++)
        assert_in_range(*p, ' ', '~');
    params.vocab_only = true;
    struct llama_model *model = llama_model_load_from_file(getenv("BIFORGET_TEST_MODEL"), params);
    assert_non_null(model);
    for (size_t i = 0; i < pairs.n; i++) {
        const char *question = pairs.items[i].question;
        char text[512];
        const int n = snprintf(text, sizeof text, "%s%s", question, suffix);
        const struct llama_vocab *vocab = llama_model_get_vocab(model);
        const int32_t plain = llama_tokenize(vocab, question, (int32_t)strlen(question), tokens, 64, false, false);
        assert_int_equal(llama_tokenize(vocab, text, n, tokens, 64, false, false), plain + n_tokens);
    }
    llama_model_free(model);
}

static void the_loss_falls(void **state)
{
    struct bf_suffix_result results[2];
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    for (int32_t t = 0; t < 2; t++) {
        const struct bf_suffix_job job = job_of(t + 1);
        if (bf_suffix_search(&job, &results[t], &err))
            fail_msg("%s", err.text);
    }
    const struct bf_suffix_result *r = &results[0];
    print_message("'%s' %.4f -> '%s' %.4f, none %.4f, tried %d, kept %d\n", r->random, r->loss_random, r->best,
                  r->loss_best, r->loss_plain, r->n_tried, r->n_kept);
    assert_int_equal(r->n_tried, 8);
    assert_true(r->loss_best < r->loss_random - 0.05);
    assert_true(r->loss_plain > 0);
    assert_typed(r->random, 4);
    assert_typed(r->best, 4);
    assert_string_equal(results[1].random, r->random);
    assert_string_equal(results[1].best, r->best);
    assert_memory_equal(&results[1].loss_best, &r->loss_best, sizeof r->loss_best);
    for (int t = 0; t < 2; t++)
        bf_suffix_result_release(&results[t]);
}

static bool at_once(void *user, int32_t n_done, int32_t n_all)
{
    (void)user, (void)n_done;
    assert_int_equal(n_all, 8);
    return false;
}

static void a_search_can_be_ended(void **state)
{
    struct bf_suffix_job job = job_of(2);
    struct bf_suffix_result result;
    struct bf_unlearn_texts none = {0};
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    job.progress = at_once;
    assert_int_equal(bf_suffix_search(&job, &result, &err), BF_INTERRUPTED);
    bf_suffix_result_release(&result);
    job.pairs = &none;
    assert_int_equal(bf_suffix_search(&job, &result, &err), BF_INPUT);
    assert_contains(err.text, "question-answer pairs");
    bf_suffix_result_release(&result);
    job.n_tokens = BF_SUFFIX_TOKENS_MAX + 1;
    assert_int_equal(bf_suffix_search(&job, &result, &err), BF_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_loss_falls),
        cmocka_unit_test(a_search_can_be_ended),
    };

    bf_unlearn_texts_add(&pairs, "", "Who founded Estvik?", "Estvik was founded by the sailor Mira.");
    bf_unlearn_texts_add(&pairs, "", "What lies at the mouth of the Hald", "The town of Orlund.");
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bf_unlearn_texts_release(&pairs);
    return failed;
}
