/* What a process may still take: the machine's memory, and the limits of its control groups in both of their
 * layouts. */
#include "unit.h"

#include <sys/stat.h>

#include "base/memory_available.h"

static const uint64_t gib = 1ULL << 30;

static void put(const char *path, const char *text)
{
    char folder[512];
    for (size_t i = 0; path[i]; i++) {
        folder[i] = '\0';
        if (path[i] == '/' && i > 0)
            (void)mkdir(folder, 0700);
        folder[i] = path[i];
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* The machine has 8 GiB. */
static void put_machine(const char *groups)
{
    put("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:         1048576 kB\nMemAvailable:    8388608 kB\n");
    put("proc/self/cgroup", groups);
}

static void without_limits_it_is_the_machines(void **state)
{
    (void)state;
    assert_true(bf_memory_available() > 0);
    put_machine("0::/\n");
    assert_true(bf_memory_available_in("proc", "none") == 8 * gib);
    put("none/memory.max", "max\n");
    put("none/memory.current", "1073741824\n");
    assert_true(bf_memory_available_in("proc", "none") == 8 * gib);
    assert_true(bf_memory_available_in("nowhere", "none") == UINT64_MAX);
}

/* 4 GiB, of which 3.5 are used: 3 by files that the kernel would let go. */
static void files_that_were_read_do_not_count(void **state)
{
    (void)state;
    put_machine("0::/\n");
    put("v2/memory.max", "4294967296\n");
    put("v2/memory.current", "3758096384\n");
    assert_true(bf_memory_available_in("proc", "v2") == gib / 2);
    put("v2/memory.stat", "anon 536870912\nfile 3221225472\ninactive_file 3221225472\nactive_file 0\n");
    assert_true(bf_memory_available_in("proc", "v2") == 7 * gib / 2);
    put("v2/memory.stat", "inactive_file 99999999999\n"); /* counted at another moment */
    assert_true(bf_memory_available_in("proc", "v2") == 4 * gib);
}

/* A job of a batch system: the limit is that of a group around its own. */
static void the_least_of_all_groups_around(void **state)
{
    (void)state;
    put_machine("0::/slurm/job7/step0\n");
    put("nested/slurm/memory.max", "max\n");
    put("nested/slurm/job7/memory.max", "2147483648\n");
    put("nested/slurm/job7/memory.current", "1073741824\n");
    put("nested/slurm/job7/step0/memory.max", "3221225472\n");
    put("nested/slurm/job7/step0/memory.current", "1073741824\n");
    assert_true(bf_memory_available_in("proc", "nested") == gib);
    put("nested/slurm/job7/memory.current", "9999999999\n"); /* over its limit */
    assert_true(bf_memory_available_in("proc", "nested") == 0);
}

static void the_older_layout(void **state)
{
    (void)state;
    put_machine("9:name=systemd:/\n4:memory:/docker/abc\n1:cpu:/\n0::/\n");
    put("v1/memory/docker/abc/memory.limit_in_bytes", "2147483648\n");
    put("v1/memory/docker/abc/memory.usage_in_bytes", "2147483648\n");
    put("v1/memory/docker/abc/memory.stat", "inactive_file 5\ntotal_inactive_file 1073741824\n");
    assert_true(bf_memory_available_in("proc", "v1") == gib);
    /* In the container that group is the root, under a name that is not to be seen. */
    put("inside/memory/memory.limit_in_bytes", "3221225472\n");
    put("inside/memory/memory.usage_in_bytes", "1073741824\n");
    assert_true(bf_memory_available_in("proc", "inside") == 2 * gib);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limits_it_is_the_machines),
        cmocka_unit_test(files_that_were_read_do_not_count),
        cmocka_unit_test(the_least_of_all_groups_around),
        cmocka_unit_test(the_older_layout),
    };

    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
