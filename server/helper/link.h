#ifndef NSHELPER_LINK_H
#define NSHELPER_LINK_H

#include "create.h"

/* Links of the caller's net namespace by rtnetlink(7). Each returns 0 or -errno. */

/* A pair: `name` here, eth0 in the net namespace that the descriptor is of. Made in one request, or not at all. */
int link_veth(const char *name, int net, unsigned *index);
/* Adds the address and brings the link up. */
int link_configure(const char *name, const struct create_address *address);
int link_up(const char *name);
/*
 * -EADDRINUSE when the network of one of the two addresses has addresses in common with that of another link than
 * `except`, or of any link for 0. The kernel would take them, and then one of the links could not be reached.
 */
int link_check_addresses(const struct create_veth *veth, unsigned except);
int link_delete(unsigned index);

#endif
