#ifndef NSHELPER_WORKERS_H
#define NSHELPER_WORKERS_H

#include <stddef.h>

#define WORKERS_MAX 4

/* How many threads are worth it for `count` items: never more than the processors that we may run on. */
unsigned workers_for(size_t count);

/* Small, because at the end all wait for the one who took the last piece. */
#define WORK_PIECE 16

/*
 * Calls `work` for pieces [begin, end) of [0, count) in up to `workers` threads, each with its own number and, where
 * the kernel lets it, its own descriptor table, in which descriptors opened before are there too. Pieces are at most
 * WORK_PIECE items, begin at multiples of it, and are given out as threads become free. Returns when all is done. At
 * that point no other thread is left, so that setns and fork are safe again.
 */
#define WORK_PIECE 16
void workers_run(unsigned workers, size_t count, void (*work)(void *context, unsigned worker, size_t begin, size_t end),
                 void *context);

#endif
