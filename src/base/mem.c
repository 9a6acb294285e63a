/* Memory. */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

#include "base/banned.h"

void bf_out_of_memory(void)
{
    static const char message[] = "biforget: memory is used up; what is committed is safe: free some memory, "
                                  "or lower --parallel, and resume\n";
    /* write and _exit, since stdio may need memory, and exit handlers may find inconsistent state. */
    ssize_t ignored = write(STDERR_FILENO, message, sizeof message - 1);
    (void)ignored;
    _exit(BF_STORE);
}

void *bf_try_array(size_t n, size_t size)
{
    if (n == 0 || size == 0)
        return calloc(1, 1);
    if (n > PTRDIFF_MAX / size) /* calloc may allow it, but differences of pointers would overflow */
        return NULL;
    return calloc(n, size);
}

void *bf_array(size_t n, size_t size)
{
    void *p = bf_try_array(n, size);

    if (!p)
        bf_out_of_memory();
    return p;
}

void *bf_alloc(size_t n_bytes)
{
    return bf_array(n_bytes, 1);
}

void *bf_grow(void *old, size_t n, size_t size)
{
    void *p;

    if (size != 0 && n > PTRDIFF_MAX / size)
        bf_out_of_memory();
    p = realloc(old, n == 0 || size == 0 ? 1 : n * size);
    if (!p)
        bf_out_of_memory();
    return p;
}

char *bf_strndup(const char *s, size_t n)
{
    char *copy;

    if (n >= PTRDIFF_MAX)
        bf_out_of_memory();
    copy = bf_alloc(n + 1);
    if (n > 0)
        memcpy(copy, s, n);
    return copy;
}

char *bf_strdup(const char *s)
{
    return bf_strndup(s, strlen(s));
}
