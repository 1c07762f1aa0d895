#ifndef NSHELPER_VICTIMS_H
#define NSHELPER_VICTIMS_H

#include "host.h"
#include "output.h"

/* A process to be ended. */
struct victim {
    uint32_t pid;
    uint64_t start;
    /* A namespace that it has to be in, or it is not what was meant any more. id 0 for none. */
    enum ns_type type;
    uint32_t id;
    /* It is signalled; others go with their pid namespace's init. */
    bool signalled;
    /* SIGTERM or SIGKILL once it has ended by it, else 0. */
    int signal;
    /* -ESRCH when it was gone already or is another one, -EPERM without the right, else 0. */
    int error;
    /* /proc/PID, which stays with the process, and a pidfd to wait with. */
    int directory, pidfd;
};

/* TERM for all, after `grace` milliseconds KILL for the rest. Only what is proven to be that process is signalled. */
void victims_end(const struct host *host, struct victim *victims, size_t count, unsigned grace);

/* `{"ended":{…}}`, or `{"would":{"ended":{…}}}`. */
void victim_print(const struct victim *victim, bool plan, struct output *output);

#endif
