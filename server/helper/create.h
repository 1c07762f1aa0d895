#ifndef NSHELPER_CREATE_H
#define NSHELPER_CREATE_H

#include "failure.h"
#include "host.h"
#include "maps.h"
#include "types.h"

#include <signal.h>
#include <sys/types.h>

/* More of one repeated option is a mistake, not a wish. */
#define CREATE_LIST_MAX 64

struct create_list {
    const char *item[CREATE_LIST_MAX];
    size_t count;
};

struct create_join {
    const char *reference;
    int fd;
};

/* What `create` was asked for. Texts are those of the words. */
struct create {
    /* A bit per type. */
    unsigned new_types, join_types;
    struct create_join join[NS_TYPES];
    enum map_kind map;
    struct id_map uid_map, gid_map;
    bool setgroups_deny;
    const char *hostname, *domainname, *root, *chdir, *keep, *veth;
    bool has_monotonic, has_boottime, has_uid, has_gid, has_records;
    /* Whole seconds. */
    int64_t monotonic, boottime;
    uint32_t uid, gid;
    int records;
    bool mount_proc, loopback, try, wait;
    struct create_list mounts, sysctls;
    /* NULL-terminated; NULL when nothing is to run. */
    char *const *argv;
    /* All of them, NULL-terminated. */
    char *const *word;
    /* The caller is in the foreground of the terminal on stdin, and so is ARGV. */
    bool has_terminal;
};

static inline bool has_type(unsigned types, enum ns_type type)
{
    return types >> type & 1;
}

/* Reads the words after the verb. What cannot go together is refused here, before anything is done. */
int create_parse(char *const *word, size_t count, struct create *create, struct failure *failure);

/* `SRC:DST` or `SRC:DST:ro` of --mount. False when it is none. */
struct create_mount {
    char source[4096], target[4096];
    bool read_only;
};
bool create_parse_mount(const char *text, struct create_mount *mount);

/* `HOSTIF,ADDR/PREFIX,PEERADDR/PREFIX` of --veth. */
struct create_address {
    int family;
    unsigned char bytes[16];
    unsigned prefix;
};
struct create_veth {
    char host[16];
    struct create_address own, peer;
};
bool create_parse_veth(const char *text, struct create_veth *veth);

/* Path beneath /proc/sys of a `K=V` that is of one of these types; `*value` points into the text. */
bool create_parse_sysctl(const char *text, unsigned types, char *path, size_t size, const char **value);

/*
 * The process that makes the namespaces and stays in them. It is told and asked over `control`, see channel.h; the
 * guardian in the caller's namespaces is its parent. Never returns.
 */
_Noreturn void maker_run(const struct create *create, const struct host *host, int control, pid_t guardian);

/* What is done within the new namespaces. First as the caller, whose files it must find, then as their root. */
struct inside {
    const struct create *create;
    const struct host *host;
    int control;
    /* /proc and /dev/null of before. */
    int null;
    /* Opened in the new mount namespace as the caller; -1 where there is none. */
    int root, cgroups, proc;
    int source[CREATE_LIST_MAX];
    int device[8];
};
int inside_prepare(struct inside *inside, struct failure *failure);
int inside_finish(struct inside *inside, struct failure *failure);

/* root.c: the mounts of both steps. */
int root_prepare(struct inside *inside, struct failure *failure);
int root_finish(struct inside *inside, struct failure *failure);

/* Runs ARGV, reaps, forwards signals and waits, until there is nothing left to do or the guardian is gone. */
_Noreturn void init_run(struct inside *inside);

/*
 * Signals that are passed on to ARGV: those that have a meaning to programs, and the first of the real-time ones, by
 * which the verb's process says that a job that was stopped goes on.
 */
void forwarded_signals(sigset_t *set);

/* Dies with the guardian; false when it is dead already. */
bool tie_to_guardian(int control);

#endif
