#include "workers.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Below this, starting threads costs more than they save. */
#define WORTH_THREADS 256
#define STACK_SIZE (128 * 1024)

unsigned workers_for(size_t count)
{
    cpu_set_t allowed;
    int processors = 1;

    if (count >= WORTH_THREADS && sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        processors = CPU_COUNT(&allowed);
    return processors < 1 ? 1 : processors > WORKERS_MAX ? WORKERS_MAX : (unsigned)processors;
}

struct pool {
    void (*work)(void *context, unsigned worker, size_t begin, size_t end);
    void *context;
    size_t count;
    atomic_size_t next;
};

struct thread {
    pthread_t handle;
    struct pool *pool;
    unsigned worker;
    bool started;
};

static void take_pieces(struct pool *pool, unsigned worker)
{
    for (;;) {
        size_t begin = atomic_fetch_add(&pool->next, WORK_PIECE);
        if (begin >= pool->count)
            return;
        size_t end = begin + WORK_PIECE < pool->count ? begin + WORK_PIECE : pool->count;
        pool->work(pool->context, worker, begin, end);
    }
}

static void *run(void *argument)
{
    struct thread *thread = argument;

    /* With one table for all, every open and close of one thread waits for a lock of the others. */
    unshare(CLONE_FILES);
    take_pieces(thread->pool, thread->worker);
    return NULL;
}

void workers_run(unsigned workers, size_t count, void (*work)(void *context, unsigned worker, size_t begin, size_t end),
                 void *context)
{
    struct pool pool = { .work = work, .context = context, .count = count };
    struct thread threads[WORKERS_MAX];
    pthread_attr_t attributes;
    bool sized = pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, STACK_SIZE) == 0;

    for (unsigned i = 1; i < workers; i++) {
        threads[i] = (struct thread){ .pool = &pool, .worker = i };
        threads[i].started = pthread_create(&threads[i].handle, sized ? &attributes : NULL, run, &threads[i]) == 0;
    }
    take_pieces(&pool, 0);
    for (unsigned i = 1; i < workers; i++)
        if (threads[i].started)
            pthread_join(threads[i].handle, NULL);
    pthread_attr_destroy(&attributes);
}
