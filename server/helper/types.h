#ifndef NSHELPER_TYPES_H
#define NSHELPER_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ns_type {
    NS_MNT,
    NS_UTS,
    NS_IPC,
    NS_PID,
    NS_NET,
    NS_USER,
    NS_CGROUP,
    NS_TIME,
    NS_TYPES,
    NS_NONE = NS_TYPES,
};

/*
 * Slots of the links that a process has: one per type, in the order of the types, then those for its children.
 */
enum ns_slot {
    SLOT_PID_FOR_CHILDREN = NS_TYPES,
    SLOT_TIME_FOR_CHILDREN,
    NS_SLOTS,
};

struct ns_type_info {
    /* Also that in /proc/PID/ns, and the prefix of the link's text. */
    char name[8];
    uint32_t clone_flag;
    /* NS_GET_PARENT answers. */
    bool has_parent;
    /* Link to the namespace that children will be created in, NULL where membership and that are one. */
    const char *for_children;
    enum ns_slot children_slot;
};

extern const struct ns_type_info ns_types[NS_TYPES];

/* Link name of a slot, and the type that it shows. */
const char *ns_slot_link(unsigned slot);
enum ns_type ns_slot_type(unsigned slot);

/* NS_NONE when nothing matches. */
enum ns_type ns_type_by_name(const char *name, size_t length);
enum ns_type ns_type_by_flag(uint32_t clone_flag);

/* Text of an nsfs link or mount root, `net:[4026531840]`. False when it is something else. */
bool ns_parse_link(const char *text, size_t length, enum ns_type *type, uint32_t *id);

#endif
