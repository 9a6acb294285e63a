/* A few threads that share out numbered blocks of work, for loops of a fraction of a millisecond. A block writes only
 * what is its own, and the caller adds the parts up in order: so results do not depend on how many threads there
 * are. */
#ifndef BF_BASE_WORKERS_H
#define BF_BASE_WORKERS_H
#include <stddef.h>

struct bf_workers;

/* n_threads counts the caller; 0 = one for each core. Threads that cannot be started are done without. */
struct bf_workers *bf_workers_new(size_t n_threads);
void bf_workers_free(struct bf_workers *workers); /* NULL is a no-op */
/* Calls work(user, 0 .. n_blocks - 1), each once, on any thread, and returns when all are done. */
void bf_workers_run(struct bf_workers *workers, size_t n_blocks, void (*work)(void *user, size_t block), void *user);

#endif
