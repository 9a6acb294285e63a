/* Counts of processes that end without exit() or become another program: written before they do. Linked with --wrap in
 * the build for coverage alone. A process that a signal kills writes none. */
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

extern void __gcov_dump(void);
extern void __gcov_reset(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);
int __real_execv(const char *path, char *const argv[]);
int __wrap_execv(const char *path, char *const argv[]);
int __real_execve(const char *path, char *const argv[], char *const environment[]);
int __wrap_execve(const char *path, char *const argv[], char *const environment[]);

/* Tests limit the size of files so that writes fail. Counts cut short there would spoil those of all processes. */
static bool may_write_files(void)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_FSIZE, &limit) == 0) /* root may */
        return true;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0)
        return false;
    limit.rlim_cur = limit.rlim_max;
    return limit.rlim_max == RLIM_INFINITY && setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

/* Before gcov's own, which has the priority 100. */
__attribute__((destructor)) static void before_the_counts_of_exit(void)
{
    (void)may_write_files();
}

void __wrap__exit(int status)
{
    if (may_write_files())
        __gcov_dump();
    __real__exit(status);
}

/* Back from a failed exec, counting begins at zero: what was dumped is in the files. */
int __wrap_execv(const char *path, char *const argv[])
{
    __gcov_dump();
    const int result = __real_execv(path, argv);
    __gcov_reset();
    return result;
}

int __wrap_execve(const char *path, char *const argv[], char *const environment[])
{
    __gcov_dump();
    const int result = __real_execve(path, argv, environment);
    __gcov_reset();
    return result;
}
