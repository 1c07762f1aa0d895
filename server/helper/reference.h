#ifndef NSHELPER_REFERENCE_H
#define NSHELPER_REFERENCE_H

#include "failure.h"
#include "host.h"
#include "survey.h"

/* Where namespaces of instances and pins are mounted, as NAME/TYPE; only net namespaces have another place, ip's. */
#define INSTANCES_DIRECTORY "/run/linux-namespaces"
#define NETNS_DIRECTORY "/run/netns"

enum reference_kind {
    /* `net:4026531840` */
    REFERENCE_NAMESPACE,
    /* `pid:912` or `pid:912:88123`, the number after the pid being the process's start. */
    REFERENCE_PROCESS,
    /* `/run/netns/blue` */
    REFERENCE_PATH,
    /* `blue`, an instance or what a pin keeps. */
    REFERENCE_NAME,
};

struct reference {
    enum reference_kind kind;
    /* The words of the caller. */
    const char *text;
    /* NS_NONE unless it is a REFERENCE_NAMESPACE. */
    enum ns_type type;
    /* The namespace's, or the pid. */
    uint32_t id;
    bool has_start;
    /* Clock ticks after boot, field 22 of /proc/PID/stat. */
    uint64_t start;
};

/*
 * `pid:` is both a type and a process: process numbers end at 4,194,304 and namespace numbers begin far above it
 * (PID_MAX_LIMIT and PROC_DYNAMIC_FIRST in the kernel).
 */
int reference_parse(const char *text, struct reference *reference, struct failure *failure);

/*
 * Opens the namespace that is meant. `type` may be NS_NONE where the reference itself tells it (TYPE:ID and a path).
 * The descriptor is of the right type, and of the right number where there was one. A descriptor or -errno:
 * -ESRCH for a process that is gone or another one by now, -ENOENT where nothing of that name or number can be found,
 * -EINVAL for what is no namespace. No other thread is left afterwards.
 */
int reference_open(const char *text, enum ns_type type, struct failure *failure);
/* The same with a host that is open; `reference` was parsed. */
int reference_open_parsed(const struct host *host, const struct reference *reference, enum ns_type type,
                          struct failure *failure);

/* Everything that may hold something, deep or not; fills an open survey. */
int reference_survey(struct survey *survey, bool deep, struct failure *failure);

/*
 * Opens /proc/PID and proves that it is that process. The descriptor stays with the process: when it has ended, every
 * access gives ESRCH. `start` is checked when has_start, and noted otherwise.
 */
int reference_open_process(const struct host *host, struct reference *reference, struct failure *failure);

/* The process that keeps an instance, by its command line: `linux-namespaces: NAME TYPE,TYPE:ID,…`. */
struct instance {
    uint32_t pid;
    uint64_t start;
    /* Bits of the types whose namespace it is in to keep it. */
    unsigned members;
    /* Numbers of those that it keeps by a descriptor; 0 for none. */
    uint32_t held[NS_TYPES];
    /* Something is in /run/linux-namespaces/NAME. */
    bool has_folder;
};

/* 1 to 64 of A-Z a-z 0-9 _ . -, not starting with a dot, and not the folder that is the helper's own. */
bool instance_is_name(const char *name);

/*
 * Finds the holder: the caller's own, else the only one. pid is 0 when there is none and only mounts keep it. -ENOENT
 * when there is neither; -EEXIST when several have the name, so that one has to be named by its pid.
 */
int instance_find(const struct host *host, const char *name, struct instance *instance, struct failure *failure);

#endif
