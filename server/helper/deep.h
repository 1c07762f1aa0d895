#ifndef NSHELPER_DEEP_H
#define NSHELPER_DEEP_H

#include "namespaces.h"
#include "survey.h"

/* One more thing that keeps a namespace, found by a thread of the scan and merged when all are done. */
struct finding {
    uint32_t id;
    uint32_t pid;
    uint32_t number;
    uint8_t type;
    uint8_t kind;
};

/* Net namespaces of sockets by the sockets' inode: forked processes share them by the thousand. */
struct socket_cache {
    struct socket_entry {
        uint64_t inode;
        uint32_t net;
    } *entry;
    size_t slots;
    size_t count;
};

/* Belongs to one thread. */
struct digger {
    const struct survey *survey;
    struct finding *finding;
    size_t count;
    size_t capacity;
    uint32_t *numbers;
    size_t numbers_capacity;
    struct socket_cache sockets;
    int result;
};

void dig_note(struct digger *digger, enum holder_kind kind, enum ns_type type, uint32_t id, uint32_t pid,
              uint32_t number);

/* Keeps a result that means that not all was seen; others are what happens to what is looked at. */
void dig_failed(struct digger *digger, int result);

/* Looks at the threads, and at the descriptors, of one process. */
void dig_tasks(struct digger *digger, const struct process *process);
void dig_files(struct digger *digger, const struct process *process);

#endif
