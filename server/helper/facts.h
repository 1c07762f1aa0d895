#ifndef NSHELPER_FACTS_H
#define NSHELPER_FACTS_H

#include "host.h"
#include "output.h"

/* `"restrictions":{…}`: what may stand in the way of creating or joining namespaces. What is absent is left out. */
void restrictions_print(const struct host *host, struct output *output);

/*
 * A record `{"userns":{…}}` for the user namespace of a process and each above it, innermost first, up to the highest
 * that the caller may see, with the limits that hold in it where the caller may enter it.
 */
int user_namespaces_print(const struct host *host, uint32_t pid, struct output *output, struct failure *failure);

#endif
