#ifndef NSHELPER_CHANNEL_H
#define NSHELPER_CHANNEL_H

#include "failure.h"

#include <sys/types.h>

/*
 * What the guardian and the processes within the new namespaces tell each other, over a SOCK_SEQPACKET pair that ends
 * with the last of them. Nothing in a message is a pointer or a descriptor: the other side may have been taken over.
 */
enum message_kind {
    /* From within. */
    MESSAGE_FAILURE = 1,
    /* The user namespace is there and waits for its maps. */
    MESSAGE_USER,
    /* All are there; `value` is the pid of the process that stays in them. */
    MESSAGE_MADE,
    /* Everything in them is set up. */
    MESSAGE_READY,
    /* ARGV was executed. */
    MESSAGE_RUNNING,
    /* It no longer depends on the guardian. */
    MESSAGE_KEPT,
    /* ARGV was stopped by its terminal. */
    MESSAGE_STOPPED,
    /* ARGV ended; `value` as waitpid(2) says it. */
    MESSAGE_EXIT,
    /* From the guardian. */
    MESSAGE_GO,
    MESSAGE_KEEP,
};

struct message {
    int32_t kind;
    int32_t value;
    int32_t number;
    int32_t type;
    char step[32];
    char path[1024];
    char detail[192];
};

/* False when the other side is gone. */
bool channel_send(int fd, enum message_kind kind, int32_t value);
void channel_send_failure(int fd, const struct failure *failure, int result);
/* 0, -EPIPE when the other side is gone, -errno. Waits. */
int channel_receive(int fd, struct message *message);
/* Waits for one of a kind; false when something else or nothing comes. */
bool channel_expect(int fd, enum message_kind kind);

/* The failure of a message, whose texts it refers to. */
int channel_failure(struct message *message, struct failure *failure);

#endif
