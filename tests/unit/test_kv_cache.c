/* F32 where the memory holds it. */
#include "unit.h"

#include "engine/kv_cache.h"

static void a_wish_is_kept(void **state)
{
    (void)state;
    assert_int_equal(bf_kv_cache_choose(BF_KV_CACHE_F16, 1, UINT64_MAX, 1), BF_KV_CACHE_F16);
    assert_int_equal(bf_kv_cache_choose(BF_KV_CACHE_F32, UINT64_MAX, 0, 1), BF_KV_CACHE_F32);
}

static void memory_decides(void **state)
{
    const uint64_t mib = 1 << 20;

    (void)state;
    assert_int_equal(bf_kv_cache_choose(BF_KV_CACHE_F32_IF_FITS, 100 * mib, 200 * mib, 0), BF_KV_CACHE_F32);
    assert_int_equal(bf_kv_cache_choose(BF_KV_CACHE_F32_IF_FITS, 100 * mib, 200 * mib, 1), BF_KV_CACHE_F32);
    assert_int_equal(bf_kv_cache_choose(BF_KV_CACHE_F32_IF_FITS, 100 * mib, 200 * mib - 1, 0), BF_KV_CACHE_F16);
    assert_int_equal(bf_kv_cache_choose(BF_KV_CACHE_F32_IF_FITS, 100 * mib, 800 * mib, 8), BF_KV_CACHE_F32);
    assert_int_equal(bf_kv_cache_choose(BF_KV_CACHE_F32_IF_FITS, 100 * mib, 799 * mib, 8), BF_KV_CACHE_F16);
    assert_int_equal(bf_kv_cache_choose(BF_KV_CACHE_F32_IF_FITS, 1, 0, 0), BF_KV_CACHE_F16);
    /* A model without attention layers needs none. */
    assert_int_equal(bf_kv_cache_choose(BF_KV_CACHE_F32_IF_FITS, 0, 0, 0), BF_KV_CACHE_F32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wish_is_kept),
        cmocka_unit_test(memory_decides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
