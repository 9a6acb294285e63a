#include "unit.h"

#include "request/request.h"

static void words_and_back(void **state)
{
    (void)state;
    for (int i = 0; i < BF_STAGE_COUNT; i++) {
        enum bf_stage stage = (enum bf_stage)i;
        assert_int_equal(bf_stage_of(bf_stage_word(stage)), stage);
        assert_true(strlen(bf_stage_text(stage)) > strlen(bf_stage_word(stage)));
    }
    assert_string_equal(bf_stage_word(BF_STAGE_SYNTHESIS), "synthesis");
    assert_string_equal(bf_stage_text(BF_STAGE_MI), "Stage II: membership inference");
    assert_int_equal(bf_stage_of("Synthesis"), BF_STAGE_COUNT);
    assert_int_equal(bf_stage_of(""), BF_STAGE_COUNT);
    assert_string_equal(bf_stage_word(BF_STAGE_COUNT), "unknown");
    assert_string_equal(bf_stage_text((enum bf_stage) - 1), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
