/* A GGUF that was just written is read back before it takes the place of a good one. */
#include "tiny_model.h"

#include <sys/stat.h>

#include "engine/engine.h"

static void a_whole_file_is_fine(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    tiny_write(&tiny_llama, "whole.gguf");
    assert_int_equal(bf_engine_check_written("whole.gguf", "m.gguf", &err), BF_OK);
}

static void a_lost_header_and_a_lost_end_are_seen(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct stat info;
    static const char zeros[64] = {0};
    (void)state;
    tiny_write(&tiny_llama, "cut.gguf");
    assert_int_equal(stat("cut.gguf", &info), 0);
    assert_int_equal(truncate("cut.gguf", info.st_size - 64), 0);
    assert_int_equal(bf_engine_check_written("cut.gguf", "m.gguf", &err), BF_STORE);
    assert_error(err, BF_STORE, "'m.gguf' was not written: ");
    tiny_write(&tiny_llama, "head.gguf");
    FILE *file = fopen("head.gguf", "r+b");
    assert_non_null(file);
    assert_int_equal(fwrite(zeros, 1, sizeof zeros, file), sizeof zeros);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(bf_engine_check_written("head.gguf", "m.gguf", &err), BF_STORE);
    assert_error(err, BF_STORE, "is not a GGUF file (");
    assert_int_equal(bf_engine_check_written("none.gguf", "m.gguf", &err), BF_STORE);
    write_text("empty.gguf", "");
    assert_int_equal(bf_engine_check_written("empty.gguf", "m.gguf", &err), BF_STORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file_is_fine),
        cmocka_unit_test(a_lost_header_and_a_lost_end_are_seen),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
