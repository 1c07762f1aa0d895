#ifndef NSHELPER_OUTLIERS_H
#define NSHELPER_OUTLIERS_H

#include "host.h"

/*
 * Processes that are not in the root of v1's `name=systemd` hierarchy. Where systemd does not run, which is when the
 * unified hierarchy does not tell processes apart either, they are few: asking the hierarchy for them spares asking
 * every process for its cgroups.
 */
struct outliers {
    /* Ascending. */
    uint64_t *pid;
    size_t count;
    size_t capacity;
    /* Of processes that started in this clock tick after boot or later it is not known. */
    uint64_t since;
};

/* False when it cannot be told, or not cheaply; nothing is to be freed then. */
bool outliers_find(struct outliers *outliers, const struct host *host);
void outliers_free(struct outliers *outliers);

/* Whether the process was in the root. */
bool outliers_exclude(const struct outliers *outliers, uint32_t pid, uint64_t start);

#endif
