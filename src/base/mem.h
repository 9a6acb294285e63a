/* Memory. Small allocations never fail (running out ends the process with a message: the store makes dying safe);
 * buffers whose size comes from input use bf_try_array, which returns NULL on overflow or exhaustion. */
#ifndef BF_BASE_MEM_H
#define BF_BASE_MEM_H
#include <stddef.h>

/* How that message is given; for libraries whose small allocations fail (jansson). Exit code 5. */
_Noreturn void bf_out_of_memory(void);
void *bf_alloc(size_t n_bytes);                  /* zeroed; n_bytes 0 gives a valid pointer; free with free() */
void *bf_array(size_t n, size_t size);           /* zeroed n*size, overflow ends the process; free() */
void *bf_grow(void *old, size_t n, size_t size); /* realloc to n*size, new part not cleared; never NULL */
char *bf_strdup(const char *s);                  /* free() */
char *bf_strndup(const char *s, size_t n);       /* exactly n bytes and a NUL; free() */
void *bf_try_array(size_t n, size_t size);       /* zeroed; NULL on overflow or when memory is out; free() */

#endif
