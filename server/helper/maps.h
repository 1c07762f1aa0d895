#ifndef NSHELPER_MAPS_H
#define NSHELPER_MAPS_H

#include "failure.h"
#include "host.h"

#include <sys/types.h>

/* What the kernel takes since 4.15; before that it was 5. */
#define ID_MAP_MAX 340

enum map_kind { MAP_NONE, MAP_ROOT, MAP_SAME, MAP_AUTO };

/* A line of uid_map or gid_map, user_namespaces(7). */
struct id_range {
    uint32_t inside, outside, count;
};

struct id_map {
    struct id_range range[ID_MAP_MAX];
    size_t count;
};

/* Adds `IN:OUT:COUNT`. False when it is none, overflows or is one too many. */
bool map_add(struct id_map *map, const char *text);
/* Whether the id within is mapped. */
bool map_has(const struct id_map *map, uint32_t inside);

/*
 * Replaces --map by ranges, where it was given. `auto` gives an ordinary user its own id as 0 and after it a range of
 * /etc/subuid, /etc/subgid; a privileged caller a range for all, that nobody else has. One that no living user
 * namespace uses is preferred.
 */
int maps_resolve(enum map_kind kind, const struct host *host, struct id_map *uids, struct id_map *gids,
                 struct failure *failure);

/* Whether the gid map can be written only after setgroups(2) was given up: by an ordinary user without newgidmap. */
bool maps_deny_setgroups(const struct id_map *gids);

/*
 * Writes the maps of a process's new user namespace: directly where the kernel lets the caller, else by newuidmap(1)
 * and newgidmap(1). `detail` keeps what these said.
 */
struct map_detail {
    char text[192];
};
int maps_write(const struct host *host, pid_t pid, const struct id_map *uids, const struct id_map *gids,
               bool deny_setgroups, struct map_detail *detail, struct failure *failure);

#endif
