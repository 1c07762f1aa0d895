#ifndef NSHELPER_HOST_H
#define NSHELPER_HOST_H

#include "failure.h"
#include "types.h"

/* What this kernel and /proc can tell: asked once, then read by every thread. */
struct host {
    /* /proc, open for listing. */
    int proc;
    /* Own namespaces by slot; 0 where there is none. ns[NS_PID] is 0 when /proc shows another pid namespace. */
    uint32_t own[NS_SLOTS];
    /* PIDFD_GET_INFO answers, and its pids are the ones in /proc. */
    bool pidfd_info;
    /* There is v1's `name=systemd` hierarchy, so that processes in the unified one's root may be told apart by it. */
    bool cgroup_systemd;
    /* There is the unified hierarchy. */
    bool cgroup_unified;
    /* NS_GET_ID answers, 6.18. */
    bool nsid;
    /* A namespace's type, inode and id by one file handle, 6.18. */
    bool handles;
    /* Device number of nsfs, which every namespace file is on. */
    uint64_t nsfs_device;
    /* listns(2) is there. */
    bool listns;
    /* /proc does not list the processes of others (hidepid=invisible), and the caller is no exception. */
    bool hidden;
    /* Value of hidepid= when it is set, else empty. */
    char hidepid[16];
};

int host_open(struct host *host, struct failure *failure);
void host_close(struct host *host);

/* Now, in clock ticks after boot: the unit and the origin of a process's start. */
uint64_t host_ticks(void);
uint64_t host_ticks_per_second(void);

/* The effective set of this process, a bit per capability(7). */
uint64_t host_capabilities(void);

#endif
