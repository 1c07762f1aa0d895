#ifndef NSHELPER_SUBORDINATE_H
#define NSHELPER_SUBORDINATE_H

#include <stddef.h>
#include <stdint.h>

struct subordinate {
    uint64_t start, count;
};

/*
 * Calls `visit` for the ranges of /etc/subuid or /etc/subgid, subuid(5), that belong to the user by name or number; for
 * all of them when `name` is NULL.
 */
void subordinate_visit(const char *path, const char *name, uint32_t uid,
                       void (*visit)(const struct subordinate *range, void *context), void *context);

#endif
