#ifndef NSHELPER_SURVEY_H
#define NSHELPER_SURVEY_H

#include "host.h"
#include "namespaces.h"
#include "process.h"
#include "workers.h"

/* Where the answers came from: bits of survey.sources, printed by name. */
enum source {
    SOURCE_PROC = 1 << 0,
    SOURCE_MOUNTS = 1 << 1,
    SOURCE_IOCTL = 1 << 2,
    SOURCE_TASKS = 1 << 3,
    SOURCE_FDS = 1 << 4,
    SOURCE_SOCKETS = 1 << 5,
    SOURCE_LISTNS = 1 << 6,
};

/* A mount namespace and how its mountinfo is reached. */
struct mount_view {
    uint32_t mntns;
    /* A process in it, 0 if there is none that may be looked at. */
    uint32_t pid;
    /* A thread of it, where only that is in the namespace; else 0. */
    uint32_t tid;
    /* The process is chrooted, so its mountinfo may lack what is outside of its root. */
    bool partial;
    bool visited;
    /* The slot is free. */
    bool unused;
    /* How many nsfs mounts were found in it. */
    uint32_t mounts;
    /* Of the nsfs mounts found last, so that nothing is done while they stay the same (watch). */
    uint64_t hash;
};

/* Everything known of the host at one time. */
struct survey {
    struct host host;
    /* By ascending pid. */
    struct process *process;
    size_t process_count;
    size_t process_capacity;
    struct namespaces namespaces;
    struct mount_view *view;
    size_t view_count;
    size_t view_capacity;
    size_t unused_views;
    /* Processes whose namespaces may not be seen. */
    size_t unreadable;
    unsigned sources;
    /* Of processes nothing but their links is read, at half the cost: there are no lines, starts and users then. */
    bool links_only;
};

int survey_open(struct survey *survey, struct failure *failure);
void survey_close(struct survey *survey);

/* Finished records of processes, by ascending pid. */
struct process_lines {
    struct output worker[WORKERS_MAX];
    struct piece {
        size_t offset;
        size_t length;
        unsigned worker;
    } *piece;
    size_t pieces;
};
void process_lines_free(struct process_lines *lines);
/* To an output that has a descriptor. */
int process_lines_print(const struct process_lines *lines, struct output *output);

/*
 * Reads every process in /proc and adds their namespaces. `id` is the request that the lines answer.
 */
int survey_processes(struct survey *survey, struct process_lines *lines, int64_t id, struct failure *failure);

/* Adds and removes what a process says of namespaces: membership, and what is for its children. */
int survey_join(struct survey *survey, const struct process *process);
void survey_leave(struct survey *survey, const struct process *process);

/* Takes a namespace that ends off the counts of its owner and parent, which are marked as dirty. */
void survey_unlink(struct survey *survey, const struct namespace *namespace);

/* Asks again for the relations of a namespace that may be another one with the same number. */
int survey_renew(struct survey *survey, uint32_t index);

/*
 * Asks for owner, parent, uid and ids of every namespace not asked for yet, and adds the owners and parents found on
 * the way up to the roots. Uses up to `workers` threads.
 */
int survey_relations(struct survey *survey, unsigned workers);

/* Reads the nsfs mounts of every mount namespace that can be reached and was not read yet, and their relations. */
int survey_mounts(struct survey *survey, unsigned workers);
/* Reads one mount namespace again. 1 when its nsfs mounts are others than before, else 0, or -errno. */
int survey_refresh_view(struct survey *survey, uint32_t index);
/* Drops the mounts that were found in a mount namespace. */
void survey_release_mounts(struct survey *survey, uint32_t mntns);
/* Finds a way into every mount namespace that has none yet. */
int survey_find_views(struct survey *survey);

/* Opens a namespace by whatever keeps it. A descriptor or -errno. */
int survey_open_namespace(const struct survey *survey, uint32_t index);

/* Threads that are elsewhere than their leader, namespace descriptors, and sockets of other net namespaces. */
int survey_deep(struct survey *survey);

/* What the kernel lists by listns(2), of which nothing is known yet. Nothing where it has no listns. */
int survey_listns(struct survey *survey);

#endif
