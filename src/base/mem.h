/* Memory. Small allocations never fail: when memory is used up, the process ends with a message, which is safe because
 * of the store. Buffers whose size depends on input use bf_try_array, which returns NULL on failure. */
#ifndef BF_BASE_MEM_H
#define BF_BASE_MEM_H
#include <stddef.h>

/* Print that message and end the process with exit code 5; also for failed allocations in libraries (jansson). */
_Noreturn void bf_out_of_memory(void);
void *bf_alloc(size_t n_bytes);                  /* zeroed; n_bytes 0 gives a valid pointer; free with free() */
void *bf_array(size_t n, size_t size);           /* zeroed n*size, overflow ends the process; free() */
void *bf_grow(void *old, size_t n, size_t size); /* realloc to n*size, new part not cleared; never NULL */
char *bf_strdup(const char *s);                  /* free() */
char *bf_strndup(const char *s, size_t n);       /* exactly n bytes and a NUL; free() */
void *bf_try_array(size_t n, size_t size);       /* zeroed; NULL on overflow, or when memory is used up; free() */

#endif
