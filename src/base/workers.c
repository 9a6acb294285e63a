/* In a round, the caller writes the job and opens the gate; threads that enter take blocks from `next` until none are
 * left; the caller closes the gate and waits for the threads inside. A thread that wakes up too late finds the gate
 * closed, and nobody waits for it. Threads spin for a short time before they sleep, since rounds follow each other
 * closely.
 *
 *     gate:  round << 32 | open << 31 | threads inside
 */
#include "base/workers.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/banned.h"

enum { THREADS_MAX = 64, LOOKS = 4000, LOOKS_PER_YIELD = 100 };
static const uint64_t OPEN = UINT64_C(1) << 31;

struct bf_workers {
    size_t n_threads; /* not counting the caller */
    pthread_t threads[THREADS_MAX];
    void (*work)(void *user, size_t block);
    void *user;
    size_t n_blocks;
    atomic_size_t next; /* block */
    atomic_uint_fast64_t gate;
    atomic_uint asleep; /* threads that wait in `begin` */
    atomic_bool caller_asleep;
    atomic_bool ending;
    pthread_mutex_t mutex;
    pthread_cond_t begin, end;
};

static void take_blocks(struct bf_workers *w)
{
    for (size_t block = atomic_fetch_add(&w->next, 1); block < w->n_blocks; block = atomic_fetch_add(&w->next, 1))
        w->work(w->user, block);
}

static bool inside(struct bf_workers *w)
{
    return (uint32_t)atomic_load(&w->gate) != 0;
}

static bool may_enter(struct bf_workers *w, uint64_t seen)
{
    const uint64_t gate = atomic_load(&w->gate);
    return atomic_load(&w->ending) || ((gate & OPEN) != 0 && gate >> 32 != seen);
}

static void wait_for_round(struct bf_workers *w, uint64_t seen)
{
    for (int look = 1; look <= LOOKS; look++) {
        if (may_enter(w, seen))
            return;
        if (look % LOOKS_PER_YIELD == 0)
            (void)sched_yield();
    }
    (void)pthread_mutex_lock(&w->mutex);
    atomic_fetch_add(&w->asleep, 1);
    while (!may_enter(w, seen))
        (void)pthread_cond_wait(&w->begin, &w->mutex);
    atomic_fetch_sub(&w->asleep, 1);
    (void)pthread_mutex_unlock(&w->mutex);
}

static void wake(struct bf_workers *w)
{
    if (atomic_load(&w->asleep) > 0) {
        (void)pthread_mutex_lock(&w->mutex);
        (void)pthread_cond_broadcast(&w->begin);
        (void)pthread_mutex_unlock(&w->mutex);
    }
}

static void leave(struct bf_workers *w)
{
    if (((uint32_t)atomic_fetch_sub(&w->gate, 1) & ~(uint32_t)OPEN) == 1 && atomic_load(&w->caller_asleep)) {
        (void)pthread_mutex_lock(&w->mutex);
        (void)pthread_cond_signal(&w->end);
        (void)pthread_mutex_unlock(&w->mutex);
    }
}

static void *thread_main(void *argument)
{
    struct bf_workers *w = argument;
    uint64_t seen = 0;
    for (;;) {
        wait_for_round(w, seen);
        if (atomic_load(&w->ending))
            return NULL;
        uint64_t gate = atomic_load(&w->gate);
        while ((gate & OPEN) != 0 && !atomic_compare_exchange_weak(&w->gate, &gate, gate + 1))
            ;
        if ((gate & OPEN) == 0)
            continue;
        seen = gate >> 32;
        take_blocks(w);
        leave(w);
    }
}

struct bf_workers *bf_workers_new(size_t n_threads)
{
    struct bf_workers *w = bf_alloc(sizeof *w);
    const long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (n_threads == 0)
        n_threads = n_cores > 0 ? (size_t)n_cores : 1;
    if (n_threads > THREADS_MAX)
        n_threads = THREADS_MAX;
    (void)pthread_mutex_init(&w->mutex, NULL);
    (void)pthread_cond_init(&w->begin, NULL);
    (void)pthread_cond_init(&w->end, NULL);
    while (w->n_threads + 1 < n_threads && pthread_create(&w->threads[w->n_threads], NULL, thread_main, w) == 0)
        w->n_threads++;
    return w;
}

void bf_workers_free(struct bf_workers *w)
{
    if (!w)
        return;
    atomic_store(&w->ending, true);
    wake(w);
    for (size_t i = 0; i < w->n_threads; i++)
        (void)pthread_join(w->threads[i], NULL);
    (void)pthread_cond_destroy(&w->begin);
    (void)pthread_cond_destroy(&w->end);
    (void)pthread_mutex_destroy(&w->mutex);
    free(w);
}

void bf_workers_run(struct bf_workers *w, size_t n_blocks, void (*work)(void *user, size_t block), void *user)
{
    w->work = work;
    w->user = user;
    w->n_blocks = n_blocks;
    atomic_store(&w->next, 0);
    atomic_store(&w->gate, ((atomic_load(&w->gate) >> 32) + 1) << 32 | OPEN);
    wake(w);
    take_blocks(w);
    atomic_fetch_and(&w->gate, ~OPEN);
    for (int look = 1; look <= LOOKS && inside(w); look++)
        if (look % LOOKS_PER_YIELD == 0)
            (void)sched_yield();
    if (!inside(w))
        return;
    (void)pthread_mutex_lock(&w->mutex);
    atomic_store(&w->caller_asleep, true);
    while (inside(w))
        (void)pthread_cond_wait(&w->end, &w->mutex);
    atomic_store(&w->caller_asleep, false);
    (void)pthread_mutex_unlock(&w->mutex);
}
