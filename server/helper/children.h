#ifndef NSHELPER_CHILDREN_H
#define NSHELPER_CHILDREN_H

#include "host.h"

/*
 * For a child subreaper: kills every child that is left, and those that they leave, until there is none. The caller may be
 * in a pid namespace below that of the host's /proc.
 */
void children_end(const struct host *host);

#endif
