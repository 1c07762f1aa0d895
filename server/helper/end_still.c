#include "ending.h"

#include "util.h"

#include <string.h>

/* Children of children; the kernel nests no deeper. */
#define LEVELS_MAX 40

static bool goes(const struct ending *ending, uint32_t pid)
{
    for (size_t i = 0; i < ending->victims; i++)
        if (ending->victim[i].pid == pid && !ending->victim[i].error)
            return true;
    return false;
}

/* The member with the lowest pid that stays; 0 for none. */
static uint32_t staying_member(const struct ending *ending, const struct namespace *namespace, bool plan)
{
    const struct survey *survey = &ending->survey;

    for (size_t i = 0; i < survey->process_count; i++) {
        const struct process *process = &survey->process[i];
        if (process->ns[namespace->type] == namespace->id && !(plan && goes(ending, process->pid)))
            return process->pid;
    }
    return 0;
}

static bool is_unmounted(const struct ending *ending, const char *path, uint32_t mntns)
{
    if (mntns != ending->survey.host.own[NS_MNT])
        return false;
    for (size_t i = 0; i < ending->pinned.count; i++)
        if (strcmp(ending->pinned.mounted[i].path, path) == 0)
            return true;
    for (size_t i = 0; i < ending->mounted_count; i++)
        if (strcmp(ending->mounted[i].path, path) == 0)
            return true;
    return false;
}

/* A mount goes with its mount namespace too, when all who are in that go. */
static bool is_lost(const struct ending *ending, uint32_t mntns)
{
    uint32_t index = namespaces_find(&ending->survey.namespaces, NS_MNT, mntns);

    if (index == NO_INDEX)
        return false;
    const struct namespace *namespace = &ending->survey.namespaces.item[index];
    return namespace->members > 0 && staying_member(ending, namespace, true) == 0;
}

static bool holder_stays(const struct ending *ending, const struct holder *holder, bool plan)
{
    if (!plan)
        return true;
    if (holder->kind != HELD_BY_MOUNT)
        return !goes(ending, holder->pid);
    return !is_unmounted(ending, strings_get(&ending->survey.namespaces.strings, holder->path), holder->number) &&
           !is_lost(ending, holder->number);
}

static bool stays(const struct ending *ending, const struct namespace *namespace, bool plan, unsigned levels);

static bool has_staying_child(const struct ending *ending, const struct namespace *namespace, bool plan, unsigned levels)
{
    const struct namespaces *namespaces = &ending->survey.namespaces;

    if (namespace->children == 0 || levels == 0)
        return namespace->children > 0;
    for (size_t i = 0; i < namespaces->count; i++) {
        const struct namespace *child = &namespaces->item[i];
        if (child->flags & NAMESPACE_FREE)
            continue;
        bool is_child = (namespace->type == NS_USER && child->owner == namespace->id) ||
                        (child->type == namespace->type && child->parent == namespace->id);
        if (is_child && stays(ending, child, plan, levels - 1))
            return true;
    }
    return false;
}

static bool has_staying_holder(const struct ending *ending, const struct namespace *namespace, bool plan)
{
    const struct namespaces *namespaces = &ending->survey.namespaces;

    for (uint32_t at = namespace->holders; at != NO_INDEX; at = namespaces->holder[at].next)
        if (holder_stays(ending, &namespaces->holder[at], plan))
            return true;
    return false;
}

static bool stays(const struct ending *ending, const struct namespace *namespace, bool plan, unsigned levels)
{
    return staying_member(ending, namespace, plan) || has_staying_holder(ending, namespace, plan) ||
           has_staying_child(ending, namespace, plan, levels);
}

static void print_one(const struct ending *ending, const struct namespace *namespace, bool plan, struct output *output)
{
    const struct namespaces *namespaces = &ending->survey.namespaces;
    uint32_t member = staying_member(ending, namespace, plan);

    record_begin(output, plan ? "would" : "still");
    if (plan)
        json_object(output, "still");
    json_text(output, "type", ns_types[namespace->type].name);
    json_number(output, "id", namespace->id);
    json_array(output, "held");
    if (member) {
        json_object(output, NULL);
        json_text(output, "by", "process");
        json_number(output, "pid", member);
        json_close(output, '}');
    }
    for (uint32_t at = namespace->holders; at != NO_INDEX; at = namespaces->holder[at].next)
        if (holder_stays(ending, &namespaces->holder[at], plan))
            namespace_print_holder(namespaces, &namespaces->holder[at], output);
    if (has_staying_child(ending, namespace, plan, LEVELS_MAX)) {
        json_object(output, NULL);
        json_text(output, "by", "child");
        json_close(output, '}');
    }
    json_close(output, ']');
    if (plan)
        json_close(output, '}');
    record_end(output);
}

void ending_print_still(const struct ending *ending, bool plan, struct output *output)
{
    for (size_t i = 0; i < ending->targets; i++) {
        uint32_t index =
            namespaces_find(&ending->survey.namespaces, ending->target[i].type, ending->target[i].id);
        if (index == NO_INDEX)
            continue;
        const struct namespace *namespace = &ending->survey.namespaces.item[index];
        if (stays(ending, namespace, plan, LEVELS_MAX))
            print_one(ending, namespace, plan, output);
    }
}
