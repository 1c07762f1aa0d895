#ifndef NSHELPER_ENDING_H
#define NSHELPER_ENDING_H

#include "pinned.h"
#include "survey.h"
#include "victims.h"

/* More than one only for an instance. */
struct target {
    enum ns_type type;
    /* 0 for one that has gone and whose number another one has. */
    uint32_t id;
    /* As it was first seen; 0 before Linux 6.18. */
    uint64_t nsid;
};

/* What is to end, and what has to go for it. */
struct ending {
    struct survey survey;
    struct target target[2 * NS_TYPES];
    size_t targets;
    /* An instance or a pin's holder, pid 0 for none; the types whose namespaces have to be the same in its processes. */
    struct instance instance;
    unsigned common;
    uint32_t common_id[NS_TYPES];
    /* One process that is meant itself, id 0 for none. The targets are then only told of, not what it is in. */
    struct reference process;
    /* Mounts that go: those of a name, and with --mounts all in the caller's mount namespace. */
    struct pinned pinned;
    struct mounted *mounted;
    size_t mounted_count, mounted_capacity;
    /* First those that are signalled. Those that went before stay in it. */
    struct victim *victim;
    size_t victims, victims_capacity;
};

bool ending_has_target(const struct ending *ending, enum ns_type type, uint32_t id);

/* `pid:N` or `pid:N:START`, and not a pid namespace. */
bool ending_names_process(const char *text);
/* Notes the process; needs an open survey. -ESRCH when it is gone or another one by now, -EPERM for what must not end. */
int ending_find_process(struct ending *ending, const char *text, struct failure *failure);
/* -ESTALE unless, in a deep survey, the process keeps the namespace by a descriptor, a socket, a thread or for children. */
int ending_check_process(struct ending *ending, const struct target *expected, struct failure *failure);

/* Adds what has to be signalled now, as the survey has it, and after it what goes with that. Returns how many, or -errno. */
int ending_find_victims(struct ending *ending);

/* `{"still":…}` for each target that the survey has and that is kept by more than the victims and the mounts that go. */
void ending_print_still(const struct ending *ending, bool plan, struct output *output);

#endif
