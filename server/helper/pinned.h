#ifndef NSHELPER_PINNED_H
#define NSHELPER_PINNED_H

#include "mounted.h"
#include "nsfs.h"
#include "reference.h"

/* Opens the one namespace that the text names, as a target of `enter` would. */
int namespace_open_one(const struct host *host, const char *text, struct nsfs_identity *identity,
                       struct failure *failure);

/* `TYPE:ID` of a namespace and nothing else; false for another text. */
bool namespace_parse(const char *text, enum ns_type *type, uint32_t *id);

/* What is mounted under a name. The paths are made here. */
struct pinned {
    struct mounted mounted[NS_TYPES + 1];
    char *path[NS_TYPES + 1];
    size_t count;
    char folder[128];
};

/*
 * Everything of that name under /run/linux-namespaces, and in /run/netns when `netns`. `leftover` takes empty files
 * too. Nothing there is no failure: the count is 0.
 */
int pinned_find(const struct host *host, const char *name, bool netns, bool leftover, struct pinned *pinned,
                struct failure *failure);
/* Unmounts and removes all of it, and the folder; all or nothing. Prints a record for each. */
int pinned_remove(const struct host *host, struct pinned *pinned, struct output *output, struct failure *failure);
void pinned_free(struct pinned *pinned);
/* `{"unmounted":{…}}` or `{"removed":{…}}`, within `{"would":…}` when it is a plan. */
void pinned_print(const struct mounted *mounted, bool plan, struct output *output);

#endif
