#ifndef NSHELPER_PROCESS_H
#define NSHELPER_PROCESS_H

#include "cgroups.h"
#include "closing.h"
#include "host.h"
#include "outliers.h"
#include "output.h"
#include "types.h"

enum process_flag {
    /* Its links gave EACCES or EPERM. */
    PROCESS_UNREADABLE = 1 << 0,
    PROCESS_HAS_UID = 1 << 1,
    /* Its root is not the root of its mount namespace, so its mountinfo may not show all mounts. */
    PROCESS_CHROOT = 1 << 2,
    PROCESS_ZOMBIE = 1 << 3,
    /* Only its number may be seen (hidepid=1); it has no record. */
    PROCESS_OPAQUE = 1 << 4,
    /* It has more threads than its leader. */
    PROCESS_THREADS = 1 << 5,
    /* It was found to be gone, and is taken out of the table at the end of the pass (watch). */
    PROCESS_GONE = 1 << 6,
};

/* What is kept of a process: compact, because there may be tens of thousands. (pid, start) is its identity. */
struct process {
    uint64_t start;
    /* Of the whole record, so that a change shows without keeping the text. */
    uint64_t hash;
    uint32_t pid;
    uint32_t uid;
    /* Inode numbers by slot; 0 where there is none or it may not be seen. */
    uint32_t ns[NS_SLOTS];
    uint8_t flags;
    /* How often it was looked at again, and the pass in which it was last, modulo 256 (watch). */
    uint8_t visits;
    uint8_t pass;
};

/* Reads processes; belongs to one thread. */
struct reader {
    const struct host *host;
    struct cgroup_cache cgroups;
    /* NULL when they are not known. */
    const struct outliers *outliers;
    struct closing closing;
    /* -errno when descriptors or memory ran out. */
    int exhausted;
    char text[16384];
};

void reader_init(struct reader *reader, const struct host *host);
void reader_free(struct reader *reader);
/* Closes what was opened for the processes read so far. To be called before the thread or the pass ends. */
void reader_close(struct reader *reader);

/*
 * Reads one process and appends its record to `lines`, which keeps everything in memory. Of a process that hidepid=1
 * hides only the number is set, and it is no record. -ENOENT or -ESRCH when it is gone (nothing is appended then), or
 * what is_exhausted means.
 */
int process_read(struct reader *reader, uint32_t pid, struct process *process, struct output *lines);

/* Only pid, links and whether they are readable: to look whether a known process moved, at half the cost. */
int process_read_links(struct reader *reader, uint32_t pid, struct process *process);

#endif
