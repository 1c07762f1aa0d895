#ifndef NSHELPER_SURROUNDINGS_H
#define NSHELPER_SURROUNDINGS_H

#include "host.h"
#include "output.h"

/*
 * Members of `facts` that serve as evidence for why namespaces cannot be made or joined. What this kernel does not have
 * is left out.
 */

/* One of a user namespace's maps, read from PATH beneath /proc: nothing where it cannot be read. */
void map_print(const struct host *host, const char *key, const char *path, struct output *output);
/* `"userns":{…}`: the caller's user namespace. */
void user_namespace_print(const struct host *host, struct output *output);
/* `"bounding":[…]`: the bounding set by names; `name` gives the name of a capability, NULL for one without. */
void bounding_print(const struct host *host, const char *(*name)(unsigned capability), struct output *output);
/* `"rlimits":{…}`: soft limits; what is unlimited is left out. */
void resource_limits_print(struct output *output);
/* `"mappers":{…}`: newuidmap(1) and newgidmap(1), and whether they have the rights that they need. */
void mapper_print(const char *key, const char *path, struct output *output);
/* `"subordinate":{…}`: what /etc/subuid and /etc/subgid give to anyone. */
void subordinate_files_print(struct output *output);
/* `"sysctls":{…}`, `"interfaces":[…]` and `"filesystems":[…]`. */
void interfaces_print(const struct host *host, struct output *output);
/* `"visible":[…]`: mounts of proc and sysfs and what is mounted over parts of them. */
void visible_print(const struct host *host, struct output *output);

#endif
