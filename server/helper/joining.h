#ifndef NSHELPER_JOINING_H
#define NSHELPER_JOINING_H

#include "reference.h"

/* The namespaces to join, each open, and what else belongs to the process they are of. */
struct joining {
    const struct host *host;
    /* -1 where there is none. */
    int fd[NS_TYPES];
    uint32_t id[NS_TYPES];
    /* Bits of the types that are those of the process; the others were named one by one. */
    unsigned of_process;
    /* Bits of what is not the caller's own already. */
    unsigned needed;
    /* Of the process, -1 without one or where the kernel has none (before 5.3). */
    int pidfd;
    /* Root and working directory of the process; -1 unless asked for. */
    int root, directory;
    /* Text of its mounts, as its root sees them; -1 unless asked for. */
    int mounts;
    bool wants_root, wants_directory, wants_mounts;
};

void joining_init(struct joining *joining, const struct host *host);
void joining_close(struct joining *joining);

/*
 * Adds what a target names: a process with all its namespaces, or those of `only` (bits of types, 0 for all); an
 * instance; or one namespace, `TYPE:ID`, a path, or `TYPE:` before any other reference. Types that the kernel lacks are
 * passed over unless `only` names them.
 */
int joining_add(struct joining *joining, const char *text, unsigned only, struct failure *failure);

/* -ESTALE when what was opened is another one than `TYPE:ID` says. */
int joining_expect(const struct joining *joining, const char *text, struct failure *failure);

/*
 * Joins all that are needed, by the pidfd at once where the kernel can (5.8), else one by one: what the caller's rights
 * allow before the user namespace, the rest after it. Then compares: -ESTALE when the process has moved meanwhile.
 */
int joining_join(struct joining *joining, struct failure *failure);

/* The same for a net namespace; one that may only be joined from the user namespace that owns it, from there. */
int joining_join_with_owner(struct joining *joining, struct failure *failure);

static inline bool joining_has(const struct joining *joining, enum ns_type type)
{
    return joining->needed >> type & 1;
}

#endif
