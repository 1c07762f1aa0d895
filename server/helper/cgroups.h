#ifndef NSHELPER_CGROUPS_H
#define NSHELPER_CGROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The path in the text of /proc/PID/cgroup that a person knows a process by: the unified hierarchy's, or that of
 * v1's `name=systemd`. Not terminated; NULL if there is neither. `*unified` says which of them it is.
 */
const char *cgroup_path(const char *text, size_t length, size_t *path_length, bool *unified);

/* Paths by cgroup id: the kernel never uses an id again, and v2 has no rename. */
struct cgroup_cache {
    struct cgroup_entry *entry;
    size_t capacity;
    size_t count;
};

const char *cgroup_cache_find(const struct cgroup_cache *cache, uint64_t id, size_t *path_length);
/* Best effort: without memory it is only not remembered. */
void cgroup_cache_add(struct cgroup_cache *cache, uint64_t id, const char *path, size_t length);
void cgroup_cache_free(struct cgroup_cache *cache);

#endif
