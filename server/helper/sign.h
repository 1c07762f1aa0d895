#ifndef NSHELPER_SIGN_H
#define NSHELPER_SIGN_H

#include "host.h"

/*
 * A sign of processes created or gone, at a thousandth of the cost of listing thousands of names: /proc/loadavg. Its
 * last field is the pid given out last in our own pid namespace, and the number after the slash that of all threads in
 * the system. Every fork that we could see moves the first. Every process that is reaped moves the second, unless a
 * fork made up for it, and then the first has moved. All new pids lie between the old value of the first and the new
 * one. What goes unseen is a pid chosen by its creator (clone3 with set_tid, as CRIU does) just when another thread
 * ended, so names still have to be listed now and then.
 */
struct sign {
    int fd;
    bool valid;
    uint32_t last;
    uint64_t threads;
};

enum sign_change {
    SIGN_SAME,
    /* Processes came or went, and the new pids are after `from` up to `to`. */
    SIGN_RANGE,
    /* It tells nothing. */
    SIGN_UNKNOWN,
};

void sign_open(struct sign *sign, const struct host *host);
void sign_close(struct sign *sign);
/* What happened since it was asked last. */
enum sign_change sign_ask(struct sign *sign, uint32_t *from, uint32_t *to);

#endif
