#ifndef NSHELPER_LISTEN_H
#define NSHELPER_LISTEN_H

#include "failure.h"

/* The oldest connection that the `listen` of that name has accepted and nobody has taken yet. A descriptor or -errno. */
int listen_receive(const char *name, struct failure *failure);

#endif
