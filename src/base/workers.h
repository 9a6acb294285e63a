/* A few threads that divide numbered blocks of work among them, for loops of a fraction of a millisecond. A block only
 * writes its own part, and the caller adds the parts up in order, so that results do not depend on the number of
 * threads. */
#ifndef BF_BASE_WORKERS_H
#define BF_BASE_WORKERS_H
#include <stddef.h>

struct bf_workers;

/* n_threads includes the caller; 0 = one for each core. When threads cannot be started, there are fewer. */
struct bf_workers *bf_workers_new(size_t n_threads);
void bf_workers_free(struct bf_workers *workers); /* NULL is a no-op */
/* Calls work(user, i) once for each i in 0 .. n_blocks - 1, on any thread, and returns when all are done. */
void bf_workers_run(struct bf_workers *workers, size_t n_blocks, void (*work)(void *user, size_t block), void *user);

#endif
