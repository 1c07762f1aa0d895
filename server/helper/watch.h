#ifndef NSHELPER_WATCH_H
#define NSHELPER_WATCH_H

#include "budget.h"
#include "scan.h"
#include "survey.h"
#include "users.h"

struct watch {
    struct survey survey;
    struct users users;
    struct reader reader;
    struct output *output;
    struct budget budget;
    unsigned interval;

    /* What this pass has to say, in the order in which it is printed. */
    struct output gone;
    struct output changed;
    struct output lines;
    struct output released;
    /* For records that are only compared or thrown away. */
    struct output scratch;

    /* Names in /proc, and the table of processes being made from them. */
    uint32_t *pids;
    size_t pids_capacity;
    struct process *next;
    size_t next_capacity;
    /* Where the rotation goes on: the pid after the last one looked at. */
    uint32_t cursor;
    uint32_t view_cursor;
    /* Milliseconds: when the present rotation began, and how long the last whole one took. */
    uint64_t rotation_began;
    uint64_t rotation_took;
    /* Of the present one. */
    size_t rotation_looked;

    /* When a mount namespace was joined last to look into it, in milliseconds. */
    uint64_t joined;

    /* Something in the tables changed and is not settled yet. */
    bool unsettled;
    /* A process that served to look into a mount namespace has left. */
    bool views_stale;
    /* Number of the present pass: no process is looked at twice in one, so that it has one story to tell. */
    uint8_t pass;
    /* Namespaces removed in this pass, to be said at its end unless they are back. */
    struct removed {
        uint8_t type;
        uint32_t id;
    } *removed;
    size_t removed_count;
    size_t removed_capacity;
    /* Processes marked as gone and still in the table. */
    size_t gone_count;
};

/* One pass over the names in /proc: new processes are read, those that are gone leave. */
int watch_list(struct watch *watch);
/* Reads new processes with pids after `from` up to `to`, without listing all others. */
int watch_probe(struct watch *watch, uint32_t from, uint32_t to);
/* Looks at known processes again, the young ones first, as far as the budget goes. */
int watch_recheck(struct watch *watch);
/* Looks at mount namespaces again: our own when it changed, others in rotation. */
int watch_mounts(struct watch *watch, bool own_changed);
/* Brings relations, lowest members and holders up to date, and says which namespaces changed or are gone. */
int watch_settle(struct watch *watch);
/* Remembers what the snapshot said of namespaces, so that only changes of it are printed from then on. */
int watch_remember(struct watch *watch);

#endif
