#ifndef NSHELPER_RELAY_PLACE_H
#define NSHELPER_RELAY_PLACE_H

#include "failure.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

/* An address to connect to. */
struct relay_place {
    /* SOCK_STREAM or SOCK_DGRAM. */
    int type;
    socklen_t length;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un un;
    } address;
};

/* `tcp:ADDRESS:PORT`, `udp:…`, with an IPv6 address in brackets; `unix:/PATH`, `unix:@NAME`. NULL is a usage error. */
int relay_place_parse(const char *text, struct relay_place *place, struct failure *failure);

/* Whether it is found in a file system, not in the net namespace. */
bool relay_place_is_path(const struct relay_place *place);

#endif
