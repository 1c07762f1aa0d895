#ifndef NSHELPER_NETWORK_H
#define NSHELPER_NETWORK_H

#include "joining.h"

/* Where `sockets` and `relay` act: `--target=REF [--expect=net:ID]` and what the verb itself takes. */
struct network {
    const char *target;
    const char *expect;
    /* The one word without dashes, or NULL. */
    const char *place;
    bool owners;
};

int network_parse(char *const *word, size_t count, struct network *network, struct failure *failure);

/*
 * Joins the net namespace of the target, and with `root` the mount namespace and the root of a target that is a process or
 * an instance. /proc stays open in `host` as it was outside.
 */
int network_join(const struct network *network, const struct host *host, bool root, struct failure *failure);

#endif
