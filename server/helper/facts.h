#ifndef NSHELPER_FACTS_H
#define NSHELPER_FACTS_H

#include "host.h"
#include "output.h"

/* `"restrictions":{…}`: what may stand in the way of creating or joining namespaces. What is absent is left out. */
void restrictions_print(const struct host *host, struct output *output);

#endif
