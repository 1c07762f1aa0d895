#include "types.h"

#include "kernel.h"
#include "util.h"

#include <sched.h>
#include <string.h>

const struct ns_type_info ns_types[NS_TYPES] = {
    [NS_MNT] = { "mnt", CLONE_NEWNS, false, NULL, NS_SLOTS },
    [NS_UTS] = { "uts", CLONE_NEWUTS, false, NULL, NS_SLOTS },
    [NS_IPC] = { "ipc", CLONE_NEWIPC, false, NULL, NS_SLOTS },
    [NS_PID] = { "pid", CLONE_NEWPID, true, "pid_for_children", SLOT_PID_FOR_CHILDREN },
    [NS_NET] = { "net", CLONE_NEWNET, false, NULL, NS_SLOTS },
    [NS_USER] = { "user", CLONE_NEWUSER, true, NULL, NS_SLOTS },
    [NS_CGROUP] = { "cgroup", CLONE_NEWCGROUP, false, NULL, NS_SLOTS },
    [NS_TIME] = { "time", CLONE_NEWTIME, false, "time_for_children", SLOT_TIME_FOR_CHILDREN },
};

enum ns_type ns_slot_type(unsigned slot)
{
    if (slot < NS_TYPES)
        return (enum ns_type)slot;
    return slot == SLOT_PID_FOR_CHILDREN ? NS_PID : NS_TIME;
}

const char *ns_slot_link(unsigned slot)
{
    const struct ns_type_info *info = &ns_types[ns_slot_type(slot)];

    return slot < NS_TYPES ? info->name : info->for_children;
}

enum ns_type ns_type_by_name(const char *name, size_t length)
{
    for (enum ns_type type = 0; type < NS_TYPES; type++)
        if (strlen(ns_types[type].name) == length && memcmp(ns_types[type].name, name, length) == 0)
            return type;
    return NS_NONE;
}

enum ns_type ns_type_by_flag(uint32_t clone_flag)
{
    for (enum ns_type type = 0; type < NS_TYPES; type++)
        if (ns_types[type].clone_flag == clone_flag)
            return type;
    return NS_NONE;
}

bool ns_parse_link(const char *text, size_t length, enum ns_type *type, uint32_t *id)
{
    const char *end = text + length;
    const char *colon = memchr(text, ':', length);
    uint64_t number;

    if (!colon || end - colon < 4 || colon[1] != '[' || end[-1] != ']')
        return false;
    *type = ns_type_by_name(text, (size_t)(colon - text));
    const char *at = colon + 2;
    if (*type == NS_NONE || !parse_number(&at, end, &number) || at != end - 1 || number == 0 || number > UINT32_MAX)
        return false;
    *id = (uint32_t)number;
    return true;
}
