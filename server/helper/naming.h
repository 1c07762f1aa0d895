#ifndef NSHELPER_NAMING_H
#define NSHELPER_NAMING_H

#include "host.h"

/*
 * How a process that keeps something learns that it is called differently from now on. It has a pipe, whose other end
 * `rename` opens as /proc/PID/fd/N: the kernel lets those do so who may look into the process, which are its user and
 * root, as they may look at its namespaces. Yama, which forbids an ordinary user to write into the memory of a process
 * that is not its child, does not mind; an abstract socket would be in the net namespace that was made, and open to
 * everybody there; a signal carries no text. The title that /proc shows stays the only record of the name.
 */

/* `ends[0]` is to be waited at. The other one is kept open, too: without a writer it would show its end for ever. */
int naming_open(int ends[2]);
/* Takes the name that has come, if one has. */
void naming_take(int fd);

/* In `rename`: the other end of what the process has. -EOPNOTSUPP when it has none. */
int naming_connect(const struct host *host, uint32_t pid);
/* Whether it was passed on. */
bool naming_tell(int fd, const char *name);

#endif
