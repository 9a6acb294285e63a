/* A GGUF that was just written is read back before it takes the place of a good one. */
#include "tiny_text_model.h"

#include <sys/stat.h>

#include "engine/engine.h"
#include "engine/gguf_check.h"

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
    assert_error(err, BF_STORE, "is not a complete model (");
    assert_int_equal(bf_engine_check_written("none.gguf", "m.gguf", &err), BF_STORE);
    write_text("empty.gguf", "");
    assert_int_equal(bf_engine_check_written("empty.gguf", "m.gguf", &err), BF_STORE);
}

/* What is asked of a disk before a conversion: the size of what comes, also of floats out of small weights. */
static void the_size_in_another_type_is_known_before(void **state)
{
    static const struct {
        const char *name;
        enum ggml_type type;
    } types[] = {{"q4_0", GGML_TYPE_Q4_0}, {"f16", GGML_TYPE_F16}, {"f32", GGML_TYPE_F32}};
    struct bf_err err = BF_ERR_INIT;
    struct stat info;

    (void)state;
    tiny_text_write("first.gguf", NULL, NULL);
    assert_int_equal(bf_engine_quantize("first.gguf", "small.gguf", "q8_0", 1, &err), BF_OK);
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        struct bf_gguf gguf;
        assert_int_equal(bf_gguf_read("small.gguf", &gguf, &err), BF_OK);
        const double told = (double)bf_gguf_bytes_in(&gguf, types[i].type);
        bf_gguf_release(&gguf);
        assert_int_equal(bf_engine_quantize("small.gguf", "out.gguf", types[i].name, 1, &err), BF_OK);
        assert_int_equal(stat("out.gguf", &info), 0);
        if (told < 0.95 * (double)info.st_size || told > 1.05 * (double)info.st_size)
            fail_msg("%s: %.0f bytes told, %lld written", types[i].name, told, (long long)info.st_size);
    }
    assert_int_equal(bf_engine_quantize("small.gguf", "out.gguf", "q3", 1, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "bf16 or f32");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file_is_fine),
        cmocka_unit_test(a_lost_header_and_a_lost_end_are_seen),
        cmocka_unit_test(the_size_in_another_type_is_known_before),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
