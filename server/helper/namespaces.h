#ifndef NSHELPER_NAMESPACES_H
#define NSHELPER_NAMESPACES_H

#include "output.h"
#include "intern.h"
#include "types.h"

enum holder_kind {
    HELD_BY_MOUNT,
    HELD_BY_FD,
    HELD_BY_TASK,
    HELD_BY_SOCKET,
    HELD_BY_FOR_CHILDREN,
};

#define NO_INDEX UINT32_MAX

/* What keeps a namespace, besides member processes and children, which are counted in the namespace itself. */
struct holder {
    uint32_t next;
    uint32_t pid;
    /* Descriptor, thread (0 the leader, where it is for children), or mount namespace. */
    uint32_t number;
    /* Of a mount, in the table of strings. */
    uint32_t path;
    uint8_t kind;
    /* The path leads over a file system whose server may not answer: never to be walked. */
    bool remote;
};

enum namespace_flag {
    NAMESPACE_HAS_UID = 1 << 0,
    /* Owner, parent and ids were asked for; what is missing then has no answer. */
    NAMESPACE_RESOLVED = 1 << 1,
    /* To be looked at before the pass ends (watch). */
    NAMESPACE_DIRTY = 1 << 2,
    /* The member with the lowest pid has left. */
    NAMESPACE_LOWEST_LEFT = 1 << 3,
    /* Resolved, but not yet counted as a child of its owner and parent. */
    NAMESPACE_UNLINKED = 1 << 4,
    /* It could not be opened to be asked; a further holder gives another chance. */
    NAMESPACE_UNOPENED = 1 << 5,
    /* The slot in the table is free. */
    NAMESPACE_FREE = 1 << 6,
    /* A member or a mount has left it since the last pass was settled (watch). */
    NAMESPACE_LEFT = 1 << 7,
};

struct namespace {
    uint64_t nsid;
    /* Of the record last printed (watch). */
    uint64_t printed;
    uint32_t id;
    /* Inode numbers of the owning user namespace and of the parent, 0 unknown. */
    uint32_t owner;
    uint32_t parent;
    uint32_t uid;
    /* Member with the lowest pid, and how many there are. */
    uint32_t lowest;
    uint32_t members;
    /* Those of the members that came since the last pass was settled (watch). */
    uint32_t joined;
    /* Namespaces that have it as owner or parent. */
    uint32_t children;
    /* First of a list of holders, NO_INDEX. */
    uint32_t holders;
    /* A child through which it was found, NO_INDEX. Only good until that is removed. */
    uint32_t via;
    /* Of a mount namespace, how its mounts are read: index of a mount_view, NO_INDEX. */
    uint32_t view;
    uint8_t type;
    uint8_t flags;
};

/* Every namespace known, by (type, inode number). Indices stay valid until the namespace is removed. */
struct namespaces {
    struct namespace *item;
    size_t count;
    size_t capacity;
    /* How many of the items are in use. */
    size_t live;
    uint32_t *slot;
    size_t slots;
    struct holder *holder;
    size_t holder_count;
    size_t holder_capacity;
    uint32_t free_holder;
    uint32_t free_item;
    struct strings strings;
    /* Length of the strings from which on they are tidied. */
    size_t tidy_at;
};

void namespaces_init(struct namespaces *namespaces);
void namespaces_free(struct namespaces *namespaces);

/* NO_INDEX when it is not known. */
uint32_t namespaces_find(const struct namespaces *namespaces, enum ns_type type, uint32_t id);
/* Finds or adds it. -ENOMEM, else 0. */
int namespaces_add(struct namespaces *namespaces, enum ns_type type, uint32_t id, uint32_t *index);
void namespaces_remove(struct namespaces *namespaces, uint32_t index);

int namespaces_hold(struct namespaces *namespaces, uint32_t index, const struct holder *holder);
/* Drops the holders of one kind for which `number` and `pid` match; pid 0 matches any. Returns how many. */
size_t namespaces_release(struct namespaces *namespaces, uint32_t index, enum holder_kind kind, uint32_t number,
                          uint32_t pid);

/* Gives back the memory of paths that no holder has any more, once they have become many. */
int namespaces_tidy(struct namespaces *namespaces);

/* Whether anything known keeps it. */
bool namespace_is_held(const struct namespace *namespace);

/* One element of `held`. */
void namespace_print_holder(const struct namespaces *namespaces, const struct holder *holder, struct output *output);
void namespace_print(const struct namespaces *namespaces, const struct namespace *namespace, struct output *output);

#endif
