#ifndef NSHELPER_INSPECT_H
#define NSHELPER_INSPECT_H

#include "survey.h"

/* proc_ns.h: numbers that the initial namespaces have on every kernel. */
#define INITIAL_USER 0xeffffffd
#define INITIAL_PID 0xeffffffc
#define INITIAL_TIME 0xeffffffa

/* What one process finds where it looks for the kernel's own file systems, and the buffers for it. */
struct looker {
    const struct survey *survey;
    char *mounts;
    size_t mounts_capacity;
    char *devices;
    size_t devices_capacity;
};

void looker_free(struct looker *looker);

/*
 * The pid namespace that the process's /proc shows: 0, or -errno where nothing is said: no proc is mounted there, its init
 * is gone, or the caller may not look.
 */
int look_at_proc(struct looker *looker, uint32_t pid, uint32_t *pidns);

/* 1 when the process's /sys lists other network devices than its net namespace has, else 0 or -errno. */
int look_at_sysfs(struct looker *looker, uint32_t pid);

/* 1 when `lo` is up, 0 when it is down, or -errno. The calling thread is in that net namespace afterwards. */
int look_at_loopback(const struct survey *survey, uint32_t index);

#endif
