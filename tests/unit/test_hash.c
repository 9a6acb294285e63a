#include "unit.h"

#include "base/hash.h"

/* FIPS 180-4 examples. */
static const char of_nothing[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char of_abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char of_million_a[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

static void sha256_of_bytes(void **state)
{
    char hex[BF_SHA256_HEX];

    (void)state;
    bf_sha256_hex("", 0, hex);
    assert_string_equal(hex, of_nothing);
    bf_sha256_hex(NULL, 0, hex);
    assert_string_equal(hex, of_nothing);
    bf_sha256_hex("abc", 3, hex);
    assert_string_equal(hex, of_abc);
}

static void sha256_of_files(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    char hex[BF_SHA256_HEX];
    FILE *file = fopen("million", "wb");

    (void)state;
    assert_non_null(file);
    for (int i = 0; i < 1000000; i++) /* more than one chunk */
        (void)fputc('a', file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(bf_sha256_file("million", hex, &err), BF_OK);
    assert_string_equal(hex, of_million_a);
    write_text("empty", "");
    assert_int_equal(bf_sha256_file("empty", hex, &err), BF_OK);
    assert_string_equal(hex, of_nothing);
}

static void sha256_of_what_cannot_be_read(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    char hex[BF_SHA256_HEX] = "old";

    (void)state;
    assert_int_equal(bf_sha256_file("missing.gguf", hex, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "cannot open 'missing.gguf': no such file");
    assert_string_equal(hex, "");
    assert_int_equal(bf_sha256_file("/", hex, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "it is a folder");
    assert_int_equal(bf_sha256_file("/dev/zero", hex, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "cannot read '/dev/zero': it is a device, which may never end");
    assert_string_equal(hex, "");
}

/* FNV-1a's published values ("": cbf29ce484222325, "a": af63dc4c8601ec8c, "foobar": 85944171f73967e8) through the mix,
 * computed in Python. */
static void hash64_stays_what_it_is(void **state)
{
    (void)state;
    assert_true(bf_hash64("", 0) == UINT64_C(0xf52a15e9a9b5e89b));
    assert_true(bf_hash64("a", 1) == UINT64_C(0x02c0bdbf481420f8));
    assert_true(bf_hash64("foobar", 6) == UINT64_C(0x404da9e3b74078c2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_of_bytes),
        cmocka_unit_test(sha256_of_files),
        cmocka_unit_test(sha256_of_what_cannot_be_read),
        cmocka_unit_test(hash64_stays_what_it_is),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
