#ifndef NSHELPER_SOCKETS_H
#define NSHELPER_SOCKETS_H

#include "output.h"

/* Inode numbers of the sockets that were printed, to find who has them open. */
struct socket_inodes {
    uint32_t *inode;
    size_t count;
    size_t capacity;
};

/*
 * Prints the listening sockets of the net namespace that this process is in: a record `socket` for each, and `unlisted` for
 * a kind that the kernel does not tell. -ENOMEM, else 0.
 */
int sockets_print(struct output *output, struct socket_inodes *inodes);

#endif
